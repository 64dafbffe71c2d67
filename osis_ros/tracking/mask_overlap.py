"""Mask IoU between two sets of instances."""

from collections.abc import Sequence

import numpy as np


def mask_overlap(
    rois: np.ndarray, masks: Sequence[np.ndarray], other_rois: np.ndarray, other_masks: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """IoU of every pair, and the share of each first mask that the second one covers.

    Args:
        rois: [T, 4] int, x y width height in pixels; they may leave the image.
        masks: T bool arrays, each [roi height, roi width].
        other_rois, other_masks: the same of N others.
    Returns:
        [T, N] float IoU in [0, 1], [T, N] float covered share in [0, 1].
    """
    low = np.maximum(rois[:, None, :2], other_rois[None, :, :2])
    high = np.minimum((rois[:, :2] + rois[:, 2:])[:, None], (other_rois[:, :2] + other_rois[:, 2:])[None])
    iou, covered = np.zeros((len(rois), len(other_rois))), np.zeros((len(rois), len(other_rois)))
    areas, other_areas = ([int(np.count_nonzero(mask)) for mask in group] for group in (masks, other_masks))
    for t, n in np.argwhere((low < high).all(-1)).tolist():
        (x0, y0), (x1, y1) = low[t, n].tolist(), high[t, n].tolist()
        (x, y), (u, v) = rois[t, :2].tolist(), other_rois[n, :2].tolist()
        one, other = masks[t][y0 - y : y1 - y, x0 - x : x1 - x], other_masks[n][y0 - v : y1 - v, x0 - u : x1 - u]
        shared = int(np.count_nonzero(one & other))
        if shared:
            iou[t, n] = shared / (areas[t] + other_areas[n] - shared)
            covered[t, n] = shared / areas[t]
    return iou, covered
