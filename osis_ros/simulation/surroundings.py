"""The surroundings of the objects: a table, perhaps with a bin, tray, shelf or mat on it, floor, walls, furniture."""

from dataclasses import dataclass

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.grounds import ground
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import Mesh, grid, rotation
from osis_ros.simulation.shape import Solid, Surface

# What the surroundings consist of: a `part` of each of their surfaces, and the stuff of GOSS truth.
STUFF = ("table", "mat", "bin", "tray", "shelf", "floor", "wall", "furniture")
_FLOOR = -0.75  # m below the table top


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Fixed things of a scene; the table top is z = 0.

    Attributes:
        table: the table top's mesh; its material is chosen for each view.
        table_materials: to choose from.
        surfaces: everything else that is seen.
        solids: what objects can rest on or lean against.
        room: [2] metres, half extent of the area where objects may be put.
        rim: metres, height of the walls round that area, 0 on an open table.
        shut: whether a wall stands close at +y, so that the camera must look from the other side.
    """

    table: Mesh
    table_materials: tuple[Material, ...]
    surfaces: tuple[Surface, ...]
    solids: tuple[Solid, ...]
    room: tuple[float, float]
    rim: float
    shut: bool


def surroundings(draw: Draw, table_count: int = 2) -> Surroundings:
    """A random place: an open table (two in three), else a bin, a tray or a shelf on one."""
    half = (draw.uniform(0.4, 0.9), draw.uniform(0.35, 0.7))
    surfaces = []
    edge = rounded_box((half[0] * 2, half[1] * 2, 0.03), 0.003).moved((0, 0, -0.0165))
    surfaces.append(
        Surface(edge, materials.matt(draw, draw.choice((colours.timber, colours.grey, colours.black))(draw)), "table")
    )
    solids = [Solid("box", (half[0], half[1], 0.05), (0, 0, -0.05))]
    against_wall = draw.chance(0.3)
    surfaces += [*_room(draw, half[1] if against_wall else 0.0), *_furniture(draw, half)]
    room, rim = (half[0] * 0.8, half[1] * 0.8), 0.0
    kind = draw.choice(("open", "bin", "tray", "shelf", "mat"), (5, 2.2, 0.8, 0.7, 1.3))
    if kind in ("bin", "tray"):
        room = (draw.uniform(0.13, 0.26), draw.uniform(0.1, 0.19))
        rim = draw.uniform(0.07, 0.16) if kind == "bin" else draw.uniform(0.012, 0.035)
        more_surfaces, more_solids = _bin(draw, kind, room, rim)
    elif kind == "shelf":
        room = (draw.uniform(0.2, 0.4), draw.uniform(0.12, 0.2))
        more_surfaces, more_solids = _shelf(draw, room)
    elif kind == "mat":
        more_surfaces, more_solids = _mat(draw), []
    else:
        more_surfaces, more_solids = [], []
    tops = tuple(ground(draw.child("table", i)) for i in range(table_count))
    table = _tiled(half, draw.integer(1, 2))
    shut = against_wall or kind == "shelf"
    return Surroundings(table, tops, (*surfaces, *more_surfaces), (*solids, *more_solids), room, rim, shut)


def _tiled(half: tuple[float, float], tiles: int, cells: int = 14) -> Mesh:
    """A level sheet at z = 0, with the texture mirrored at every tile so that no seam shows."""
    x = np.linspace(-half[0], half[0], tiles * cells + 1)
    y = np.linspace(half[1], -half[1], tiles * cells + 1)
    wave = np.linspace(0, tiles, tiles * cells + 1)
    wave = np.abs((wave + 1) % 2 - 1)
    points = np.stack([*np.meshgrid(x, y), np.zeros((len(y), len(x)))], -1)
    # grid() faces (along a row) × (down a column); here x × -y = -z, so walk the rows backwards.
    return grid(points[:, ::-1], wave[::-1] * min(1.0, half[0] / 0.6), wave * min(1.0, half[1] / 0.6))


def _room(draw: Draw, near: float) -> list[Surface]:
    """Floor and four walls; where `near` is not 0 the wall at +y stands that far away, else all are far."""
    floor = _tiled((2.5, 2.5), 3, 8).moved((0, 0, _FLOOR))
    surfaces = [Surface(floor, ground(draw.child("floor"), 256), "floor")]
    kinds = (colours.white, colours.grey, colours.pastel, colours.muted)
    paint = ground(draw.child("wall"), 256) if draw.chance(0.35) else materials.matt(draw, draw.choice(kinds)(draw))
    for side in range(4):
        out = near + 0.02 if side == 0 and near else draw.uniform(1.6, 2.4)
        wall = _tiled((2.5, 1.6), 2, 8).moved((0, out, _FLOOR + 1.6), rotation("x", 90))
        surfaces.append(Surface(wall.moved(rotation=rotation("z", 90 * side)), paint, "wall"))
    return surfaces


def _furniture(draw: Draw, half: tuple[float, float]) -> list[Surface]:
    """Big boxes beside the table: cupboards, machines, chairs seen from above."""
    surfaces = []
    for _ in range(draw.integer(0, 3)):
        size = (draw.uniform(0.2, 0.6), draw.uniform(0.2, 0.6), draw.uniform(0.3, 0.85))
        place = (
            draw.choice((-1, 1)) * (half[0] + 0.35 + draw.uniform(0, 0.4)),
            draw.uniform(-0.8, 0.4),
            _FLOOR + size[2] / 2,
        )
        finish = draw.choice((materials.plastic, materials.wooden, materials.metal))(draw)
        surfaces.append(Surface(rounded_box(size, draw.uniform(0.002, 0.03)).moved(place), finish, "furniture"))
    return surfaces


def _bin(draw: Draw, kind: str, room: tuple[float, float], rim: float) -> tuple[list[Surface], list[Solid]]:
    wall, floor = draw.uniform(0.003, 0.009), 0.004
    finish = draw.choice((materials.plastic, materials.plastic, materials.metal, materials.wooden, _card))(draw)
    slabs = [((room[0] * 2 + wall * 2, room[1] * 2 + wall * 2, floor), (0, 0, floor / 2))]
    for sign in (1, -1):
        slabs.append(((wall, room[1] * 2 + wall * 2, rim), (sign * (room[0] + wall / 2), 0, rim / 2)))
        slabs.append(((room[0] * 2, wall, rim), (0, sign * (room[1] + wall / 2), rim / 2)))
    surfaces = [Surface(rounded_box(size, 0.0015, flat=5).moved(at), finish, kind) for size, at in slabs]
    half = max(wall, 0.01) / 2  # at least a centimetre to collide with, so that nothing is pushed through
    solids = [Solid("box", (room[0] + wall, room[1] + wall, floor / 2), (0, 0, floor / 2))]
    for sign in (1, -1):
        solids.append(Solid("box", (half, room[1] + 2 * half, rim / 2), (sign * (room[0] + half), 0, rim / 2)))
        solids.append(Solid("box", (room[0] + 2 * half, half, rim / 2), (0, sign * (room[1] + half), rim / 2)))
    return surfaces, solids


def _card(draw: Draw) -> Material:
    return materials.matt(draw, colours.cardboard(draw))


def _shelf(draw: Draw, room: tuple[float, float]) -> tuple[list[Surface], list[Solid]]:
    """A compartment open to the front (-y) and the top."""
    wall, tall = draw.uniform(0.01, 0.02), draw.uniform(0.15, 0.3)
    finish = draw.choice((materials.wooden, materials.plastic))(draw)
    slabs = [((room[0] * 2 + wall * 2, wall, tall), (0, room[1] + wall / 2, tall / 2))]
    for sign in (1, -1):
        slabs.append(((wall, room[1] * 2, tall), (sign * (room[0] + wall / 2), 0, tall / 2)))
    surfaces = [Surface(rounded_box(size, 0.0015, flat=5).moved(at), finish, "shelf") for size, at in slabs]
    return surfaces, [Solid("box", tuple(np.array(size) / 2), at) for size, at in slabs]


def _mat(draw: Draw) -> list[Surface]:
    """A place mat, sheet or desk pad: flat things that are not objects."""
    size = (draw.uniform(0.2, 0.5), draw.uniform(0.15, 0.35), 0.0012)
    turn = rotation("z", draw.uniform(0, 360))
    mesh = rounded_box(size, 0.0005, flat=6).moved((draw.uniform(-0.1, 0.1), draw.uniform(-0.1, 0.1), 0.0007), turn)
    finish = ground(draw.child("mat"), 256) if draw.chance(0.6) else materials.matt(draw, colours.any_colour(draw))
    return [Surface(mesh, finish, "mat")]
