"""Bowls, plates, funnels and spatulas."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import arc, curve, lathe
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, bar, ring_of_boxes, rod
from osis_ros.simulation.sweep import smooth_path, sweep


def bowl(draw: Draw) -> ObjectShape:
    """Shallow to deep, round-walled to flared, on a foot ring."""
    radius = draw.uniform(0.05, 0.095)
    height, foot = radius * draw.uniform(0.5, 0.95), radius * draw.uniform(0.35, 0.6)
    wall, fullness = draw.uniform(0.0025, 0.005), draw.uniform(0.5, 1.0)
    at = np.linspace(0, 1, 10)
    ring = draw.uniform(0.003, 0.009)
    outer = foot + (radius - foot) * ((1 - fullness) * at + fullness * np.sin(at * np.pi / 2))
    levels = ring + (height - ring) * at ** (1 + 0.5 * fullness)
    outside = np.concatenate([[(0, ring * 0.6), (foot * 0.85, ring * 0.6), (foot * 0.88, 0), (foot, 0)],
                              np.stack([outer, levels], -1)])  # fmt: skip
    rim = arc((radius - wall / 2, height), wall / 2, 0, 180, 5)
    inside = np.concatenate([rim, np.stack([outer - wall, levels + wall * 0.6], -1)[-2::-1], [(0, ring + wall)]])
    glaze = colours.any_colour(draw)
    shell = materials.metal(draw) if draw.chance(0.15) else materials.ceramic(draw, glaze)
    lining = shell if draw.chance(0.4) else materials.ceramic(draw, colours.any_colour(draw))
    lean = float(np.rad2deg(np.arctan2(radius - foot, height)))
    solids = (
        Solid("cylinder", (foot, max(ring, 0.004)), (0, 0, max(ring, 0.004))),
        *ring_of_boxes((radius + foot) / 2, 0.006, ring, height, 12, tilt=lean),
    )
    surfaces = (Surface(lathe(outside, 36), shell), Surface(lathe(inside, 36), lining))
    return ObjectShape(surfaces, solids, density=900, upright=0.85)


def plate(draw: Draw) -> ObjectShape:
    """Dinner and dessert plates, flat or coupe."""
    radius = draw.uniform(0.075, 0.13)
    height, well, wall = draw.uniform(0.012, 0.026), radius * draw.uniform(0.55, 0.8), draw.uniform(0.0025, 0.004)
    lip = draw.uniform(0.3, 0.8)
    outside = np.array([(0, 0.0015), (well * 0.8, 0.0015), (well * 0.82, 0), (well * 0.88, 0),
                        (well, height * lip), (radius, height)])  # fmt: skip
    rim = arc((radius - 0.001, height + wall / 2), wall / 2, -60, 150, 4)
    inside = np.concatenate([rim, curve([(radius * 0.96, height + wall * 0.6), (well * 1.04, height * lip + wall),
                                         (well * 0.9, wall * 1.3), (0, wall)], 12)])  # fmt: skip
    glaze = colours.white(draw) if draw.chance(0.4) else colours.any_colour(draw)
    face, back = materials.ceramic(draw, glaze), materials.plastic(draw, glaze)
    lean = float(np.rad2deg(np.arctan2(radius - well, height)))
    solids = (
        Solid("cylinder", (well, 0.004), (0, 0, 0.004)),
        *ring_of_boxes((radius + well) / 2, 0.006, 0.001, height, 14, tilt=lean),
    )
    surfaces = (Surface(lathe(outside, 40), back), Surface(lathe(inside, 40), face))
    return ObjectShape(surfaces, solids, density=1200, upright=0.95)


def funnel(draw: Draw) -> ObjectShape:
    """A cone on a spout, with a lip and often a tab to hang it by; it lies on its lip or its side."""
    radius, spout = draw.uniform(0.035, 0.07), draw.uniform(0.005, 0.011)
    cone, length = radius * draw.uniform(0.8, 1.5), draw.uniform(0.03, 0.07)
    wall, lip, tip = 0.002, draw.uniform(0.002, 0.008), draw.uniform(0.55, 0.9)
    outer = np.array([(spout * tip, 0), (spout, length), (radius - lip, length + cone), (radius, length + cone),
                      (radius, length + cone + 0.004)])  # fmt: skip
    inner = outer[::-1] - (wall, 0)
    inner[0] = (radius - lip, length + cone + 0.004)
    shade = materials.plastic(draw) if draw.chance(0.75) else materials.metal(draw)
    body = lathe(np.concatenate([outer, inner]), 32, crease=20)
    surfaces = [Surface(body, shade)]
    lean = float(np.rad2deg(np.arctan2(radius - spout, cone)))
    solids = [
        Solid("cylinder", (spout, length / 2), (0, 0, length / 2)),
        *ring_of_boxes((radius + spout) / 2, 0.004, length, length + cone, 10, tilt=lean),
    ]
    if draw.chance(0.6):
        z = length + cone
        path = [(radius - 0.002, -0.006, z), (radius + 0.014, -0.007, z), (radius + 0.02, 0, z),
                (radius + 0.014, 0.007, z), (radius - 0.002, 0.006, z)]  # fmt: skip
        surfaces.append(Surface(sweep(smooth_path(path, 12), (0.002, 0.0015), 4, segments=8), shade))
    return ObjectShape(tuple(surfaces), tuple(solids), density=500, upright=0.0)


def spatula(draw: Draw) -> ObjectShape:
    """A turner: a thin blade, a bent neck, a handle."""
    blade, width = draw.uniform(0.07, 0.11), draw.uniform(0.025, 0.042)
    neck, grip = draw.uniform(0.05, 0.1), draw.uniform(0.08, 0.13)
    rise, thick = draw.uniform(0.005, 0.025), draw.uniform(0.001, 0.002)
    widths = np.array([0.55, 0.85, 1.0, 1.0, 0.9 if draw.chance(0.5) else 1.02])[::-1] * width
    path = np.stack([np.linspace(0, blade, 5), np.zeros(5), np.full(5, thick)], -1)
    flat = sweep(path, np.stack([widths, np.full(5, thick)], -1), 8, segments=16)
    stem = smooth_path([(blade - 0.004, 0, thick), (blade + neck * 0.3, 0, rise * 0.6), (blade + neck, 0, rise)], 10)
    handle = smooth_path([(blade + neck - 0.005, 0, rise), (blade + neck + grip, 0, rise * 1.2)], 8)
    girth = draw.uniform(0.007, 0.012)
    bulge = 1 + 0.25 * np.sin(np.linspace(0, np.pi, 8)) - 0.25 * np.linspace(1, 0, 8) ** 2
    grip_sizes = np.stack([girth * bulge, girth * 0.7 * bulge], -1)
    colour = colours.any_colour(draw)
    blade_finish = draw.choice((materials.metal, materials.plastic, materials.wooden))(draw)
    surfaces = (
        Surface(flat, blade_finish),
        Surface(sweep(stem, (0.004, 0.0025), 3, segments=8), materials.metal(draw)),
        Surface(
            sweep(handle, grip_sizes, 3),
            materials.plastic(draw, colour) if draw.chance(0.7) else materials.wooden(draw),
        ),
    )
    end = (blade + neck + grip, 0, rise * 1.2)
    solids = (
        bar((0, 0, thick), (blade, 0, thick), width * 1.8, 0.004),
        rod((blade - 0.005, 0, thick), (blade + neck, 0, rise), 0.004),
        rod((blade + neck, 0, rise), end, girth * 0.8),
    )
    return ObjectShape(surfaces, solids, density=900, upright=0.95)
