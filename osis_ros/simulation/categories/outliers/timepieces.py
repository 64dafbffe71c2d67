"""Wristwatches and hourglasses."""

import numpy as np

from osis_ros.simulation import colours, materials, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.lathe import curve, cylinder, lathe
from osis_ros.simulation.mesh import join, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface
from osis_ros.simulation.sweep import bow, sweep


def watch(draw: Draw) -> ObjectShape:
    """A wristwatch; its strap of leather, rubber, cloth or links lies flat or stays curled, open below the wrist."""
    radius, thick, curled = draw.uniform(0.012, 0.022), draw.uniform(0.0035, 0.007), draw.chance(0.5)
    wide, thin = radius * draw.uniform(0.42, 0.75), draw.uniform(0.001, 0.0018)
    surfaces, solids = _watch_case(draw, radius, thick), [Solid("box", (radius * 0.95, radius * 0.95, thick))]
    crown = cylinder(0.15 * radius, 0, 0.15 * radius, 12).moved((0, -radius * 0.98, 0), rotation("x", 90))
    steel = materials.metal(draw)
    surfaces.append(Surface(crown, steel))
    colour, linked = draw.choice((colours.any_colour, colours.timber, colours.black))(draw), draw.chance(0.35)
    band = steel if linked else draw.choice((materials.rubber, materials.plastic, materials.woven))(draw, colour)
    taper, links = np.linspace(1, draw.uniform(0.7, 1), 25), []
    length = radius * draw.uniform(2.4, 3.4)
    for side in (1, -1):
        path = _strap(draw, radius * 0.85, length * draw.uniform(0.85, 1.1), thin - thick, curled) * (side, 1, 1)
        if not linked:
            sizes = np.stack([np.full(25, thin), wide * taper], -1)
            surfaces.append(Surface(sweep(path, sizes, 5, up=(0, 1, 0), segments=12), band))
        for i in range(0, 24, 2):
            (x, _, z), middle = path[i + 2] - path[i], tuple((path[i] + path[i + 2]) / 2)
            half, turn = (np.hypot(x, z) / 2, wide * taper[i], thin), rotation("y", -np.rad2deg(np.arctan2(z, x)))
            solids.append(Solid("box", half, middle, turn))
            links.append(rounded_box(tuple(np.array(half) * (1.85, 2, 2.4)), thin * 0.7, 1, 2).moved(middle, turn))
    if linked:
        surfaces.append(Surface(join(*links), band))
    else:  # a buckle at the end of the strap
        buckle = rounded_box((wide * 0.6, wide * 2.3, thin * 3), thin).moved(middle, turn)
        surfaces.append(Surface(buckle, steel))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=0.4 if curled else 0.85)


def _watch_case(draw: Draw, radius: float, thick: float) -> list[Surface]:
    """Round with a dial, or angular with a dial or a lit display; its middle at z = 0."""
    body = draw.choice((materials.metal, materials.metal, materials.plastic))(draw)
    ink = draw.choice((colours.black, colours.white, colours.any_colour))(draw)
    face, top = materials.Material(ink, None, draw.uniform(0.2, 1), 0.9), thick * 0.85
    if draw.chance(0.6):
        rim = draw.uniform(0.72, 0.88)
        profile = [(0, -thick), (0.85, -thick), (1, -thick * 0.4), (1, thick * 0.5), (rim + 0.06, thick), (rim, thick)]
        mesh = lathe(np.array([*profile, (rim, top)]) * (radius, 1), draw.choice((8, 12, 32, 32)))
        disc = lathe(np.array([(radius * rim, top), (0, top)]), 32)
        return [Surface(mesh, body), Surface(disc, face), _dial(draw, radius * rim, top, ink)]
    long = radius * draw.uniform(0.85, 1.2)
    case = rounded_box((long * 2, radius * 2, thick * 2), draw.uniform(0.2, 0.9) * thick)
    pane = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (long * 0.8, radius * 0.8)
    glass = extrude(pane, 0.0008).moved((0, 0, thick - 0.0003))
    if draw.chance(0.5):
        dial = _dial(draw, min(long, radius) * 0.8, thick + 0.0005, ink)
        return [Surface(case, body), Surface(glass, face), dial]
    return [Surface(case, body), Surface(glass, materials.printed(prints.label(draw, 96, 96, ink), draw))]


def _dial(draw: Draw, radius: float, top: float, colour: np.ndarray) -> Surface:
    """Marks and hands on a watch's face."""
    marks = draw.choice((4, 12, 12))
    mark = rounded_box(tuple(np.array((0.2, 0.06, 0.05)) * radius), 0.0001, 1, 2).moved((radius * 0.82, 0, top))
    parts = [mark.moved(rotation=rotation("z", 360 * i / marks)) for i in range(marks)]
    for reach in (0.5, 0.78):
        hand = rounded_box((radius * reach, radius * draw.uniform(0.05, 0.11), radius * 0.04), 0.0001, 1, 2)
        turn = rotation("z", draw.uniform(0, 360))
        parts.append(hand.moved((radius * reach / 2, 0, top + radius * 0.03)).moved(rotation=turn))
    return Surface(join(*parts), materials.plastic(draw, colours.contrasting(draw, colour)))


def _strap(draw: Draw, start: float, length: float, floor: float, curled: bool) -> np.ndarray:
    """[25, 3] path away from the case along x: curled down round a wrist, or wavy on the floor."""
    at = np.linspace(0, 1, 24)
    turn = draw.uniform(115, 155) * at ** draw.uniform(0.7, 1.3) if curled else 40 * np.cos(at * draw.uniform(1.5, 7))
    steps = np.stack([np.cos(np.deg2rad(turn)), np.zeros(24), -np.sin(np.deg2rad(turn))], -1) * length / 24
    path = np.cumsum(np.concatenate([[(start, 0, 0)], steps]), 0)
    return path if curled else np.maximum(path, (0, 0, floor))


def hourglass(draw: Draw) -> ObjectShape:
    """Two bulbs of glass with coloured sand between end plates of any outline, on plain or turned posts, or in caps."""
    radius = draw.uniform(0.013, 0.03)
    tall = radius * draw.uniform(3, 5)
    girth, thick = radius * draw.uniform(0.07, 0.17), radius * draw.uniform(0.12, 0.4)
    sides, posts = draw.choice(((40, 3), (40, 4), (4, 4), (6, 3), (6, 6), (8, 4), (40, 0)))
    full, shoulder = draw.uniform(0.2, 0.4), draw.uniform(0.5, 0.95)
    bulb = [(shoulder, 0), (1, full * 0.5), (0.85, full + 0.2), (draw.uniform(0.08, 0.16), 1)]
    half = curve(bulb, 24) * (radius, tall / 2)
    glass = np.concatenate([half, half[-2::-1] * (1, -1) + (0, tall)])
    tint = colours.pastel(draw) * 0.5 + 0.45
    pane = materials.Material(tint, None, draw.uniform(0.4, 1), 0.95, draw.uniform(0.15, 0.35))
    frame = draw.choice((materials.wooden, materials.wooden, materials.metal, materials.plastic))(draw)
    place = radius + girth * 1.3
    corner = np.cos(np.pi / sides)  # a square's posts stand in its corners
    reach = max(place + girth * draw.uniform(1.3, 2.5), radius * draw.uniform(0.85, 1.2) / corner)
    outline = bow((0, 0, 0), (reach, reach), 0, 360, sides + 1)[:-1, :2]
    surfaces = [*_sand(draw, glass), Surface(lathe(glass, 28), pane)]
    surfaces += [Surface(extrude(outline, thick).moved((0, 0, z)), frame) for z in (-thick, tall)]
    cap = radius * 1.08 if posts == 0 else radius * shoulder * 1.1
    collar = lathe(np.array([(cap, 0), (cap, tall * draw.uniform(0.03, 0.12)), (cap * 0.9, tall * 0.13)]), 26, 60)
    trim = frame if draw.chance(0.5) else materials.metal(draw)
    surfaces += [Surface(collar, trim), Surface(collar.moved((0, 0, tall), rotation("x", 180)), trim)]
    at = np.linspace(0, 1, 30)
    turned = 1 + draw.choice((0, 0, 0.35)) * np.sin(at * np.pi * draw.integer(5, 11))
    pillar = lathe(np.stack([girth * turned, at * tall], -1), 14, 60).moved((place, 0, 0))
    surfaces += [Surface(pillar.moved(rotation=rotation("z", 360 * i / posts)), frame) for i in range(posts)]
    solids = [Solid("cylinder", (radius, tall / 2), (0, 0, tall / 2))]
    solids += [Solid("cylinder", (reach * 0.97, thick / 2), (0, 0, z)) for z in (-thick / 2, tall + thick / 2)]
    return ObjectShape(tuple(surfaces), tuple(solids), density=700, upright=0.6)


def _sand(draw: Draw, glass: np.ndarray) -> list[Surface]:
    """What has run down, in a heap, and what is left above the neck of a glass [N, 2] (radius, height)."""
    ink = draw.choice((colours.vivid, colours.vivid, colours.any_colour, colours.cardboard))(draw)
    grains, inside, (low, high) = materials.matt(draw, ink), glass * (0.93, 1), glass[[0, -1], 1]
    middle = (low + high) / 2
    level = low + (middle - low) * draw.uniform(0.15, 0.75)
    left = middle + (high - middle) * draw.uniform(0.1, 0.7)
    below = inside[glass[:, 1] < level]
    above = inside[(glass[:, 1] > middle) & (glass[:, 1] < left)]
    heap = np.concatenate([[(0, low)], below, [(0, below[-1, 1] + below[-1, 0] * 0.4)]])
    rest = [np.concatenate([above, [(0, above[-1, 1] - above[-1, 0] * 0.15)]])] if len(above) > 1 else []
    return [Surface(lathe(profile, 24), grains) for profile in (heap, *rest)]
