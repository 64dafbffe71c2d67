"""One file of a bag: the interface of all storage formats, and the formats that can be read."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, Protocol

from osis_ros.errors import OsisError

if TYPE_CHECKING:
    from rosbags.interfaces import Qos

ROS1 = ".bag"
COMPRESSED = ".zstd"
HEAD = 4096  # bytes that hold the header of any message, and a whole CameraInfo
ZSTD_START = b"\x28\xb5\x2f\xfd"  # no serialised message begins like this: its first byte is 0
ZSTD_BLOCK = (1 << 17) + 64  # the first block of compressed data ends before this; no part of a block can be unpacked


class BagError(OsisError):
    """A bag that cannot be read, or has no such topic; the message is one sentence for the user."""


class Topic(NamedTuple):
    """A topic of a file: its name, its message type (`sensor_msgs/msg/Image`), how many messages there are, and the QoS
    of its publishers as far as it was recorded."""

    name: str
    type: str
    count: int
    qos: Sequence["Qos"] = ()


class RawMessage(NamedTuple):
    """A message as it was recorded: its topic and type, when (ns), and its serialised bytes."""

    topic: str
    type: str
    time: int
    data: bytes


class Head(NamedTuple):
    """The beginning of a message as it was recorded: at most `HEAD` bytes of its `size` bytes, not compressed."""

    topic: str
    type: str
    time: int
    data: bytes
    size: int

    @classmethod
    def of(cls, message: RawMessage) -> "Head":
        return cls(message.topic, message.type, message.time, beginning(message.data), len(message.data))


class BagFile(Protocol):
    """A file that is open for reading.

    Attributes:
        topics: all topics of the file. If a topic's serialisation is not ROS 2's, its type names the serialisation.
        start, end: times of the earliest and the latest message, ns; start is above end where there is none.
        loss: one sentence that says what could not be read; empty if the file is complete.
    """

    topics: Sequence[Topic]
    start: int
    end: int
    loss: str

    def messages(self, topics: Sequence[str]) -> Iterator[RawMessage]:
        """The messages of some topics in the order of their times.

        Raises:
            BagError: the file is damaged from here on.
        """

    def heads(self, topics: Sequence[str]) -> Iterator[Head]:
        """The beginnings of the same messages, in any order; pictures stay on the disk where the format allows it.

        Raises:
            BagError: the file is damaged from here on.
        """

    def close(self) -> None: ...


def open_file(path: Path) -> BagFile:
    """Open a bag's file, `NAME.mcap`, `NAME.db3` or ROS 1's `NAME.bag`, or one compressed as a whole (`.zstd`).

    Raises:
        BagError: it cannot be read, or is of another kind.
    """
    from osis_ros.bags.mcap_file import McapFile
    from osis_ros.bags.ros1_file import Ros1File
    from osis_ros.bags.sqlite_file import SqliteFile

    kinds = {".mcap": McapFile, ".db3": SqliteFile, ROS1: Ros1File}
    plain = path.with_suffix("") if path.suffix == COMPRESSED else path
    if plain.suffix not in kinds:
        raise BagError(
            f"{path} is of no kind that is read, expected .mcap, .db3 or .bag, or one of them with {COMPRESSED}"
        )
    try:
        if plain is path:
            return kinds[plain.suffix](path, path)
        with TemporaryDirectory(prefix="osis-bag-") as folder:  # an open file outlives its folder
            unpacked = Path(folder) / plain.name
            _unpack(path, unpacked)
            return kinds[plain.suffix](unpacked, path)
    except OSError as err:
        raise BagError(f"{path} cannot be read: {err.strerror or err}") from None


def _unpack(path: Path, unpacked: Path) -> None:
    import zstandard

    try:
        with zstandard.open(path, "rb") as source, unpacked.open("wb") as target:
            shutil.copyfileobj(source, target)
    except zstandard.ZstdError as err:
        raise BagError(f"{path} cannot be unpacked: {sentence(err)}") from None


def recorded_qos(text: str | None) -> list["Qos"]:
    """The QoS of a topic's publishers as a recorder wrote them down; none where it wrote something else."""
    from rosbags.rosbag2.metadata import parse_qos

    try:
        return parse_qos(text or "[]")
    except Exception:  # other recorders write what they like
        return []


def sentence(error: Exception) -> str:
    """What a library says of a damaged file, in one line and without a full stop."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def beginning(data: bytes) -> bytes:
    """The first bytes of a message, at most `HEAD`; of one that rosbag2 compressed, of what was compressed."""
    if not data.startswith(ZSTD_START):
        return bytes(data[:HEAD])
    import zstandard

    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(data[:ZSTD_BLOCK])[:HEAD]
    except zstandard.ZstdError:
        return b""


def unpacked(data: bytes) -> bytes:
    """A whole message, which rosbag2 may have compressed by itself. Raises ZstdError if it is damaged."""
    if data[: len(ZSTD_START)] != ZSTD_START:
        return data
    import zstandard

    return zstandard.decompress(data)
