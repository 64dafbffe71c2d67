"""A recorded bag (rosbag2, SQLite or MCAP), read message by message: nothing is dropped, however slow the reader."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from rclpy.serialization import deserialize_message
from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.errors import OsisError
from osis_ros.msg import InstanceArray

IMAGES = {"sensor_msgs/msg/Image": Image, "sensor_msgs/msg/CompressedImage": CompressedImage}
TRUTH = {"osis_ros/msg/InstanceArray": InstanceArray}
# What a depth camera or a segmenter publishes as images, too; nobody means these by "the images of the bag".
NO_PHOTOGRAPHS = ("depth", "infra", "label_image", "overlay", "mask")


class BagError(OsisError):
    """A bag that cannot be read, or has no such topic; the message is one sentence for the user."""


class Recorded(NamedTuple):
    """A message with its topic and the time (ns) at which it was recorded."""

    topic: str
    time: int
    message: object


class RecordedBag:
    """A bag, opened for reading as a context.

    Args:
        path: a bag's folder, or a single .mcap or .db3 file.
    Raises:
        BagError: no such bag, a damaged one, or one of a storage that is not read here.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._reader = Reader(path)
            self._reader.open()
        except FileNotFoundError:
            missing = f"{path} holds no metadata.yaml" if path.is_dir() else f"{path} does not exist"
            raise BagError(f"{missing}, expected a bag's folder, or its .mcap or .db3 file") from None
        except Exception as err:  # whatever a damaged index or a foreign schema makes the libraries stumble over
            raise BagError(f"{path} cannot be read as a bag: {str(err).rstrip('.') or type(err).__name__}") from None

    def __enter__(self) -> "RecordedBag":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._reader.close()

    def image_topic(self, asked: str | None = None) -> str:
        """The topic asked for, or the only one with images; raw is preferred to compressed if a camera has both.

        Raises:
            BagError: no such topic, or none or several to choose from; the topics are named.
        """
        present = self._topics(IMAGES)
        if asked is not None:
            return self._asked(asked, present, "images")
        likely = [topic for topic in present if not any(word in topic for word in NO_PHOTOGRAPHS)]
        likely = [topic for topic in likely if topic.removesuffix("/compressed") == topic or
                  topic.removesuffix("/compressed") not in likely]  # fmt: skip
        if len(likely) == 1:
            return likely[0]
        listed = ", ".join(likely or present)
        if not listed:
            raise BagError(f"{self.path} has no topic of images, only {', '.join(self._all_topics()) or 'nothing'}")
        raise BagError(f"{self.path} has several topics of images, or none of photographs for sure; name one with "
                       f"--image-topic: {listed}")  # fmt: skip

    def truth_topic(self, image_topic: str, asked: str | None = None) -> str | None:
        """The topic asked for, or the one called `…ground_truth` that is nearest to the images' by name, if any.

        Raises:
            BagError: no such topic, or several that are equally near.
        """
        present = self._topics(TRUTH)
        if asked is not None:
            return self._asked(asked, present, "osis_ros/msg/InstanceArray")
        shared = {topic: len(os.path.commonpath([topic, image_topic])) for topic in present
                  if topic.endswith("ground_truth")}  # fmt: skip
        nearest = [topic for topic, length in shared.items() if length == max(shared.values())]
        if len(nearest) > 1:
            raise BagError(f"{self.path} has several truths; name one with --truth-topic: {', '.join(nearest)}")
        return nearest[0] if nearest else None

    def holds_any(self, topics: Iterable[str]) -> bool:
        """Whether one of these topics was recorded, even without a message."""
        return any(connection.topic in topics for connection in self._reader.connections)

    def count(self, topic: str) -> int:
        """How many messages the topic has."""
        return sum(connection.msgcount for connection in self._connections([topic]))

    def read(self, topics: Sequence[str]) -> Iterator[Recorded]:
        """The messages of some topics, in the order in which they were recorded.

        Raises:
            BagError: the bag is damaged from here on.
        """
        kinds = IMAGES | TRUTH
        try:
            for connection, time, data in self._reader.messages(self._connections(topics)):
                yield Recorded(connection.topic, time, deserialize_message(bytes(data), kinds[connection.msgtype]))
        except Exception as err:  # whatever a damaged chunk, page or message makes the libraries stumble over
            raise BagError(f"{self.path} is damaged: {str(err).rstrip('.') or type(err).__name__}") from err

    def _topics(self, kinds: dict[str, type]) -> list[str]:
        return sorted({c.topic for c in self._reader.connections if c.msgtype in kinds and c.msgcount})

    def _all_topics(self) -> list[str]:
        """Every topic with its type, and a word where it is empty: recorded under a QoS that did not fit, say."""
        counts: Counter[tuple[str, str]] = Counter()
        for connection in self._reader.connections:
            counts[connection.topic, connection.msgtype] += connection.msgcount
        return [f"{topic} ({kind}{'' if count else ', no message'})" for (topic, kind), count in sorted(counts.items())]

    def _asked(self, topic: str, present: list[str], of: str) -> str:
        if topic not in present:
            there = f"there are {', '.join(present)}" if present else f"only {', '.join(self._all_topics())}"
            raise BagError(f"{self.path} has no {topic} of {of}; {there}")
        return topic

    def _connections(self, topics: Sequence[str]) -> list[Connection]:
        return [c for c in self._reader.connections if c.topic in topics]
