"""Finds the instances that stand on the support plane. The others (support, background) are nothing to pick."""

import cv2
import numpy as np

from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.support_plane import Plane, heights_above
from osis_ros.instances import Instances

BEYOND = 0.06  # m outside the seen part of the plane, from which on nothing can stand on it
BELOW = 0.5  # share of the readings below the plane, from which on a thing is not on it
FLAT, LARGE = 0.6, 0.2  # shares: of its readings in the plane, and of the plane's readings: that is the plane
WHOLLY = 0.9  # share of its readings that are in the plane
FLUSH, SHEET = 0.003, 0.02  # m, m²: what is no higher, and larger, is a print or a stain, or nothing to get hold of
STRIDE = 4  # px between the readings that tell the plane's outline


def standing(instances: Instances, depth: np.ndarray, camera: Pinhole, plane: Plane) -> np.ndarray:
    """[N] bool: whether each instance stands on the plane. True for an instance without depth readings.

    False for instances that lie below the plane (a chair, or the floor beside the table), outside the part of the plane
    that is seen (a wall behind it), or are the plane itself: much of it, or a print or a shadow on it.

    Args:
        depth: [H, W] float32 metres, NaN where there is none, aligned with the image.
        plane: what things stand on.
    """
    heights, slack = heights_above(plane, depth, camera)
    flat = np.abs(heights[::STRIDE, ::STRIDE]) <= slack[::STRIDE, ::STRIDE]
    outline, total = _outline(flat, depth, camera, plane), np.count_nonzero(flat) * STRIDE**2
    return np.array([_stands(instances, row, depth, heights, slack, camera, plane, outline, total)
                     for row in range(len(instances))], bool)  # fmt: skip


def _stands(
    instances: Instances, row: int, depth: np.ndarray, heights: np.ndarray, slack: np.ndarray, camera: Pinhole,
    plane: Plane, outline: np.ndarray | None, total: int,
) -> bool:  # fmt: skip
    x, y, width, height = instances.rois[row].tolist()
    part = (slice(y, y + height), slice(x, x + width))
    rows, columns = np.nonzero(instances.masks[row] & np.isfinite(depth[part]))
    if not len(rows):
        return True
    above, scattered = heights[part][rows, columns], slack[part][rows, columns]
    if (above < -scattered).mean() > BELOW:
        return False
    in_plane = np.abs(above) <= scattered
    if in_plane.mean() > FLAT and np.count_nonzero(in_plane) > LARGE * total:
        return False
    middle = np.median(camera.points(columns + x, rows + y, depth[part][rows, columns]), axis=0)
    if in_plane.mean() > WHOLLY and abs(np.median(above)) < FLUSH and len(rows) * _area(middle, camera, plane) > SHEET:
        return False
    if outline is None:
        return True
    place = tuple(float(value) for value in middle @ plane.axes[:, :2])
    return cv2.pointPolygonTest(outline, place, True) >= -BEYOND


def _area(place: np.ndarray, camera: Pinhole, plane: Plane) -> float:
    """Square metres of the plane that a pixel covers there."""
    cosine = -(place @ plane.normal) / np.linalg.norm(place)  # of the ray and the normal
    return float(place[2] ** 2 / (camera.fx * camera.fy) / max(cosine, 0.1))


def _outline(flat: np.ndarray, depth: np.ndarray, camera: Pinhole, plane: Plane) -> np.ndarray | None:
    """The hull of the seen part of the plane, [V, 1, 2] float32 metres along its axes; None where hardly any is."""
    opened = cv2.morphologyEx(flat.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))  # no crumbs far away
    rows, columns = np.nonzero(opened)
    if len(rows) < 30:
        return None
    rows, columns = rows * STRIDE, columns * STRIDE
    points = camera.points(columns, rows, depth[rows, columns])
    return cv2.convexHull((points @ plane.axes[:, :2].astype(np.float32)).astype(np.float32))
