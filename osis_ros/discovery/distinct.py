"""One instance for each object of a picture: duplicates and parts are left out, because they would cluster best."""

import numpy as np

from osis_ros.instances import Instances

MOST_OVERLAP = 0.5  # mask IoU with a better instance, above which an instance is a duplicate
MOST_INSIDE = 0.8  # share of an instance that lies in a larger one, above which it is a part


def distinct(instances: Instances, most_overlap: float = MOST_OVERLAP, most_inside: float = MOST_INSIDE) -> np.ndarray:
    """The instances that are neither duplicates nor parts, nor empty.

    A duplicate overlaps an instance with a better score. A part lies almost wholly in a larger instance, whatever their
    scores. A duplicate takes no parts with it.

    Args:
        instances: best score first.
        most_overlap: mask IoU, 0..1.
        most_inside: share of the smaller mask, 0..1.
    Returns:
        their rows in order, int64 [M].
    """
    pixels = np.array([np.count_nonzero(mask) for mask in instances.masks], np.int64)
    kept: list[int] = []
    for row in np.flatnonzero(pixels).tolist():
        shared = [(other, _shared(instances, row, other)) for other in kept]
        if not any(both > most_overlap * (pixels[row] + pixels[other] - both) for other, both in shared):
            kept.append(row)
    return np.array([row for row in kept if not _is_part(instances, row, kept, pixels, most_inside)], np.int64)


def _is_part(instances: Instances, row: int, others: list[int], pixels: np.ndarray, most_inside: float) -> bool:
    return any(
        pixels[other] > pixels[row] and _shared(instances, row, other) > most_inside * pixels[row] for other in others
    )


def _shared(instances: Instances, i: int, j: int) -> int:
    """Pixels that two masks share."""
    first, second = instances.rois[i], instances.rois[j]
    x0, y0 = np.maximum(first[:2], second[:2]).tolist()
    x1, y1 = np.minimum(first[:2] + first[2:], second[:2] + second[2:]).tolist()
    if x0 >= x1 or y0 >= y1:
        return 0
    a, b = (instances.masks[k][y0 - y : y1 - y, x0 - x : x1 - x] for k, (x, y) in ((i, first[:2]), (j, second[:2])))
    return int(np.count_nonzero(a & b))
