"""Where frames are at a moment: a small buffer on /tf and /tf_static that needs tf2_msgs alone."""

import importlib
import threading
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from osis_ros.errors import OsisError
from osis_ros.messages.camera import pose_from_message
from osis_ros.messages.errors import MessageError
from osis_ros.messages.poses import quaternion_to_message, rotation_from_message
from osis_ros.messages.stamps import stamp_of

KEPT = 10_000_000_000  # ns
TIME_WENT_BACK = 1_000_000_000  # ns before the newest transform of the same frame
DEEPEST = 100  # frames from a root to a leaf; more is a circle
MOVING, FIXED = QoSProfile(depth=100), QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class TransformError(OsisError):
    """A transform that is not known; the message is one sentence."""


@dataclass
class Branch:
    """What is known of one frame: its pose in its parent at some moments."""

    parent: str
    fixed: bool
    stamps: list[int] = field(default_factory=list)
    poses: list[np.ndarray] = field(default_factory=list)


class TransformTree:
    """Poses of frames, each in its parent, over the last seconds (REP 105). Any thread may put and look up."""

    def __init__(self) -> None:
        self._branches: dict[str, Branch] = {}
        self._changed = threading.Condition()

    def put(self, parent: str, child: str, pose: np.ndarray, stamp: int, fixed: bool = False) -> None:
        """
        Args:
            pose: [4, 4] from child to parent.
            stamp: ns.
            fixed: it holds at every moment.
        """
        parent, child = parent.lstrip("/"), child.lstrip("/")
        with self._changed:
            branch = self._branches.get(child)
            gone_back = branch and not fixed and branch.stamps and stamp < branch.stamps[-1] - TIME_WENT_BACK
            if branch is None or branch.parent != parent or branch.fixed != fixed or fixed or gone_back:
                branch = self._branches[child] = Branch(parent, fixed)
            place = bisect_left(branch.stamps, stamp)
            if place < len(branch.stamps) and branch.stamps[place] == stamp:
                branch.poses[place] = pose
            else:
                branch.stamps.insert(place, stamp)
                branch.poses.insert(place, pose)
            old = bisect_left(branch.stamps, branch.stamps[-1] - KEPT)
            del branch.stamps[:old], branch.poses[:old]
            self._changed.notify_all()

    def look_up(self, target: str, source: str, stamp: int, wait: float = 0.0) -> np.ndarray:
        """[4, 4], from `source` to `target` at the moment `stamp` (ns).

        Args:
            wait: seconds to wait for transforms that have not come yet.
        Raises:
            TransformError: they are not known.
        """
        target, source = target.lstrip("/"), source.lstrip("/")
        end = time.monotonic() + wait
        with self._changed:
            while True:
                try:
                    return self._look_up(target, source, stamp)
                except TransformError:
                    left = end - time.monotonic()
                    if left <= 0:
                        raise
                    self._changed.wait(left)

    def _look_up(self, target: str, source: str, stamp: int) -> np.ndarray:
        from_source, from_target = self._way_up(source), self._way_up(target)
        common = next((frame for frame in from_source if frame in from_target), None)
        if common is None:
            missing = next((frame for frame in (source, target) if not self._known(frame)), None)
            told = f"there is no frame '{missing}'" if missing else "the two frames are not connected"
            raise TransformError(f"no transform from {source} to {target}: {told} on /tf and /tf_static")
        up = self._chain(from_source[: from_source.index(common)], stamp)
        down = self._chain(from_target[: from_target.index(common)], stamp)
        return np.linalg.inv(down) @ up

    def _known(self, frame: str) -> bool:
        return frame in self._branches or any(branch.parent == frame for branch in self._branches.values())

    def _way_up(self, frame: str) -> list[str]:
        way = [frame]
        while frame in self._branches and len(way) < DEEPEST:
            frame = self._branches[frame].parent
            way.append(frame)
        return way

    def _chain(self, frames: list[str], stamp: int) -> np.ndarray:
        pose = np.eye(4)
        for frame in frames:
            pose = self._at(frame, stamp) @ pose
        return pose

    def _at(self, frame: str, stamp: int) -> np.ndarray:
        branch = self._branches[frame]
        if branch.fixed:
            return branch.poses[-1]
        after = bisect_right(branch.stamps, stamp)
        if after and branch.stamps[after - 1] == stamp:
            return branch.poses[after - 1]
        if after == len(branch.stamps):
            late = (stamp - branch.stamps[-1]) * 1e-9
            raise TransformError(f"the newest transform of {frame} is {late:.3f} s older than the image")
        if after == 0:
            early = (branch.stamps[0] - stamp) * 1e-9
            raise TransformError(f"the oldest transform of {frame} is {early:.3f} s newer than the image")
        first, second = branch.stamps[after - 1], branch.stamps[after]
        share = (stamp - first) / (second - first)
        return between(branch.poses[after - 1], branch.poses[after], share)


def between(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """The pose [4, 4] that lies this share of the way from the first to the second, on the shortest turn (slerp)."""
    a, b = (
        np.array([q.w, q.x, q.y, q.z]) for q in map(quaternion_to_message, (first[:3, :3], second[:3, :3]))
    )  # fmt: skip
    cosine = float(a @ b)
    if cosine < 0:
        b, cosine = -b, -cosine
    angle = np.arccos(min(cosine, 1.0))
    if angle < 1e-6:
        mixed = (1 - share) * a + share * b
    else:
        mixed = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
    mixed /= np.linalg.norm(mixed)
    turn = quaternion_to_message(np.eye(3))
    turn.w, turn.x, turn.y, turn.z = mixed.tolist()
    pose = np.eye(4)
    pose[:3, :3] = rotation_from_message(turn, "a transform")
    pose[:3, 3] = (1 - share) * first[:3, 3] + share * second[:3, 3]
    return pose


class TransformListener:
    """A `TransformTree` that listens to /tf and /tf_static, from construction until `close`."""

    def __init__(self, node: Node) -> None:
        """
        Raises:
            TransformError: tf2_msgs is not installed.
        """
        self.tree, self._node = TransformTree(), node
        try:
            message_type = importlib.import_module("tf2_msgs.msg").TFMessage
        except ImportError as err:
            raise TransformError("tf2_msgs is not installed, so no frame is known: leave target_frame empty") from err
        self._subscriptions = [
            node.create_subscription(message_type, "/tf", lambda message: self._put(message, False), MOVING),
            node.create_subscription(message_type, "/tf_static", lambda message: self._put(message, True), FIXED),
        ]

    def _put(self, message: object, fixed: bool) -> None:
        for transform in message.transforms:
            try:
                pose = pose_from_message(transform)
            except MessageError as err:
                self._node.get_logger().warning(f"transform ignored: {err}", throttle_duration_sec=10.0)
                continue
            self.tree.put(transform.header.frame_id, transform.child_frame_id, pose, stamp_of(transform), fixed)

    def close(self) -> None:
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
