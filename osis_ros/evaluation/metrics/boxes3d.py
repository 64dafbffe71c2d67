"""How well boxes in space agree with the true ones."""

import cv2
import numpy as np


def upright_iou(centre: np.ndarray, size: np.ndarray, yaw: float, other: tuple[np.ndarray, np.ndarray, float]) -> float:
    """Intersection over union of two upright boxes, exactly: the overlap of their footprints times that of their
    heights.

    Args:
        centre: [3], size: [3] full lengths along the box's x, y and z, yaw: radians of its x about z.
        other: the same three of the other box.
    """
    centre_b, size_b, yaw_b = other
    overlap = min(centre[2] + size[2] / 2, centre_b[2] + size_b[2] / 2) - max(
        centre[2] - size[2] / 2, centre_b[2] - size_b[2] / 2
    )
    if overlap <= 0:
        return 0.0
    scale = 1000.0  # OpenCV takes single precision, and tells corners apart by absolute distances
    first = (tuple(np.zeros(2)), tuple(scale * size[:2]), float(np.rad2deg(yaw)))
    second = (tuple(scale * (centre_b[:2] - centre[:2])), tuple(scale * size_b[:2]), float(np.rad2deg(yaw_b)))
    kind, corners = cv2.rotatedRectangleIntersection(first, second)
    if kind == cv2.INTERSECT_NONE or corners is None:
        return 0.0
    shared = float(cv2.contourArea(cv2.convexHull(corners))) / scale**2 * overlap
    return shared / (float(np.prod(size)) + float(np.prod(size_b)) - shared)


def sampled_iou(
    centre: np.ndarray, axes: np.ndarray, size: np.ndarray, other: tuple[np.ndarray, np.ndarray, np.ndarray],
    count: int = 20000,
) -> float:  # fmt: skip
    """Intersection over union of two boxes that may lie in any way, from points drawn in the first: ±0.01.

    Args:
        centre: [3], axes: [3, 3] with the box's x, y, z as columns, size: [3] full lengths.
        other: the same three of the other box.
    """
    centre_b, axes_b, size_b = other
    inside = np.random.default_rng(0).uniform(-0.5, 0.5, (count, 3)) * size
    world = inside @ axes.T + centre
    local = np.abs((world - centre_b) @ axes_b)
    volume, volume_b = float(np.prod(size)), float(np.prod(size_b))
    shared = volume * float((local <= size_b / 2).all(1).mean())
    union = volume + volume_b - shared
    return shared / union if union > 0 else 0.0
