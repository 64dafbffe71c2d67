"""Bananas and apples."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.noise import blend, fractal_noise, smooth_noise, to_bytes
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rods
from osis_ros.simulation.sweep import bow, smooth_path, sweep


def banana(draw: Draw) -> ObjectShape:
    """Bent, five-sided, thinning to a stalk; green to spotted."""
    length, girth = draw.uniform(0.13, 0.2), draw.uniform(0.015, 0.02)
    bend = draw.uniform(55, 105)
    radius = length / np.deg2rad(bend)
    path = bow((0, -radius, 0), (radius, radius), 90 - bend / 2, 90 + bend / 2, 22)
    at = np.linspace(0, 1, 22)
    stalk = draw.uniform(0.1, 0.2)
    body = np.clip(np.sin(np.pi * np.clip((at - 0.02) / (1 - stalk), 0, 1)), 0, None) ** 0.45
    width = girth * np.maximum(body * (1 - 0.15 * at), np.where(at > 0.5, draw.uniform(0.24, 0.34), 0.2 * (at > 0.015)))
    peel = sweep(path, np.stack([width, width * draw.uniform(0.9, 1)], -1), draw.uniform(2.2, 2.8), segments=15)
    ripeness = draw.unit()
    skin = colours.hsv(0.19 - 0.06 * ripeness, draw.uniform(0.7, 0.95), draw.uniform(0.75, 0.95))
    size = materials.TEXTURE_SIZE
    picture = blend(skin, skin * (0.9, 0.85, 0.7), fractal_noise(draw, size, 5, 3))
    spots = np.clip((smooth_noise(draw, size, 28, 2) - (0.95 - 0.25 * ripeness)) * 8, 0, 1)
    picture = blend(picture, np.array((0.3, 0.18, 0.07)), spots)
    ends = np.abs(np.linspace(-1, 1, size, dtype=np.float32))
    ends = np.broadcast_to(np.clip((ends - draw.uniform(0.86, 0.95)) * 12, 0, 1)[:, None], (size, size))
    tip = np.array((0.28, 0.22, 0.08)) if draw.chance(0.6) else np.array((0.5, 0.6, 0.2))
    finish = materials.Material(np.ones(3), to_bytes(blend(picture, tip, ends)), draw.uniform(0.05, 0.35), 0.2)
    solids = tuple(rods(path[[1, 7, 14, 20]], girth * 0.9))
    return ObjectShape((Surface(peel, finish),), solids, density=900, upright=1.0)


def apple(draw: Draw) -> ObjectShape:
    """Dimpled at both ends, with a stalk; red, yellow or green, flushed and streaked."""
    radius, tall = draw.uniform(0.031, 0.043), draw.uniform(0.82, 1.05)
    low = draw.uniform(0.5, 0.68)
    line = curve([(0, 0.12), (0.25, 0.02), (low, 0.1), (0.93, 0.62), (1.0, 1.0), (0.86, 1.45), (0.5, 1.7),
                  (0.2, 1.62), (0, 1.42)], 26)  # fmt: skip
    body = lathe(line * (radius, radius * tall), 28, crease=180)
    hue = draw.choice((draw.uniform(-0.04, 0.02), draw.uniform(0.1, 0.16), draw.uniform(0.18, 0.26)), (3, 1.2, 1.6))
    skin = colours.hsv(hue, draw.uniform(0.65, 0.95), draw.uniform(0.45, 0.85))
    size = materials.TEXTURE_SIZE
    other = colours.hsv(draw.uniform(0.0, 0.2), 0.75, draw.uniform(0.5, 0.85))
    flush = np.clip(fractal_noise(draw, size, 3, 3) * 2.2 - draw.uniform(0.6, 1.4), 0, 1)
    streaks = fractal_noise(draw, size, 60, 2, stretch=10)
    picture = blend(blend(skin, other, flush * draw.uniform(0, 0.9)), other * 1.1, np.clip(streaks - 0.55, 0, 1))
    freckles = smooth_noise(draw, size, 80) > 0.9
    picture = blend(picture, np.array((0.85, 0.78, 0.55)), freckles * np.float32(0.35))
    finish = materials.Material(np.ones(3), to_bytes(picture), draw.uniform(0.1, 0.6), draw.uniform(0.2, 0.7))
    surfaces = [Surface(body, finish)]
    if draw.chance(0.8):
        z, lean = radius * tall * 1.42, draw.uniform(-0.006, 0.006)
        stalk = smooth_path([(0, 0, z), (lean * 0.4, 0, z + 0.008), (lean, 0, z + draw.uniform(0.013, 0.022))], 6)
        brown = materials.Material(np.array((0.3, 0.2, 0.1)), None, 0.05, 0.1)
        surfaces.append(Surface(sweep(stalk, (0.0014, 0.0014), up=(0, 1, 0), segments=6), brown))
    half = radius * tall * 0.85
    solids = (Solid("ellipsoid", (radius, radius, half), (0, 0, half)),)
    return ObjectShape(tuple(surfaces), solids, density=800, upright=0.7)
