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
    areas, other_areas = (np.array([np.count_nonzero(mask) for mask in group], float) for group in (masks, other_masks))
    shared = np.zeros((len(rois), len(other_rois)))
    t, n = np.nonzero((low < high).all(-1))
    in_one, in_other = (
        np.concatenate([low[t, n] - corner, high[t, n] - corner], axis=1).tolist()
        for corner in (rois[t, :2], other_rois[n, :2])
    )
    shared[t, n] = [
        np.count_nonzero(masks[i][y0:y1, x0:x1] & other_masks[j][v0:v1, u0:u1])
        for i, j, (x0, y0, x1, y1), (u0, v0, u1, v1) in zip(t.tolist(), n.tolist(), in_one, in_other)
    ]
    either = areas[:, None] + other_areas - shared
    return shared / np.maximum(either, 1), shared / np.maximum(areas, 1)[:, None]
