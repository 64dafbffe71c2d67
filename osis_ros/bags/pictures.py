"""Some images of a recorded bag, evenly spread over it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from osis_ros.bags.reader import RecordedBag, decoded
from osis_ros.messages.image_decoding import rgb_from_message


def pictures_of_bag(path: Path, topic: str | None, count: int) -> Iterator[tuple[str, np.ndarray]]:
    """Images of a bag, first and last included, with a label that says when each was recorded.

    Args:
        path: a bag's folder, or its file.
        topic: of the images; None for the only one.
        count: the most images.
    Returns:
        labels, and uint8 [H, W, 3] RGB.
    Raises:
        OsisError: no such bag or topic, or an image that cannot be decoded.
    """
    with RecordedBag(path) as bag:
        topic = bag.image_topic(topic)
        wanted = set(np.linspace(0, bag.count(topic) - 1, count).round().astype(int).tolist())
        for number, raw in enumerate(bag.read([topic])):
            if number in wanted:
                yield f"{path.name} at {raw.time * 1e-9:.3f} s", rgb_from_message(decoded(raw))
