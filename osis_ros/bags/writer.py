"""Writing an MCAP bag, in compressed chunks, as `ros2 bag record` does, on machines that have no rosbag2."""

from pathlib import Path

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from rosbags.interfaces import Connection, Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from osis_ros.bags.message_types import add_type, jazzy_types

FOREVER = QosTime(9223372036, 854775807)  # the longest time of 64 bits of nanoseconds


class BagWriter:
    """A new bag: a folder with `FOLDER/FOLDER.mcap` and `metadata.yaml`, as rosbag2 writes it.

    Args:
        folder: must not exist.
    Raises:
        OSError, rosbags' WriterError: it does, or nothing can be written there.
    """

    def __init__(self, folder: Path) -> None:
        self._types = jazzy_types()
        self._connections: dict[str, Connection] = {}
        self._writer = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        self._writer.open()

    def add_topic(self, topic: str, message_type: str, profile: QoSProfile) -> None:
        """Announce a topic; a player of the bag offers the same profile.

        Args:
            message_type: for example `osis_ros/msg/InstanceArray`.
        Raises:
            UnknownTypeError: the type's definition is not installed.
        """
        add_type(self._types, message_type)
        self._connections[topic] = self._writer.add_connection(
            topic, message_type, typestore=self._types, offered_qos_profiles=[_in_bag(profile)]
        )

    def write(self, topic: str, time: int, data: bytes) -> None:
        """Add a message of an announced topic: serialised, recorded at `time` (ns)."""
        self._writer.write(self._connections[topic], time, data)

    def write_message(self, topic: str, time: int, message: object) -> None:
        """Add a message as `write` does. The same message gives the same bytes: those that ROS 2's own serialisation
        leaves between the fields, to align them, are whatever was in memory; here they are 0."""
        kind = self._connections[topic].msgtype
        fields = self._types.deserialize_cdr(serialize_message(message), kind)
        self.write(topic, time, bytes(self._types.serialize_cdr(fields, kind)))

    def close(self) -> None:
        """Write the bag's index, without which no player opens it."""
        self._writer.close()


def _in_bag(profile: QoSProfile) -> Qos:
    reliable = profile.reliability == ReliabilityPolicy.RELIABLE
    latched = profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    return Qos(
        QosHistory.KEEP_LAST, profile.depth,
        QosReliability.RELIABLE if reliable else QosReliability.BEST_EFFORT,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        FOREVER, FOREVER, QosLiveliness.AUTOMATIC, FOREVER, False,
    )  # fmt: skip
