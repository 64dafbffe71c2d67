"""Reads a recorded bag (rosbag2, SQLite or MCAP, or ROS 1) message by message. No message is dropped."""

import contextlib
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from types import TracebackType

import yaml
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.bags.bag_file import COMPRESSED, ROS1, BagError, BagFile, Head, RawMessage, Topic, open_file, unpacked
from osis_ros.messages.errors import MessageError
from osis_ros.msg import InstanceArray

IMAGES = {"sensor_msgs/msg/Image": Image, "sensor_msgs/msg/CompressedImage": CompressedImage}
TRUTH = {"osis_ros/msg/InstanceArray": InstanceArray}
# What a depth camera or a segmenter publishes as images, too; nobody means these by "the images of the bag".
NO_PHOTOGRAPHS = ("depth", "infra", "label_image", "overlay", "mask")


class RecordedBag:
    """A bag that is open for reading; use it in a `with` statement.

    Attributes:
        losses: a sentence for each file that could not be read to its end.

    Args:
        path: a bag's folder, with or without its metadata.yaml, or a single .mcap, .db3 or .bag file. Files and
            messages may be compressed as rosbag2 does it.
    Raises:
        BagError: no such bag, a damaged one, or one of a storage that is not read here.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with contextlib.ExitStack() as stack:
            self._files: list[BagFile] = []
            self._paths = _files_of(path)
            for file in self._paths:
                self._files.append(open_file(file))
                stack.callback(self._files[-1].close)
            self._stack = stack.pop_all()
        self._files.sort(key=lambda file: file.start)
        self.losses = [file.loss for file in self._files if file.loss]
        self._counts: Counter[tuple[str, str]] = Counter()
        for file in self._files:
            for topic in file.topics:
                self._counts[topic.name, topic.type] += topic.count

    def __enter__(self) -> "RecordedBag":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def image_topic(self, asked: str | None = None) -> str:
        """The topic asked for, or the only one with images; raw is preferred to compressed if a camera has both.

        Raises:
            BagError: no such topic, or none or several to choose from; the topics are named.
        """
        present = self._topics(IMAGES)
        if asked is not None:
            return self._asked(asked, present, "images")
        likely = [topic for topic in present if not any(word in topic.lower() for word in NO_PHOTOGRAPHS)]
        likely = [topic for topic in likely if topic.removesuffix("/compressed") == topic or
                  topic.removesuffix("/compressed") not in likely]  # fmt: skip
        if len(likely) == 1:
            return likely[0]
        listed = ", ".join(likely or present)
        if not listed:
            raise BagError(f"{self.path} has no topic of images, only {', '.join(self._all_topics()) or 'nothing'}")
        raise BagError(f"{self.path} has several topics of images, or none of photographs for sure; name one with "
                       f"--image-topic, or repeat it for several cameras: {listed}")  # fmt: skip

    def truth_topic(self, image_topic: str, asked: str | None = None) -> str | None:
        """The topic asked for, of instances or of label images, or the one of instances called `…ground_truth` that is
        nearest to the images' by name, if any.

        Raises:
            BagError: no such topic, or several that are equally near.
        """
        present = self._topics(TRUTH)
        if asked is not None:
            labels = [topic for topic in self._topics(IMAGES) if topic != image_topic]
            return self._asked(asked, [*present, *labels], "osis_ros/msg/InstanceArray or of label images")
        shared = {topic: shared_parts(topic, image_topic) for topic in present if topic.endswith("ground_truth")}
        nearest = [topic for topic, length in shared.items() if length == max(shared.values())]
        if len(nearest) > 1:
            raise BagError(f"{self.path} has several truths; name one with --truth-topic: {', '.join(nearest)}")
        return nearest[0] if nearest else None

    def is_of_images(self, topic: str) -> bool:
        """Whether the topic is of images, raw or compressed."""
        return topic in self._topics(IMAGES)

    def holds_any(self, topics: Iterable[str]) -> bool:
        """Whether one of these topics was recorded, even without a message or under a relative name."""
        return not {name_parts(topic) for topic in topics}.isdisjoint(name_parts(name) for name, _ in self._counts)

    def count(self, topic: str) -> int:
        """How many messages the topic has."""
        return sum(count for (name, kind), count in self._counts.items() if name == topic and kind in IMAGES | TRUTH)

    def read(self, topics: Sequence[str]) -> Iterator[RawMessage]:
        """The images and instances of some topics, in the order in which they were recorded; `decoded` reads them.

        A file that is damaged ends there; a sentence in `losses` says so.
        """
        for group in _overlapping(self._files):
            for message in heapq.merge(*(self._up_to_the_break(file, topics) for file in group), key=_time):
                if message.type in IMAGES | TRUTH:
                    yield message

    def _up_to_the_break(self, file: BagFile, topics: Sequence[str]) -> Iterator[RawMessage]:
        count, last = 0, file.start
        try:
            for message in file.messages(topics):
                count, last = count + 1, message.time
                yield message
        except BagError as err:
            loss = f"{err}; {count} messages before the break are used, up to {(last - file.start) * 1e-9:.1f} s"
            if loss not in self.losses:
                self.losses.append(loss)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in self._paths)

    @property
    def topics(self) -> list[Topic]:
        """Every topic of every file; one that several files hold, or that was recorded with two types, is there more
        than once."""
        return [topic for file in self._files for topic in file.topics]

    def heads(self, topics: Sequence[str]) -> Iterator[Head]:
        """The beginnings of all messages of some topics, of any type, in any order. Pictures are not read.

        A file that is damaged ends there; a sentence in `losses` says so.
        """
        for file in self._files:
            try:
                yield from file.heads(topics)
            except BagError as err:
                self.losses.append(str(err))

    def _topics(self, kinds: dict[str, type]) -> list[str]:
        return sorted({name for (name, kind), count in self._counts.items() if kind in kinds and count})

    def _all_topics(self) -> list[str]:
        """Every topic with its type, and a word where it is empty: recorded under a QoS that did not fit, say."""
        listed = sorted(self._counts.items())
        return [f"{topic} ({kind}{'' if count else ', no message'})" for (topic, kind), count in listed]

    def _asked(self, topic: str, present: list[str], of: str) -> str:
        for name in present:
            if name_parts(name) == name_parts(topic):  # converted bags have names without a slash before them
                return name
        there = f"there are {', '.join(present)}" if present else f"only {', '.join(self._all_topics()) or 'nothing'}"
        raise BagError(f"{self.path} has no {topic} of {of}; {there}")


def decoded(message: RawMessage) -> Image | CompressedImage | InstanceArray:
    """The message that was recorded.

    Raises:
        MessageError: its bytes are not a message of its type.
    """
    try:
        return deserialize_message(unpacked(message.data), (IMAGES | TRUTH)[message.type])
    except Exception:  # whatever half a message makes the libraries stumble over; they say nothing that helps
        raise MessageError(
            f"the message on {message.topic} at {message.time * 1e-9:.3f} s, {len(message.data)} bytes, is damaged: "
            f"it cannot be deserialized as {message.type}"
        ) from None


def _files_of(path: Path) -> list[Path]:
    """The bag's files: those that its metadata.yaml lists or, without one that can be read, all in the folder."""
    wanted = "expected a bag's folder, or its .mcap, .db3 or .bag file"
    try:
        if not path.exists():
            raise BagError(f"{path} does not exist, {wanted}")
        if not path.is_dir():
            return [path]
        listed = _listed(path / "metadata.yaml")
        names = {PurePath(name).name for name in listed}
        there = sorted(file for file in path.iterdir() if _is_bag_file(file))
    except OSError as err:
        raise BagError(f"{path} cannot be read: {err.strerror or err}") from None
    files = [file for file in there if file.name in names] if names else there
    if missing := sorted(names - {file.name for file in files}):
        raise BagError(f"{path}/metadata.yaml lists {', '.join(missing)}, but there is no such file; if it is lost for "
                       "good, `ros2 bag reindex` makes a new metadata.yaml")  # fmt: skip
    if not files:
        raise BagError(f"{path} holds no .mcap, .db3 or .bag file, {wanted}")
    return files


def _is_bag_file(file: Path) -> bool:
    return file.is_file() and file.name.removesuffix(COMPRESSED).endswith((".mcap", ".db3", ROS1))


def _listed(metadata: Path) -> list[str]:
    """The files that a metadata.yaml names; none where it is missing or torn, as after a loss of power."""
    try:
        fields = yaml.safe_load(metadata.read_text("utf-8"))
        names = fields["rosbag2_bagfile_information"]["relative_file_paths"]
        return [name for name in names if isinstance(name, str)]  # of aliases a few lines make lists without end
    except (FileNotFoundError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def _overlapping(files: Sequence[BagFile]) -> Iterator[list[BagFile]]:
    """Groups of files, sorted by start, whose times overlap: the others need not be open to be read in order."""
    group: list[BagFile] = []
    for file in files:
        if group and file.start > max(one.end for one in group):
            yield group
            group = []
        group.append(file)
    yield group


def _time(message: RawMessage) -> int:
    return message.time


def name_parts(topic: str) -> tuple[str, ...]:
    return tuple(topic.strip("/").split("/"))


def shared_parts(topic: str, other: str) -> int:
    """How many parts two names have in common from the front, whether or not they begin with a slash."""
    pairs = zip(name_parts(topic), name_parts(other), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(name_parts(topic)), len(name_parts(other))))
