"""Tracks: the instances of a stream get the ids of their objects."""

import threading
from collections.abc import Mapping
from dataclasses import replace

from osis_ros.messages.stamps import stamp_of
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import Setting
from osis_ros.pipeline.stage import Stage
from osis_ros.tracking.parameters import TrackerParameters
from osis_ros.tracking.tracker import Tracker

ENABLED = Setting("tracking.enabled", True,
                  "Give each object of the stream a track_id that stays the same over the images; a Segment request "
                  "never does.")  # fmt: skip
SETTINGS = (
    ENABLED,
    Setting("tracking.confirm_after", 0.1,
            "Seconds for which a new object must be seen, in two images at least, before it gets a track_id.",
            low=0.0, high=60.0),
    Setting("tracking.forget_after", 30.0,
            "Seconds after which an object that is not seen is forgotten; when it comes back it gets another track_id.",
            low=0.1, high=86400.0),
    Setting("tracking.appearance_weight", 1.0,
            "Weight of an object's embedding against its place; 0 to track by the place alone.", low=0.0, high=10.0),
    Setting("tracking.max_cost", 1.3,
            "Highest cost at which an instance continues a track, 1 for quite another place; lower gives more new "
            "tracks, higher more mix-ups.", low=0.0, high=10.0),
    Setting("tracking.duplicate_iou", 0.35,
            "An instance whose mask IoU with a better one exceeds this is a duplicate, without a track_id; 1 for none.",
            low=0.0, high=1.0),
)  # fmt: skip


def parameters_of(values: Mapping[str, object], settings: tuple[Setting, ...] = SETTINGS) -> dict[str, float]:
    """The values of `TrackerParameters` among those of all settings."""
    return {one.name.removeprefix("tracking."): values[one.name] for one in settings if one is not ENABLED}


class Track(Stage):
    """Remembers the objects of the stream. A single image of a service request passes by unchanged."""

    settings = SETTINGS

    def __init__(self, values: Mapping[str, object]) -> None:
        self._tracker: Tracker | None = None
        self._first_id = 1
        self._lock = threading.Lock()  # a reset comes in another thread than the images

    def __call__(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        if not (frame.in_stream and values[ENABLED.name]):
            return frame
        with self._lock:
            tracker = self._ready(values)
            instances = tracker.update(frame.instances, stamp_of(frame) * 1e-9)
            notices = (*frame.notices, tracker.notice) if tracker.notice else frame.notices
            return replace(frame, instances=instances, tracks=tracker.tracks, notices=notices)

    def _ready(self, values: Mapping[str, object]) -> Tracker:
        parameters = TrackerParameters(**parameters_of(values))
        if self._tracker is None:
            self._tracker = Tracker(parameters, self._first_id)
        self._tracker.parameters = parameters
        return self._tracker

    def another(self) -> "Track":
        """One that has seen no image."""
        return Track({})

    def reset(self) -> int:
        """Forget all objects; ids go on where they were.

        Returns:
            how many there were.
        """
        with self._lock:
            count = len(self._tracker.tracks) if self._tracker else 0
            if self._tracker:
                self._tracker.reset()
            return count

    @property
    def next_id(self) -> int:
        """The id of the next new object."""
        return self._tracker.next_id if self._tracker else self._first_id

    def start_from(self, first_id: int) -> None:
        """Begin with this id, so that those of an earlier stage are not used again. Before the first image."""
        self._first_id = first_id
