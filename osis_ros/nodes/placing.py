"""From an InstanceArray to objects in space: finds the depth image and the camera's pose that belong to it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from osis_ros.errors import OsisError
from osis_ros.geometry.distortion import largest_shift
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.inference.label_image import label_image
from osis_ros.instances import UNKNOWN_NAME, Instances
from osis_ros.messages.camera import depth_from_message, pinhole_from_message
from osis_ros.messages.errors import MessageError
from osis_ros.messages.instances import instances_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import Instance, InstanceArray
from osis_ros.nodes.calibrations import Calibrations
from osis_ros.nodes.support.stamped_history import TIME_WENT_BACK, StampedHistory
from osis_ros.nodes.support.transforms import TransformError, TransformTree
from osis_ros.pipeline.setting import NOT_ACTIVE, Setting
from osis_ros.tracking.tracks import Tracks

TARGET_FRAME = Setting(
    "target_frame", "", "Frame of the results, such as base_link; empty for the camera's own optical frame."
)
LEVEL = Setting(
    "target_frame_level", True,
    "Whether z of target_frame points up, against gravity (REP 103), as of base_link, odom, map and world. The support "
    "plane is then looked for among level ones alone.",
)  # fmt: skip
TOLERANCE = Setting(
    "depth_tolerance", 0.017,
    "Seconds by which the stamp of a depth image may differ from that of the instances; never more than half the depth "
    "camera's period.", low=0.0, high=0.1,
)  # fmt: skip
DEPTH_WAIT = Setting(
    "depth_wait", 0.1, "Seconds to wait for a depth image that comes later than the instances.", low=0.0, high=2.0
)
TRANSFORM_WAIT = Setting(
    "transform_wait", 0.1, "Seconds to wait for the camera's transform at the image's stamp.", low=0.0, high=2.0
)
HISTORY = Setting(
    "depth_history", 3.0,
    "Seconds of depth (and colour) images to keep in memory. If the segmenter takes longer for an image, they are kept "
    "longer, up to 30 s and 300 images.", NOT_ACTIVE, low=0.1, high=30.0,
)  # fmt: skip
ONLY_STANDING = Setting(
    "only_standing", True,
    "Leave out instances that do not stand on the support plane: the plane itself, what is below it, what is beyond "
    "its seen part. They are listed as unplaced.",
)  # fmt: skip
WITHOUT_MASK = Setting(
    "objects_without_mask", True,
    "Also publish what stands on the support plane and has no mask, as unknown objects with score 0 and ids that no "
    "instance has.",
)  # fmt: skip
SURE = Setting(
    "sure_score", 0.0,
    "Instances with a lower score count only if the depth confirms them: above the support plane, under no better "
    "mask. With it, the segmenter's score_threshold can be lower.", low=0.0, high=1.0,
)  # fmt: skip
RECTIFIED = Setting(
    "rectified", False,
    "Whether colour and depth are rectified images (image_rect): P of the camera_info counts, and not its K and D.",
)  # fmt: skip
DISTORTION = Setting(
    "largest_distortion", 10.0,
    "Pixels by which the lens may move points of the image (D of the camera_info). More is refused: distortion "
    "is not undone, and objects near the edge would be in the wrong place.", low=0.0, high=1000.0,
)  # fmt: skip
SETTINGS = (
    TARGET_FRAME,
    LEVEL,
    RECTIFIED,
    DISTORTION,
    TOLERANCE,
    DEPTH_WAIT,
    TRANSFORM_WAIT,
    HISTORY,
    ONLY_STANDING,
    WITHOUT_MASK,
    SURE,
)
ROOM = 1.5  # times the age of instances that came too late, to keep images for
STILL_SHIFT, STILL_TURN = 0.001, np.deg2rad(0.1)  # m, rad between two frames of a camera that stands still
LARGEST_LABEL = 65535


class UnpairedError(OsisError):
    """No depth image belongs to the instances."""


class UnfitDepthError(OsisError):
    """The depth image is not one that is aligned to the image of the instances."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PlacedFrame:
    """One frame's instances in space, and what they were made of.

    Attributes:
        found: the instances, also those that depth has added.
        header: the image's stamp and the frame of the objects.
        objects: none where the frame could not be placed.
        problem: what was wrong, in one sentence; empty where all was well.
        depth: float32 [H, W] metres, NaN where there is none; None, as all that follows, where nothing was placed.
        depth_header: of the depth image.
        camera: of the depth image.
        instances: those of `found` that stand on the support plane, where only these are wanted.
        pose: [4, 4] from the camera's optical frame to the frame of the objects; None where they are one.
        in_camera_frame: the objects are in the camera's frame although another one is wanted.
        colour: the colour image of the same stamp, where one came.
        tracks: the localizer's own, None where it follows nothing itself.
    """

    found: InstanceArray
    header: Header
    objects: Objects
    problem: str = ""
    depth: np.ndarray | None = None
    depth_header: Header | None = None
    camera: Pinhole | None = None
    instances: Instances | None = None
    pose: np.ndarray | None = None
    in_camera_frame: bool = False
    colour: Image | CompressedImage | None = None
    tracks: Tracks | None = None

    @cached_property
    def labels(self) -> np.ndarray:
        """[H, W] uint16, the id of the instance at each pixel, 0 for none.

        Raises:
            MessageError: an id that 16 bits cannot hold.
        """
        if (highest := int(self.instances.ids.max(initial=0))) > LARGEST_LABEL:
            raise MessageError(f"an instance has the id {highest}, a label image holds ids up to {LARGEST_LABEL}")
        return label_image(self.instances)


def unplaced(found: InstanceArray, problem: str) -> PlacedFrame:
    """A frame of which nothing could be placed: every instance is missing, for the one reason."""
    missing = {instance.id: problem for instance in found.instances}
    return PlacedFrame(found=found, header=found.header, objects=Objects.empty(None, missing), problem=problem)


class FramePlacer:
    """Keeps what came of depth, colour and calibration, and places one frame after the other.

    `put` may be called in any thread, `place` in one.
    """

    def __init__(
        self,
        depth_topic: str,
        info_topic: str,
        history: float,
        tree: TransformTree | None,
        no_depth: Callable[[], str] = lambda: "",
    ) -> None:
        """
        Args:
            depth_topic, info_topic: their full names, for what is said of them.
            history: seconds of images to keep, more where instances come later.
            tree: the transforms, None where there are none to be had.
            no_depth: why no depth image comes, in one sentence; empty where that is not known.
        """
        self._depth_topic, self._info_topic, self._tree, self._no_depth = depth_topic, info_topic, tree, no_depth
        self.depth, self.colour = StampedHistory(history), StampedHistory(history)
        self._calibrations = Calibrations()
        self._locator = Locator()
        self._pose: np.ndarray | None = None
        self._newest = 0
        self._went_back = threading.Event()

    def put_depth(self, message: Image) -> None:
        if not self.depth.put(message):
            self._went_back.set()

    def put_colour(self, message: Image | CompressedImage) -> None:
        self.colour.put(message)

    def put_info(self, message: CameraInfo) -> None:
        self._calibrations.put(message)

    def close(self) -> None:
        """End every wait."""
        self.depth.close()
        self.colour.close()

    def place(self, found: InstanceArray, values: Mapping[str, object]) -> PlacedFrame:
        """Place one frame's instances.

        Args:
            values: of `SETTINGS`, by name.
        Raises:
            UnpairedError: no depth image of that stamp.
            OsisError: instances, depth, calibration or sizes that cannot be used.
        """
        stamp = stamp_of(found)
        self._heed_time(stamp)
        instances = instances_from_message(found)
        image = self.depth.take(stamp, values[TOLERANCE.name], values[DEPTH_WAIT.name])
        if image is None:
            raise UnpairedError(self._unpaired(stamp))
        self._check_aligned(image, found)
        depth, camera = depth_from_message(image), self._camera(stamp_of(image), values)
        pose, problem = self._look_up(found.header.frame_id, stamp, values)
        level = pose is not None and values[LEVEL.name]
        self._locator.up = pose[2, :3].copy() if level else None
        objects, instances = self._locator.locate_mended(
            instances, depth, camera, values[ONLY_STANDING.name], values[WITHOUT_MASK.name], values[SURE.name]
        )
        found = _with_added(found, instances)
        header = Header(stamp=found.header.stamp, frame_id=found.header.frame_id)
        if pose is not None:
            objects, header.frame_id = objects.transformed(pose), values[TARGET_FRAME.name]
        return PlacedFrame(
            found=found, header=header, objects=objects, problem=problem, depth=depth, depth_header=image.header,
            camera=camera, instances=instances, pose=pose, in_camera_frame=bool(problem),
            colour=self.colour.take(stamp, values[TOLERANCE.name]),
        )  # fmt: skip

    def _heed_time(self, stamp: int) -> None:
        if self._went_back.is_set() or stamp < self._newest - TIME_WENT_BACK:
            self._went_back.clear()
            self._locator.restart()
            self._newest = 0
        self._newest = max(self._newest, stamp)

    def _unpaired(self, stamp: int) -> str:
        reaches = self.depth.reaches()
        if reaches is None:
            why = self._no_depth()
            return f"no depth image has come on {self._depth_topic}{f': {why}' if why else ''}"
        oldest, newest = reaches
        if stamp > newest:
            told = f"the newest is {(stamp - newest) * 1e-9:.3f} s older"
        elif stamp < oldest:
            self._keep_longer((newest - stamp) * 1e-9)
            told = (
                f"the oldest that is kept is {(oldest - stamp) * 1e-9:.3f} s newer: the segmenter takes long, images "
                f"are now kept for {self.depth.seconds:.3g} s"
            )
        else:
            told = "they lie before and after it: let the driver synchronise depth and colour"
        return f"no depth image on {self._depth_topic} has the stamp of the instances, {told}"

    def _keep_longer(self, age: float) -> None:
        """The segmenter may take longer on a busy machine. Later frames then find their depth."""
        seconds = min(max(self.depth.seconds, ROOM * age), HISTORY.high)
        self.depth.seconds = self.colour.seconds = seconds

    def _check_aligned(self, depth: Image, found: InstanceArray) -> None:
        remedy = "use the depth topic that is aligned to the colour image"
        if (depth.width, depth.height) != (found.width, found.height):
            raise UnfitDepthError(
                f"the depth image is {depth.width}x{depth.height}, the image of the instances {found.width}x"
                f"{found.height}; expected one size: {remedy}"
            )
        own, theirs = depth.header.frame_id.lstrip("/"), found.header.frame_id.lstrip("/")
        if own != theirs:
            raise UnfitDepthError(
                f"the depth image is in frame '{own}', the image of the instances in '{theirs}'; expected one frame: "
                f"{remedy}"
            )

    def _camera(self, stamp: int, values: Mapping[str, object]) -> Pinhole:
        info = self._calibrations.at(stamp)
        if info is None:
            raise UnfitDepthError(f"no camera_info has come on {self._info_topic}")
        camera = pinhole_from_message(info, values[RECTIFIED.name])
        if values[RECTIFIED.name]:
            return camera
        shift, most = largest_shift(info.distortion_model, info.d, camera), values[DISTORTION.name]
        if shift > most:
            raise UnfitDepthError(
                f"the lens moves points by up to {shift:.0f} pixels (D on {self._info_topic}), expected at most "
                f"{most:g}: use rectified images and set {RECTIFIED.name}, or raise {DISTORTION.name}"
            )
        return camera

    def _look_up(self, camera: str, stamp: int, values: Mapping[str, object]) -> tuple[np.ndarray | None, str]:
        """The pose of the camera in the target frame, or None and what is wrong, if anything is."""
        target, pose, problem = values[TARGET_FRAME.name].lstrip("/"), None, ""
        if target and target != camera.lstrip("/"):
            try:
                if self._tree is None:
                    raise TransformError(f"no transform to {target}: tf2_msgs is not installed")
                pose = self._tree.look_up(target, camera, stamp, values[TRANSFORM_WAIT.name])
            except TransformError as err:
                problem = f"{err}; the objects are in {camera}"
        if not _still(self._pose, pose):
            self._locator.restart()
        self._pose = pose
        return pose, problem


def _with_added(found: InstanceArray, instances: Instances) -> InstanceArray:
    """The message with the instances that came after its own, which depth has added."""
    own = {instance.id for instance in found.instances}
    added = [Instance(id=id_, class_id=len(instances.class_names), class_name=UNKNOWN_NAME, unknown=True)
             for id_ in instances.ids.tolist() if id_ not in own]  # fmt: skip
    if not added:
        return found
    return InstanceArray(header=found.header, height=found.height, width=found.width, model=found.model,
                         instances=[*found.instances, *added])  # fmt: skip


def _still(before: np.ndarray | None, now: np.ndarray | None) -> bool:
    """Whether the camera has stayed where it was; without poses the plane itself tells."""
    if before is None or now is None:
        return before is now
    turn = np.arccos(np.clip((np.trace(before[:3, :3].T @ now[:3, :3]) - 1) / 2, -1, 1))
    return np.linalg.norm(before[:3, 3] - now[:3, 3]) <= STILL_SHIFT and turn <= STILL_TURN
