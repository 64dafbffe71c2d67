"""Whether an object that was taught is found again by its name, and what else gets the name."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from osis_ros.instances import Instances
from osis_ros.tracking.mask_overlap import mask_overlap

FOUND = 0.5  # mask IoU from which on an instance is the object


@dataclass(frozen=True)
class NameScore:
    """Counts over some images.

    Attributes:
        visible: images that show the object.
        found: those in which an instance is the object.
        named: those in which that instance has the name.
        false_names: instances that are something else and have the name.
    """

    visible: int
    found: int
    named: int
    false_names: int


def instance_of_object(truth: Instances, answer: Instances, track: int) -> int | None:
    """Index of the instance that is the object, None where it is not found.

    Args:
        truth: true masks; the object is the one of this track.
        answer: what was found in the same image.
    """
    rows = _rows(truth, track)
    if not len(rows) or not len(answer):
        return None
    own = truth.take(rows[:1])
    overlap = mask_overlap(own.rois, own.masks, answer.rois, answer.masks)[0][0]
    best = int(overlap.argmax())
    return best if overlap[best] >= FOUND else None


def score_name(name: str, track: int, images: Iterable[tuple[Instances, Instances]]) -> NameScore:
    """How well a name that was taught for the object of a track in the truth finds it.

    Args:
        images: true masks and what was found, image by image.
    """
    visible = found = named = total = 0
    for truth, answer in images:
        index = instance_of_object(truth, answer, track)
        names = [] if answer.taught_names is None else answer.taught_names.tolist()
        visible += bool(len(_rows(truth, track)))
        found += index is not None
        named += index is not None and names[index : index + 1] == [name]
        total += names.count(name)
    return NameScore(visible, found, named, total - named)


def _rows(truth: Instances, track: int) -> np.ndarray:
    return np.flatnonzero(truth.track_ids == track) if truth.track_ids is not None else np.zeros(0, int)
