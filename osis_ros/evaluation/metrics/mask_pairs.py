"""Pairs of instances that show one object, by the overlap of their masks."""

import numpy as np

from osis_ros.instances import Instances
from osis_ros.tracking.assignment import assign
from osis_ros.tracking.mask_overlap import mask_overlap


def mask_pairs(one: Instances, other: Instances, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs of greatest total mask IoU, whatever the classes.

    Args:
        one, other: of one image size.
        least: mask IoU of a pair, above 0.
    Returns:
        rows [M] of `one` and [M] of `other` int64, each at most once, and [M] float IoU.
    """
    if not len(one) or not len(other):
        none = np.zeros(0, np.int64)
        return none, none, np.zeros(0)
    iou, _ = mask_overlap(one.rois, one.masks, other.rois, other.masks)
    rows, columns = assign(1 - iou, 1 - least)
    return rows, columns, iou[rows, columns]
