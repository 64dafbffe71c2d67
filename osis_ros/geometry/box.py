"""Boxes around the seen points of an object: upright on a support plane, or free if there is no plane."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from osis_ros.geometry.noise import scatter
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.support_plane import Plane

EIGHT = np.array([[np.cos(turn), np.sin(turn)] for turn in np.arange(8) * np.pi / 4], np.float32)  # directions
NEXT = np.roll(np.arange(8), -1)
FEW = 100  # points, of which it does not pay to sort some out


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

    def holds(self, points: np.ndarray, slack: float = 0.0) -> np.ndarray:
        """[M] bool: which of the points [M, 3] lie in it, or no more than `slack` metres outside."""
        offset = self.axes.T.astype(points.dtype) @ (points - self.centre.astype(points.dtype)).T
        return (np.abs(offset) <= (self.size / 2 + slack).astype(points.dtype)[:, None]).all(0)


def upright_box(local: np.ndarray, outline: np.ndarray, plane: Plane, margin: float = 0.0) -> Box:
    """The upright box with the smallest footprint that holds the points, from the plane up to their top.

    Args:
        local: [3, M] float32 metres, M ≥ 1, in the frame of the plane (`Plane.local`).
        outline: [2, K] float32, x and y of those points that can lie on the footprint's hull (`outermost`).
        plane: the support plane.
        margin: metres to add on each horizontal side, for edges that were eroded from the mask.
    """
    across, along, high = local[:, local.shape[1] // 2].tolist()
    away = plane.axes[2] @ (across, along, high - plane.offset)  # a point's distance along the optical axis
    top = max(_top(local[2], float(scatter(away, plane.noise))), 0.0)
    return _box(outline, plane.axes, (0.0, top), -plane.offset * plane.normal, margin)


def raised(box: Box, low: float) -> Box:
    """The upright box without what is less than `low` metres above its lower face."""
    height = max(box.size[2] - low, 0.0)
    up = box.axes[:, 2]
    return Box(box.centre + up * (box.size[2] - height) / 2, box.axes, np.array([*box.size[:2], height]))


def free_box(points: np.ndarray, margin: float = 0.0) -> Box:
    """A box around points [M, 3], M ≥ 1: z along the axis of least variance, x and y turned to the least area."""
    centre = points.mean(0, dtype=float)
    turn = np.linalg.eigh(np.cov((points - centre).T.astype(float)) if len(points) > 1 else np.eye(3))[1]
    axes = Plane(turn[:, 0] * (1 if turn[2, 0] < 0 else -1), 0.0).axes  # z the shortest side, towards the camera
    local = (axes.T @ (points - centre).T).astype(np.float32)
    heights = float(local[2].min()), float(local[2].max())
    return _box(outermost(local[:2]), axes, heights, centre, margin)


def _box(outline: np.ndarray, axes: np.ndarray, heights: tuple[float, float], origin: np.ndarray, margin: float) -> Box:
    """The box of least area across z round points [2, K], which are given in the frame of `axes` at `origin`."""
    (across, along), (width, depth), angle = cv2.minAreaRect(outline.T.copy())
    turn = math.radians(angle)
    if depth > width:  # x is the longer side
        width, depth, turn = depth, width, turn + math.pi / 2
    cos, sin = math.cos(turn), math.sin(turn)
    centre = origin + axes @ np.array([across, along, sum(heights) / 2])
    turned = axes @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    return Box(centre, turned, np.array([width + 2 * margin, depth + 2 * margin, heights[1] - heights[0]]))


def outermost(flat: np.ndarray) -> np.ndarray:
    """[2, K], of the points [2, M] those that can lie on their convex hull, a few of many.

    What lies within the octagon of the outermost points in eight directions cannot (Akl and Toussaint, 1978).
    """
    if flat.shape[1] < FEW:
        return flat
    corners = flat[:, (EIGHT @ flat).argmax(1)]
    edges = corners[:, NEXT] - corners
    normals = np.stack((edges[1], -edges[0]), axis=1)
    outside = (normals @ flat > (normals * corners.T).sum(1)[:, None]).any(0)
    return np.concatenate((corners, flat.compress(outside, axis=1)), axis=1)


def _top(heights: np.ndarray, deviation: float) -> float:
    """Height of the upper face: the middle of the highest layer, which noise alone makes thick."""
    if deviation <= 2e-4:
        return float(heights.max())
    rank = len(heights) - 1 - len(heights) // 200
    layer = heights.compress(heights >= np.partition(heights, rank)[rank] - 4 * deviation)
    return float(np.partition(layer, len(layer) // 2)[len(layer) // 2])


def silhouette(box: Box, camera: Pinhole) -> float:
    """Pixels of the image that the box would cover if nothing stood before it; 0 where it reaches the camera."""
    corners = box.corners()
    if (corners[:, 2] <= 0.01).any():
        return 0.0
    outline = cv2.convexHull(camera.project(corners).astype(np.float32))
    image = np.array([[0, 0], [camera.width, 0], [camera.width, camera.height], [0, camera.height]], np.float32) - 0.5
    return float(cv2.intersectConvexConvex(outline, image)[0])
