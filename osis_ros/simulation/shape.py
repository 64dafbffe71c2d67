"""`ObjectShape`: the shape of one object: visible surfaces, and simple solids for the physics."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import Mesh, rotation


@dataclass(frozen=True, eq=False)
class Surface:
    """One mesh with one material; `part` names what of the surroundings it belongs to, for the truth of each pixel."""

    mesh: Mesh
    material: Material
    part: str = ""

    def moved(self, offset: tuple[float, float, float] = (0, 0, 0), rotation: np.ndarray | None = None) -> "Surface":
        """The surface rotated ([3, 3]) about the origin, then shifted by `offset` metres."""
        return replace(self, mesh=self.mesh.moved(offset, rotation))


@dataclass(frozen=True, eq=False)
class Solid:
    """A collision primitive.

    Attributes:
        kind: box, cylinder, capsule, sphere or ellipsoid.
        size: half extents of a box or ellipsoid; (radius, half length along z) of a cylinder or capsule (whose
            round ends come on top); (radius,) of a sphere. Metres.
        position: [3] metres, of its centre in the object's frame.
        turn: [3, 3] rotation into the object's frame.
    """

    kind: str
    size: tuple[float, ...]
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))

    def moved(self, offset: tuple[float, float, float] = (0, 0, 0), rotation: np.ndarray | None = None) -> "Solid":
        """The solid rotated ([3, 3]) about the origin, then shifted by `offset` metres."""
        if rotation is None:
            return replace(self, position=tuple(np.add(self.position, offset)))
        return replace(self, position=tuple(rotation @ self.position + offset), turn=rotation @ self.turn)


Parts = tuple[list[Surface], list[Solid]]  # of an object: what is seen of them, what collides


@dataclass(frozen=True, eq=False)
class ObjectShape:
    """One object, its frame in the middle of its bounding box, z up when it stands or lies as people put it down.

    Attributes:
        surfaces: what is seen.
        solids: what collides.
        density: kg/m³ of the solids.
        upright: how often it is put down with z up in a tidy scene; otherwise on a side.
    """

    surfaces: tuple[Surface, ...]
    solids: tuple[Solid, ...]
    density: float = 400.0
    upright: float = 1.0

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest corner of the bounding box, [3] metres each."""
        low = np.min([surface.mesh.vertices.min(0) for surface in self.surfaces], 0)
        high = np.max([surface.mesh.vertices.max(0) for surface in self.surfaces], 0)
        return low, high

    def centred(self) -> "ObjectShape":
        """The same object with its frame in the middle of its bounding box."""
        low, high = self.bounds()
        offset = tuple(-(low + high) / 2)
        return replace(
            self,
            surfaces=tuple(surface.moved(offset) for surface in self.surfaces),
            solids=tuple(solid.moved(offset) for solid in self.solids),
        )

    def turned(self, rotation: np.ndarray) -> "ObjectShape":
        """The same object rotated ([3, 3]) about its origin."""
        return replace(
            self,
            surfaces=tuple(surface.moved(rotation=rotation) for surface in self.surfaces),
            solids=tuple(solid.moved(rotation=rotation) for solid in self.solids),
        )


def ring_of_boxes(
    radius: float, thickness: float, low: float, high: float, count: int = 10, tilt: float = 0.0
) -> tuple[Solid, ...]:
    """The wall of a vessel as boxes, so that other objects can lie in it.

    Args:
        radius: outer radius at half height, thickness of the wall, low and high edge: metres.
        count: boxes.
        tilt: degrees by which the wall leans outwards.
    """
    half_width = radius * np.tan(np.pi / count)
    solids = []
    for i in range(count):
        turn = rotation("z", 360 * i / count) @ rotation("y", tilt)
        centre = rotation("z", 360 * i / count) @ (radius - thickness / 2, 0, (low + high) / 2)
        half_height = (high - low) / 2 / np.cos(np.deg2rad(tilt))
        solids.append(Solid("box", (thickness / 2, half_width, half_height), tuple(centre), turn))
    return tuple(solids)


def rod(start: tuple[float, float, float], end: tuple[float, float, float], radius: float) -> Solid:
    """A capsule whose axis runs from start to end, round ends included in that length."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    length = np.linalg.norm(end - start)
    z = (end - start) / length
    x = np.cross((0, 1, 0) if abs(z[1]) < 0.9 else (1, 0, 0), z)
    x /= np.linalg.norm(x)
    turn = np.stack([x, np.cross(z, x), z], -1)
    return Solid("capsule", (radius, max(length / 2 - radius, radius * 0.1)), tuple((start + end) / 2), turn)


def rods(path: np.ndarray, radius: float, count: int | None = None) -> list[Solid]:
    """Rods end to end along a path [N, 3]: from each point to the next, or `count` between points evenly picked."""
    if count is not None:
        path = path[np.linspace(0, len(path) - 1, count + 1).round().astype(int)]
    return [rod(tuple(a), tuple(b), radius) for a, b in pairwise(path)]


def bar(start: tuple[float, float, float], end: tuple[float, float, float], width: float, height: float) -> Solid:
    """A box along a level line from start to end; full width and height."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    heading = np.rad2deg(np.arctan2(end[1] - start[1], end[0] - start[0]))
    half = (np.linalg.norm(end - start) / 2, width / 2, height / 2)
    return Solid("box", half, tuple((start + end) / 2), rotation("z", heading))
