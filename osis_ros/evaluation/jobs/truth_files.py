"""True masks from elsewhere than an InstanceArray topic: label images with a list of classes, and COCO files."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import yaml

from osis_ros.coco.annotations import read_ground_truth
from osis_ros.coco.rle import decode
from osis_ros.errors import OsisError
from osis_ros.instances import UNKNOWN_NAME, Instances

NANOSECONDS = re.compile(r"(?<!\d)(\d{18,19})(?!\d)")  # of the years 2001 to 2262
SECONDS = re.compile(r"(?<!\d)(\d{1,10})[._-](\d{9})(?!\d)")
NUMBER = re.compile(r"\d+")


class TruthError(OsisError):
    """A truth that cannot be used; the message is one sentence for the user."""


def read_label_classes(path: Path) -> dict[int, str]:
    """The classes of a label image's values: a YAML mapping of value to name, or a list whose first name is that of 1.

    Raises:
        TruthError: the file cannot be read, or holds something else.
    """
    wanted = "expected a line `value: name` for each value that is an object"
    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except OSError as err:
        raise TruthError(f"{path} cannot be read: {err.strerror or err}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise TruthError(f"{path} is no YAML file: {' '.join(str(err).split())}") from None
    if isinstance(tree, list):
        tree = dict(enumerate(tree, 1))
    if not isinstance(tree, dict) or not tree:
        raise TruthError(f"{path} holds no classes, {wanted}")
    for value, name in tree.items():
        if not isinstance(value, int) or isinstance(value, bool) or not isinstance(name, str) or not name:
            raise TruthError(f"{path} holds '{value}: {name}', {wanted}")
    return tree


def label_truth(
    labels: np.ndarray, classes: Mapping[int, str], class_names: Sequence[str], areas: bool = False
) -> Instances:
    """The objects of a label image.

    Args:
        labels: [H, W] integers.
        classes: of each value that is an object; other values are none.
        class_names: the model's known classes; an object of any other one is unknown.
        areas: each connected area of a value is an object of its own, as where values stand for classes; else all
            pixels of a value are one object.
    """
    masks, names = [], []
    for value in np.unique(labels).tolist():
        if value not in classes:
            continue
        mask = labels == value
        parts = [mask]
        if areas:
            count, numbered = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
            parts = [numbered == part for part in range(1, count)]
        masks += parts
        names += [classes[value]] * len(parts)
    return _truth(masks, names, labels.shape, class_names)


class CocoTruth:
    """The objects of a COCO file, for the images of a bag.

    A file name that holds a stamp (nanoseconds, or seconds and nine digits: `12.345000000.png`) belongs to the image
    with that stamp. Where no name does, the last number in a name is the image's number in its topic, from 0.

    Attributes:
        by_stamp: which of the two it is.
        used: images of the file that were asked for.
    """

    def __init__(self, path: Path, class_names: Sequence[str]) -> None:
        """
        Args:
            class_names: the model's known classes; an object of any other one is unknown.
        Raises:
            OsisError: a file that cannot be used, or names without a number.
        """
        self._class_names = class_names
        self._truth = read_ground_truth(path)
        stamps = [_stamp(image.file_name) for image in self._truth.images]
        self.by_stamp = any(stamp is not None for stamp in stamps)
        keys = stamps if self.by_stamp else [_last_number(image.file_name) for image in self._truth.images]
        if nameless := [image.file_name for image, key in zip(self._truth.images, keys) if key is None]:
            kind = "stamp" if self.by_stamp else "number"
            raise TruthError(
                f"{path}: the file name '{nameless[0]}' holds no {kind}, so its image in the bag is not known"
            )
        self._index: dict[int, int] = {}
        for index, key in enumerate(keys):
            if self._index.setdefault(key, index) != index:
                first = self._truth.images[self._index[key]].file_name
                raise TruthError(
                    f"{path}: '{first}' and '{self._truth.images[index].file_name}' are the same image, {key}"
                )
        if not self._index:
            raise TruthError(f"{path} has no images")
        self._rows = self._truth.objects.rows_by_image()
        self._names = {c.id: UNKNOWN_NAME if c.open_set == "unknown" else c.name for c in self._truth.categories}
        self.used: set[int] = set()

    def __len__(self) -> int:
        return len(self._index)

    def of(self, stamp: int, number: int, size: tuple[int, int]) -> Instances | None:
        """The objects in an image, or None where the file does not have it. Regions of many objects are left out.

        Args:
            stamp: ns.
            number: of the image in its topic, from 0.
            size: height and width of the image in the bag.
        Raises:
            TruthError: the file has the image with another size.
        """
        index = self._index.get(stamp if self.by_stamp else number)
        if index is None:
            return None
        self.used.add(index)
        image, objects = self._truth.images[index], self._truth.objects
        if (image.height, image.width) not in (size, (0, 0)):
            raise TruthError(
                f"{self._truth.path}: {image.file_name} is of {image.width}x{image.height} pixels, the image in the "
                f"bag of {size[1]}x{size[0]}"
            )
        rows = [row for row in self._rows.get(index, np.zeros(0, int)).tolist() if not objects.crowd[row]]
        masks = [decode(objects.rles[row]) for row in rows]
        return _truth(masks, [self._names[int(objects.category[row])] for row in rows], size, self._class_names)


def with_classes(truth: Instances, class_names: Sequence[str]) -> Instances:
    """The same objects with a model's known classes; an object of any other one is unknown."""
    ids = _class_ids([truth.class_name(row) for row in range(len(truth))], class_names)
    return truth.replaced(class_ids=ids, class_names=tuple(class_names))


def _truth(
    masks: Sequence[np.ndarray], names: Sequence[str], size: tuple[int, int], class_names: Sequence[str]
) -> Instances:
    rois = np.array([cv2.boundingRect(mask.astype(np.uint8)) for mask in masks], np.int32).reshape(-1, 4)
    return Instances(
        boxes=np.concatenate([rois[:, :2], rois[:, :2] + rois[:, 2:]], 1), scores=np.ones(len(masks)),
        class_ids=_class_ids(names, class_names), distances=np.zeros(len(masks)), embeddings=np.zeros((len(masks), 0)),
        rois=rois, masks=tuple(mask[y : y + h, x : x + w] for mask, (x, y, w, h) in zip(masks, rois.tolist())),
        height=size[0], width=size[1], class_names=tuple(class_names),
    )  # fmt: skip


def _class_ids(names: Sequence[str], class_names: Sequence[str]) -> list[int]:
    ids = {name: number for number, name in enumerate(class_names)}
    return [ids.get(name, len(class_names)) for name in names]


def _stamp(name: str) -> int | None:
    stem = Path(name).stem
    if found := NANOSECONDS.search(stem):
        return int(found[1])
    if found := SECONDS.search(stem):
        return int(found[1]) * 1_000_000_000 + int(found[2])
    return None


def _last_number(name: str) -> int | None:
    numbers = NUMBER.findall(Path(name).stem)
    return int(numbers[-1]) if numbers else None
