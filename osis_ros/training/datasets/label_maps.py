"""Pictures with a label for each pixel -> COCO-format annotations for scene segmentation (GOSS, section 5).

An annotation is all pixels of a class in a picture. Pixels without one are not scored, and teach nothing.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import cv2
import numpy as np

from osis_ros.coco.rle import encode
from osis_ros.errors import DatasetError
from osis_ros.inference.image_file import read_label_image


@dataclass(frozen=True)
class LabelledPicture:
    """The picture's file name relative to the data set, and the file with the label of each of its pixels."""

    file_name: str
    labels: Path


@dataclass(frozen=True)
class LabelClass:
    """A class of a data set, and the number of its pixels in the label files."""

    number: int
    name: str
    thing: bool


def scene_tree(
    pictures: Sequence[LabelledPicture],
    classes: Sequence[LabelClass],
    unknown: Sequence[str],
    done: Callable[[], None],
    *,
    keep: Callable[[bool], bool] = lambda shows_unknown: True,
    leave_out: Sequence[str] = (),
    unlabelled: Sequence[LabelClass] = (),
) -> dict:
    """Annotations of pictures, with every class marked known or unknown. A category's id is its number + 1.

    Args:
        unknown: names of the unknown classes.
        done: called after each picture.
        keep: whether a picture belongs to the set, by whether it shows an unknown class.
        leave_out: classes whose pixels get no annotation.
        unlabelled: classes of no name, which are marked unknown but do not count as shown.
    Raises:
        DatasetError: no picture is left. ImageError: a label file that cannot be read.
    """
    unknown_numbers = [c.number for c in classes if c.name in unknown]
    written = [*(c for c in classes if c.name not in leave_out), *unlabelled]
    numbers = [c.number for c in written]
    images, annotations = [], []
    with ThreadPoolExecutor(4) as pool:
        for picture, found in zip(pictures, pool.map(_segments, pictures, repeat(numbers)), strict=True):
            size, present, segments = found
            done()
            if not keep(bool(np.isin(present, unknown_numbers).any())) or not segments:
                continue
            image_id = len(images) + 1
            images.append({"id": image_id, "file_name": picture.file_name, "height": size[0], "width": size[1]})
            annotations += [
                {"id": len(annotations) + i, "image_id": image_id, "category_id": number + 1, "iscrowd": 0,
                 "segmentation": rle, "area": area}
                for i, (number, rle, area) in enumerate(segments, 1)
            ]  # fmt: skip
    if not images:
        raise DatasetError(f"{pictures[0].labels.parent}: none of its {len(pictures)} label files is of this set")
    categories = [
        {"id": c.number + 1, "name": c.name, "isthing": int(c.thing),
         "open_set": "unknown" if c.name in unknown or c in unlabelled else "known"}
        for c in written
    ]  # fmt: skip
    return {"images": images, "annotations": annotations, "categories": categories}


def labelled_pictures(folder: Path, names: Callable[[Path], str], pattern: str, wanted: str) -> list[LabelledPicture]:
    """The label files of a folder, by name.

    Args:
        names: label file → file name of its picture.
        pattern: of the label files below the folder.
        wanted: what the folder should hold, for the message.
    Raises:
        DatasetError: there is none.
    """
    files = sorted(folder.glob(pattern))
    if not files:
        raise DatasetError(f"{folder} has no {pattern}, expected {wanted}")
    return [LabelledPicture(names(file), file) for file in files]


def _segments(
    picture: LabelledPicture, numbers: Sequence[int]
) -> tuple[tuple[int, int], np.ndarray, list[tuple[int, dict, int]]]:
    """Size of a picture, the numbers in it, and mask and area of those that are asked for."""
    labels = read_label_image(picture.labels)
    present, areas = np.unique(labels, return_counts=True)
    segments = []
    for number, area in zip(present.tolist(), areas.tolist(), strict=True):
        if number in numbers:
            mask = (labels == number).astype(np.uint8)
            x, y, width, height = cv2.boundingRect(mask)
            segments.append((number, encode(mask[y : y + height, x : x + width], (x, y), labels.shape), area))
    return labels.shape, present, segments
