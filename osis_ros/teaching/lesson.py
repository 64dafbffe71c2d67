"""What a frame has to teach: the view of the object that is meant, and of everything else in view."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from osis_ros.instances import Instances
from osis_ros.teaching.appearance import appearances
from osis_ros.teaching.errors import TeachError
from osis_ros.teaching.view import View, view_of

LEAST_FIT = 0.3  # IoU of a region or mask with an instance that is meant by it
SAME_THING = 0.3  # share of the smaller one's pixels from which two instances overlap as a whole and its part do


class Lesson(NamedTuple):
    """Views of the object, and of everything else."""

    views: tuple[View, ...]
    others: tuple[View, ...]


def lesson(rgb: np.ndarray, instances: Instances, index: int, label: str) -> Lesson:
    """What one image teaches of its instance `index`.

    Args:
        rgb: uint8 [H, W, 3] RGB.
        label: where it was seen.
    """
    vectors = appearances(rgb, instances)
    own = instances.full_mask(index)
    apart = [i for i in range(len(instances)) if i != index and not _same_thing(instances, i, own)]
    others = tuple(view_of(rgb, instances, i, vectors[i], _called(instances, i)) for i in apart)
    return Lesson((view_of(rgb, instances, index, vectors[index], label),), others)


def instance_in_region(instances: Instances, x0: float, y0: float, x1: float, y1: float) -> int:
    """Index of the instance whose box fits a region best (IoU).

    Args:
        x0, y0, x1, y1: corners in pixels of the image.
    Raises:
        TeachError: a region without area or outside the image, or none fits.
    """
    width, height = instances.width, instances.height
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise TeachError(
            f"the region is {x0:g} {y0:g} {x1:g} {y1:g}, expected x0 < x1 ≤ {width} and y0 < y1 ≤ {height}, from 0 on"
        )
    lengths = np.minimum(instances.boxes[:, 2:], (x1, y1)) - np.maximum(instances.boxes[:, :2], (x0, y0))
    shared = lengths.clip(min=0).prod(axis=1)
    areas = (instances.boxes[:, 2:] - instances.boxes[:, :2]).prod(axis=1)
    return _best(instances, shared / (areas + (x1 - x0) * (y1 - y0) - shared), "region")


def instance_in_mask(instances: Instances, mask: np.ndarray) -> int:
    """Index of the instance whose mask fits one best (IoU).

    Args:
        mask: bool [H, W] of the image.
    Raises:
        TeachError: a mask of another size or without a pixel, or none fits.
    """
    if mask.shape != (instances.height, instances.width):
        raise TeachError(f"the mask is {mask.shape[1]}x{mask.shape[0]}, expected the image's "
                         f"{instances.width}x{instances.height} pixels")  # fmt: skip
    if not mask.any():
        raise TeachError("the mask has no pixel on the object, expected values above 0 there")
    total, fits = int(mask.sum()), []
    for roi, own in zip(instances.rois.tolist(), instances.masks, strict=True):
        x, y, width, height = roi
        shared = int((own & mask[y : y + height, x : x + width]).sum())
        fits.append(shared / (int(own.sum()) + total - shared))
    return _best(instances, np.array(fits), "mask")


def instance_with_id(instances: Instances, number: int) -> int:
    """Index of the instance with this id.

    Raises:
        TeachError: there is none.
    """
    return _row(instances.ids, number, "instance")


def instance_of_track(instances: Instances, number: int) -> int:
    """Index of the instance of a track.

    Raises:
        TeachError: nothing tracks, or no instance is of it.
    """
    if instances.track_ids is None:
        raise TeachError("no instance has a track: tracking is off; name an instance, a region or a mask")
    return _row(instances.track_ids, number, "track")


def the_only_instance(instances: Instances) -> int:
    """Index of the instance where there is one; the others may be parts of it.

    Raises:
        TeachError: there is none, or several that are not parts of the largest.
    """
    if not len(instances):
        raise TeachError("nothing was found in it: lower the score threshold, or show the object larger")
    largest = int(np.argmax([mask.sum() for mask in instances.masks]))
    whole = instances.full_mask(largest)
    if any(not _same_thing(instances, i, whole) for i in range(len(instances)) if i != largest):
        raise TeachError(f"{len(instances)} things were found in it: say which one by a region, or by its number")
    return largest


def _row(numbers: np.ndarray, number: int, what: str) -> int:
    found = np.flatnonzero(numbers == number)
    if not len(found):
        there = ", ".join(str(n) for n in sorted(numbers[numbers > 0].tolist())) or "none"
        raise TeachError(f"there is no {what} {number} in the image, there are: {there}")
    return int(found[0])


def _best(instances: Instances, fits: np.ndarray, what: str) -> int:
    best = int(fits.argmax()) if len(fits) else -1
    if best < 0 or fits[best] < LEAST_FIT:
        nearest = f"the best fit has an IoU of {fits[best]:.2f}" if best >= 0 else "nothing was found in the image"
        raise TeachError(
            f"no instance fits the {what}, {nearest}, expected at least {LEAST_FIT}: draw it closely around one object "
            "that is found, or lower the score threshold"
        )
    return best


def _same_thing(instances: Instances, index: int, own: np.ndarray) -> bool:
    """Whether an instance is the one with this mask [H, W] found twice, or a part of it, or holds it as its part."""
    x, y, width, height = instances.rois[index].tolist()
    mask = instances.masks[index]
    smaller = max(1, min(int(mask.sum()), int(own.sum())))
    return int((mask & own[y : y + height, x : x + width]).sum()) > SAME_THING * smaller


def _called(instances: Instances, index: int) -> str:
    return f"{instances.class_name(index)} {instances.ids[index]}"


def total(lessons: Iterable[Lesson]) -> Lesson:
    """All of them as one."""
    lessons = list(lessons)
    views = tuple(view for lesson in lessons for view in lesson.views)
    return Lesson(views, tuple(other for lesson in lessons for other in lesson.others))
