"""Cutlery, pans, lids and teapots."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.mesh import join
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, ring_of_boxes, rod, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def cutlery(draw: Draw) -> ObjectShape:
    """A spoon, ladle, fork or knife, of metal, wood or plastic, with or without a grip of its own."""
    handle, girth = draw.uniform(0.08, 0.17), draw.uniform(0.0025, 0.006)
    end, thick = draw.uniform(0.035, 0.075), draw.uniform(0.001, 0.003)
    body = draw.choice((materials.metal, materials.metal, materials.wooden, materials.plastic))(draw)
    sag = draw.uniform(-0.012, 0.012)
    path = smooth_path([(0, 0, 0), (handle * 0.5, 0, sag), (handle, 0, 0)], 12)
    width = girth * np.interp(np.linspace(0, 1, 12), [0, 0.3, 1], [draw.uniform(1, 2), 1.3, 0.7])
    surfaces = [Surface(sweep(path, np.stack([width, np.full(12, thick)], -1), 3), body)]
    kind, depth = draw.choice(("spoon", "fork", "knife")), 0.0
    at = np.linspace(0, 1, 14)
    if kind == "spoon":
        depth = draw.uniform(0.008, 0.016)  # hollow and narrow, which a spatula is not
        bottom = np.stack([handle + at * end, np.zeros(14), -depth * np.sin(at * np.pi)], -1)
        wide = end * draw.uniform(0.22, 0.33) * np.sqrt(np.clip(1 - (2 * at - 1) ** 2, 0.03, 1))
        surfaces.append(Surface(sweep(bottom, np.stack([wide, np.full(14, thick)], -1)), body))
    elif kind == "fork":
        tines, wide = draw.integer(2, 4), draw.uniform(0.008, 0.013)
        palm = line((handle, 0, 0), (handle + end * 0.4, 0, 0), 4)
        sizes = np.stack([np.linspace(girth * 0.7, wide, 4), np.full(4, thick)], -1)
        surfaces.append(Surface(sweep(palm, sizes, 3), body))
        for y in np.linspace(-wide * 0.85, wide * 0.85, tines):
            tine = smooth_path(
                [(handle + end * 0.35, y, 0), (handle + end * 0.7, y, -sag * 0.4), (handle + end, y, 0)], 6
            )
            surfaces.append(Surface(sweep(tine, (wide / tines * 0.6, thick), segments=8), body))
    else:
        end *= 1.6
        edge = np.stack([handle + at * end, 0.3 * girth * np.sin(at * np.pi), np.zeros(14)], -1)
        wide = draw.uniform(0.007, 0.014) * np.clip(1 - at ** draw.uniform(2, 8), 0.1, 1)
        surfaces.append(Surface(sweep(edge, np.stack([wide, np.full(14, 0.001)], -1), 4), materials.metal(draw)))
    if draw.chance(0.5):
        sleeve = np.stack([width[:7] * 1.3, np.full(7, thick + 0.003)], -1)
        grip = draw.choice((materials.plastic, materials.wooden))(draw)
        surfaces.append(Surface(sweep(path[:7], sleeve, draw.uniform(2, 5)), grip))
    solids = (
        *rods(path[[0, 6, 11]], 0.003),
        Solid("box", (end / 2, end * 0.15, thick + depth / 2), (handle + end / 2, 0, -depth / 2)),
    )
    return ObjectShape(tuple(surfaces), solids, density=2500)


def pan(draw: Draw) -> ObjectShape:
    """A toy-sized saucepan or frying pan: a flat pot with one long handle or two short ones."""
    radius = draw.uniform(0.035, 0.065)
    tall, wall, lean = radius * draw.uniform(0.2, 1.1), 0.0025, draw.uniform(0.85, 1)
    outside = draw.choice((materials.metal, materials.plastic, materials.ceramic))(draw)
    inside = materials.metal(draw) if draw.chance(0.5) else materials.rubber(draw)
    shell = [(0, 0), (radius * lean, 0), (radius, tall), (radius - wall, tall)]
    hollow = [(radius - wall, tall), (radius * lean - wall, wall), (0, wall)]
    surfaces = [Surface(lathe(np.array(shell), 36), outside), Surface(lathe(np.array(hollow), 36), inside)]
    grip = draw.choice((materials.rubber, materials.wooden, materials.metal))(draw)
    solids = [Solid("cylinder", (radius * lean, 0.002), (0, 0, 0.002)), *ring_of_boxes(radius, 0.006, 0.002, tall)]
    if draw.chance(0.75):
        length, rise = draw.uniform(0.06, 0.12), draw.uniform(0, 0.03)
        path = smooth_path(
            [(radius * 0.97, 0, tall * 0.8), (radius + length * 0.4, 0, tall * 0.8 + rise * 0.7),
             (radius + length, 0, tall * 0.8 + rise)], 10,
        )  # fmt: skip
        sizes = np.stack([draw.uniform(0.005, 0.01) * np.linspace(0.6, 1, 10), np.full(10, 0.004)], -1)
        surfaces.append(Surface(sweep(path, sizes, 3), grip))
        solids.append(rod(tuple(path[0]), tuple(path[-1]), 0.006))
    else:
        for side in (1, -1):
            loop = bow((0, side * radius, tall * 0.8), (radius * 0.4, side * radius * 0.35), 0, 180, 12)
            surfaces.append(Surface(sweep(loop, (0.0035, 0.0035), segments=10), grip))
    return ObjectShape(tuple(surfaces), tuple(solids), density=900, upright=0.8)


def lid(draw: Draw) -> ObjectShape:
    """A jar's or pot's lid, coaster, clock, puck or tin: flat and round, plain, ribbed, with a knob or a dial."""
    radius = draw.uniform(0.02, 0.06)
    thick = radius * draw.uniform(0.08, 0.5)
    finish = draw.choice((materials.metal, materials.plastic, materials.ceramic, materials.wooden, materials.rubber))(
        draw
    )
    edge = [(0, 0), (radius * 0.96, 0), (radius, thick * 0.15), (radius, thick * 0.85), (radius * 0.96, thick)]
    surfaces = [Surface(lathe(np.array([*edge, (radius * 0.8, thick)]), draw.choice((32, 32, 32, 8, 6))), finish)]
    kind = draw.choice(("plain", "knob", "dial", "ribs"))
    dome = 0 if kind == "dial" else radius * draw.choice((0, 0, draw.uniform(-0.05, 0.4)))
    top = curve([(radius * 0.81, thick), (radius * 0.45, thick + dome * 0.75), (0, thick + dome)], 12)
    face = finish if draw.chance(0.4) else materials.ceramic(draw)
    surfaces.append(Surface(lathe(top, 32, 60), face))
    high = thick + max(dome, 0)
    if kind == "knob":
        knob = radius * draw.uniform(0.12, 0.3)
        rise = knob * draw.uniform(0.8, 2)
        profile = curve([(knob * 0.5, high - 0.002), (knob * 0.5, high + rise * 0.4), (knob, high + rise * 0.8),
                         (0, high + rise)], 14)  # fmt: skip
        surfaces.append(Surface(lathe(profile, 18, 60), draw.choice((materials.rubber, materials.plastic))(draw)))
    elif kind == "dial":
        ink, above = materials.rubber(draw), thick + 0.0015
        for reach in (0.45, 0.7):
            turn = np.deg2rad(draw.uniform(0, 360))
            tip = (radius * reach * np.cos(turn), radius * reach * np.sin(turn), above)
            surfaces.append(Surface(sweep(line((0, 0, above), tip, 3), (radius * 0.03, 0.001), 4), ink))
    elif kind == "ribs":
        count = draw.integer(16, 40)
        feet = bow((0, 0, thick * 0.1), (radius, radius), 0, 360, count + 1)[:-1]
        girth, rise = (radius * 2 / count, radius * 2 / count), np.array((0, 0, thick * 0.8))
        ribs = [sweep(line(foot, foot + rise), girth, up=(1, 0, 0), segments=6) for foot in feet]
        surfaces.append(Surface(join(*ribs), finish))
    solids = [Solid("cylinder", (radius, thick / 2), (0, 0, thick / 2))]
    if high > thick:
        solids.append(Solid("ellipsoid", (radius * 0.8, radius * 0.8, high - thick), (0, 0, thick)))
    return ObjectShape(tuple(surfaces), tuple(solids), density=900, upright=0.6)


def teapot(draw: Draw) -> ObjectShape:
    """A teapot, kettle or watering can: a closed round body, a spout, a handle at the side or above."""
    radius, tall = draw.uniform(0.03, 0.05), draw.uniform(0.05, 0.09)
    glaze = draw.choice((materials.ceramic, materials.metal, materials.plastic))
    colour = colours.any_colour(draw)
    body = glaze(draw, colour)
    neck, belly = draw.uniform(0.35, 0.7), draw.uniform(0.25, 0.6)
    wall = curve([(radius * 0.7, 0), (radius, tall * belly), (radius * neck, tall), (radius * neck * 0.4, tall * 1.05),
                  (0, tall * 1.08)], 24)  # fmt: skip
    surfaces = [Surface(lathe(np.concatenate([[(0, 0)], wall]), 30, 50), body)]
    knob = radius * draw.uniform(0.12, 0.25)
    button = curve([(knob * 0.5, tall * 1.06), (knob, tall * 1.06 + knob), (0, tall * 1.06 + knob * 1.8)], 10)
    surfaces.append(Surface(lathe(button, 16, 60), body if draw.chance(0.5) else materials.plastic(draw)))
    out, girth = radius * draw.uniform(1.6, 2.6), radius * draw.uniform(0.14, 0.26)
    spout = smooth_path(
        [(radius * 0.7, 0, tall * 0.3), (radius * 1.3, 0, tall * 0.45), (out, 0, tall * draw.uniform(0.8, 1.2))], 12
    )
    taper = girth * np.linspace(1.2, 0.6, 12)
    surfaces.append(Surface(sweep(spout, np.stack([taper, taper], -1), up=(0, 1, 0)), body))
    thick, bend = draw.uniform(0.003, 0.006), draw.uniform(1.4, 1.9)
    if draw.chance(0.3):
        reach = np.interp(0.85 * tall, *wall[wall[:, 1].argsort()].T[::-1]) - thick / 2
        arch = bow((0, 0, 0), (reach, tall * draw.uniform(0.5, 0.8)), 0, 180, 16)[:, [0, 2, 1]]
        loop = arch + np.array((0, 0, tall * 0.85))
    else:
        loop = smooth_path([(-radius * 0.75, 0, tall * 0.85), (-radius * bend, 0, tall * 0.75),
                            (-radius * bend, 0, tall * 0.35), (-radius * 0.85, 0, tall * 0.2)], 16)  # fmt: skip
    surfaces.append(Surface(sweep(loop, (thick, thick * 0.8), 3, up=(0, 1, 0)), body))
    solids = (
        Solid("cylinder", (radius * 0.85, tall / 2), (0, 0, tall / 2)),
        rod(tuple(spout[2]), tuple(spout[-1]), girth),
        rod(tuple(loop[4]), tuple(loop[-5]), thick),
    )
    return ObjectShape(tuple(surfaces), solids, density=600, upright=0.7)
