"""The pictures of recordings: bags and image files, one after the other, as often as wanted and always in one order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from osis_ros.bags.bag_path import is_bag
from osis_ros.discovery.errors import DiscoveryError
from osis_ros.errors import ImageError
from osis_ros.inference.image_file import read_image
from osis_ros.inference.segment_files import find_images

REASONS_TOLD = 5  # some name a number of bytes, so that every picture might have its own


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a recording.

    Attributes:
        recording: number of the recording among those given, from 0; all image files together are one.
        source: where it is from, in words: a file, or a bag and the time in it.
        stamp: seconds, from the message's header; None for an image file.
        rgb: uint8 [H, W, 3].
    """

    recording: int
    source: str
    stamp: float | None
    rgb: np.ndarray


@dataclass
class Recordings:
    """What was given: bags, image files and folders of images.

    Attributes:
        paths: of them.
        image_topic: of the bags; None for a bag's only image topic.
        rate: pictures a second at most, of bags. Others are passed over.
        first: stop after so many pictures; None for all.
        skipped: why pictures could not be read, and how many for each reason, as of the last time they were read.

    Raises:
        OsisError: nothing that can be read, or a topic that is not there.
    """

    paths: Sequence[Path]
    image_topic: str | None = None
    rate: float = 5.0
    first: int | None = None
    skipped: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        missing = next((path for path in self.paths if not path.exists()), None)
        if missing is not None:
            raise DiscoveryError(f"{missing} does not exist, expected a bag, an image file or a folder of images")
        self._bags = [path for path in self.paths if is_bag(path)]
        others = [path for path in self.paths if path not in self._bags]
        self._files = find_images(others) if others else []
        if self._bags:
            _check_bags(self._bags, self.image_topic)

    def __iter__(self) -> Iterator[Picture]:
        """Each picture that can be read. One that cannot is counted in `skipped`."""
        self.skipped.clear()
        for number, picture in enumerate(self._all()):
            if number == self.first:
                return
            yield picture

    def __len__(self) -> int:
        """About how many pictures there are: of a bag, those in its index."""
        listed = len(self._files) + sum(_count(bag, self.image_topic) for bag in self._bags)
        return min(listed, listed if self.first is None else self.first)

    def _all(self) -> Iterator[Picture]:
        for number, bag in enumerate(self._bags):
            yield from self._of_bag(number, bag)
        for file in self._files:
            try:
                yield Picture(len(self._bags), str(file), None, read_image(file))
            except ImageError as err:
                self._skip(str(err))

    def _of_bag(self, number: int, path: Path) -> Iterator[Picture]:
        from osis_ros.bags.reader import RecordedBag, decoded
        from osis_ros.messages.errors import MessageError
        from osis_ros.messages.image_decoding import rgb_from_message
        from osis_ros.messages.stamps import stamp_of

        with RecordedBag(path) as bag:
            topic, last = bag.image_topic(self.image_topic), None
            for raw in bag.read([topic]):
                if last is not None and 0 <= raw.time - last < 0.999e9 / self.rate:
                    continue
                last = raw.time
                try:
                    message = decoded(raw)
                    rgb = rgb_from_message(message)
                except (MessageError, ImageError) as err:
                    self._skip(str(err))
                    continue
                stamp = (stamp_of(message) or raw.time) * 1e-9
                yield Picture(number, f"{path.name} {topic} at {stamp:.3f} s", stamp, rgb)
            for loss in bag.losses:
                self._skip(loss)

    def _skip(self, reason: str) -> None:
        told = reason in self.skipped or len(self.skipped) < REASONS_TOLD
        self.skipped[reason if told else "other reasons"] += 1


def _check_bags(bags: Sequence[Path], image_topic: str | None) -> None:
    """Raise for a bag or topic that cannot be used, before the first picture is worked on."""
    from osis_ros.bags.reader import RecordedBag
    from osis_ros.messages.colour import colour_converter

    for path in bags:
        with RecordedBag(path) as bag:
            bag.image_topic(image_topic)
    try:
        colour_converter()
    except ImportError as err:
        raise DiscoveryError(err) from None


def _count(path: Path, image_topic: str | None) -> int:
    from osis_ros.bags.reader import RecordedBag

    with RecordedBag(path) as bag:
        return bag.count(bag.image_topic(image_topic))
