"""Turned pieces, animals, stones, and things put together from anything."""

import numpy as np

from osis_ros.simulation import colours, materials, patterns, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.mesh import Mesh, rotation
from osis_ros.simulation.noise import fractal_noise
from osis_ros.simulation.placement import random_rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rod
from osis_ros.simulation.sweep import bow, smooth_path, sweep


def turned_piece(draw: Draw) -> ObjectShape:
    """Chess men, knobs, candlesticks, spinning tops, vases without a hole: waists and bulges about an axis."""
    radius, tall = draw.uniform(0.012, 0.035), draw.uniform(0.03, 0.13)
    count = draw.integer(5, 9)
    wide = np.where(
        np.arange(count) % 2 == draw.integer(0, 1), draw.uniform(0.6, 1, count), draw.uniform(0.15, 0.5, count)
    )
    levels = np.linspace(0, tall, count) + tall / count * draw.uniform(-0.3, 0.3, count)
    profile = list(zip(wide * radius, np.sort(levels), strict=True))
    line = curve(profile, 34) if draw.chance(0.7) else np.array(profile)
    line = np.concatenate([[(0, line[0, 1])], line, [(0, line[-1, 1])]])
    finish = draw.choice((materials.wooden, materials.plastic, materials.ceramic, materials.metal))(draw)
    surfaces = (Surface(lathe(line, draw.choice((6, 8, 24, 24, 24))), finish),)
    solids = (Solid("cylinder", (radius * 0.85, tall * 0.48), (0, 0, tall / 2)),)
    return ObjectShape(surfaces, solids, density=700, upright=0.5)


def animal(draw: Draw) -> ObjectShape:
    """A toy animal or doll: a body, a head, four legs or arms, ears, a tail."""
    length, girth = draw.uniform(0.03, 0.06), draw.uniform(0.3, 0.6)
    body = np.array((length / 2, length / 2 * girth * draw.uniform(0.7, 1), length / 2 * girth))
    fur = draw.choice((materials.plastic, materials.rubber, materials.wooden, materials.ceramic))
    colour = colours.any_colour(draw)
    coat = fur(draw, colour)
    leg, thick = length * draw.uniform(0.3, 0.8), length * draw.uniform(0.06, 0.12)
    z = leg + body[2] * 0.7
    surfaces, solids = [Surface(ellipsoid(tuple(body)).moved((0, 0, z)), coat)], []
    head = length * draw.uniform(0.14, 0.3)
    neck = np.array((length * 0.5, 0, z + draw.uniform(0.1, 0.7) * length * 0.6))
    skull = ellipsoid((head * draw.uniform(0.9, 1.6), head * 0.85, head)).moved(tuple(neck))
    surfaces.append(Surface(skull, coat if draw.chance(0.7) else materials.plastic(draw)))
    surfaces.append(
        Surface(sweep(np.linspace((length * 0.3, 0, z), neck, 4), (head * 0.6, head * 0.6), up=(0, 1, 0)), coat)
    )
    other = materials.plastic(draw, colours.contrasting(draw, colour))
    for side in (1, -1):
        for x in (0.32, -0.32):
            hip, foot = (
                (x * length, side * body[1] * 0.6, z),
                (x * length * draw.uniform(0.8, 1.3), side * body[1] * 0.8, 0),
            )
            surfaces.append(Surface(sweep(np.linspace(foot, hip, 3), (thick, thick), up=(1, 0, 0), segments=10), coat))
            solids.append(rod(foot, hip, thick))
        ear = ellipsoid((head * 0.2, head * 0.25, head * draw.uniform(0.3, 1.2)), segments=12)
        surfaces.append(Surface(ear.moved(tuple(neck + np.array((-head * 0.2, side * head * 0.6, head)))), other))
    tip = (-length * draw.uniform(0.55, 0.9), 0, z + draw.uniform(-0.3, 0.6) * length)
    tail = smooth_path([(-length * 0.4, 0, z), (-length * 0.55, 0, z), tip], 8)
    surfaces.append(Surface(sweep(tail, (thick * 0.6, thick * 0.6), up=(0, 1, 0), segments=8), other))
    solids += [Solid("ellipsoid", tuple(body), (0, 0, z)), Solid("sphere", (head,), tuple(neck))]
    return ObjectShape(tuple(surfaces), tuple(solids), density=600, upright=0.5)


def stone(draw: Draw) -> ObjectShape:
    """A pebble, lump of clay, crumpled ball: a dented ellipsoid."""
    radii = np.sort(draw.uniform(0.012, 0.045, 3))[::-1] * (1, 1, draw.uniform(0.5, 1))
    dents = 1 + draw.uniform(0.1, 0.5) * (fractal_noise(draw, 32, draw.uniform(2, 9), 3) - 0.5)
    dents = np.concatenate([dents, dents[:, ::-1]], 1)  # mirrored, so that no seam shows
    kind = draw.choice((patterns.plain, patterns.speckle, patterns.gradient, patterns.blotches))
    colour = draw.choice((colours.grey, colours.muted, colours.any_colour))(draw)
    finish = materials.Material(np.ones(3), kind(draw, materials.TEXTURE_SIZE, colour), draw.uniform(0, 0.5), 0.3)
    solids = (Solid("ellipsoid", tuple(radii * 0.95)),)
    return ObjectShape((Surface(ellipsoid(tuple(radii), dents, 32), finish),), solids, density=1500)


def contraption(draw: Draw) -> ObjectShape:
    """Two to four solids of any form and finish, one stuck to the other: what it is, nobody knows."""
    surfaces, solids = [], []
    place = before = np.zeros(3)
    for i in range(draw.integer(2, 4)):
        mesh = _part(draw)
        turn = random_rotation(draw) if draw.chance(0.4) else rotation(draw.choice("xyz"), draw.choice((0, 90)))
        mesh = mesh.moved(rotation=turn)
        low, high = mesh.vertices.min(0), mesh.vertices.max(0)
        half, middle = (high - low) / 2, (high + low) / 2
        if i:
            axis, side = draw.integer(0, 2), draw.choice((-1, 1))
            step = draw.uniform(-0.3, 0.3, 3) * (before + half)
            step[axis] = side * (before[axis] + half[axis]) * draw.uniform(0.6, 0.9)
            place = place + step
        before = half
        surfaces.append(Surface(mesh.moved(tuple(place - middle)), _finish(draw)))
        solids.append(Solid("box", tuple(np.maximum(half * 0.85, 0.002)), tuple(place)))
    return ObjectShape(tuple(surfaces), tuple(solids), density=600)


def _part(draw: Draw) -> Mesh:
    size = draw.log_uniform(0.01, 0.04)
    kind = draw.choice(("box", "ball", "cone", "prism", "loop", "bar"))
    if kind == "box":
        return rounded_box(tuple(size * draw.uniform(0.5, 2, 3)), size * draw.uniform(0.03, 0.24))
    if kind == "ball":
        return ellipsoid(tuple(size * draw.uniform(0.5, 1.2, 3)))
    if kind == "cone":
        top, tall = size * draw.uniform(0.1, 0.9), size * draw.uniform(0.6, 3)
        return lathe(np.array([(0, 0), (size, 0), (top, tall), (0, tall)]), draw.choice((4, 6, 22)))
    if kind == "prism":
        turn = np.linspace(0, 2 * np.pi, draw.integer(3, 9), endpoint=False)
        radius = size * draw.uniform(0.6, 1.4, len(turn))
        return extrude(np.stack([radius * np.cos(turn), radius * np.sin(turn)], -1), size * draw.uniform(0.3, 2))
    if kind == "loop":
        span = draw.uniform(150, 330)
        return sweep(bow((0, 0, 0), (size * 1.3, size), 0, span, 20), (size * 0.2, size * draw.uniform(0.1, 0.4)), 3)
    ends = np.linspace((0, 0, 0), (size * draw.uniform(2, 5), 0, 0), 6)
    return sweep(ends, size * draw.uniform(0.15, 0.5, (6, 2)), draw.uniform(2, 6))


def _finish(draw: Draw) -> materials.Material:
    kinds = (materials.plastic, materials.metal, materials.wooden, materials.ceramic, materials.rubber, None)
    kind = draw.choice(kinds, (4, 2, 1.5, 1.5, 1, 2))
    if kind:
        return kind(draw)
    return materials.printed(prints.label(draw, materials.TEXTURE_SIZE, materials.TEXTURE_SIZE), draw)
