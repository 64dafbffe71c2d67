"""Casters, hand wheels and hinges."""

from itertools import pairwise

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.lathe import curve, cylinder, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import Mesh, around, grid, join, rotation
from osis_ros.simulation.shape import ObjectShape, Parts, Solid, Surface, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep

_AXLE = rotation("x", 90)  # turns the z axis to -y
_ALONG, _ACROSS = 14, 10  # points on the sides of a hole's cell in a plate, corners included


def _pierced(outline: np.ndarray, centre: np.ndarray, hole: float, thick: float) -> Mesh:
    """A plate on z = 0 with a round hole; every point of the outline [N, 2] is seen from the hole's centre."""
    ring = np.concatenate([outline, outline[:1]])
    away = ring - centre
    inner = centre + hole * away / np.linalg.norm(away, axis=1, keepdims=True)
    loops = [np.c_[rim, np.full(len(rim), z)] for rim, z in ((ring, 0), (ring, thick), (inner, thick), (inner, 0))]
    u, v = np.linspace(0, 1, len(ring)), np.array([0.0, 1.0])
    mesh = join(*(grid(np.stack(pair), u, v) for pair in pairwise([*loops, loops[0]])))
    return Mesh(mesh.vertices, mesh.faces, mesh.normals, mesh.vertices[:, :2] / 0.05)


def _plate(
    length: float, edge: np.ndarray, holes: tuple[int, int], bore: float, thick: float
) -> tuple[Mesh, np.ndarray]:
    """A plate with rows of holes, from x = 0 to `length`, z = 0 to `thick`, as wide as ± edge [N] at even steps.

    Returns:
        The mesh, and [columns x rows, 3] x, y and radius of the holes.
    """
    along, cells, places = np.linspace(0, length, len(edge)), [], []
    for x in pairwise(np.linspace(0, length, holes[0] + 1)):
        at = np.linspace(*x, _ALONG)
        for low, high in pairwise(np.linspace(-1, 1, holes[1] + 1)):
            below, above = (y * (np.interp(at, along, edge) if abs(y) == 1 else np.full(_ALONG, edge.min()))
                            for y in (low, high))  # fmt: skip
            right, left = (np.linspace(below[i], above[i], _ACROSS)[1:-1] for i in (-1, 0))
            outline = [np.c_[at, below], np.c_[np.full_like(right, x[1]), right],
                       np.c_[at, above][::-1], np.c_[np.full_like(left, x[0]), left[::-1]]]  # fmt: skip
            bottom, top = below[_ALONG // 2], above[_ALONG // 2]
            middle = np.array((np.mean(x), (bottom + top) / 2))
            radius = min(bore, np.ptp(x) * 0.3, (top - bottom) * 0.3)
            cells.append(_pierced(np.concatenate(outline), middle, radius, thick))
            places.append((*middle, radius))
    return join(*cells), np.array(places)


def caster(draw: Draw) -> ObjectShape:
    """One or two wheels in a fork, or two under a hood, on a swivel below a plate or a stem; it lies, or stands on it.

    Tyre, hub and frame differ in colour; the width, the trail and the brake vary.
    """
    radius = draw.uniform(0.018, 0.034)
    hooded, frame = draw.chance(0.3), materials.iron_ware(draw)
    trail, top = radius * draw.uniform(0.1, 0.75), radius * 1.22
    surfaces, solids = (_hooded_wheels if hooded else _forked_wheels)(draw, radius, trail, frame)
    race, high = radius * draw.uniform(0.4, 0.7), radius * draw.uniform(0.2, 0.4)
    groove = [(0, 0), (race, 0), (race, 0.4), (race * 0.85, 0.45), (race * 0.85, 0.55), (race * 1.1, 0.6),
              (race * 1.1, 1), (0, 1)]  # fmt: skip
    swivel = lathe(np.array(groove) * (1, high), 26).moved((trail, 0, top))
    surfaces.append(Surface(swivel, frame if draw.chance(0.6) else materials.metal(draw)))
    solids.append(Solid("cylinder", (race, high / 2), (trail, 0, top + high / 2)))
    standing = not hooded and draw.chance(0.55)
    mount, held = (_mounting_plate if standing else _mounting_stem)(draw, radius, frame)
    place = (trail, 0, top + high)
    surfaces += [part.moved(place) for part in mount]
    solids.append(held.moved(place))
    turn = rotation("x", 180 if standing and draw.chance(0.6) else 90)
    return ObjectShape(tuple(surfaces), tuple(solids), density=1200, upright=0.75).turned(turn)


def _wheel(draw: Draw, radius: float, half: float) -> list[Surface]:
    """A tyre with a flat or round tread on a hub, dished or ribbed, about the y axis."""
    rim, crown = radius * draw.uniform(0.55, 0.82), draw.uniform(0.3, 0.9)
    tyre = [(rim, -half), (radius * 0.92, -half), (radius, -half * crown), (radius, half * crown),
            (radius * 0.92, half), (rim, half)]  # fmt: skip
    web, boss = half * draw.uniform(0.3, 0.95), half * draw.uniform(0.95, 1.1)
    side = [(rim * 0.36, boss), (rim * 0.4, web), (rim * 0.86, web), (rim, half * 0.97)]
    hub = [(0, -boss), *((r, -z) for r, z in side), *side[::-1], (0, boss)]
    grey, tint = (draw.choice((colours.black, colours.grey, colours.any_colour))(draw) for _ in range(2))
    core = draw.choice((materials.plastic, materials.plastic, materials.metal))(draw, tint)
    tread = draw.choice((materials.rubber, materials.plastic))(draw, grey)
    surfaces = [Surface(lathe(np.array(tyre), 34, 40), tread), Surface(lathe(np.array(hub), 30), core)]
    if draw.chance(0.5) and web < half * 0.8:
        rib = rounded_box((rim * 0.55, rim * 0.09, half * 1.8), 0.0004, 1, 2).moved((rim * 0.63, 0, 0))
        surfaces.append(Surface(around(rib, draw.integer(4, 9)), core))
    return [surface.moved(rotation=_AXLE) for surface in surfaces]


def _forked_wheels(draw: Draw, radius: float, trail: float, frame: Material) -> Parts:
    """One wheel or two on an axle with nuts, between two cheeks that lean to a bridge above x = `trail`."""
    half, double = radius * draw.uniform(0.2, 0.45), draw.chance(0.2)
    wheel, apart = _wheel(draw, radius, half), half * 1.08 if double else 0.0
    surfaces = [part.moved((0, y, 0)) for y in ((-apart, apart) if double else (0,)) for part in wheel]
    thick, top = radius * draw.uniform(0.05, 0.1), radius * 1.15
    reach, wide = apart + half * 1.15 + thick, radius * draw.uniform(0.55, 0.85)
    tips = np.interp(np.linspace(0, 1, 12), [0, 0.09, 0.2, 1], [0.1, 0.2, 0.24, 1]) * wide
    lean = line((-trail * 0.06, 0, -radius * 0.26), (trail, 0, top), 12)
    cheek = sweep(lean, np.stack([tips, np.full(12, thick)], -1), 5, up=(0, 1, 0), segments=14)
    bridge = rounded_box((wide * 2, 2 * (reach + thick), radius * 0.16), thick * 0.8).moved((trail, 0, top))
    nut = radius * draw.uniform(0.11, 0.17)
    axle = join(cylinder(nut, reach, reach + nut * 1.3, 6), cylinder(nut, -reach - nut * 1.3, -reach, 6),
                cylinder(nut * 0.6, -reach - nut * 1.8, reach + nut * 1.8, 12))  # fmt: skip
    surfaces += [*(Surface(cheek.moved((0, y, 0)), frame) for y in (-reach, reach)), Surface(bridge, frame),
                 Surface(axle.moved(rotation=_AXLE), materials.metal(draw))]  # fmt: skip
    middle = (trail / 2, 0, top * 0.6)
    solids = [Solid("cylinder", (radius, apart + half), turn=_AXLE), Solid("cylinder", (nut, reach + nut), turn=_AXLE),
              Solid("box", (wide * 0.7, reach + thick, top * 0.45), middle)]  # fmt: skip
    if draw.chance(0.35):
        pedal = smooth_path([(trail, 0, top), (-radius * 0.5, 0, top), (-radius * draw.uniform(1, 1.3), 0, radius)], 9)
        breadth = reach * draw.uniform(0.5, 0.9)
        flap = sweep(pedal, (breadth, thick), 5)
        surfaces.append(Surface(flap, materials.plastic(draw, colours.vivid(draw))))
        solids += [core.moved((0, y, 0)) for y in (-breadth + thick, breadth - thick) for core in rods(pedal, thick, 2)]
    return surfaces, solids


def _hooded_wheels(draw: Draw, radius: float, trail: float, frame: Material) -> Parts:
    """Two wheels, a hood round their upper halves, a web between them, a neck at x = `trail`: under office chairs."""
    half, web = radius * draw.uniform(0.25, 0.4), radius * draw.uniform(0.12, 0.3)
    wheel = _wheel(draw, radius, half)
    thin, start, end = radius * 0.09, draw.uniform(-25, 25), draw.uniform(150, 200)
    over = bow((0, 0, 0), (radius + thin, radius + thin), start, end, 22)[:, [0, 2, 1]]
    hood = sweep(over, (thin, (web + 2 * half) * draw.uniform(0.6, 1.0)), 6, up=(0, 1, 0), segments=14)
    disc = cylinder(radius * 0.96, -web, web, 34).moved(rotation=_AXLE)
    neck = rounded_box((radius * 0.9, web * 2.4, radius * 0.7), radius * 0.1).moved((trail, 0, radius * 0.95))
    shell = frame if draw.chance(0.3) else materials.plastic(draw, colours.black(draw))
    surfaces = [part.moved((0, y, 0)) for y in (-web - half, web + half) for part in wheel]
    surfaces += [Surface(mesh, shell) for mesh in (hood, disc, neck)]
    solids = [Solid("cylinder", (radius, web + 2 * half), turn=_AXLE),
              Solid("box", (radius * 0.45, web * 1.2, radius * 0.35), (trail, 0, radius * 0.95))]  # fmt: skip
    return surfaces, solids


def _mounting_plate(draw: Draw, radius: float, frame: Material) -> tuple[list[Surface], Solid]:
    """A plate with four holes, or with two in its ears, that lies on z = 0."""
    length, half = radius * draw.uniform(1.8, 2.6), radius * draw.uniform(0.8, 1.2)
    thick, rows = radius * draw.uniform(0.08, 0.16), draw.choice((1, 2, 2))
    at = np.linspace(-1, 1, 41)
    round_off = np.clip(1 - np.abs(at) ** draw.uniform(3 if rows == 1 else 12, 40), 0.05, 1) ** 0.5
    mesh, _ = _plate(length, half * round_off, (2, rows), radius * draw.uniform(0.12, 0.2), thick)
    return [Surface(mesh.moved((-length / 2, 0, 0)), frame)], Solid(
        "box", (length / 2, half * 0.95, thick / 2), (0, 0, thick / 2)
    )


def _mounting_stem(draw: Draw, radius: float, frame: Material) -> tuple[list[Surface], Solid]:
    """A threaded bolt, a pin with a collar, or a rubber plug with rings, that stands on z = 0."""
    long, girth = radius * draw.uniform(0.8, 1.7), radius * draw.uniform(0.16, 0.32)
    kind, at = draw.choice(("thread", "pin", "plug")), np.linspace(0, 1, 40)
    share = {
        "thread": 0.93 + 0.07 * (np.arange(40) % 2),
        "plug": 1.2 + 0.25 * (np.arange(40) // 4 % 2),
        "pin": np.interp(at, [0, 0.12, 0.13, 0.8, 0.82, 0.88, 0.9], [1.5, 1.5, 1, 1, 0.75, 0.75, 1]),
    }[kind]
    profile = np.concatenate([np.stack([girth * share, at * long], -1), [(girth * 0.7, long * 1.04), (0, long * 1.04)]])
    finish = materials.rubber(draw) if kind == "plug" else draw.choice((frame, materials.metal(draw)))
    return [Surface(lathe(profile, 18, 60), finish)], Solid("cylinder", (girth, long / 2), (0, 0, long / 2))


def hand_wheel(draw: Draw) -> ObjectShape:
    """A valve's wheel with spokes, or a lobed disc; with a hub, a crank knob, a stem, perhaps the bonnet of a valve."""
    radius = draw.uniform(0.025, 0.07)
    body = materials.iron_ware(draw) if draw.chance(0.4) else materials.plastic(draw, colours.vivid(draw))
    trim = materials.iron_ware(draw)
    hub, dish = radius * draw.uniform(0.15, 0.27), radius * draw.uniform(-0.1, 0.3)
    cranked, spoked = draw.chance(0.25), draw.chance(0.7)
    if spoked:
        surfaces, solids = _spoked_rim(draw, radius, hub, dish, body)
    else:
        surfaces, solids = _lobed_disc(draw, radius, body)
    deep = hub * draw.uniform(0.5, 1.1)
    boss = [(0, -deep), (hub, -deep), (hub * draw.uniform(0.8, 1), deep), (hub * 0.6, deep * 1.1), (0, deep * 1.1)]
    top = deep * 1.1 + hub * 0.4
    nut = cylinder(hub * 0.55, deep, top, draw.choice((4, 6, 16)))
    low = -(dish if spoked else 0)
    surfaces += [Surface(lathe(np.array(boss), 24).moved((0, 0, low)), body), Surface(nut.moved((0, 0, low)), trim)]
    solids += [Solid("cylinder", (hub, deep), (0, 0, low)),
               Solid("cylinder", (hub * 0.5, top / 2), (0, 0, low + top / 2))]  # fmt: skip
    if cranked:
        knob, held = _crank_knob(draw, radius * (0.97 if spoked else 0.72))
        return ObjectShape((*surfaces, *knob), (*solids, held), density=1500, upright=0.9)
    stem, held = _valve_stem(draw, radius, hub, trim)
    surfaces += [part.moved((0, 0, low - deep)) for part in stem]
    solids += [part.moved((0, 0, low - deep)) for part in held]
    turn = rotation("x", 180)  # put down on its face, the stem up
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=0.75).turned(turn)


def _spoked_rim(draw: Draw, radius: float, hub: float, dish: float, body: Material) -> Parts:
    """A round or scalloped rim, and straight, curved or sagging spokes to a hub that lies `dish` lower."""
    girth, count, tall = radius * draw.uniform(0.07, 0.14), draw.integer(3, 6), draw.uniform(0.7, 1.4)
    turn = np.linspace(0, 2 * np.pi, 97)
    wave = 1 + draw.choice((0, 0, 0.03)) * np.cos(turn * count * draw.integer(2, 4))
    hoop = np.stack([radius * wave * np.cos(turn), radius * wave * np.sin(turn), np.zeros(97)], -1)
    bend, waist = radius * draw.choice((0, 0, draw.uniform(-0.3, 0.3))), draw.uniform(0.5, 1)
    spoke = smooth_path([(hub * 0.7, 0, -dish), (radius * 0.55, bend, -dish * draw.uniform(0.2, 0.9)),
                         (radius, 0, 0)], 12)  # fmt: skip
    share = np.interp(np.linspace(0, 1, 12), [0, 0.5, 1], [1, waist, draw.uniform(0.6, 1)])
    sizes = girth * share[:, None] * (draw.uniform(0.7, 1.5), draw.uniform(0.4, 0.8))
    rays = around(sweep(spoke, sizes, draw.choice((2, 4)), segments=12), count)
    rim = sweep(hoop, (girth, girth * tall), draw.choice((2, 2, 3.5)), segments=14)
    other = body if draw.chance(0.75) else materials.iron_ware(draw)
    return [Surface(rim, body), Surface(rays, other)], rods(hoop, girth * min(1.0, tall), 12)


def _lobed_disc(draw: Draw, radius: float, body: Material) -> Parts:
    """A flat or pebble-shaped disc with three to nine lobes, some with a dot on each."""
    count, depth, thick = draw.integer(3, 9), draw.uniform(0.05, 0.22), radius * draw.uniform(0.08, 0.2)
    turn = np.linspace(0, 2 * np.pi, 108, endpoint=False)
    lobes = 1 - depth * (1 - np.cos(turn * count)) / 2
    if draw.chance(0.5):
        outline = radius * lobes[:, None] * np.stack([np.cos(turn), np.sin(turn)], -1)
        mesh = extrude(outline, thick * 2).moved((0, 0, -thick))
        solid = Solid("cylinder", (radius * (1 - depth / 2), thick))
    else:
        mesh = ellipsoid((radius, radius, thick * 1.3), np.tile(lobes, (5, 1)), 54)
        solid = Solid("ellipsoid", (radius * (1 - depth / 2), radius * (1 - depth / 2), thick * 1.3))
    surfaces = [Surface(mesh, body)]
    if draw.chance(0.5):
        dot = cylinder(radius * 0.1, -thick * 1.05, thick * 1.05, 14).moved((radius * (0.95 - depth) * 0.75, 0, 0))
        surfaces.append(Surface(around(dot, count), materials.rubber(draw)))
    return surfaces, [solid]


def _crank_knob(draw: Draw, radius: float) -> tuple[list[Surface], Solid]:
    """A turned grip or a ball that stands on a wheel, `radius` from its middle."""
    tall, wide = radius * draw.uniform(0.35, 0.75), radius * draw.uniform(0.1, 0.2)
    shape = draw.choice((((0.5, 0.1), (0.75, 0.3), (1, 0.75), (0.8, 0.95), (0, 1)),
                         ((0.4, 0.1), (0.4, 0.45), (1, 0.6), (1, 0.8), (0, 1)),
                         ((0.9, 0.1), (0.9, 0.5), (0.95, 0.9), (0.6, 1), (0, 1))))  # fmt: skip
    profile = np.concatenate([[(0.35, -0.1)], curve(list(shape), 18)]) * (wide, tall)
    finish = draw.choice((materials.plastic, materials.wooden, materials.metal, materials.rubber))(draw)
    solid = Solid("cylinder", (wide * 0.8, tall / 2), (radius, 0, tall / 2))
    return [Surface(lathe(profile, 20).moved((radius, 0, 0)), finish)], solid


def _valve_stem(draw: Draw, radius: float, hub: float, trim: Material) -> Parts:
    """A stub, a threaded spindle, or a spindle through a six-sided gland and a bonnet, downwards from z = 0."""
    long, girth = radius * draw.uniform(0.15, 0.9), hub * draw.uniform(0.35, 0.65)
    turns = max(6, 2 * int(long / girth * 1.5))
    thread = girth * (1 - draw.choice((0, 0.12)) * (np.arange(turns) % 2))
    spindle = np.concatenate([[(0, -long)], np.stack([thread, np.linspace(-long, 0.001, turns)], -1)])
    surfaces = [Surface(lathe(spindle, 18, 60), trim)]
    solids = [Solid("cylinder", (girth, long / 2), (0, 0, -long / 2))]
    if draw.chance(0.25):
        wide, tall = hub * draw.uniform(0.8, 1.1), radius * draw.uniform(0.15, 0.4)
        gland = cylinder(wide * 0.9, -long - tall * 0.4, -long, 6)
        bonnet = [(0, -long - tall), (wide * 1.25, -long - tall), (wide * 1.25, -long - tall * 0.8),
                  (wide, -long - tall * 0.7), (wide * 0.9, -long - tall * 0.3), (0, -long - tall * 0.3)]  # fmt: skip
        surfaces += [Surface(gland, trim), Surface(lathe(np.array(bonnet), 24), materials.iron_ware(draw))]
        solids.append(Solid("cylinder", (wide, tall / 2), (0, 0, -long - tall / 2)))
    return surfaces, solids


def hinge(draw: Draw) -> ObjectShape:
    """Two pierced or screwed leaves, square, rounded, wavy or long straps, at any angle about a knuckle with a pin."""
    kind, knuckle = draw.choice(("butt", "butt", "butt", "strap", "tee")), draw.uniform(0.003, 0.0065)
    thick, tall = knuckle * draw.uniform(0.35, 0.65), draw.uniform(0.022, 0.045)
    if kind == "strap":
        tall *= 0.5
    wide, bore = max(tall, 0.02) * draw.uniform(0.55, 1.2), draw.uniform(0.0018, 0.0032)
    finish, style, screwed = materials.iron_ware(draw), draw.choice(("square", "round", "wavy")), draw.chance(0.3)
    screw = materials.metal(draw, draw.choice((colours.steel, colours.black))(draw))
    holes = (draw.integer(1, 2), draw.integer(2, 4))
    butt = _leaf(wide, _butt_edge(draw, tall, style), holes, bore, thick, finish, screw if screwed else None)
    long, root = draw.uniform(0.055, 0.1), min(tall, draw.uniform(0.011, 0.02))
    strap = _leaf(long, _strap_edge(draw, root), (draw.integer(3, 5), 1), bore, thick, finish,
                  screw if screwed else None)  # fmt: skip
    first, second = {"butt": (butt, butt), "strap": (strap, strap), "tee": (butt, strap)}[kind]
    opening = draw.uniform(165, 180) if draw.chance(0.45) else draw.uniform(12, 165)
    surfaces, solids = _knuckle(draw, knuckle, root if kind == "strap" else tall, finish)
    for (seen, cores), turn in ((first, np.eye(3)), (second, rotation("y", 180 - opening) @ rotation("z", 180))):
        surfaces += [part.moved((0, 0, -knuckle)).moved(rotation=turn) for part in seen]
        solids += [part.moved((0, 0, -knuckle)).moved(rotation=turn) for part in cores]
    tent = 60 < opening < 165 and draw.chance(0.4)  # stands on the ends of its leaves
    pose = rotation("x", 180) @ rotation("y", opening / 2 - 90) if tent else np.eye(3)
    return ObjectShape(tuple(surfaces), tuple(solids), density=2500, upright=0.85).turned(pose)


def _butt_edge(draw: Draw, tall: float, style: str) -> np.ndarray:
    """[41] half widths of a leaf from the knuckle outwards."""
    at = np.linspace(0, 1, 41)
    if style == "round":
        return tall * np.clip(1 - at ** draw.uniform(6, 22), 0.1, 1) ** 0.5
    if style == "wavy":
        wave = np.cos(at * np.pi * draw.integer(2, 4)) * np.linspace(0.3, 1, 41)
        return tall * (0.82 + 0.18 * wave) * np.interp(at, [0, 0.85, 1], [1, 1, draw.uniform(0.4, 0.9)])
    return np.full(41, tall)


def _strap_edge(draw: Draw, root: float) -> np.ndarray:
    """[61] half widths of a strap that narrows to a round, blunt or spear-shaped end."""
    at, end = np.linspace(0, 1, 61), draw.uniform(0.45, 0.9)
    taper = np.linspace(1, end, 61)
    if draw.chance(0.35):
        return root * taper * np.interp(at, [0, 0.78, 0.8, 0.88, 1], [0.8, 0.7, 0.75, 1.3, 0.1])
    return root * taper * np.clip(1 - at ** draw.uniform(14, 60), 0.08, 1) ** 0.5


def _leaf(
    wide: float,
    edge: np.ndarray,
    holes: tuple[int, int],
    bore: float,
    thick: float,
    finish: Material,
    screw: Material | None,
) -> Parts:
    """A hinge's leaf on z = 0 from x = 0 outwards; with screws of the given finish, or none, in its holes."""
    mesh, places = _plate(wide, edge, holes, bore, thick)
    surfaces = [Surface(mesh, finish)]
    if screw is not None:
        head = curve([(1.35, 0.98), (1.0, 1.2), (0.3, 1.32), (0, 1.33)], 8)
        heads = [lathe(head * (radius, thick), 14).moved((x, y, 0)) for x, y, radius in places]
        surfaces.append(Surface(join(*heads), screw))
    solids = []
    for part, (low, high) in zip(np.array_split(edge, 3), pairwise(np.linspace(0, wide, 4)), strict=True):
        solids.append(Solid("box", ((high - low) / 2, part.mean(), thick / 2), ((low + high) / 2, 0, thick / 2)))
    return surfaces, solids


def _knuckle(draw: Draw, radius: float, tall: float, finish: Material) -> Parts:
    """The rolled ends of both leaves about the y axis, and the pin through them, its ends flat, round or pointed."""
    cuts = np.linspace(-tall, tall, draw.choice((3, 5, 5, 7)) + 1)
    rolls = join(*(cylinder(radius, low + 0.0003, high - 0.0003, 20) for low, high in pairwise(cuts)))
    knob = draw.choice(([(0.7, 0), (0.7, 0.2), (0, 0.2)], [(0.9, 0), (1.1, 0.5), (0.8, 1.1), (0, 1.4)],
                        [(1.1, 0), (1.1, 0.4), (0.5, 0.6), (0.8, 1.2), (0, 2.2)]))  # fmt: skip
    finial = lathe(np.array(knob) * radius + (0, tall), 16)
    pin = join(cylinder(radius * 0.75, -tall, tall, 14), finial, finial.moved(rotation=rotation("x", 180)))
    shade = finish if draw.chance(0.5) else materials.metal(draw)
    surfaces = [Surface(rolls.moved(rotation=_AXLE), finish), Surface(pin.moved(rotation=_AXLE), shade)]
    ends = tall + knob[-1][1] * radius
    return surfaces, [Solid("cylinder", (r, half), turn=_AXLE) for r, half in ((radius, tall), (radius * 0.6, ends))]
