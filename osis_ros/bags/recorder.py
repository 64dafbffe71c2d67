"""Recording every topic into a bag, as `ros2 bag record --all` does, on machines that have no rosbag2."""

import importlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message

from osis_ros.bags.message_types import UnknownTypeError
from osis_ros.bags.writer import BagWriter

DISCOVERY_PERIOD = 0.1  # s
DEPTH = 50  # messages a topic that may wait while a large one is written


class BagRecorder:
    """Subscribes to each topic as it appears and writes its serialised messages to a bag."""

    def __init__(self, node: Node, folder: Path) -> None:
        self._node = node
        self._listeners: dict[str, list[Callable]] = {}
        self._writer = BagWriter(folder)
        self._open = True
        self._subscriptions: dict[str, object] = {}
        self._unreadable: set[str] = set()
        self.counts: Counter[str] = Counter()
        node.create_timer(DISCOVERY_PERIOD, self._subscribe_to_new_topics)

    def listen(self, topic: str, callback: Callable[[object, int], None]) -> None:
        """Have `callback` called with each message of a topic and its arrival (ns, the node's clock)."""
        self._listeners.setdefault(topic, []).append(callback)

    def close(self) -> None:
        """Write the bag's index and stop recording."""
        if self._open:
            self._open = False
            self._writer.close()

    def _subscribe_to_new_topics(self) -> None:
        for topic, kinds in self._node.get_topic_names_and_types():
            if topic in self._subscriptions or topic in self._unreadable:
                continue
            publishers = self._node.get_publishers_info_by_topic(topic)
            if publishers:
                self._subscribe(topic, kinds[0], [info.qos_profile for info in publishers])

    def _subscribe(self, topic: str, kind: str, offered: list[QoSProfile]) -> None:
        package, _, name = kind.split("/")
        profile = _acceptable(offered)
        try:
            message_type = getattr(importlib.import_module(f"{package}.msg"), name)
            self._writer.add_topic(topic, kind, profile)
        except (ImportError, AttributeError, UnknownTypeError) as error:
            self._unreadable.add(topic)
            self._node.get_logger().warning(f"{topic} is not recorded: {kind} is not installed ({error})")
            return

        def write(data: bytes) -> None:
            if not self._open:
                return
            now = self._node.get_clock().now().nanoseconds
            self._writer.write(topic, now, data)
            self.counts[topic] += 1
            for callback in self._listeners.get(topic, ()):
                callback(deserialize_message(data, message_type), now)

        self._subscriptions[topic] = self._node.create_subscription(message_type, topic, write, profile, raw=True)


def _acceptable(offered: list[QoSProfile]) -> QoSProfile:
    """The strictest profile that every publisher of a topic satisfies."""
    reliable = all(profile.reliability == ReliabilityPolicy.RELIABLE for profile in offered)
    latched = all(profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for profile in offered)
    return QoSProfile(
        depth=DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )
