"""Surfaces swept along a path: handles, blades, shafts, bananas, grips."""

import numpy as np

from osis_ros.simulation.mesh import Mesh, grid, join


def sweep(
    path: np.ndarray,
    sizes: np.ndarray | tuple[float, float],
    exponent: float = 2.0,
    up: tuple[float, float, float] = (0, 0, 1),
    segments: int = 16,
) -> Mesh:
    """Sweep a superellipse along a path and close both ends.

    Args:
        path: [N, 3] metres.
        sizes: [N, 2] or (2,) half width (sideways, across `up`) and half height (towards `up`), metres.
        exponent: 2 makes an ellipse, 4 a rounded box, 10 nearly a box.
        up: a direction never along the path; the section's height points to it.
        segments: columns round the path.
    Returns:
        The mesh; u goes once round, v from 0 (start of the path) to 1.
    """
    path = np.asarray(path, float)
    sizes = np.broadcast_to(np.asarray(sizes, float), (len(path), 2))
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(np.asarray(up, float), tangent)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    top = np.cross(tangent, side)
    section = superellipse(exponent, segments)
    ring = (
        path[:, None]
        + section[None, :, :1] * sizes[:, None, :1] * side[:, None]
        + section[None, :, 1:] * sizes[:, None, 1:] * top[:, None]
    )
    ring[:, -1] = ring[:, 0]
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
    u = np.linspace(0, 1, segments + 1)
    wall = grid(ring, u, length / length[-1])
    caps = []
    for end, rim in ((0, ring[0][::-1]), (-1, ring[-1])):
        if sizes[end].max() > 1e-4:
            centre = np.broadcast_to(path[end], rim.shape)
            caps.append(grid(np.stack([rim, centre]), u, np.array([0.0, 0.02]) if end == 0 else np.array([1.0, 0.98])))
    return join(wall, *caps)


def superellipse(exponent: float, segments: int) -> np.ndarray:
    """[segments + 1, 2] points of |x|^n + |y|^n = 1, the first repeated at the end."""
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    if exponent > 3:  # put columns near the corners, where the shape turns
        angle = angle + 0.125 * min(1.0, (exponent - 2) / 6) * np.sin(4 * angle)
    cos, sin = np.cos(angle), np.sin(angle)
    radius = (np.abs(cos) ** exponent + np.abs(sin) ** exponent) ** (-1 / exponent)
    points = np.stack([cos * radius, sin * radius], -1)
    points[-1] = points[0]
    return points


def line(start: tuple[float, float, float], end: tuple[float, float, float], count: int = 2) -> np.ndarray:
    """[count, 3] points of a straight path."""
    return np.linspace(start, end, count)


def bow(
    centre: tuple[float, float, float], radii: tuple[float, float], start: float, end: float, count: int = 14
) -> np.ndarray:
    """[count, 3] points of an ellipse in the xy plane, from `start` to `end` degrees."""
    angle = np.deg2rad(np.linspace(start, end, count))
    x, y, z = centre
    return np.stack([x + radii[0] * np.cos(angle), y + radii[1] * np.sin(angle), np.full(count, z)], -1)


def smooth_path(points: list[tuple[float, float, float]], count: int = 14) -> np.ndarray:
    """[count, 3] Catmull-Rom path through the given points."""
    points = np.asarray(points, float)
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    at = np.linspace(0, len(points) - 1 - 1e-9, count)
    k = at.astype(int)
    s = (at - k)[:, None]
    a, b, c, d = padded[k], padded[k + 1], padded[k + 2], padded[k + 3]
    return 0.5 * (2 * b + (c - a) * s + (2 * a - 5 * b + 4 * c - d) * s**2 + (3 * b - a - 3 * c + d) * s**3)
