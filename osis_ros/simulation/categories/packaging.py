"""Cans, cartons and sponges."""

import numpy as np

from osis_ros.simulation import colours, materials, patterns, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import lathe
from osis_ros.simulation.mesh import rotation
from osis_ros.simulation.noise import blend, smooth_noise, to_bytes
from osis_ros.simulation.shape import ObjectShape, Solid, Surface
from osis_ros.simulation.sweep import bow, sweep

# Full sizes in metres: tea box, cereal, sugar, pudding, medicine, parcel.
_CARTONS = (
    ((0.06, 0.14), (0.05, 0.09), (0.05, 0.09)), ((0.14, 0.2), (0.045, 0.07), (0.19, 0.27)),
    ((0.08, 0.1), (0.035, 0.05), (0.14, 0.19)), ((0.075, 0.1), (0.025, 0.04), (0.065, 0.09)),
    ((0.09, 0.14), (0.02, 0.035), (0.03, 0.06)), ((0.1, 0.19), (0.08, 0.15), (0.06, 0.13)),
)  # fmt: skip


def can(draw: Draw) -> ObjectShape:
    """Flat tins to tall crisp tubes: rims, a label or printed metal, lid with rings."""
    kind = draw.choice(("drink", "food", "flat", "tube"), (3, 3, 1.5, 1.5))
    radius = {"drink": (0.026, 0.034), "food": (0.032, 0.05), "flat": (0.036, 0.05), "tube": (0.03, 0.042)}[kind]
    height = {"drink": (0.09, 0.16), "food": (0.075, 0.125), "flat": (0.025, 0.05), "tube": (0.14, 0.25)}[kind]
    radius, height = draw.uniform(*radius), draw.uniform(*height)
    inset = radius * (draw.uniform(0.84, 0.92) if kind == "drink" else draw.uniform(0.95, 0.99))
    lip, deep = 0.0025, draw.uniform(0.002, 0.005)
    neck = 0.012 if kind == "drink" else lip * 1.5
    tin = materials.metal(draw)
    lid_finish = materials.plastic(draw) if kind == "tube" or draw.chance(0.15) else tin
    bottom = [(0, deep), (inset * 0.88, deep), (inset * 0.92, 0), (inset, 0), (radius, neck)]
    top = [(radius, height - neck), (inset, height - lip), (inset * 1.015, height), (inset * 0.96, height),
           (inset * 0.94, height - deep), (inset * 0.7, height - deep), (inset * 0.67, height - deep + 0.001),
           (inset * 0.62, height - deep), (0, height - deep)]  # fmt: skip
    picture = prints.wrap(draw, materials.TEXTURE_SIZE, materials.TEXTURE_SIZE * 2)
    wall = lathe(np.array([(radius, neck), (radius, height - neck)]), 32)
    surfaces = [
        Surface(lathe(np.array(bottom), 32), tin),
        Surface(wall, materials.printed(picture, draw)),
        Surface(lathe(np.array(top), 32), lid_finish),
    ]
    if kind == "drink":
        tab = sweep(bow((0.004, 0, height - deep + 0.0012), (0.009, 0.005), 0, 360, 12), (0.0018, 0.0006), segments=6)
        surfaces.append(Surface(tab, materials.metal(draw)))
    solids = (Solid("cylinder", (radius, height / 2), (0, 0, height / 2)),)
    return ObjectShape(tuple(surfaces), solids, density=600, upright=0.6)


def carton(draw: Draw) -> ObjectShape:
    """A printed folding box, a plain parcel, or a drink carton with a gable."""
    if draw.chance(0.15):
        return _gable_top(draw)
    width, depth, height = (draw.uniform(*extent) for extent in draw.choice(_CARTONS))
    if draw.chance(0.15):
        ground = colours.cardboard(draw)
        picture = prints.package_net(draw, 112, ground, 0.4)
    else:
        picture = prints.package_net(draw, 112)
    mesh = rounded_box((width, depth, height), draw.uniform(0.0008, 0.003))
    surfaces = [Surface(mesh, materials.printed(picture, draw))]
    if draw.chance(0.2):  # adhesive tape over the lid
        strip = rounded_box((width * 1.003, depth * draw.uniform(0.15, 0.3), height * 1.004), 0.0008)
        tape = materials.Material(colours.cardboard(draw) * 0.85, None, 0.5, 0.7)
        surfaces.append(Surface(strip, tape))
    solids = (Solid("box", (width / 2, depth / 2, height / 2)),)
    return ObjectShape(tuple(surfaces), solids, density=300, upright=0.45)


def _gable_top(draw: Draw) -> ObjectShape:
    side, height, ridge = draw.uniform(0.055, 0.08), draw.uniform(0.1, 0.18), draw.uniform(0.02, 0.035)
    picture = prints.package_net(draw, 112)
    body = rounded_box((side, side, height), 0.001)
    roof = sweep(
        np.array([(0, 0, height / 2 - 0.001), (0, 0, height / 2 + ridge), (0, 0, height / 2 + ridge + 0.012)]),
        np.array([(side / 2, side / 2), (side * 0.5, 0.0025), (side * 0.5, 0.001)]), 12, up=(0, 1, 0), segments=24,
    )  # fmt: skip
    finish = materials.printed(picture, draw)
    solids = (
        Solid("box", (side / 2, side / 2, height / 2)),
        Solid("box", (side / 2, side / 5, ridge / 2), (0, 0, height / 2 + ridge / 2)),
    )
    return ObjectShape((Surface(body, finish), Surface(roof, finish)), solids, density=500, upright=0.7)


def sponge(draw: Draw) -> ObjectShape:
    """A porous block, often with a scouring layer of another colour."""
    size = (draw.uniform(0.08, 0.13), draw.uniform(0.05, 0.08), draw.uniform(0.02, 0.045))
    radius = draw.uniform(0.003, 0.01)
    colour = draw.choice((colours.vivid, colours.pastel))(draw)
    pores = smooth_noise(draw, materials.TEXTURE_SIZE, draw.uniform(45, 90))
    foam = to_bytes(blend(colour, colour * draw.uniform(0.35, 0.6), np.clip((pores - 0.62) * 6, 0, 1)))
    surfaces = [Surface(rounded_box(size, radius, bevel=4), materials.Material(np.ones(3), foam, 0.02, 0.1))]
    thick = draw.uniform(0.005, 0.01)
    if draw.chance(0.65):
        felt = patterns.speckle(draw, 96, colours.muted(draw))
        pad = rounded_box((size[0], size[1], thick), min(radius, thick / 2.2)).moved(
            (0, 0, (size[2] + thick) / 2 - 0.001)
        )
        surfaces.append(Surface(pad, materials.Material(np.ones(3), felt, 0, 0.1)))
    flip = rotation("x", 180 if draw.chance(0.5) else 0)
    surfaces = tuple(s.moved(rotation=flip) for s in surfaces)
    low = np.min([s.mesh.vertices.min(0) for s in surfaces], 0)
    high = np.max([s.mesh.vertices.max(0) for s in surfaces], 0)
    solids = (Solid("box", tuple((high - low) / 2), tuple((high + low) / 2)),)
    return ObjectShape(surfaces, solids, density=100, upright=0.8)
