"""Toy bricks and toy cars."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import lathe
from osis_ros.simulation.mesh import join, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface
from osis_ros.simulation.sweep import sweep


def toy_brick(draw: Draw) -> ObjectShape:
    """A building brick with 1 x 1 to 2 x 6 studs, or a stack of two."""
    pitch = draw.uniform(0.014, 0.026)
    rows, columns = draw.choice(((1, 2), (2, 2), (2, 3), (2, 4), (2, 6), (1, 4), (2, 4), (2, 2)))
    size = np.array((columns * pitch, rows * pitch, pitch * draw.choice((0.4, 1.2, 1.2))))
    stud_radius, stud_height = pitch * 0.3, pitch * 0.22
    stud = lathe(
        np.array(
            [(stud_radius, 0), (stud_radius, stud_height * 0.85), (stud_radius * 0.9, stud_height), (0, stud_height)]
        ),
        14,
    )
    surfaces, solids, z = [], [], 0.0
    for level in range(2 if draw.chance(0.2) else 1):
        finish = materials.plastic(draw, colours.vivid(draw) if draw.chance(0.8) else colours.any_colour(draw))
        block = rounded_box(tuple(size), 0.0008).moved((level * pitch * 0.5, 0, z + size[2] / 2))
        studs = [
            stud.moved(
                (level * pitch * 0.5 + (c + 0.5 - columns / 2) * pitch, (r + 0.5 - rows / 2) * pitch, z + size[2])
            )
            for r in range(rows)
            for c in range(columns)
        ]
        surfaces.append(Surface(join(block, *studs), finish))
        solids.append(Solid("box", tuple(size / 2), (level * pitch * 0.5, 0, z + size[2] / 2)))
        z += size[2]
    solids.append(Solid("box", (size[0] * 0.42, size[1] * 0.42, stud_height / 2), (0, 0, z + stud_height / 2)))
    return ObjectShape(tuple(surfaces), tuple(solids), density=500, upright=0.6)


def toy_car(draw: Draw) -> ObjectShape:
    """A car, van or racer on four wheels."""
    length, wide = draw.uniform(0.065, 0.13), draw.uniform(0.38, 0.5)
    wide *= length
    kind = draw.choice(("car", "van", "racer"))
    tall = length * {"car": 0.17, "van": 0.24, "racer": 0.12}[kind] * draw.uniform(0.9, 1.15)
    wheel = length * draw.uniform(0.085, 0.12)
    paint = materials.plastic(draw, colours.vivid(draw) if draw.chance(0.8) else colours.any_colour(draw))
    at = np.linspace(-0.5, 0.5, 9)
    nose = np.interp(at, [-0.5, -0.46, 0.3, 0.47, 0.5], [0.7, 1, 1, 0.75, 0.5])
    hull = sweep(
        np.stack([at * length, np.zeros(9), wheel * 0.9 + tall / 2 * nose], -1),
        np.stack([wide / 2 * (0.85 + 0.15 * nose), tall / 2 * nose], -1), 5, segments=20,
    )  # fmt: skip
    deck = wheel * 0.9 + tall * 0.92
    roof = length * {"car": 0.15, "van": 0.18, "racer": 0.08}[kind]
    back, front = {"car": (-0.32, 0.2), "van": (-0.47, 0.3), "racer": (-0.2, 0.08)}[kind]
    cabin_x = np.array([back, back + 0.06, (back + front) / 2, front - 0.1, front]) * length
    rise = np.array([0.25, 0.95, 1.0, 0.9, 0.1])
    cabin = sweep(
        np.stack([cabin_x, np.zeros(5), deck + roof / 2 * rise - 0.001], -1),
        np.stack([wide * np.array([0.38, 0.4, 0.4, 0.39, 0.42]), roof / 2 * rise], -1),
        6,
        segments=20,
    )
    glass = materials.Material(colours.black(draw), None, 0.9, 0.9)
    cap = rounded_box((length * (front - back) * 0.62, wide * 0.8, roof * 0.16), 0.002)
    cap = cap.moved((length * (back + front) / 2 - length * 0.015, 0, deck + roof * 0.95))
    surfaces = [Surface(hull, paint), Surface(cabin, glass if draw.chance(0.75) else paint), Surface(cap, paint)]
    tyre = lathe(np.array([(0, -1), (0.55, -1), (0.6, -0.9), (0.95, -0.9), (1, -0.7), (1, 0.7), (0.95, 0.9), (0.6, 0.9),
                           (0.55, 1), (0, 1)]) * (wheel, wide * 0.09), 18)  # fmt: skip
    rubber = materials.rubber(draw)
    hub = materials.plastic(draw)
    disc = lathe(np.array([(0.5, -1.06), (0.5, 1.06), (0, 1.06)]) * (wheel, wide * 0.09), 12)
    solids = [
        Solid("box", (length / 2, wide / 2, tall / 2), (0, 0, wheel * 0.9 + tall / 2)),
        Solid(
            "box",
            (length * (front - back) / 2.4, wide * 0.38, roof / 2),
            (length * (back + front) / 2, 0, deck + roof / 2),
        ),
    ]
    for x in (-0.3, 0.31):
        for y in (-1, 1):
            place = (x * length, y * wide * 0.46, wheel)
            axle = rotation("x", -90 * y)
            surfaces += [Surface(tyre.moved(place, axle), rubber), Surface(disc.moved(place, axle), hub)]
            solids.append(Solid("sphere", (wheel,), place))
    return ObjectShape(tuple(surfaces), tuple(solids), density=700, upright=0.85)
