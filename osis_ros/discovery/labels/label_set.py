"""`LabelSet`: the labelled pictures of a discovery, as every format takes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from osis_ros.discovery.labels.polygons import polygons
from osis_ros.discovery.record import DiscoveryRecord, InstanceRecord
from osis_ros.instances import UNKNOWN_NAME


@dataclass(frozen=True, eq=False)
class Label:
    """One outlined object.

    Attributes:
        number: from 1, each once in the set.
        name: of its class; `unknown` for an object without one.
        instance: what the model found, and `row` where it is among the record's instances.
        box: x y width height in whole pixels, tight round the mask.
        mask: bool [height, width], the part of the picture that `box` covers.
    """

    number: int
    name: str
    instance: InstanceRecord
    row: int
    box: tuple[int, int, int, int]
    mask: np.ndarray

    @cached_property
    def polygons(self) -> list[np.ndarray]:
        """Its outlines on the picture, one for each part, [P, 2] x y in pixels; holes are filled."""
        return polygons(self.mask, self.box[:2])


@dataclass(frozen=True, eq=False)
class LabelledPicture:
    """A picture of the folder images/ with its labels."""

    number: int  # from 1
    file: str
    height: int
    width: int
    labels: tuple[Label, ...]


@dataclass(frozen=True, eq=False)
class LabelSet:
    """All labels.

    Attributes:
        names: of the classes: those that the clusters were given, in the order of the clusters, then the known classes
            that were found, then `unknown` if there are objects without a class.
        new: the names that are no known class.
        pictures: in the order of the recording; each has a label.
    """

    names: tuple[str, ...]
    new: tuple[str, ...]
    pictures: tuple[LabelledPicture, ...]

    @property
    def count(self) -> int:
        return sum(len(picture.labels) for picture in self.pictures)


def label_set(record: DiscoveryRecord, naming: Mapping[int, str | None]) -> LabelSet:
    """The labels of a discovery whose clusters were named.

    Known objects keep their class, things in no cluster are `unknown`, things of dropped clusters have no label.

    Args:
        naming: cluster → its name, None for a dropped one.
    """
    name_of = {0: UNKNOWN_NAME, **naming}
    labels: dict[int, list[Label]] = {}
    number = 0
    for row, instance in enumerate(record.instances):
        name = instance.class_name if instance.cluster is None else name_of[instance.cluster]
        if name is None:
            continue
        number += 1
        tight = _tight(record.mask(instance))
        labels.setdefault(instance.picture, []).append(Label(number, name, instance, row, *tight))
    used = {label.name for group in labels.values() for label in group}
    ordered = dict.fromkeys((*filter(None, naming.values()), *record.class_names, UNKNOWN_NAME))
    names = tuple(name for name in ordered if name in used and name != UNKNOWN_NAME)
    pictures = tuple(
        LabelledPicture(index + 1, picture.file, picture.height, picture.width, tuple(labels[index]))
        for index, picture in enumerate(record.pictures)
        if index in labels
    )
    return LabelSet(
        names=(*names, UNKNOWN_NAME) if UNKNOWN_NAME in used else names,
        new=tuple(name for name in names if name not in record.class_names),
        pictures=pictures,
    )


def _tight(mask: np.ndarray) -> tuple[tuple[int, int, int, int], np.ndarray]:
    """The box round a mask's pixels, and the mask within it."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    x, y, width, height = columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    return (int(x), int(y), int(width), int(height)), mask[y : y + height, x : x + width]
