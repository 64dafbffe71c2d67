"""Tracks in space: the localizer follows objects by their positions in target_frame and by what the depth shows."""

import copy
import threading
from collections.abc import Mapping
from dataclasses import replace

from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import InstanceArray
from osis_ros.nodes.placing import PlacedFrame
from osis_ros.pipeline import track
from osis_ros.pipeline.setting import Setting
from osis_ros.tracking.parameters import TrackerParameters
from osis_ros.tracking.sight import Sight
from osis_ros.tracking.tracker import Tracker

IN_SPACE = Setting(
    "tracking.in_space", False,
    "Follow the objects by their positions in target_frame, with ids of the localizer's own, instead of copying the "
    "segmenter's track_id.",
)  # fmt: skip
TUNING = (
    *(setting for setting in track.SETTINGS if setting is not track.ENABLED),
    Setting("tracking.gate", 0.1, "Metres beyond which an object is no longer at its place.", low=0.001, high=10.0),
    Setting("tracking.position_weight", 4.0, "Weight of the position against the overlap of the masks.",
            low=0.0, high=100.0),
)  # fmt: skip
SETTINGS = (IN_SPACE, *TUNING)


class SpaceTracks:
    """The localizer's own tracker. It lives as long as the node, so that no id is used again."""

    def __init__(self) -> None:
        self._tracker = Tracker()
        self._lock = threading.Lock()  # a reset comes in another thread than the frames

    def follow(self, frame: PlacedFrame, values: Mapping[str, object]) -> tuple[PlacedFrame, str]:
        """The frame with the localizer's own tracks, and one sentence if they had to begin anew, else an empty one.

        A frame that could not be placed passes by unchanged, but for the segmenter's ids: those are not ours.

        Args:
            values: of `SETTINGS`, by name.
        """
        if not values[IN_SPACE.name]:
            return frame, ""
        if frame.instances is None:
            return replace(frame, found=_numbered(frame.found, {}, {})), ""
        fixed = frame.pose is not None
        sight = Sight(depth=frame.depth, camera=frame.camera, pose=frame.pose) if fixed else None
        with self._lock:
            self._tracker.parameters = TrackerParameters(**track.parameters_of(values, TUNING))
            instances = self._tracker.update(
                frame.instances, stamp_of(frame.found) * 1e-9, frame.objects if fixed else None, sight
            )
            tracks, notice = self._tracker.tracks, self._tracker.notice
        ids = instances.ids.tolist()
        track_ids, states = (
            dict(zip(ids, column.tolist())) for column in (instances.track_ids, instances.track_states)
        )
        frame = replace(frame, found=_numbered(frame.found, track_ids, states), instances=instances, tracks=tracks)
        if not fixed and not notice and not frame.in_camera_frame:
            notice = "tracking.in_space needs target_frame, a frame that does not move with the camera"
        return frame, notice

    def reset(self) -> str:
        """Forget all objects; ids go on where they were.

        Returns:
            one sentence that says so.
        """
        with self._lock:
            count = len(self._tracker.tracks)
            self._tracker.reset()
            return f"{count} tracks forgotten; the next id is {self._tracker.next_id}"


def _numbered(found: InstanceArray, track_ids: Mapping[int, int], states: Mapping[int, int]) -> InstanceArray:
    """A copy of the message with other tracks; the masks are shared."""
    numbered = copy.copy(found)
    numbered.instances = [copy.copy(instance) for instance in found.instances]
    for instance in numbered.instances:
        instance.track_id, instance.track_state = track_ids.get(instance.id, 0), states.get(instance.id, 0)
    return numbered
