"""A bag of ROS 1 (.bag). Its messages become those of ROS 2, whose bytes hold the same fields."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rosbags.rosbag1 import Reader

from osis_ros.bags.bag_file import BagError, Head, RawMessage, Topic, sentence
from osis_ros.bags.header import STAMPED
from osis_ros.bags.message_types import jazzy_types

OTHER = ", ROS 1 encoding"  # after the type of a message that is listed and left alone


class Ros1File:
    """A `BagFile`. Images, calibrations and point clouds are converted; other types are listed and left alone."""

    def __init__(self, path: Path, called: Path) -> None:
        """
        Args:
            called: the user's file, of which `path` may be a copy.
        Raises:
            BagError: it is no bag of ROS 1, or one without an index, as a recording that broke off leaves.
            OSError: it cannot be opened.
        """
        self._called, self.loss = called, ""
        self._types = jazzy_types()
        with path.open("rb"):  # a file that may not be read says so in its own words
            pass
        self._reader = Reader(path)
        try:
            self._reader.open()
        except OSError:
            raise
        except Exception as err:  # whatever a damaged file makes the library stumble over
            raise BagError(
                f"{called} cannot be read as a bag of ROS 1: {sentence(err)}; if its recording broke off, "
                f"`rosbag reindex {called.name}` repairs it"
            ) from None
        self.topics = [Topic(c.topic, _type(c.msgtype), c.msgcount) for c in self._reader.connections]
        self.start, self.end = self._reader.start_time, self._reader.end_time - 1

    def messages(self, topics: Sequence[str]) -> Iterator[RawMessage]:
        wanted = [c for c in self._reader.connections if c.topic in topics and c.msgtype in STAMPED]
        if not wanted:
            return
        try:
            for connection, time, data in self._reader.messages(wanted):
                yield RawMessage(connection.topic, connection.msgtype, time, self._converted(connection.msgtype, data))
        except Exception as err:  # whatever a damaged chunk makes the library stumble over
            raise BagError(f"{self._called} is damaged: {sentence(err)}") from err

    def heads(self, topics: Sequence[str]) -> Iterator[Head]:
        """Messages lie in compressed chunks together, so that all are read."""
        return map(Head.of, self.messages(topics))

    def _converted(self, kind: str, data: bytes | memoryview) -> bytes:
        try:
            return bytes(self._types.ros1_to_cdr(data, kind))
        except Exception:  # half a message; whoever decodes these bytes says so, with its topic and time
            return bytes(data[:0])

    def close(self) -> None:
        self._reader.close()


def _type(name: str) -> str:
    return name if name in STAMPED else name + OTHER
