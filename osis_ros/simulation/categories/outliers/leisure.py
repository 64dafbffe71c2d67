"""Dumbbells, hand bells and toy aeroplanes."""

from itertools import chain, pairwise

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.lathe import arc, curve, cylinder, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import ALONG_X, Mesh, join, rotation
from osis_ros.simulation.shape import ObjectShape, Parts, Solid, Surface, bar, rod, rods
from osis_ros.simulation.sweep import line, smooth_path, sweep


def dumbbell(draw: Draw) -> ObjectShape:
    """A bar with a weight at each end: cast, angular, balls, or stacked plates with a nut; of iron, vinyl, chrome."""
    kind = draw.choice(("cast", "angular", "angular", "ball", "plates"))
    half, girth = draw.uniform(0.016, 0.04), draw.uniform(0.005, 0.01)
    radius, long = girth * draw.uniform(2, 3.6), draw.uniform(0.012, 0.038)
    columns = draw.choice((6, 8)) if kind == "angular" else 28
    colour = colours.any_colour(draw)
    heavy = [draw.choice((materials.plastic, materials.rubber, materials.metal))(draw, colour)]
    if kind == "plates" and draw.chance(0.6):
        heavy.append(materials.rubber(draw, colours.contrasting(draw, colour)))
    grip = materials.metal(draw) if draw.chance(0.6) else materials.rubber(draw)
    at = np.linspace(-1, 1, 30)
    swell = girth * (1 + draw.uniform(-0.1, 0.3) * (1 - at**2)) * (1 + draw.choice((0, 0.04)) * (np.arange(30) % 2))
    surfaces = [Surface(lathe(np.stack([swell, at * half * 1.05], -1), 20, 60).moved(rotation=ALONG_X), grip)]
    profiles = _weight(draw, kind, radius, long)
    end = half + profiles[-1][-1, 1]
    for turn in (ALONG_X, rotation("z", 180) @ ALONG_X):
        weights = [lathe(profile, columns).moved((0, 0, half)) for profile in profiles]
        parts = [Surface(mesh, heavy[i % len(heavy)]) for i, mesh in enumerate(weights)]
        if kind == "plates":
            nut = lathe(np.array([(0, -0.001), (girth * 1.6, 0), (girth * 1.6, 0.006), (girth, 0.012), (0, 0.012)]), 6)
            parts.append(Surface(nut.moved((0, 0, end)), grip))
        elif draw.chance(0.5):
            badge = lathe(np.array([(radius * 0.6, 0), (radius * 0.6, 0.0008), (0, 0.001)]), 24)
            parts.append(Surface(badge.moved((0, 0, end)), materials.plastic(draw)))
        surfaces += [part.moved(rotation=turn) for part in parts]
    weight = Solid("cylinder", (radius * 0.95, (end - half) / 2), turn=ALONG_X)
    if kind == "ball":
        weight = Solid("sphere", (radius,))
    middle = (half + end) / 2
    solids = (rod((-half, 0, 0), (half, 0, 0), girth), weight.moved((middle, 0, 0)), weight.moved((-middle, 0, 0)))
    return ObjectShape(tuple(surfaces), solids, density=3000)


def _weight(draw: Draw, kind: str, radius: float, long: float) -> list[np.ndarray]:
    """Profiles (radius, way outwards) of one end of a dumbbell."""
    if kind == "ball":
        return [arc((0, radius * 0.9), radius, -90, 90, 14)]
    if kind == "plates":
        count = draw.integer(2, 4)
        levels, shares = np.linspace(0, long, count + 1), np.linspace(1, draw.uniform(0.4, 1), count)
        rims = [np.array([(0, a), (s, a), (s, b), (0, b)]) for s, (a, b) in zip(shares, pairwise(levels * 0.96))]
        return [rim * (radius, 1) + (0, i * long * 0.02) for i, rim in enumerate(rims)]
    bevel = draw.uniform(0.05, 0.3)
    side = [(0, 0), (1 - bevel, 0), (1, bevel * 0.8), (1, 1 - bevel * 0.8), (1 - bevel, 1), (0, 1)]
    return [np.array(side) * (radius, long)]


def bell(draw: Draw) -> ObjectShape:
    """A hand bell: flared brass, steel, painted or china, a clapper in it, a stout long grip or a bow on top."""
    lip = draw.uniform(0.018, 0.038)
    tall, long = lip * draw.uniform(1.4, 2.1), lip * draw.uniform(1.3, 2.4)
    brass = colours.hsv(draw.uniform(0.09, 0.14), draw.uniform(0.4, 0.75), draw.uniform(0.5, 0.9))
    finish = draw.choice((materials.metal, materials.metal, materials.plastic, materials.ceramic))
    metal = finish(draw, brass if finish is materials.metal and draw.chance(0.7) else colours.any_colour(draw))
    profiles, columns = _bell_body(draw, lip, tall)
    square = rotation("z", 45 if columns == 4 else 0)
    surfaces = [Surface(lathe(profile, columns).moved(rotation=square), metal) for profile in profiles]
    if columns > 4:
        trim = materials.metal(draw) if draw.chance(0.3) else materials.plastic(draw) if draw.chance(0.4) else metal
        for z in (0.07, draw.uniform(0.4, 0.75)):
            wide = np.interp(z * tall, profiles[0][:, 1], profiles[0][:, 0])
            hoop = np.array([(-0.01, -0.05), (0.025, -0.02), (0.025, 0.02), (-0.01, 0.05)]) * lip + (wide, z * tall)
            surfaces.append(Surface(lathe(hoop, 32), trim))
    ball = lip * draw.uniform(0.16, 0.28)
    wire = sweep(line((0, 0, 0), (0, 0, tall * 0.9)), (ball / 5, ball / 5), up=(1, 0, 0))
    clapper = join(ellipsoid((ball,) * 3, segments=16), wire).moved((0, 0, ball))
    surfaces.append(Surface(clapper, materials.metal(draw)))
    stuff = draw.choice((materials.wooden, materials.wooden, materials.plastic, materials.rubber))(draw)
    girth, top = lip * draw.uniform(0.25, 0.4), (0, 0, tall * 0.97)
    if columns > 4 and draw.chance(0.7):
        grip, held = _turned_grip(draw, girth, long)
    else:
        grip, held = _upright_bow(draw, girth, long * draw.uniform(0.4, 0.8))
    surfaces.append(Surface(grip.moved(top), metal if draw.chance(0.25) else stuff))
    solids = [solid.moved(top) for solid in held]
    for low, high, share in ((0, 0.15, 0.97), (0.15, 0.5, 0.75), (0.5, 0.97, 0.58)):
        solids.append(Solid("cylinder", (lip * share, tall * (high - low) / 2), (0, 0, tall * (low + high) / 2)))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1200, upright=0.6)


def _bell_body(draw: Draw, lip: float, tall: float) -> tuple[list[np.ndarray], int]:
    """Profiles of the outside and the inside, which meet at the lip, and the columns to turn them with."""
    waist, shoulder = draw.uniform(0.62, 0.8), draw.uniform(0.5, 0.62)
    outer = [(1, 0), (0.97, 0.06), (waist, 0.4), (shoulder, 0.8), (shoulder * 0.75, 0.95), (0.12, 1)]
    if draw.chance(0.25):  # a cow's bell, folded of sheet
        outer = [(1, 0), (draw.uniform(0.6, 0.75), 0.93), (0.5, 1), (0.1, 1.02)]
        return [np.array(outer) * (lip, tall), np.array(outer)[::-1] * (lip * 0.93, tall * 0.95)], 4
    wall = curve(outer, 26) * (lip, tall)
    return [wall, wall[::-1] * (0.92, 0.95)], 32


def _turned_grip(draw: Draw, girth: float, long: float) -> tuple[Mesh, list[Solid]]:
    """A grip turned of wood, or moulded so, that stands on z = 0."""
    shares = [(0.6, 0), (0.5, 0.1), (draw.uniform(0.7, 1), 0.4), (draw.uniform(0.45, 0.8), 0.75), (1, 0.92), (0, 1)]
    mesh = lathe(curve(shares, 26) * (girth, long), draw.choice((8, 22, 22)), 60)
    return mesh, [Solid("cylinder", (girth * 0.8, long / 2), (0, 0, long / 2))]


def _upright_bow(draw: Draw, girth: float, long: float) -> tuple[Mesh, list[Solid]]:
    """A bow that stands on z = 0, to put a hand or a strap through."""
    wide, thick = long * draw.uniform(0.35, 0.6), girth * draw.uniform(0.3, 0.5)
    points = [(wide * 0.3, 0, 0), (wide, 0, long * 0.35), (wide * 0.8, 0, long * 0.85), (0, 0, long)]
    path = smooth_path(points + [(-x, y, z) for x, y, z in points[-2::-1]], 28)
    mesh = sweep(path, (thick, thick * draw.uniform(1, 2)), draw.uniform(2, 4), up=(0, 1, 0))
    return mesh, rods(path[::3], thick)


def toy_plane(draw: Draw) -> ObjectShape:
    """A toy aeroplane: monoplane, biplane, airliner or glider; wings and tail often of other colours than the hull."""
    length = draw.uniform(0.07, 0.16)
    girth = length * draw.uniform(0.055, 0.1)
    kind = draw.choice(("propeller", "biplane", "jet", "glider"))
    paint = draw.choice((materials.plastic, materials.plastic, materials.wooden, materials.ceramic, materials.metal))
    colour = colours.any_colour(draw)
    hull = paint(draw, None if draw.chance(0.4) else colour)
    trim = hull if draw.chance(0.3) else materials.plastic(draw, colours.contrasting(draw, colour))
    tail = trim if draw.chance(0.6) else paint(draw, None)
    tall = draw.uniform(0.85, 1.3)
    parts = [_hull(draw, length, girth, tall, hull)]
    span, chord = length * draw.uniform(0.38, 0.62), length * draw.uniform(0.1, 0.17)
    back = span * (draw.uniform(0.3, 0.7) if kind == "jet" else draw.uniform(-0.05, 0.15))
    thick, x, z = length * draw.uniform(0.01, 0.018), length * draw.uniform(0.05, 0.15), girth * tall
    levels = {"biplane": (-0.7 * z, z * draw.uniform(1.3, 2))}.get(kind, (draw.uniform(-0.6, 0.9) * z,))
    stabiliser = ((-length * 0.45, 0, girth * 0.6), span * draw.uniform(0.3, 0.45), back * 0.3, chord * 0.6, tail)
    for *plan, finish in (*(((x, 0, level), span, back, chord, trim) for level in levels), stabiliser):
        parts.append(_wings(*plan, (thick, plan[1] * draw.uniform(-0.02, 0.15)), finish))
    fin_top = (-length * draw.uniform(0.46, 0.54), 0, girth + length * draw.uniform(0.08, 0.16))
    fin = line((-length * 0.43, 0, 0), fin_top)
    blade = sweep(fin, [(chord * 0.5, thick), (chord * 0.28, thick * 0.7)], 4, (0, 1, 0))
    parts.append(([Surface(blade, tail)], rods(fin, thick * 2)))
    if kind == "biplane":
        post = sweep(line((x, 0, levels[0]), (x, 0, levels[1])), (0.0015, 0.0015), up=(1, 0, 0))
        posts = join(*(post.moved((0, side * 0.7 * span, 0)) for side in (1, -1)))
        parts.append(([Surface(posts, materials.wooden(draw))], []))
    if kind == "jet":
        under = (x - back * 0.35 + chord * 0.3, levels[0] - girth * 0.5)
        parts.append(_engines(draw, under, span * 0.35, (girth * 0.5, chord * 0.5), tail))
    elif kind != "glider":
        parts.append(_propeller(draw, length, girth))
        if draw.chance(0.75):
            parts.append(_landing_gear(draw, x, girth))
    surfaces, solids = (tuple(chain(*lists)) for lists in zip(*parts))
    return ObjectShape(surfaces, solids, density=500, upright=0.7)


def _hull(draw: Draw, length: float, girth: float, tall: float, finish: Material) -> Parts:
    """A fuselage along x, its nose at +x, and the cockpit's glass."""
    path = smooth_path([(length / 2, 0, 0), (0, 0, 0), (-length / 2, 0, girth * draw.uniform(0, 0.7))], 22)
    shares = [draw.uniform(0.15, 0.75), 0.8, 1, 0.95, 0.25]
    fat = girth * np.interp(np.linspace(0, 1, 22), [0, 0.06, 0.2, 0.55, 1], shares)
    body = sweep(path, np.stack([fat, fat * tall], -1), draw.uniform(2, 4))
    glass = Material(draw.choice((colours.black, colours.pastel))(draw), None, 0.9, 0.9)
    dome = ellipsoid((length * draw.uniform(0.06, 0.11), girth * 0.6, girth * draw.uniform(0.4, 0.8)), segments=16)
    cockpit = dome.moved((length * draw.uniform(0.05, 0.25), 0, girth * tall * 0.85))
    solid = Solid("box", (length / 2, girth * 0.75, girth * tall * 0.8))
    return [Surface(body, finish), Surface(cockpit, glass)], [solid]


def _wings(
    root: tuple[float, float, float],
    half: float,
    back: float,
    chord: float,
    depth: tuple[float, float],
    finish: Material,
) -> Parts:
    """A left and a right wing. Depth: half the thickness, and how much higher the tips are than the root; metres."""
    surfaces, solids = [], []
    thick, lift = depth
    plan = chord / 2 * np.interp(np.linspace(0, 1, 9), [0, 0.88, 0.95, 1], [1.15, 0.8, 0.7, 0.45])
    sizes = np.stack([plan, thick * np.linspace(1.2, 0.7, 9)], -1)
    for side in (1, -1):
        tip = (root[0] - back, root[1] + side * half, root[2] + lift)
        surfaces.append(Surface(sweep(line(root, tip, 9), sizes, 3), finish))
        level = (root[2] + tip[2]) / 2
        solids.append(bar((*root[:2], level), (*tip[:2], level), chord * 0.8, thick * 2))
    return surfaces, solids


def _engines(
    draw: Draw, under: tuple[float, float], apart: float, size: tuple[float, float], finish: Material
) -> Parts:
    """Two jet engines, size (radius, half length), left and right of a point (x, z) under the wing."""
    radius, half = size
    cowl = curve([(0, -half), (radius * 0.8, -half * 0.6), (radius, half)], 10)
    intake = lathe(np.array([(radius, half), (0, half * 0.9)]), 16)
    engine = [Surface(lathe(cowl, 16, 50), finish), Surface(intake, materials.rubber(draw))]
    solid = Solid("cylinder", (radius * 0.9, half * 0.9))
    x, z = under
    places = [(x, side * apart, z) for side in (1, -1)]
    surfaces = [part.moved(place, ALONG_X) for place in places for part in engine]
    return surfaces, [solid.moved(place, ALONG_X) for place in places]


def _propeller(draw: Draw, length: float, girth: float) -> Parts:
    """Blades and a spinner before the nose."""
    reach, count, front = girth * draw.uniform(1.4, 2.2), draw.integer(2, 4), length / 2 + girth * 0.25
    sizes = [(girth * w, girth * 0.1) for w in (0.1, 0.25, 0.28, 0.25, 0.1)]
    blade = sweep(line((0, 0, 0), (0, 0, reach), 5), sizes, 3, up=(1, 0, 0))
    first = draw.uniform(0, 180)
    blades = [blade.moved((front, 0, 0), rotation("x", first + 360 * i / count)) for i in range(count)]
    cone = curve([(girth * 0.5, 0), (girth * 0.4, girth * 0.4), (0, girth * 0.8)], 10)
    spinner = lathe(cone, 16, 60).moved((length / 2, 0, 0), ALONG_X)
    disc = Solid("cylinder", (reach * 0.85, girth * 0.15), (front, 0, 0), ALONG_X)
    return [Surface(join(*blades), materials.held(draw)), Surface(spinner, materials.plastic(draw))], [disc]


def _landing_gear(draw: Draw, x: float, girth: float) -> Parts:
    """Two small wheels on one axle under the nose."""
    radius, drop, apart = girth * draw.uniform(0.4, 0.65), girth * draw.uniform(1.5, 2), girth * draw.uniform(1, 1.7)
    tyre, turn = cylinder(radius, -0.0015, 0.0015, 18), rotation("x", 90)
    legs, wheels, place = [], [], (x + girth * 0.7, 0, -drop)
    for side in (1, -1):
        foot = (place[0], side * apart, -drop)
        wheels.append(tyre.moved(foot, turn))
        legs.append(sweep(line((x, side * girth * 0.4, 0), foot, 3), (0.0012, 0.0012), up=(0, 1, 0)))
    surfaces = [Surface(join(*wheels), materials.rubber(draw)), Surface(join(*legs), materials.metal(draw))]
    return surfaces, [Solid("cylinder", (radius, apart), place, turn)]
