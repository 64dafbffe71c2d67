"""Boxes around the seen points of an object: upright on a support plane, or free if there is no plane."""

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
    """The upright box with the smallest footprint that holds the points.

    Args:
        points: [M, 3] float32 metres, M ≥ 1.
        plane: the support plane.
        bottom: height of the box's lower face above the plane, in metres.
        margin: metres to add on each horizontal side, for edges that were eroded from the mask.
    """
    local = points @ plane.axes.astype(np.float32)
    local[:, 2] += np.float32(plane.offset)
    top = max(_top(local[:, 2], float(scatter(points[len(points) // 2, 2], plane.noise))), bottom)
    return _box(local, plane.axes, (min(bottom, top), top), -plane.offset * plane.normal, margin)


def free_box(points: np.ndarray, margin: float = 0.0) -> Box:
    """A box around points [M, 3], M ≥ 1: z along the axis of least variance, x and y turned to the least area."""
    centre = points.mean(0, dtype=float)
    turn = np.linalg.eigh(np.cov((points - centre).T.astype(float)) if len(points) > 1 else np.eye(3))[1]
    axes = Plane(turn[:, 0] * (1 if turn[2, 0] < 0 else -1), 0.0).axes  # z the shortest side, towards the camera
    local = ((points - centre) @ axes).astype(np.float32)
    return _box(local, axes, (float(local[:, 2].min()), float(local[:, 2].max())), centre, margin)


def _box(local: np.ndarray, axes: np.ndarray, heights: tuple[float, float], origin: np.ndarray, margin: float) -> Box:
    """The box of least area across z round points [M, 3], which are given in the frame of `axes` at `origin`."""
    (across, along), (width, depth), angle = cv2.minAreaRect(np.ascontiguousarray(local[:, :2]))
    turn = np.deg2rad(angle)
    if depth > width:  # x is the longer side
        width, depth, turn = depth, width, turn + np.pi / 2
    cos, sin = np.cos(turn), np.sin(turn)
    centre = origin + axes @ np.array([across, along, sum(heights) / 2])
    turned = axes @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    return Box(centre, turned, np.array([width + 2 * margin, depth + 2 * margin, heights[1] - heights[0]]))


def _top(heights: np.ndarray, deviation: float) -> float:
    """Height of the upper face: the middle of the highest layer, which noise alone makes thick."""
    if deviation <= 2e-4:
        return float(heights.max())
    rank = len(heights) - 1 - len(heights) // 200
    layer = heights[heights >= np.partition(heights, rank)[rank] - 4 * deviation]
    return float(np.median(layer))


def silhouette(box: Box, camera: Pinhole) -> float:
    """Pixels of the image that the box would cover if nothing stood before it; 0 where it reaches the camera."""
    corners = box.corners()
    if (corners[:, 2] <= 0.01).any():
        return 0.0
    outline = cv2.convexHull(camera.project(corners).astype(np.float32))
    image = np.array([[0, 0], [camera.width, 0], [camera.width, camera.height], [0, camera.height]], np.float32) - 0.5
    return float(cv2.intersectConvexConvex(outline, image)[0])
