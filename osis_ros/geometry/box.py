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
CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])  # in units of the sides
EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if np.count_nonzero(CORNERS[a] != CORNERS[b]) == 1]
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
        return self.centre + (CORNERS * self.size) @ self.axes.T

    def holds(self, points: np.ndarray, slack: float = 0.0) -> np.ndarray:
        """[M] bool: which of the points [M, 3] lie in it, or no more than `slack` metres outside."""
        offset = self.axes.T.astype(points.dtype) @ (points - self.centre.astype(points.dtype)).T
        return (np.abs(offset) <= (self.size / 2 + slack).astype(points.dtype)[:, None]).all(0)


def upright_boxes(
    outlines: list[np.ndarray], heights: list[np.ndarray], plane: Plane, margins: list[float]
) -> list[Box]:
    """The upright boxes with the smallest footprints that hold the points, from the plane up to their top.

    Args:
        outlines: N float32 arrays [K, 2] metres, K ≥ 1, x and y of each one's points in the frame of the plane
            (`Plane.local`), at least of those on the footprint's hull.
        heights: N float32 arrays [M], M ≥ 1, metres of each one's points above the plane, in ascending order.
        plane: the support plane.
        margins: N metres to add on each horizontal side, for edges that were eroded from the mask.
    """
    tops = [_top(values, float(scatter(_away(outline, values, plane), plane.noise)))
            for outline, values in zip(outlines, heights)]  # fmt: skip
    spans = [(0.0, max(top, 0.0)) for top in tops]
    return _boxes(outlines, plane.axes, spans, -plane.offset * plane.normal, margins)


def _away(outline: np.ndarray, heights: np.ndarray, plane: Plane) -> float:
    """Metres along the optical axis, about, of points that are given as in `upright_boxes`."""
    across, along = outline[len(outline) // 2].tolist()
    x, y, z = plane.axes[2].tolist()
    return x * across + y * along + z * (float(heights[len(heights) // 2]) - plane.offset)


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
    local = ((points - centre) @ axes).astype(np.float32)
    heights = float(local[:, 2].min()), float(local[:, 2].max())
    return _boxes([np.ascontiguousarray(local[:, :2])], axes, [heights], centre, [margin])[0]


def _boxes(
    outlines: list[np.ndarray], axes: np.ndarray, spans: list[tuple[float, float]], origin: np.ndarray,
    margins: list[float],
) -> list[Box]:  # fmt: skip
    """The boxes of least area across z round points [K, 2], which are given in the frame of `axes` at `origin`.

    Args:
        spans: of each one its lowest and highest z.
    """
    middles, sides, turns = [], [], []
    for outline, (low, high), margin in zip(outlines, spans, margins):
        (across, along), (width, depth), angle = cv2.minAreaRect(outline)
        turn = math.radians(angle)
        if depth > width:  # x is the longer side
            width, depth, turn = depth, width, turn + math.pi / 2
        middles.append((across, along, (low + high) / 2))
        sides.append((width + 2 * margin, depth + 2 * margin, high - low))
        cos, sin = math.cos(turn), math.sin(turn)
        turns.append(((cos, -sin, 0.0), (sin, cos, 0.0), (0.0, 0.0, 1.0)))
    centres, turned = origin + np.array(middles) @ axes.T, axes @ np.array(turns)
    return [Box(*box) for box in zip(centres, turned, np.array(sides))]


def footprint_hull(flat: np.ndarray) -> np.ndarray:
    """[V, 2] float32, the corners of the convex hull of points [2, M] float32, with some points on it or close to it.

    What lies within the octagon of the outermost points in eight directions cannot be on the hull (Akl and Toussaint,
    1978); without it, the hull of the others is found sooner.
    """
    if flat.shape[1] >= FEW:
        corners = flat[:, (EIGHT @ flat).argmax(1)]
        edges = corners[:, NEXT] - corners
        normals = np.stack((edges[1], -edges[0]), axis=1)
        outside = (normals @ flat > (normals * corners.T).sum(1)[:, None]).any(0)
        flat = np.concatenate((corners, flat.compress(outside, axis=1)), axis=1)
    return cv2.convexHull(np.ascontiguousarray(flat.T)).reshape(-1, 2)


def _top(heights: np.ndarray, deviation: float) -> float:
    """Height of the upper face: the middle of the highest layer, which noise alone makes thick.

    Args:
        heights: [M] in ascending order.
    """
    if deviation <= 2e-4:
        return float(heights[-1])
    lowest = heights[len(heights) - 1 - len(heights) // 200] - 4 * deviation
    first = int(heights.searchsorted(lowest))
    return float(heights[(first + len(heights)) // 2])


def silhouettes(boxes: list[Box], camera: Pinhole) -> list[float]:
    """Pixels of the image that each box would cover if nothing stood before it; 0 where it reaches the camera."""
    corners = np.array([box.corners() for box in boxes])
    image = np.array([[0, 0], [camera.width, 0], [camera.width, camera.height], [0, camera.height]], np.float32) - 0.5
    ahead = (corners[..., 2] > 0.01).all(1)
    pixels = camera.project(corners.reshape(-1, 3)).astype(np.float32).reshape(-1, 8, 2)
    return [float(cv2.intersectConvexConvex(cv2.convexHull(seen), image)[0]) if before else 0.0
            for seen, before in zip(pixels, ahead.tolist())]  # fmt: skip
