"""Whisks, rolling pins and bread baskets."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.grip import grip
from osis_ros.simulation.lathe import curve, cylinder, lathe
from osis_ros.simulation.mesh import ALONG_X, Mesh, grid, join, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, bar, rod, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, superellipse, sweep


def whisk(draw: Draw) -> ObjectShape:
    """A balloon, flat or coiled whisk: loops of bare or coated wire that spring from a grip."""
    handle, cage = draw.uniform(0.04, 0.09), draw.uniform(0.045, 0.1)
    wide, wire = cage * draw.uniform(0.22, 0.4), draw.uniform(0.001, 0.0022)
    steel = materials.metal(draw) if draw.chance(0.6) else materials.plastic(draw)
    finishes = (steel, steel if draw.chance(0.6) else materials.plastic(draw))
    kind = draw.choice(("balloon", "balloon", "balloon", "flat", "coil"))
    loops = {"balloon": _balloon, "flat": _nested_loops, "coil": _spring}[kind](draw, cage, wide, wire)
    girth = draw.uniform(0.005, 0.009)
    surfaces = [Surface(mesh.moved((handle * 0.97, 0, 0)), finishes[i % 2]) for i, mesh in enumerate(loops)]
    surfaces.append(grip(draw, (0, 0, 0), (handle, 0, 0), girth))
    if draw.chance(0.4):
        eye = bow((-girth * 0.8, 0, 0), (girth, girth * 0.7), 0, 360, 16)
        surfaces.append(Surface(sweep(eye, (0.0013, 0.0013), segments=8), steel))
    middle = (handle + cage / 2, 0, 0)
    solid = {
        "balloon": Solid("ellipsoid", (cage / 2, wide * 0.95, wide * 0.95), middle),
        "flat": Solid("box", (cage / 2, wide * 0.7, wire * 1.5), middle),
        "coil": Solid("cylinder", (wide * 0.85, cage * 0.4), (handle + cage * 0.6, 0, 0), ALONG_X),
    }[kind]
    return ObjectShape(tuple(surfaces), (rod((0, 0, 0), (handle, 0, 0), girth * 0.9), solid), density=500)


def _wire_loop(cage: float, wide: float, belly: float, wire: float) -> Mesh:
    """A drop of wire in the xy plane, its tail at the origin, as long as the cage."""
    half = [(0, wide * 0.12, 0), (cage * belly * 0.5, wide * 0.65, 0), (cage * belly, wide, 0),
            (cage * 0.94, wide * 0.5, 0)]  # fmt: skip
    other = [(x, -y, 0) for x, y, _ in half[::-1]]
    return sweep(smooth_path([*half, (cage, 0, 0), *other], 34), (wire, wire), segments=7)


def _balloon(draw: Draw, cage: float, wide: float, wire: float) -> list[Mesh]:
    """Loops about one axis, a ball loose inside some."""
    count, belly = draw.integer(3, 6), draw.uniform(0.55, 0.78)
    loop = _wire_loop(cage, wide, belly, wire)
    loops = [loop.moved(rotation=rotation("x", 180 * i / count)) for i in range(count)]
    if draw.chance(0.25):
        loops.append(ellipsoid((wide * 0.4,) * 3, segments=14).moved((cage * belly, 0, -wide * 0.4)))
    return loops


def _nested_loops(draw: Draw, cage: float, wide: float, wire: float) -> list[Mesh]:
    """Loops in one plane, the smaller within the larger."""
    shares = np.linspace(1, draw.uniform(0.25, 0.45), draw.integer(3, 4))
    return [_wire_loop(cage * (0.75 + 0.25 * share), wide * share, 0.7, wire) for share in shares]


def _spring(draw: Draw, cage: float, wide: float, wire: float) -> list[Mesh]:
    """A coil that widens away from the grip, on a straight wire."""
    turns = draw.integer(5, 10)
    at = np.linspace(0, 1, turns * 14)
    radius = wide * np.interp(at, [0, 0.5, 0.9, 1], [draw.uniform(0.15, 0.5), 0.9, 1, 0.7])
    angle = 2 * np.pi * turns * at
    coil = np.stack([cage * (0.15 + 0.85 * at), radius * np.cos(angle), radius * np.sin(angle)], -1)
    stem = smooth_path([(0, 0, 0), (cage * 0.1, 0, 0), tuple(coil[0])], 8)
    return [sweep(coil, (wire, wire), up=(1, 0, 0), segments=7), sweep(stem, (wire, wire), segments=7)]


def rolling_pin(draw: Draw) -> ObjectShape:
    """A rolling pin: a thick plain, ribbed or decorated barrel with a thin handle at either end, perhaps with rims."""
    radius = draw.uniform(0.01, 0.02)
    half, handle = radius * draw.uniform(2.2, 4), draw.uniform(0.018, 0.04)
    girth = radius * draw.uniform(0.3, 0.5)
    at = np.linspace(0, 1, 48)
    relief = 1 - draw.choice((0, 0, 0, draw.uniform(0.05, 0.14))) * (np.arange(48) // 2 % 2)
    swell = 1 + draw.choice((0, 0, draw.uniform(-0.15, 0.12))) * np.sin(np.pi * at)
    wall = np.stack([radius * relief * swell, (2 * at - 1) * half], -1)
    kinds = (materials.wooden, materials.wooden, materials.ceramic, materials.ceramic, materials.plastic)
    barrel = lathe(np.concatenate([[(0, -half)], wall, [(0, half)]]), 28)
    upright = [Surface(barrel, draw.choice(kinds)(draw))]
    waist, bulge = draw.uniform(0.4, 1), draw.uniform(0.6, 0.9)
    stem = [(girth * 0.8, 0), (girth * waist, handle * 0.25), (girth, handle * bulge), (0, handle)]
    knob = Surface(lathe(curve(stem, 18), 18, 50), materials.held(draw))
    rim, rims = radius * draw.uniform(1.1, 1.35), draw.chance(0.3)
    disc = Surface(cylinder(rim, -0.002, 0.002, 26), materials.plastic(draw))
    for z, turn in ((half, np.eye(3)), (-half, rotation("x", 180))):
        upright.append(knob.moved((0, 0, z), turn))
        if rims:
            upright.append(disc.moved((0, 0, z)))
    surfaces = tuple(surface.moved(rotation=ALONG_X) for surface in upright)
    end = half + handle
    solids = (Solid("cylinder", (rim if rims else radius, half), turn=ALONG_X), rod((-end, 0, 0), (end, 0, 0), girth))
    return ObjectShape(surfaces, solids, density=700, upright=0.95)


def basket(draw: Draw) -> ObjectShape:
    """A shallow oval or oblong basket or tray: woven, of wire or plaited, with an arched handle or one at each end."""
    reach = draw.uniform(0.04, 0.078)
    plan = superellipse(draw.uniform(2.2, 6), 40) * (reach, reach * draw.uniform(0.5, 0.8))
    tall, flare = reach * draw.uniform(0.25, 0.5), draw.uniform(1, 1.3)
    colour = draw.choice((colours.timber, colours.timber, colours.any_colour))(draw)
    weave = replace(materials.woven(draw, colour), specular=draw.uniform(0, 0.3))
    kind = draw.choice(("woven", "woven", "wire", "plaited"))
    straw = materials.matt(draw, colour)
    wall = {"woven": straw, "wire": materials.metal(draw), "plaited": weave}[kind]
    if kind == "wire" and draw.chance(0.5):
        wall = materials.plastic(draw)
    meshes = {"woven": _wicker, "wire": _wire_wall, "plaited": _plaits}[kind](draw, plan, tall, flare)
    other = wall if draw.chance(0.4) else draw.choice((materials.wooden, materials.plastic))(draw)
    strands = wall if kind != "woven" or draw.chance(0.6) else materials.matt(draw, colours.any_colour(draw))
    surfaces = [Surface(mesh, strands if i % 2 else wall) for i, mesh in enumerate(meshes)]
    surfaces.append(Surface(extrude(plan[:-1], 0.003), weave if kind != "wire" or draw.chance(0.5) else wall))
    thick = draw.uniform(0.002, 0.004)
    rim = np.c_[plan * flare, np.full(41, tall)]
    surfaces.append(Surface(sweep(rim, (thick, thick), draw.choice((2, 4)), segments=10), other))
    half = plan.max(0)
    solids = [Solid("box", (*half * 0.8, 0.0025), (0, 0, 0.0025))]
    for a, b in pairwise(rim[::4] * ((1 + 1 / flare) / 2, (1 + 1 / flare) / 2, 0.5)):
        solids.append(bar(tuple(a), tuple(b), thick * 2, tall))
    for path in _basket_handles(draw, half * flare, tall):
        surfaces.append(Surface(sweep(path, (thick * draw.uniform(1, 2), thick * 0.8), 3, up=(1, 0, 0)), other))
        solids += rods(path, thick, 5)
    return ObjectShape(tuple(surfaces), tuple(solids), density=300, upright=0.9)


def _wicker(draw: Draw, plan: np.ndarray, tall: float, flare: float) -> list[Mesh]:
    """Strands that run round and round, in front of a stake and behind the next, then the stakes."""
    stakes, rows = 2 * draw.integer(8, 14) + 1, draw.integer(4, 8)
    at = np.linspace(0, 1, stakes * 5 + 1)
    strand = tall / rows / 2
    dense = np.stack([np.interp(at, np.linspace(0, 1, len(plan)), plan[:, i]) for i in (0, 1)], -1)
    meshes = []
    for row in range(rows):
        share = (row + 0.5) / rows
        wave = 1 + 0.035 * np.cos(np.pi * (stakes * at * 2 + row))
        ring = np.c_[dense * wave[:, None] * (1 + (flare - 1) * share), np.full(len(at), share * tall)]
        meshes.append(sweep(ring, (strand * 0.8, strand * 1.05), segments=7))
    return [*meshes, join(*_stakes(dense[:-1:5], tall, flare, strand))]


def _wire_wall(draw: Draw, plan: np.ndarray, tall: float, flare: float) -> list[Mesh]:
    """Two or three hoops and upright wires, with gaps to look through."""
    wire, shares = draw.uniform(0.0011, 0.002), np.linspace(0, 1, draw.integer(3, 4))[:-1]
    hoops = [np.c_[plan * (1 + (flare - 1) * share), np.full(len(plan), share * tall + wire)] for share in shares]
    meshes = [sweep(hoop, (wire, wire), segments=7) for hoop in hoops]
    return meshes + _stakes(plan[: -1 : draw.integer(1, 2)], tall, flare, wire)


def _stakes(feet: np.ndarray, tall: float, flare: float, girth: float) -> list[Mesh]:
    """One stake from each foot [N, 2] to the rim, its section turned along the wall."""
    return [
        sweep(line((x, y, 0), (x * flare, y * flare, tall), 3), (girth, girth), up=(-y, x, 0), segments=6)
        for x, y in feet
    ]


def _plaits(draw: Draw, plan: np.ndarray, tall: float, flare: float) -> list[Mesh]:
    """A closed wall, straight or hollowed, outside and inside; the texture repeated round it."""
    levels, wall, hollow = np.linspace(0, 1, 7), draw.uniform(0.03, 0.07), draw.uniform(-0.05, 0.1)
    wide = 1 + (flare - 1) * levels + hollow * levels * (1 - levels) * 4
    rings = np.stack([np.c_[plan * w, np.full(len(plan), h * tall)] for w, h in zip(wide, levels, strict=True)])
    u, v = np.linspace(0, draw.integer(2, 4), len(plan)), 1 - levels
    inside = rings[::-1] * (1 - wall, 1 - wall, 1)
    return [grid(rings, u, v), grid(inside, u, levels)]


def _basket_handles(draw: Draw, half: np.ndarray, tall: float) -> list[np.ndarray]:
    """An arch over the middle, or a loop at each end."""
    x, y = half
    if draw.chance(0.55):
        arch = bow((0, 0, 0), (y, y * draw.uniform(0.6, 1.3)), 0, 180, 26)
        return [arch[:, [2, 0, 1]] + (0, 0, tall)]
    loop = bow((0, 0, 0), (y * draw.uniform(0.3, 0.5), tall * draw.uniform(0.4, 0.9)), 0, 180, 16)[:, [2, 0, 1]]
    lean = draw.uniform(0, 0.8)
    return [loop + np.outer(loop[:, 2], (side * lean, 0, 0)) + (side * x, 0, tall) for side in (1, -1)]
