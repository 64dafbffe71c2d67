"""Fruit and vegetables other than apples and bananas, and mushrooms."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.noise import blend, fractal_noise, smooth_noise, to_bytes
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rod
from osis_ros.simulation.sweep import smooth_path, sweep

# Radius along the axis, both in shares; hue, saturation and value ranges; length over diameter.
_KINDS = {
    "pear": ((0.3, 0.85, 1.0, 0.8, 0.42, 0.3), ((0.13, 0.24), (0.5, 0.85), (0.5, 0.85)), (1.2, 1.6)),
    "lemon": ((0.25, 0.8, 1.0, 0.97, 0.75, 0.22), ((0.13, 0.17), (0.7, 0.95), (0.8, 0.97)), (1.25, 1.6)),
    "aubergine": ((0.5, 0.95, 1.0, 0.8, 0.6, 0.45), ((0.74, 0.84), (0.3, 0.7), (0.1, 0.3)), (2.2, 3.2)),
    "avocado": ((0.5, 0.95, 1.0, 0.85, 0.6, 0.35), ((0.2, 0.3), (0.4, 0.7), (0.12, 0.35)), (1.3, 1.7)),
    "cucumber": ((0.6, 0.95, 1.0, 1.0, 0.95, 0.55), ((0.26, 0.36), (0.4, 0.8), (0.2, 0.5)), (3.5, 6.0)),
    "carrot": ((0.7, 1.0, 0.9, 0.7, 0.45, 0.12), ((0.04, 0.08), (0.75, 0.95), (0.75, 0.95)), (4.0, 6.5)),
    "potato": ((0.6, 0.95, 1.0, 0.9, 0.98, 0.6), ((0.08, 0.12), (0.3, 0.5), (0.45, 0.7)), (1.3, 2.0)),
    "onion": ((0.35, 0.95, 1.0, 0.85, 0.4, 0.1), ((0.03, 0.1), (0.3, 0.7), (0.4, 0.8)), (1.0, 1.4)),
}


def fruit(draw: Draw) -> ObjectShape:
    """A pear, lemon, aubergine, avocado, cucumber, carrot, potato or onion, a little bent and lying down."""
    shares, (hue, saturation, value), slender = _KINDS[draw.choice(tuple(_KINDS))]
    radius = draw.uniform(0.014, 0.024) if slender[0] > 3 else draw.uniform(0.024, 0.04)
    length = 2 * radius * draw.uniform(*slender)
    at = np.linspace(0, 1, 16)
    width = radius * np.interp(at, np.linspace(0, 1, len(shares)), shares) * draw.uniform(0.93, 1.07, 16)
    width = np.convolve(np.pad(width, 1, "edge"), (0.25, 0.5, 0.25), "valid")
    width[[0, -1]] *= 0.5
    bend = draw.uniform(-0.12, 0.12) * length
    path = smooth_path([(0, 0, 0), (length / 2, bend, 0), (length, 0, 0)], 16)
    skin = colours.hsv(draw.uniform(*hue), draw.uniform(*saturation), draw.uniform(*value))
    size = materials.TEXTURE_SIZE
    picture = blend(skin, skin * draw.uniform(0.5, 0.85), fractal_noise(draw, size, draw.uniform(3, 30), 3))
    spots = np.clip((smooth_noise(draw, size, 60) - draw.uniform(0.8, 1.0)) * 8, 0, 1)
    finish = materials.Material(np.ones(3), to_bytes(blend(picture, skin * 0.4, spots)), draw.uniform(0.05, 0.5), 0.4)
    surfaces = [Surface(sweep(path, np.stack([width, width * draw.uniform(0.9, 1)], -1), segments=18), finish)]
    if draw.chance(0.6):  # stalk or leaves
        green = materials.matt(draw, colours.hsv(draw.uniform(0.2, 0.35), 0.6, draw.uniform(0.2, 0.5)))
        for _ in range(draw.integer(1, 4)):
            tip = (length + draw.uniform(0.008, 0.03), *draw.uniform(-0.012, 0.012, 2))
            stem = smooth_path([(length * 0.98, 0, 0), (length * 1.02, 0, 0), tip], 5)
            surfaces.append(Surface(sweep(stem, (0.0022, 0.0012), segments=6), green))
    return ObjectShape(tuple(surfaces), (rod(tuple(path[0]), tuple(path[-1]), radius * 0.9),), density=800)


def mushroom(draw: Draw) -> ObjectShape:
    """A domed or flat cap on a stem."""
    cap, tall, stem = draw.uniform(0.02, 0.04), draw.uniform(0.4, 0.9), draw.uniform(0.3, 0.5)
    high = cap * draw.uniform(0.6, 1.4)
    white = colours.white(draw)
    top = draw.choice((colours.white, colours.timber, colours.muted))(draw)
    dome = curve(
        [(stem * cap, high), (cap, high * 1.02), (cap * 0.85, high + cap * tall * 0.7), (0, high + cap * tall)], 18
    )
    foot = curve([(0, 0), (cap * stem * 1.2, 0.002), (cap * stem, high * 0.5), (cap * stem, high)], 12)
    flesh, skin = materials.matt(draw, white), materials.matt(draw, top)
    surfaces = (Surface(lathe(foot, 18, 60), flesh), Surface(lathe(dome, 26, 60), skin))
    solids = (
        Solid("cylinder", (cap * stem, high / 2), (0, 0, high / 2)),
        Solid("ellipsoid", (cap, cap, cap * tall * 0.7), (0, 0, high + cap * tall * 0.3)),
    )
    return ObjectShape(surfaces, solids, density=500, upright=0.4)
