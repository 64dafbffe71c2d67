"""Pastry: croissants, pretzels, rings, buns, muffins and bread sticks."""

from dataclasses import replace

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import Mesh, grid, join, rotation
from osis_ros.simulation.noise import blend, fractal_noise, to_bytes
from osis_ros.simulation.placement import random_rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rods
from osis_ros.simulation.sweep import bow, smooth_path, sweep


def pastry(draw: Draw) -> ObjectShape:
    """A croissant, pretzel, iced or braided ring, bun, muffin or bread stick; pale to dark, dull to glazed, strewn."""
    return draw.choice((_croissant, _pretzel, _ring, _ring, _bun, _muffin, _stick))(draw)


def _crust(draw: Draw, along: bool = False) -> Material:
    """Baked dough, darker where u is a quarter (the upper side of what is swept) or, if along, where v is small."""
    dough = colours.hsv(draw.uniform(0.08, 0.12), draw.uniform(0.3, 0.55), draw.uniform(0.75, 0.95))
    brown = colours.hsv(draw.uniform(0.045, 0.09), draw.uniform(0.55, 0.85), draw.uniform(0.25, 0.75))
    size = materials.TEXTURE_SIZE
    at = np.linspace(0, 1, size)
    top = 1 - at if along else (1 + np.sin(2 * np.pi * at)) / 2
    heat = np.broadcast_to(top[:, None] if along else top, (size, size)) * draw.uniform(0.5, 1)
    heat = heat + draw.uniform(0.2, 0.7) * (fractal_noise(draw, size, draw.uniform(4, 20), 4) - draw.uniform(0.2, 0.6))
    picture = blend(dough, brown, np.clip(heat, 0, 1).astype(np.float32))
    return Material(np.ones(3), to_bytes(picture), draw.uniform(0, 0.6), draw.uniform(0.1, 0.7))


def _icing(draw: Draw) -> Material:
    """Sugar, chocolate or coloured glaze."""
    brown = colours.hsv(draw.uniform(0.03, 0.07), draw.uniform(0.5, 0.8), draw.uniform(0.12, 0.4))
    ink = draw.choice((brown, colours.white(draw), colours.pastel(draw), colours.vivid(draw)))
    return Material(ink, None, draw.uniform(0.2, 0.9), draw.uniform(0.3, 0.9))


def _strewn(draw: Draw, spots: np.ndarray) -> list[Surface]:
    """Grains at the given places [N, 3]: salt, seeds or sprinkles of one to four colours."""
    size = draw.uniform(0.0006, 0.0014)
    grain = ellipsoid((size * draw.uniform(1, 2.6), size, size * 0.8), segments=6)
    inks = [draw.choice((colours.white, colours.vivid, colours.timber, colours.black))(draw)]
    inks += [colours.vivid(draw) for _ in range(draw.choice((0, 0, 3)))]
    grains = [grain.moved(tuple(spot), random_rotation(draw)) for spot in spots]
    count = len(inks)
    return [Surface(join(*grains[i::count]), materials.plastic(draw, ink)) for i, ink in enumerate(inks)]


def _croissant(draw: Draw) -> ObjectShape:
    """A crescent, tightly bent to straight, rolled in five to nine steps that shrink towards the tips."""
    girth, steps = draw.uniform(0.016, 0.026), draw.choice((5, 7, 7, 9))
    bend, long = draw.uniform(20, 210), girth * draw.uniform(4.5, 7)
    radius = long / np.deg2rad(bend)
    path = bow((0, -radius, 0), (radius, radius), 90 - bend / 2, 90 + bend / 2, steps * 9)
    at = np.linspace(-1, 1, steps * 9)
    belly = np.interp(np.abs(at), [0, 0.5, 1], [1, draw.uniform(0.65, 0.85), draw.uniform(0.15, 0.3)])
    phase = (np.abs(at) * steps / 2 + 0.5) % 1  # each step is thick on its inner edge
    wide = girth * belly * (1 - draw.uniform(0.12, 0.28) * phase**2)
    wide[[0, -1]] *= 0.4
    sizes = np.stack([wide, wide * draw.uniform(0.7, 0.95)], -1)
    path[:, 2] = sizes[:, 1] * 0.9
    surfaces = [Surface(sweep(path, sizes, draw.uniform(2, 2.4), segments=20), _crust(draw))]
    solids = []
    for k in range(2, steps * 9, 5):
        size = (float(wide[k]), float(wide[k]), float(sizes[k, 1]) * 0.98)
        solids.append(Solid("ellipsoid", size, tuple(path[k])))
    return ObjectShape(tuple(surfaces), tuple(solids), density=300, upright=0.9)


def _pretzel(draw: Draw) -> ObjectShape:
    """A rope knotted into a pretzel, thin and crisp to thick and soft, thinner at its ends, with salt or not."""
    half = draw.uniform(0.025, 0.055)
    girth, squat = half * draw.uniform(0.1, 0.2), draw.uniform(0.75, 1)
    lobe, cross = draw.uniform(0.6, 0.85), draw.uniform(-0.05, 0.2)
    arm = [(0.55, -0.62, 0), (0.92, -0.15, 0), (0.95, 0.3, 0), (0.6, lobe, 0), (0.25, 0.55, 0.4), (0, cross, 1),
           (-0.3, -0.35, 1), (-0.45, -0.72, 1.3)]  # fmt: skip
    over = np.array(arm) * (half, half * squat, girth * 1.5)
    under = over * (-1, 1, 1)
    under[4:7, 2] *= (0, 0, 0.5)
    path = smooth_path([*over[::-1], (0, -0.85 * half * squat, 0), *under], 110)
    wide = girth * np.interp(np.linspace(-1, 1, 110), [-1, -0.7, 0, 0.7, 1], [0.55, 0.75, 1.1, 0.75, 0.55])
    wide[[0, -1]] *= 0.5
    surfaces = [Surface(sweep(path, np.stack([wide, wide * 0.9], -1), segments=14), _crust(draw))]
    if draw.chance(0.6):
        picks = draw.rng.integers(4, 106, draw.integer(25, 80))
        tilt = np.deg2rad(draw.rng.uniform(35, 145, len(picks)))
        away = np.stack([np.cos(tilt), 0 * tilt, np.sin(tilt)], -1) * wide[picks, None] * 0.95
        surfaces += _strewn(draw, path[picks] + away)
    return ObjectShape(tuple(surfaces), tuple(rods(path, girth * 0.8, 22)), density=400, upright=0.9)


def _ring(draw: Draw) -> ObjectShape:
    """A ring: a doughnut with icing that runs down unevenly, a bagel with seeds, or two or three strands wound."""
    girth = draw.uniform(0.011, 0.02)
    radius = girth * draw.uniform(1.25, 1.9)
    squat, kind = draw.uniform(0.7, 1), draw.choice(("iced", "iced", "bagel", "wound"))
    ball = Solid("ellipsoid", (girth, girth, girth * squat), (radius, 0, 0))
    solids = [ball.moved(rotation=rotation("z", degrees)) for degrees in range(0, 360, 18)]
    if kind == "wound":
        count, turns, reach = draw.integer(2, 3), draw.integer(3, 6), girth * 0.5
        angle = np.linspace(0, 2 * np.pi, 121)
        crust, surfaces = _crust(draw), []
        for i in range(count):
            twist = angle * turns + 2 * np.pi * i / count
            wide = radius + reach * np.cos(twist)
            path = np.stack([wide * np.cos(angle), wide * np.sin(angle), reach * np.sin(twist) * squat], -1)
            surfaces.append(Surface(sweep(path, (girth * 0.58, girth * 0.55), segments=14), crust))
        return ObjectShape(tuple(surfaces), tuple(solids), density=300, upright=0.95)
    lumps = 1 + draw.uniform(0.01, 0.06) * np.sin(np.linspace(0, 2 * np.pi, 49) * draw.integer(2, 5))
    surfaces = [Surface(_torus(radius, girth * lumps, squat, -90, np.full(49, 270.0)), _crust(draw, along=True))]
    if kind == "iced":
        wave = np.sin(np.linspace(0, 2 * np.pi, 49) * draw.integer(3, 7) + 6 * draw.unit()) * draw.uniform(2, 16)
        edge = draw.uniform(5, 30) + wave
        coat = _torus(radius, girth * lumps * draw.uniform(1.03, 1.08), squat, edge, 180 - edge[::-1])
        surfaces.append(Surface(coat, _icing(draw)))
    if draw.chance(0.6):
        count = draw.integer(30, 90)
        t, tilt = draw.rng.uniform(0, 2 * np.pi, count), np.deg2rad(draw.rng.uniform(40, 140, count))
        wide = radius + girth * 1.06 * np.cos(tilt)
        spots = np.stack([wide * np.cos(t), wide * np.sin(t), girth * 1.06 * squat * np.sin(tilt)], -1)
        surfaces += _strewn(draw, spots)
    return ObjectShape(tuple(surfaces), tuple(solids), density=300, upright=0.95)


def _torus(radius: float, girth: np.ndarray, squat: float, start: np.ndarray | float, end: np.ndarray) -> Mesh:
    """A ring about z of girth [C], its section swept from `start` to `end` degrees ([C]; 0 outside, 90 on top)."""
    count = len(girth)
    turn, share = np.linspace(0, 2 * np.pi, count), np.linspace(0, 1, 25)[:, None]
    tilt = np.deg2rad(start + (end - start) * share)
    wide = radius + girth * np.cos(tilt)
    points = np.stack([wide * np.cos(turn), wide * np.sin(turn), girth * squat * np.sin(tilt)], -1)
    points[:, -1] = points[:, 0]
    return grid(points, turn / (2 * np.pi), np.abs(tilt.mean(1) / np.pi - 0.5))


def _bun(draw: Draw) -> ObjectShape:
    """A round or oval roll with a flat bottom; a cross, slashes or seeds on top, perhaps cut and filled."""
    oval = draw.uniform(1, 1.9)
    radius = draw.uniform(0.025, 0.045) / oval**0.5
    tall = radius * draw.uniform(0.6, 1)
    dome = curve([(0.85, 0), (1, 0.35), (0.75, 0.82), (0, 1)], 22)
    parts = [Surface(lathe(np.concatenate([[(0, 0)], dome]) * (radius, tall), 30), _crust(draw, along=True))]
    for i in range(draw.choice((0, 0, 0, 1, 2, 3))):
        slab = curve([(0.8, 0), (draw.uniform(1.03, 1.12), 0.06), (0.8, 0.12)], 8)
        food = colours.hsv(draw.uniform(0, 0.33), draw.uniform(0.4, 0.9), draw.uniform(0.3, 0.9))
        parts.append(
            Surface(lathe((slab + np.array((0, 0.25 + i * 0.09))) * (radius, tall), 30), materials.matt(draw, food))
        )
    parts += _topping(draw, dome * (radius, tall))
    stretch = np.array((oval, 1, 1))
    surfaces = [Surface(replace(part.mesh, vertices=part.mesh.vertices * stretch), part.material) for part in parts]
    half = (radius * oval * 0.97, radius * 0.97, tall * 0.5)
    low = Solid("box", (half[0] * 0.6, half[1] * 0.6, tall * 0.2), (0, 0, tall * 0.2))
    return ObjectShape(tuple(surfaces), (Solid("ellipsoid", half, (0, 0, half[2])), low), density=300, upright=0.9)


def _topping(draw: Draw, dome: np.ndarray) -> list[Surface]:
    """Nothing, a cross, slashes or seeds on a dome [N, 2] (radius, height)."""
    radius = dome[:, 0].max()

    def cover(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return radius * np.stack([x, y, np.interp(np.hypot(x, y) * radius, dome[::-1, 0], dome[::-1, 1]) / radius], -1)

    kind, at = draw.choice(("plain", "cross", "slashes", "seeds")), np.linspace(-0.75, 0.75, 15)
    if kind == "plain":
        return []
    if kind == "seeds":
        spread, turn = np.sqrt(draw.rng.random(60)) * 0.75, draw.rng.uniform(0, 2 * np.pi, 60)
        return _strewn(draw, cover(spread * np.cos(turn), spread * np.sin(turn)))
    lines = [(at, 0 * at), (0 * at, at)] if kind == "cross" else [(x + 0 * at, at * 0.8) for x in (-0.4, 0, 0.4)]
    flour = Material(colours.white(draw) * (1, 0.95, draw.uniform(0.6, 0.9)), None, 0.1)
    width = radius * draw.uniform(0.04, 0.09)
    bars = [sweep(cover(x, y), (width, width * 0.5), up=(0, 0, 1), segments=8) for x, y in lines]
    return [Surface(join(*bars), flour)]


def _muffin(draw: Draw) -> ObjectShape:
    """A muffin or cup cake: a pleated paper cup, a domed or swirled top, strewn or with a cherry."""
    low, tall = draw.uniform(0.016, 0.024), draw.uniform(0.02, 0.034)
    rim, folds = low * draw.uniform(1.15, 1.4), draw.integer(16, 26)
    turn = np.linspace(0, 2 * np.pi, folds * 2 + 1)
    pleats = 1 - 0.05 * (np.arange(folds * 2 + 1) % 2)
    wall = np.array([(0, 0), (low, 0), (rim, tall), (rim * 0.9, tall)])
    points = wall[:, None, :1] * pleats[:, None] * np.stack([np.cos(turn), np.sin(turn)], -1)
    points = np.concatenate([points, np.broadcast_to(wall[:, None, 1:], (4, len(turn), 1))], -1)
    cup = grid(points, turn / (2 * np.pi), np.linspace(1, 0, 4))
    paper = materials.ceramic(draw, draw.choice((colours.white, colours.timber, colours.any_colour))(draw))
    rise, at = rim * draw.uniform(0.5, 1.2), np.linspace(0, 1, 40)
    swirled = draw.chance(0.4)
    swell = 1 + (0.1 if swirled else 0) * np.abs(np.sin(at * np.pi * draw.integer(3, 5)))
    dome = np.stack([rim * np.cos(at * np.pi / 2) ** draw.uniform(0.5, 1.1) * swell, tall * 0.93 + rise * at], -1)
    dome[:, 0] *= np.interp(at, [0, 0.12, 1], [0.92, draw.uniform(1.02, 1.2), 1])
    dome[-1, 0] = 0
    top = lathe(np.concatenate([[(0, dome[0, 1])], dome]), 28, 70)
    finish = _icing(draw) if swirled or draw.chance(0.3) else _crust(draw, along=True)
    surfaces = [Surface(cup, paper), Surface(top, finish)]
    if draw.chance(0.4):
        cherry = ellipsoid((rim * draw.uniform(0.18, 0.3),) * 3, segments=16).moved((0, 0, dome[-1, 1]))
        surfaces.append(Surface(cherry, materials.plastic(draw, colours.vivid(draw))))
    if draw.chance(0.5):
        picks, spin = draw.rng.integers(8, 36, 50), draw.rng.uniform(0, 2 * np.pi, 50)
        spots = dome[picks, :1] * np.stack([np.cos(spin), np.sin(spin)], -1)
        surfaces += _strewn(draw, np.c_[spots, dome[picks, 1]])
    solids = [Solid("cylinder", (wide, tall / 4), (0, 0, tall * share)) for wide, share in ((low, 0.25), (rim, 0.75))]
    solids += [Solid("cylinder", (rim * wide, rise * high / 2), (0, 0, tall + rise * high / 2)) for wide, high in
               ((0.95, 0.35), (0.75, 0.65), (0.4, 0.95))]  # fmt: skip
    return ObjectShape(tuple(surfaces), tuple(solids), density=300, upright=0.8)


def _stick(draw: Draw) -> ObjectShape:
    """A bread stick, thin and knobbly, or a small loaf with slashes, straight or bent; one strand or two twisted."""
    long = draw.uniform(0.1, 0.17)
    girth, at = long * draw.choice((draw.uniform(0.03, 0.06), draw.uniform(0.09, 0.16))), np.linspace(0, 1, 60)
    bend = long * draw.uniform(-0.1, 0.1)
    path = smooth_path([(0, 0, girth), (long / 2, bend, girth), (long, 0, girth)], 60)
    blunt = np.clip(1 - np.abs(2 * at - 1) ** draw.uniform(4, 14), 0.04, 1) ** 0.5
    wide = girth * blunt * (1 + 0.12 * np.interp(at * 20, np.arange(21), draw.uniform(-1, 1, 21)))
    crust = _crust(draw)
    solids = rods(path, girth * 0.9, 5)
    if draw.chance(0.35):
        twist = at * draw.uniform(2, 6) * 2 * np.pi
        round_ = np.stack([0 * at, np.cos(twist), np.sin(twist)], -1) * wide[:, None] * 0.5
        strands = [sweep(path + side * round_, np.stack([wide, wide], -1) * 0.6, segments=14) for side in (1, -1)]
        return ObjectShape(tuple(Surface(mesh, crust) for mesh in strands), tuple(solids), density=300, upright=0.95)
    surfaces = [Surface(sweep(path, np.stack([wide, wide * draw.uniform(0.8, 1)], -1), segments=18), crust)]
    if girth > long * 0.08:
        pale, count = Material(colours.hsv(0.1, 0.35, draw.uniform(0.7, 0.95)), None, 0.05), draw.integer(3, 6)
        cut = sweep(bow((0, 0, 0), (girth * 0.7, girth * 0.9), 35, 145, 12)[:, [0, 2, 1]], (girth * 0.12, girth * 0.06))
        turn = rotation("z", draw.uniform(20, 70))
        places = [tuple(path[int(share * 59)] - (0, 0, girth * 0.03)) for share in np.linspace(0.18, 0.82, count)]
        surfaces.append(Surface(join(*(cut.moved(place, turn) for place in places)), pale))
    else:
        picks, tilt = draw.rng.integers(3, 57, 40), draw.rng.uniform(0, 2 * np.pi, 40)
        away = np.stack([0 * tilt, np.cos(tilt), np.sin(tilt)], -1) * wide[picks, None]
        surfaces += _strewn(draw, path[picks] + away) if draw.chance(0.5) else []
    return ObjectShape(tuple(surfaces), tuple(solids), density=300, upright=0.95)
