"""The rotations that bring an object's shape onto itself, found from its meshes, in the form of BOP's models_info.json.

Colours and prints do not count, nor does a difference below 1 % of the object's diameter. Surfaces inside the object
count as those that are seen. A mirror image is no rotation: a mug with its handle has no symmetry.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from osis_ros.simulation.shape import ObjectShape

TOLERANCE = 0.01  # of the diameter, how far a turned point may be from the surface; a lathe of 28 sides is 0.3 % off
MOST_FOLD = 16  # turns of an axis that are told apart; a whole turn in more steps than that is a continuous symmetry
MOST_TURNS = 2 * MOST_FOLD - 1  # of a prism; more come from a shape that is nearly a ball
_CELL = 0.04  # of the diameter: one vertex of each such cell is tried
_FEW = 48  # points that are tried together; most turns fail with the first
_ALIKE = 0.1  # relative difference of second moments from which no turn but half a turn can be a symmetry
_STRANGE = 360 * np.array([0.382, 0.171, 0.047])  # degrees, no whole fraction of a turn


@dataclass(frozen=True, eq=False)
class Symmetry:
    """The rotation symmetry of a rigid object, in its own frame. Not to turn it at all is not listed.

    Attributes:
        centre: [3] metres, which every symmetry leaves where it is.
        axes: [A, 3] unit length: any turn about one of them is a symmetry. A ball has three, at right angles.
        turns: [D, 3, 3] rotations about the centre. With an axis they may be combined with any turn about it.
    """

    centre: np.ndarray
    axes: np.ndarray
    turns: np.ndarray

    def written(self) -> dict:
        """`symmetries_continuous` and `symmetries_discrete` as BOP has them, but in metres, and matrices as 4 rows."""
        discrete = np.tile(np.eye(4), (len(self.turns), 1, 1))
        discrete[:, :3, :3], discrete[:, :3, 3] = self.turns, self.centre - self.turns @ self.centre
        offset = np.round(self.centre, 6).tolist()
        return {
            "symmetries_continuous": [{"axis": axis, "offset": offset} for axis in np.round(self.axes, 6).tolist()],
            "symmetries_discrete": np.round(discrete, 6).tolist(),
        }


def rotation_symmetry(shape: ObjectShape) -> Symmetry:
    """Every rotation that moves no point of the shape's surface farther than TOLERANCE from the surface.

    A symmetry keeps the centre of the surface, and its axis is one of its principal axes. Where second moments are
    alike those are not determined, so the axes of the frame, along which shapes are made, are tried before them.
    """
    surface = _Surface(np.concatenate([part.mesh.vertices[part.mesh.faces] for part in shape.surfaces]))
    _, principal = np.linalg.eigh(surface.moments)
    continuous: list[np.ndarray] = []
    turns: list[np.ndarray] = []
    tried: list[np.ndarray] = []
    for axis in (*np.eye(3), *principal.T):
        if any(abs(axis @ other) > np.cos(np.deg2rad(3)) for other in tried):
            continue
        fold = _fold(surface, axis, _round(surface.moments, axis))
        if fold == 1:
            continue
        tried.append(axis)
        if fold == np.inf:
            continuous.append(axis)
            sides = [_across(axis)]
        else:
            turns.append(about(axis, 2 * np.pi / fold))
            sides = _half_turn_axes(surface, axis, fold)
        turns += [about(side, np.pi) for side in sides if surface.holds(about(side, np.pi))]
    if len(continuous) > 1:
        return Symmetry(surface.centre, np.eye(3), np.zeros((0, 3, 3)))
    if continuous:
        swaps = [turn for turn in turns if turn @ continuous[0] @ continuous[0] < -0.99]
        return Symmetry(surface.centre, np.array(continuous), np.array(swaps[:1]).reshape(-1, 3, 3))
    return Symmetry(surface.centre, np.zeros((0, 3)), _group(turns))


def about(axis: np.ndarray, angle: float) -> np.ndarray:
    """[3, 3] right-handed rotation by an angle in radians about a unit axis (Rodrigues)."""
    x, y, z = axis
    across = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * across + (1 - np.cos(angle)) * across @ across


def _round(moments: np.ndarray, axis: np.ndarray) -> bool:
    """Are the second moments across an axis nearly the same in all directions?"""
    across = np.eye(3) - np.outer(axis, axis)
    _, low, high = np.linalg.eigvalsh(across @ moments @ across)
    return high - low < _ALIKE * high


def _fold(surface: "_Surface", axis: np.ndarray, many: bool) -> float:
    """Into how many turns about an axis the symmetry divides a whole one: 1 for none, inf for a continuous one."""
    if many and all(surface.holds(about(axis, angle)) for angle in np.deg2rad(_STRANGE)):
        return np.inf
    for fold in range(MOST_FOLD if many else 2, 1, -1):
        if all(surface.holds(about(axis, 2 * np.pi * k / fold)) for k in range(1, fold // 2 + 1)):
            return fold
    return 1


def _half_turn_axes(surface: "_Surface", axis: np.ndarray, fold: int) -> list[np.ndarray]:
    """Directions at right angles to an n-fold axis about which half a turn may be a symmetry.

    Half a turn about the direction φ takes the angle θ round the axis to 2φ - θ, so that it takes the moment
    m = Σ r^n e^{inθ} to e^{2inφ} m*. Where it is a symmetry, φ is arg(m) / n, or half a step from it.
    """
    first = _across(axis)
    second = np.cross(axis, first)
    moment = surface.weights @ (surface.nodes @ (first + 1j * second)) ** fold
    angles = np.angle(moment) / fold + np.array([0, np.pi / fold])
    return [np.cos(angle) * first + np.sin(angle) * second for angle in angles]


def _across(axis: np.ndarray) -> np.ndarray:
    """[3] unit length, some direction at right angles to an axis."""
    side = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    return side / np.linalg.norm(side)


def _group(turns: list[np.ndarray]) -> np.ndarray:
    """[D, 3, 3], all that some rotations make together but the identity."""
    found = [np.eye(3)]
    for turn in found:  # grows meanwhile
        for other in turns:
            product = turn @ other
            if len(found) <= MOST_TURNS and all(np.abs(product - one).max() > 0.05 for one in found):
                found.append(product)
    return np.array(found[1:]).reshape(-1, 3, 3)


class _Surface:
    """Triangles [T, 3, 3] about their centre, and whether a rotation brings them onto themselves.

    Attributes:
        centre: [3] of the surface, in the frame of the triangles given; all else is about it.
        nodes, weights: [4T, 3] and [4T], the corners and the middle of each triangle, such that a weighted mean over
            them is the mean over the surface, exact to the second degree.
        moments: [3, 3] second moments of the surface.
        diameter: of a ball about the centre that holds it all.
    """

    def __init__(self, triangles: np.ndarray) -> None:
        areas = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
        triangles, areas = triangles[areas > 0], areas[areas > 0]
        self.centre = np.average(triangles.mean(1), axis=0, weights=areas)
        self.triangles = triangles - self.centre
        self._middles = self.triangles.mean(1)
        self._radii = np.linalg.norm(self.triangles - self._middles[:, None], axis=2).max(1)
        self.nodes = np.concatenate([self.triangles.reshape(-1, 3), self._middles])
        self.weights = np.concatenate([np.repeat(areas / 12, 3), areas * 9 / 12]) / areas.sum()
        self.moments = (self.nodes.T * self.weights) @ self.nodes
        self.diameter = 2 * float(np.linalg.norm(self.nodes, axis=1).max())

    @cached_property
    def _points(self) -> np.ndarray:
        """[P, 3] vertices to try, in each cell the one farthest from the centre, in random order."""
        vertices = self.triangles.reshape(-1, 3)
        vertices = vertices[np.argsort(-np.linalg.norm(vertices, axis=1), kind="stable")]
        cells = np.round(vertices / (_CELL * self.diameter)).astype(int)
        _, first = np.unique(cells, axis=0, return_index=True)
        return np.random.default_rng(0).permutation(vertices[first])

    def holds(self, turn: np.ndarray) -> bool:
        """Does every point lie on the surface after the turn?"""
        points, limit = self._points @ turn.T, TOLERANCE * self.diameter
        return all(self._near(points[i : i + _FEW], limit) for i in range(0, len(points), _FEW))

    def _near(self, points: np.ndarray, limit: float) -> bool:
        """Is each of some points [P, 3] within a distance of the surface?"""
        squares = (points**2).sum(1)[:, None] + (self._middles**2).sum(1) - 2 * points @ self._middles.T
        rows, triangles = np.nonzero(squares <= (self._radii + limit) ** 2)
        near = rows[_to_triangles(points[rows], self.triangles[triangles]) <= limit]
        return len(np.unique(near)) == len(points)


def _to_triangles(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """[P] distance between points [P, 3] and triangles [P, 3, 3] that have an area.

    It is that to the plane where the foot is inside the triangle, else that to the nearest edge.
    """
    edges = np.roll(triangles, -1, axis=1) - triangles
    offsets = points[:, None] - triangles
    along = np.clip((offsets * edges).sum(2) / (edges * edges).sum(2), 0, 1)
    to_edges = np.linalg.norm(offsets - along[..., None] * edges, axis=2).min(1)
    normals = np.cross(edges[:, 0], edges[:, 1])
    inside = ((np.cross(edges, offsets) * normals[:, None]).sum(2) >= 0).all(1)
    to_plane = np.abs((offsets[:, 0] * normals).sum(1)) / np.linalg.norm(normals, axis=1)
    return np.where(inside, to_plane, to_edges)
