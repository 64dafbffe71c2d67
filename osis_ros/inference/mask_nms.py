"""Non-maximum suppression by masks: one instance for each object."""

import numpy as np


def mask_nms(rois: np.ndarray, masks: tuple[np.ndarray, ...], max_overlap: float) -> np.ndarray:
    """Greedy NMS: an instance is dropped if its mask IoU with a better one that is kept exceeds `max_overlap`.

    Args:
        rois: [N, 4] x y width height in whole pixels, best instance first.
        masks: N bool arrays, each [roi height, roi width].
        max_overlap: IoU of masks, 0..1; 1 keeps all.
    Returns:
        their indices in order, int64 [N'].
    """
    if max_overlap >= 1:
        return np.arange(len(masks))
    low, high = rois[:, :2], rois[:, :2] + rois[:, 2:]
    meeting = (np.maximum(low[:, None], low[None]) < np.minimum(high[:, None], high[None])).all(-1).tolist()
    pixels = [int(np.count_nonzero(mask)) for mask in masks]
    kept: list[int] = []
    corners = rois.tolist()
    for i in range(len(masks)):
        if all(_iou(corners, masks, pixels, i, j) <= max_overlap for j in kept if meeting[i][j]):
            kept.append(i)
    return np.array(kept, np.int64)


def _iou(rois: list[list[int]], masks: tuple[np.ndarray, ...], pixels: list[int], i: int, j: int) -> float:
    (x, y, width, height), (u, v, other_width, other_height) = rois[i], rois[j]
    x0, y0, x1, y1 = max(x, u), max(y, v), min(x + width, u + other_width), min(y + height, v + other_height)
    shared = int(
        np.count_nonzero(masks[i][y0 - y : y1 - y, x0 - x : x1 - x] & masks[j][y0 - v : y1 - v, x0 - u : x1 - u])
    )
    return shared / (pixels[i] + pixels[j] - shared) if shared else 0.0
