"""Boxes round what was seen of an object: upright on a plane, or free where there is none."""

from dataclasses import dataclass

import cv2
import numpy as np

from osis_ros.geometry.noise import scatter
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.support_plane import Plane


@dataclass(frozen=True, eq=False)
class Box:
    """A cuboid.

    Attributes:
        centre: [3] metres.
        axes: [3, 3] rotation; its columns are the box's x, y, z. Of an upright box z is the plane's normal and x
            the longer horizontal side.
        size: [3] metres, full lengths along x, y, z.
    """

    centre: np.ndarray
    axes: np.ndarray
    size: np.ndarray

    def corners(self) -> np.ndarray:
        """[8, 3] metres."""
        signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
        return self.centre + (signs * self.size) @ self.axes.T


def upright_box(points: np.ndarray, plane: Plane, bottom: float = 0.0, margin: float = 0.0) -> Box:
    """The box of least footprint that stands on the plane, or at `bottom`, and holds the points.

    Args:
        points: [M, 3] metres, M ≥ 1.
        plane: what things stand on.
        bottom: metres above the plane of the box's lower face.
        margin: metres to add on each horizontal side, for edges that were taken off the mask.
    """
    axes = plane.axes()
    local = points @ axes.astype(np.float32)
    corner, direction, sides = _least_rectangle(local[:, :2])
    top = max(_top(plane.height(points), float(scatter(np.median(points[:, 2]), plane.noise))), bottom)
    low = min(bottom, top)
    middle = corner[0] * axes[:, 0] + corner[1] * axes[:, 1]
    x = direction[0] * axes[:, 0] + direction[1] * axes[:, 1]
    z = axes[:, 2]
    centre = middle + ((low + top) / 2 - plane.offset) * z
    return Box(centre, np.stack([x, np.cross(z, x), z], axis=1), np.array([*(sides + 2 * margin), top - low]))


def free_box(points: np.ndarray, margin: float = 0.0) -> Box:
    """A box along the principal axes of the points [M, 3], M ≥ 1, of which the two longer are turned to least area."""
    centre = points.mean(0, dtype=float)
    turn = np.linalg.eigh(np.cov((points - centre).T.astype(float)) if len(points) > 1 else np.eye(3))[1]
    z = turn[:, 0] * (1 if turn[2, 0] < 0 else -1)  # the shortest side, towards the camera
    plane = Plane(z, 0.0)
    axes = plane.axes()
    local = (points - centre.astype(np.float32)) @ axes.astype(np.float32)
    corner, direction, sides = _least_rectangle(local[:, :2])
    low, high = float(local[:, 2].min()), float(local[:, 2].max())
    x = direction[0] * axes[:, 0] + direction[1] * axes[:, 1]
    middle = centre + axes @ np.array([*corner, (low + high) / 2])
    return Box(middle, np.stack([x, np.cross(z, x), z], axis=1), np.array([*(sides + 2 * margin), high - low]))


def _least_rectangle(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre [2], direction [2] of the longer side, and sides [2] (longer first) of the rectangle of least area."""
    centre, (width, height), angle = cv2.minAreaRect(np.ascontiguousarray(points, np.float32))
    angle = np.deg2rad(angle)
    if height > width:
        width, height, angle = height, width, angle + np.pi / 2
    direction = np.array([np.cos(angle), np.sin(angle)])
    if (direction[0], direction[1]) < (0, 0):  # one of the two directions, always the same
        direction = -direction
    return np.array(centre), direction, np.array([width, height])


def _top(heights: np.ndarray, deviation: float) -> float:
    """Height of the upper face: the middle of the highest layer, which noise alone makes thick."""
    highest = np.percentile(heights, 99.5)
    layer = heights[heights >= highest - 4 * deviation]
    return float(np.median(layer)) if len(layer) > 8 and deviation > 2e-4 else float(heights.max())


def silhouette(box: Box, camera: Pinhole) -> float:
    """Pixels of the image that the box would cover if nothing stood before it; 0 where it reaches the camera."""
    corners = box.corners()
    if (corners[:, 2] <= 0.01).any():
        return 0.0
    outline = cv2.convexHull(camera.project(corners).astype(np.float32))
    image = np.array([[0, 0], [camera.width, 0], [camera.width, camera.height], [0, camera.height]], np.float32) - 0.5
    return float(cv2.intersectConvexConvex(outline, image)[0])
