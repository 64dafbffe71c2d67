"""Staplers, pegs, tubes, cameras, balls, shoes and rings."""

import numpy as np

from osis_ros.simulation import colours, materials, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.lathe import arc, lathe
from osis_ros.simulation.mesh import ALONG_X, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rod, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def stapler(draw: Draw) -> ObjectShape:
    """A stapler, punch or nutcracker: two long jaws on a hinge, the upper one raised a little."""
    length, wide = draw.uniform(0.07, 0.15), draw.uniform(0.009, 0.02)
    gape = draw.uniform(6, 22)
    colour = colours.any_colour(draw)
    top = draw.choice((materials.plastic, materials.plastic, materials.metal))(draw, colour)
    base = materials.plastic(draw, colour if draw.chance(0.4) else colours.black(draw))
    thick = draw.uniform(0.004, 0.007)
    surfaces = [Surface(sweep(line((0, 0, 0), (length, 0, 0), 4), (wide, thick * 0.6), 5), base)]
    at = np.linspace(0, 1, 12)
    arched = smooth_path([(0, 0, 0), (length * 0.5, 0, draw.uniform(0, 0.012)), (length * 0.97, 0, 0)], 12)
    high = thick * np.interp(at, [0, 0.2, 0.8, 1], [draw.uniform(1, 2.2), 1.6, 1.1, 0.7])
    turn = rotation("y", -gape)
    jaw = sweep(arched, np.stack([np.full(12, wide * draw.uniform(0.75, 1)), high], -1), draw.uniform(2.5, 6))
    surfaces.append(Surface(jaw.moved((0, 0, thick * 2), turn), top))
    rail = sweep(line((length * 0.1, 0, 0), (length * 0.95, 0, 0), 3), (wide * 0.55, thick * 0.5), 6)
    surfaces.append(Surface(rail.moved((0, 0, thick * 1.3), rotation("y", -gape * 0.7)), materials.metal(draw)))
    hinge = rounded_box((thick * 3, wide * 2, thick * 4), 0.002).moved((0, 0, thick))
    surfaces.append(Surface(hinge, base if draw.chance(0.6) else materials.metal(draw)))
    tip = turn @ (length, 0, 0) + (0, 0, thick * 2)
    solids = (
        Solid("box", (length / 2, wide, thick * 0.6), (length / 2, 0, 0)),
        rod((0, 0, thick * 2), tuple(tip), min(wide, thick * 1.3)),
    )
    return ObjectShape(tuple(surfaces), solids, density=1200, upright=0.4)


def peg(draw: Draw) -> ObjectShape:
    """A clothes peg, paper clamp or hair clip: two flat legs that meet at one end, a wire spring about them."""
    length, wide = draw.uniform(0.05, 0.09), draw.uniform(0.004, 0.016)
    spread, thick = np.deg2rad(draw.uniform(5, 16)), draw.uniform(0.0025, 0.0045)
    finish = draw.choice((materials.wooden, materials.plastic, materials.metal))(draw)
    surfaces, solids = [], []
    for side in (1, -1):
        tip = (length, 0, side * (thick + length * spread / 2))
        path = line((0, 0, side * thick), tip, 8)
        sizes = np.stack([np.full(8, wide), thick * np.linspace(1.1, 0.8, 8)], -1)
        surfaces.append(Surface(sweep(path, sizes, draw.uniform(4, 8), segments=14), finish))
        solids.append(
            Solid("box", (length / 2, wide, thick), tuple(path.mean(0)), rotation("y", -side * np.rad2deg(spread / 2)))
        )
    x = length * draw.uniform(0.25, 0.55)
    reach = thick * 1.8 + x * spread / 2
    steel = materials.metal(draw)
    for y in np.linspace(-0.6, 0.6, 3) * wide:
        loop = bow((x, 0, 0), (reach, reach), 0, 360, 18)[:, [0, 2, 1]] + (0, y, 0)
        surfaces.append(Surface(sweep(loop, (0.001, 0.001), up=(0, 1, 0), segments=6), steel))
    return ObjectShape(tuple(surfaces), tuple(solids), density=700)


def tube(draw: Draw) -> ObjectShape:
    """A squeezed tube of paste, paint or glue: round with a cap at one end, flat and crimped at the other."""
    length, radius = draw.uniform(0.06, 0.16), draw.uniform(0.009, 0.021)
    at = np.linspace(0, 1, 14)
    flat = np.clip(1 - at ** draw.uniform(0.8, 2.5), 0.08, 1) * radius
    wide = radius * (1 + draw.uniform(0.2, 0.5) * at)
    bend = draw.uniform(-0.12, 0.12) * length
    path = smooth_path([(0, 0, 0), (length * 0.5, bend * 0.3, 0), (length, bend, 0)], 14)
    if draw.chance(0.75):
        skin = materials.printed(prints.label(draw, materials.TEXTURE_SIZE, materials.TEXTURE_SIZE), draw)
    else:
        skin = draw.choice((materials.plastic, materials.metal))(draw)
    surfaces = [Surface(sweep(path, np.stack([wide, flat], -1)), skin)]
    neck, tall = radius * draw.uniform(0.35, 0.95), draw.uniform(0.008, 0.025)
    cap = [(0, -tall), (neck * draw.uniform(0.7, 1), -tall), (neck, 0), (radius * 0.98, 0.003)]
    mesh = lathe(np.array(cap), draw.choice((8, 24))).moved(rotation=ALONG_X)
    surfaces.append(Surface(mesh, materials.plastic(draw)))
    solids = (
        rod((-tall, 0, 0), (length * 0.7, 0, 0), radius * 0.8),
        Solid("box", (length * 0.2, radius, radius * 0.25), (length * 0.8, bend * 0.8, 0)),
    )
    return ObjectShape(tuple(surfaces), solids, density=900)


def camera(draw: Draw) -> ObjectShape:
    """A camera, projector, radio or webcam: a case with a lens or loudspeaker in front, knobs on top."""
    size = np.array((draw.uniform(0.05, 0.11), draw.uniform(0.02, 0.05), draw.uniform(0.035, 0.07)))
    colour = draw.choice((colours.black, colours.any_colour))(draw)
    case = draw.choice((materials.plastic, materials.rubber, materials.metal))(draw, colour)
    surfaces = [Surface(rounded_box(tuple(size), draw.uniform(0.002, 0.012)), case)]
    other = materials.metal(draw) if draw.chance(0.5) else materials.plastic(draw, colours.contrasting(draw, colour))
    radius, out = size[2] * draw.uniform(0.25, 0.48), draw.uniform(0.002, 0.035)
    barrel = [(radius, 0), (radius, out), (radius * 0.82, out), (radius * 0.7, out * 0.7)]
    glass = materials.Material(colours.black(draw), None, 1.0, 0.95)
    front, place = rotation("x", 90), np.array((size[0] * draw.uniform(-0.2, 0.2), -size[1] / 2, 0))
    surfaces.append(Surface(lathe(np.array(barrel), 28).moved(tuple(place), front), other))
    eye = lathe(np.array([(radius * 0.72, out * 0.7), (radius * 0.4, out * 0.85), (0, out * 0.9)]), 28, 60)
    surfaces.append(Surface(eye.moved(tuple(place), front), glass))
    for _ in range(draw.integer(1, 4)):
        knob, tall = draw.uniform(0.003, 0.009), draw.uniform(0.002, 0.008)
        at = (size[0] * draw.uniform(-0.42, 0.42), size[1] * draw.uniform(-0.2, 0.2), size[2] / 2)
        profile = np.array([(knob, 0), (knob, tall), (0, tall)])
        surfaces.append(Surface(lathe(profile, draw.choice((6, 18))).moved(at), other))
    if draw.chance(0.4):
        hump = rounded_box((size[0] * 0.35, size[1] * 0.8, size[2] * 0.3), 0.003).moved((place[0], 0, size[2] / 2))
        surfaces.append(Surface(hump, case))
    solids = (
        Solid("box", tuple(size / 2)),
        Solid("cylinder", (radius, out / 2), tuple(place - (0, out / 2, 0)), front),
    )
    return ObjectShape(tuple(surfaces), solids, density=700, upright=0.6)


def ball(draw: Draw) -> ObjectShape:
    """A ball or die with a pattern: patched, striped, seamed, printed."""
    radius = draw.uniform(0.015, 0.042)
    colour, size = colours.any_colour(draw), materials.TEXTURE_SIZE
    finish = draw.choice(("plain", "woven", "printed"))
    if finish == "plain":
        skin = materials.ceramic(draw, colour)
    elif finish == "woven":
        skin = materials.woven(draw, colour, 0.05, 0.2)
    else:
        skin = materials.printed(prints.label(draw, size, size), draw)
    if draw.chance(0.2):
        die = rounded_box((radius * 1.6,) * 3, radius * draw.uniform(0.05, 0.4))
        return ObjectShape((Surface(die, skin),), (Solid("box", (radius * 0.8,) * 3),), density=500)
    oval = draw.choice((1, 1, draw.uniform(1.1, 1.7)))  # some for another game
    surfaces = [Surface(ellipsoid((radius * oval, radius, radius), segments=28), skin)]
    if draw.chance(0.4):
        seam = bow((0, 0, 0), (radius * oval, radius), 0, 360, 40)
        seam[:, 2] = radius * draw.uniform(0, 0.5) * np.sin(np.linspace(0, 4 * np.pi, 40))
        seam[:, :2] *= np.sqrt(np.clip(1 - (seam[:, 2:] / radius) ** 2, 0, 1))
        thread = materials.plastic(draw, colours.contrasting(draw, colour))
        surfaces.append(Surface(sweep(seam, (radius * 0.05, radius * 0.05), segments=8), thread))
    return ObjectShape(tuple(surfaces), (Solid("ellipsoid", (radius * oval, radius, radius)),), density=400)


def shoe(draw: Draw) -> ObjectShape:
    """A small shoe, boot or boat: a rounded sole, an upper that is open behind the middle."""
    length = draw.uniform(0.07, 0.13)
    wide, tall = length * draw.uniform(0.16, 0.24), length * draw.uniform(0.2, 0.6)
    at = np.linspace(0, 1, 16)
    plan = (
        wide * np.sqrt(np.clip(1 - (2 * at - 1) ** 4, 0.05, 1)) * (1 + draw.uniform(0, 0.25) * np.sin(at * 2 * np.pi))
    )
    colour = colours.any_colour(draw)
    weave = materials.woven(draw, colour, 0.05, 0.2)
    leather = weave if draw.chance(0.5) else draw.choice((materials.plastic, materials.rubber))(draw, colour)
    sole = materials.rubber(draw, draw.choice((colours.black, colours.white, colours.any_colour))(draw))
    thick = length * draw.uniform(0.03, 0.08)
    ground = np.stack([at * length, np.zeros(16), np.full(16, thick)], -1)
    surfaces = [Surface(sweep(ground, np.stack([plan * 1.05, np.full(16, thick)], -1), 3), sole)]
    high = np.interp(at, [0, 0.35, 0.6, 1], [tall, tall, tall * draw.uniform(0.45, 0.7), tall * 0.3])
    upper = np.stack([at * length, np.zeros(16), thick * 2 + high / 2], -1)
    surfaces.append(Surface(sweep(upper, np.stack([plan * 0.95, high / 2], -1), draw.uniform(2.2, 4)), leather))
    mouth = sweep(
        line((length * 0.1, 0, thick * 2 + tall * 0.97), (length * 0.36, 0, thick * 2 + tall * 0.97), 5),
        np.stack([wide * np.array((0.4, 0.7, 0.75, 0.7, 0.4)), np.full(5, tall * 0.05)], -1),
    )
    surfaces.append(Surface(mouth, materials.rubber(draw)))
    lace = materials.plastic(draw, colours.contrasting(draw, colour))
    for x in np.linspace(0.42, 0.66, draw.integer(0, 5)):
        z = thick * 2 + float(np.interp(x, at, high))
        surfaces.append(
            Surface(sweep(line((x * length, -wide * 0.5, z), (x * length, wide * 0.5, z), 3), (0.0015, 0.0015)), lace)
        )
    solids = (
        Solid("box", (length / 2, wide * 0.9, thick + tall * 0.15), (length / 2, 0, thick + tall * 0.15)),
        Solid("box", (length * 0.2, wide * 0.8, tall * 0.4), (length * 0.2, 0, thick * 2 + tall * 0.5)),
    )
    return ObjectShape(tuple(surfaces), solids, density=400, upright=0.7)


def ring(draw: Draw) -> ObjectShape:
    """A bagel, bracelet, curtain ring or quoit: a round bar bent to a circle, smooth or beaded."""
    girth = draw.uniform(0.003, 0.016)
    radius = girth * draw.uniform(1.6, 3.5) + 0.01
    kinds = (materials.wooden, materials.metal, materials.plastic, materials.rubber, materials.ceramic)
    finish = draw.choice(kinds)(draw)
    turn = np.linspace(0, 2 * np.pi, 61)
    swell = 1 + draw.choice((0, 0, draw.uniform(0.1, 0.35))) * np.sin(turn * draw.integer(5, 15))
    oval = draw.uniform(0.75, 1)
    path = np.stack([radius * np.cos(turn), radius * oval * np.sin(turn), np.zeros(61)], -1)
    surfaces = [Surface(sweep(path, np.stack([girth * swell, girth * swell], -1), segments=16), finish)]
    if draw.chance(0.35):  # icing or a clasp
        part = slice(0, draw.integer(8, 61))
        sizes = np.stack([girth * swell * 0.92, girth * swell], -1)[part]
        surfaces.append(Surface(sweep(path[part] + (0, 0, girth * 0.15), sizes, segments=16), materials.plastic(draw)))
    corners = arc((0, 0), radius, 0, 360, 9) * (1, oval)
    solids = tuple(rods(np.c_[corners, np.zeros(9)], girth))
    return ObjectShape(tuple(surfaces), solids, density=900)
