"""Screwdrivers, spring clamps, hammers and wrenches."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import curve, cylinder, lathe
from osis_ros.simulation.mesh import ALONG_X, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, bar, rod
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def screwdriver(draw: Draw) -> ObjectShape:
    """A bulged, two-coloured grip and a bright shank with a flat or pointed tip."""
    grip, girth = draw.uniform(0.07, 0.115), draw.uniform(0.009, 0.017)
    shank, rod_radius = draw.uniform(0.05, 0.15), draw.uniform(0.002, 0.0042)
    waist, collar = draw.uniform(0.6, 0.85), draw.uniform(0.7, 1.05)
    profile = curve(
        [
            (0.001, 0),
            (girth * 0.75, 0.002),
            (girth, grip * 0.15),
            (girth * 0.95, grip * 0.5),
            (girth * waist, grip * 0.8),
            (girth * collar, grip * 0.9),
            (rod_radius * 1.6, grip),
        ],
        24,
    )
    colour = colours.any_colour(draw)
    split = draw.integer(4, 15)
    surfaces = [
        Surface(lathe(profile[: split + 1], 10 if draw.chance(0.5) else 18, 60), materials.plastic(draw, colour)),
        Surface(lathe(profile[split:], 18, 60), materials.rubber(draw, colours.contrasting(draw, colour))),
    ]
    steel = materials.metal(draw, colours.black(draw) if draw.chance(0.2) else None)
    end = grip + shank
    sides = rod_radius * np.ones((5, 2))
    if draw.chance(0.5):  # slotted
        sides[3], sides[4] = (rod_radius * 1.6, rod_radius * 0.5), (rod_radius * 1.5, rod_radius * 0.2)
    else:  # cross-head
        sides[4] = rod_radius * 0.3
    at = np.array([grip - 0.002, end - 0.022, end - 0.014, end - 0.004, end])
    blade = sweep(np.stack([np.zeros(5), np.zeros(5), at], -1), sides, 2.0, up=(1, 0, 0), segments=10)
    surfaces = tuple(s.moved(rotation=ALONG_X) for s in (*surfaces, Surface(blade, steel)))
    solids = (rod((0, 0, 0), (grip, 0, 0), girth * 0.95), rod((grip, 0, 0), (end, 0, 0), rod_radius))
    return ObjectShape(surfaces, solids, density=1100, upright=1.0)


def spring_clamp(draw: Draw) -> ObjectShape:
    """Two crossed plastic arms on a pivot, sprung shut, with soft jaw pads and grip tips."""
    reach, arm = draw.uniform(0.03, 0.05), draw.uniform(0.05, 0.085)
    opening, spread = draw.uniform(0.004, 0.016), draw.uniform(0.02, 0.036)
    thick, wide = draw.uniform(0.004, 0.007), draw.uniform(0.006, 0.011)
    colour = colours.black(draw) if draw.chance(0.35) else colours.vivid(draw)
    body = materials.plastic(draw, colour)
    tips = materials.rubber(draw, colours.contrasting(draw, colour))
    surfaces, solids = [], []
    for side in (1, -1):
        path = smooth_path(
            [(reach, side * (opening / 2 + 0.003), 0), (reach * 0.5, side * (opening * 0.8 + 0.009), 0),
             (0, side * 0.011, 0), (-arm * 0.4, side * spread * 0.75, 0), (-arm, side * spread, 0)], 18,
        )  # fmt: skip
        width = np.interp(np.linspace(0, 1, 18), [0, 0.3, 0.5, 1], [0.45, 0.8, 1.1, 0.6]) * thick
        surfaces.append(Surface(sweep(path, np.stack([width, np.full(18, wide)], -1), 4, segments=14), body))
        tail = path[-6:] - (0.001, 0, 0)
        surfaces.append(
            Surface(sweep(tail, np.stack([width[-6:] * 1.2, np.full(6, wide * 1.06)], -1), 4, segments=12), tips)
        )
        pad = rounded_box((0.014, 0.006, wide * 1.8), 0.002).moved((reach - 0.003, side * (opening / 2 + 0.0005), 0))
        surfaces.append(Surface(pad, tips))
        for a, b in ((0, 8), (8, 17)):
            solids.append(bar(path[a], path[b], thick * 2, wide * 2))
    pivot = cylinder(0.006, -wide * 1.15, wide * 1.15, 16)
    coil = lathe(np.array([(0.0105, -wide * 0.7), (0.012, 0), (0.0105, wide * 0.7)]), 18)
    steel = materials.metal(draw)
    web = sweep(line((0, -0.013, 0), (0, 0.013, 0), 3), (0.008, wide * 0.8), 4, segments=12)
    surfaces += [Surface(pivot, steel), Surface(coil, steel), Surface(web, body)]
    solids.append(Solid("cylinder", (0.013, wide)))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1000, upright=1.0)


def hammer(draw: Draw) -> ObjectShape:
    """A claw, ball or sledge head across a wooden or sleeved handle."""
    length, girth = draw.uniform(0.2, 0.3), draw.uniform(0.009, 0.014)
    face, span = draw.uniform(0.01, 0.018), draw.uniform(0.08, 0.12)
    kind = draw.choice(("claw", "ball", "block"))
    steel = materials.metal(draw, colours.black(draw) * 1.8 if draw.chance(0.3) else None)
    at = np.linspace(0, 1, 12)
    width = girth * np.interp(at, [0, 0.06, 0.4, 0.6, 1], [0.75, 1.05, 0.95, 0.7, 0.75])
    shaft = sweep(line((0, 0, 0), (length, 0, 0), 12), np.stack([width, width * 0.8], -1), 2.6)
    surfaces = []
    if draw.chance(0.5):
        surfaces.append(Surface(shaft, materials.wooden(draw)))
    else:
        surfaces.append(Surface(shaft, materials.plastic(draw)))
        sleeve = sweep(
            line((-0.003, 0, 0), (length * 0.42, 0, 0), 6), np.stack([width, width * 0.8], -1)[:6] * 1.18, 2.6
        )
        surfaces.append(Surface(sleeve, materials.rubber(draw, draw.choice((colours.black, colours.vivid))(draw))))
    head = length - face
    bore = sweep(
        line((head, -span * 0.2, 0), (head, span * 0.25, 0), 5),
        face * np.array([(0.85, 0.85), (1, 1), (1, 1), (0.9, 0.9), (0.7, 0.7)]),
        4 if kind == "block" else 2.8,
    )
    peen = sweep(line((head, span * 0.24, 0), (head, span * 0.5, 0), 5),
                 face * np.array([(0.7, 0.7), (0.72, 0.72), (1, 1), (1.05, 1.05), (0.95, 0.95)]), 2)  # fmt: skip
    surfaces += [Surface(bore, steel), Surface(peen, steel)]
    if kind == "claw":
        for side in (1, -1):
            claw = smooth_path([(head, -span * 0.15, side * face * 0.35),
                                (head - 0.002, -span * 0.32, side * face * 0.45),
                                (head - span * 0.14, -span * 0.52, side * face * 0.6)], 10)  # fmt: skip
            taper = np.linspace(1, 0.25, 10)
            sizes = np.stack([face * 0.7 * taper, face * 0.38 * np.linspace(1, 0.7, 10)], -1)
            surfaces.append(Surface(sweep(claw, sizes, 4, segments=12), steel))
    elif kind == "ball":
        knob = curve([(0, -face), (face * 0.7, -face * 0.7), (face, 0), (face * 0.75, face * 0.66),
                      (face * 0.6, face * 0.9)], 12)  # fmt: skip
        ball = lathe(knob, 18, 180).moved((head, -span * 0.3, 0), rotation("x", -90))
        surfaces.append(Surface(ball, steel))
    else:
        other = sweep(
            line((head, -span * 0.45, 0), (head, -span * 0.19, 0), 3),
            face * np.array([(0.85, 0.85), (1, 1), (0.9, 0.9)]),
            4,
        )
        surfaces.append(Surface(other, steel))
    solids = (
        rod((0, 0, 0), (length - face, 0, 0), girth * 0.85),
        Solid("box", (face, span * 0.48, face * 0.95), (head, 0, 0)),
    )
    return ObjectShape(tuple(surfaces), solids, density=2000, upright=1.0)


def wrench(draw: Draw) -> ObjectShape:
    """An open jaw on one end; a ring, another jaw or a hanging hole on the other."""
    length, jaw = draw.uniform(0.12, 0.22), draw.uniform(0.009, 0.016)
    thick, slim = draw.uniform(0.0025, 0.005), draw.uniform(0.45, 0.65)
    steel = materials.metal(draw, colours.black(draw) * 2 if draw.chance(0.2) else None)
    tilt = draw.uniform(-20, 20)
    shaft = sweep(
        line((jaw * 0.9, 0, 0), (length - jaw * 0.8, 0, 0), 6),
        np.stack([jaw * slim * np.array([1.1, 0.85, 0.8, 0.8, 0.85, 1.1]), np.full(6, thick * 0.8)], -1),
        4,
    )
    surfaces, solids = [Surface(shaft, steel)], [bar((jaw, 0, 0), (length - jaw, 0, 0), jaw * slim * 2, thick * 1.8)]

    def open_end(x: float, heading: float, size: float) -> None:
        gap = draw.uniform(38, 52)
        path = bow((x, 0, 0), (size, size), heading + gap, heading + 360 - gap, 18)
        at = np.linspace(-1, 1, 18)
        sizes = np.stack([size * (0.62 - 0.18 * np.abs(at)), np.full(18, thick)], -1)
        surfaces.append(Surface(sweep(path, sizes, 6, segments=12), steel))
        solids.append(Solid("cylinder", (size * 1.3, thick), (x, 0, 0)))

    open_end(0, 180 + tilt, jaw)
    other = draw.choice(("ring", "open", "hole"))
    if other == "open":
        open_end(length, tilt, jaw * draw.uniform(0.75, 1.2))
    else:
        size = jaw * (draw.uniform(0.8, 1.05) if other == "ring" else 0.6)
        loop = sweep(bow((length, 0, 0), (size, size), 0, 360, 22), (size * 0.35, thick * 1.15), 4, segments=10)
        surfaces.append(Surface(loop, steel))
        solids.append(Solid("cylinder", (size * 1.3, thick), (length, 0, 0)))
    if draw.chance(0.35):
        sleeve = line((length * 0.45, 0, 0), (length * 0.85, 0, 0), 4)
        surfaces.append(
            Surface(sweep(sleeve, (jaw * slim, thick * 1.15), 4), materials.rubber(draw, colours.vivid(draw)))
        )
    return ObjectShape(tuple(surfaces), tuple(solids), density=4000, upright=1.0)
