"""From the network's small square masks to binary masks in the image (Mask R-CNN, section 3.1)."""

import cv2
import numpy as np

THRESHOLD = 0.5


def paste_masks(
    probabilities: np.ndarray, boxes: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Scale each mask to its box and threshold it at 0.5.

    The M × M cells of a mask divide its box evenly; outside the box the mask is 0. The value at a pixel's centre
    (x + ½, y + ½) is interpolated bilinearly between the centres of the cells. This is an affine map, so one
    `warpAffine` per mask does it. (It is 10 times faster than two products with interpolation matrices, and 2 times
    faster than `remap`.)

    Args:
        probabilities: [N, M, M] float32.
        boxes: [N, 4] float32, x0 y0 x1 y1 in pixels of the image.
        height, width: the image's size.
    Returns:
        rois: [N, 4] int32, x y width height: the whole pixels that the box touches, inside the image.
        masks: N bool arrays [roi height, roi width], read-only.
    """
    rois = whole_pixels(boxes, height, width)
    boxes_rois = zip(probabilities, boxes.tolist(), rois.tolist(), strict=True)
    return rois, tuple(_paste(mask, box, roi) for mask, box, roi in boxes_rois)


def whole_pixels(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """The pixels that each box touches, inside the image: [N, 4] int32 x y width height, 0 wide or high if none."""
    limits = np.array([width, height], np.float32)
    low = np.clip(np.floor(boxes[:, :2]), 0, limits)
    high = np.clip(np.ceil(boxes[:, 2:]), low, limits)
    return np.concatenate((low, high - low), axis=1).astype(np.int32)


def _paste(mask: np.ndarray, box: list[float], roi: list[int]) -> np.ndarray:
    inside = _resample(mask, box, roi) >= THRESHOLD
    inside.flags.writeable = False  # so that `Instances` keeps it without a copy
    return inside


def _resample(mask: np.ndarray, box: list[float], roi: list[int]) -> np.ndarray:
    """The mask at the centres of the roi's pixels; 0 everywhere for a box without area."""
    (x0, y0, x1, y1), (x, y, columns, rows) = box, roi
    if columns == 0 or rows == 0 or x1 <= x0 or y1 <= y0:
        return np.zeros((rows, columns), np.float32)
    across, down = mask.shape[1] / (x1 - x0), mask.shape[0] / (y1 - y0)
    roi_to_mask = np.array(
        [[across, 0, (x + 0.5 - x0) * across - 0.5], [0, down, (y + 0.5 - y0) * down - 0.5]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(mask, roi_to_mask, (columns, rows), flags=flags, borderMode=cv2.BORDER_CONSTANT)
