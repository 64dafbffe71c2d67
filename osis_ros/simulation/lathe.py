"""Surfaces of revolution: bottles, bowls, cups, cans, bulbs, handles."""

from itertools import pairwise

import numpy as np

from osis_ros.simulation.mesh import Mesh, grid, join


def lathe(profile: np.ndarray, segments: int = 28, crease: float = 35.0) -> Mesh:
    """Turn a profile about the z axis.

    Args:
        profile: [N, 2] radius and height in metres. Going up on an outer wall faces outwards; a profile that goes
            on over the rim and down inside makes a vessel.
        segments: columns round the axis.
        crease: degrees; sharper corners of the profile stay sharp.
    Returns:
        The mesh; u goes once round, v along the profile from 1 (its start) to 0 (its end).
    """
    profile = np.asarray(profile, float)
    steps = np.diff(profile, axis=0)
    length = np.linalg.norm(steps, axis=1)
    profile = profile[np.r_[True, length > 1e-7]]
    steps = np.diff(profile, axis=0)
    length = np.linalg.norm(steps, axis=1)
    along = np.r_[0, np.cumsum(length)] / length.sum()
    angle = np.arctan2(steps[:, 1], steps[:, 0])
    bend = np.abs((np.diff(angle) + np.pi) % (2 * np.pi) - np.pi)
    cuts = [0, *(np.flatnonzero(bend > np.deg2rad(crease)) + 1), len(profile) - 1]
    turn = np.linspace(0, 2 * np.pi, segments + 1)
    circle = np.stack([np.cos(turn), np.sin(turn)], -1)
    circle[-1] = circle[0]
    pieces = []
    for first, last in pairwise(cuts):
        part = profile[first : last + 1]
        points = np.empty((len(part), segments + 1, 3))
        points[..., :2] = part[:, None, :1] * circle
        points[..., 2] = part[:, None, 1]
        pieces.append(grid(points, turn / (2 * np.pi), 1 - along[first : last + 1]))
    return join(*pieces)


def cylinder(radius: float, low: float, high: float, segments: int = 28) -> Mesh:
    """A closed cylinder about the z axis, from one height to another."""
    return lathe(np.array([(0, low), (radius, low), (radius, high), (0, high)]), segments)


def curve(points: list[tuple[float, float]], count: int = 16) -> np.ndarray:
    """A smooth profile through a few (radius, height) points: [count, 2], monotone cubic in the arc length."""
    points = np.asarray(points, float)
    t = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    slope = np.gradient(points, t, axis=0)
    at = np.linspace(0, t[-1], count)
    k = np.clip(np.searchsorted(t, at, side="right") - 1, 0, len(t) - 2)
    h = (t[k + 1] - t[k])[:, None]
    s = ((at - t[k])[:, None]) / h
    hermite = (
        (2 * s**3 - 3 * s**2 + 1) * points[k]
        + (s**3 - 2 * s**2 + s) * h * slope[k]
        + (3 * s**2 - 2 * s**3) * points[k + 1]
        + (s**3 - s**2) * h * slope[k + 1]
    )
    hermite[:, 0] = np.maximum(hermite[:, 0], 0)
    return hermite


def arc(centre: tuple[float, float], radius: float, start: float, end: float, count: int = 6) -> np.ndarray:
    """[count, 2] points of a circle, from `start` to `end` degrees, for rounded rims, shoulders and tips."""
    angle = np.deg2rad(np.linspace(start, end, count))
    return np.stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)], -1)
