"""Wristwatches, computer mice, irons, dumbbells, headphones, microphones, hourglasses and hand bells."""

from itertools import pairwise

import numpy as np

from osis_ros.simulation import colours, materials, patterns, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.lathe import arc, curve, lathe
from osis_ros.simulation.mesh import Mesh, join, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rod
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep

_ALONG_X = rotation("y", 90)


def _cloth(draw: Draw, colour: np.ndarray) -> materials.Material:
    """Woven: cloth, or the wire mesh of a grille."""
    return materials.Material(np.ones(3), patterns.weave(draw, materials.TEXTURE_SIZE, colour), 0.1, 0.3)


def _chain(path: np.ndarray, girth: float, step: int = 5) -> list[Solid]:
    """Rods along a path."""
    return [rod(tuple(a), tuple(b), girth) for a, b in pairwise(path[::step])]


def _cable(draw: Draw, start: tuple[float, float, float], floor: float, heading: float) -> tuple[Surface, list[Solid]]:
    """A cable that winds over the floor from `start`, first towards `heading` degrees."""
    girth, count = draw.uniform(0.0012, 0.0025), draw.integer(4, 7)
    winding = np.deg2rad(heading + np.cumsum(draw.uniform(-65, 65, count)))
    steps = draw.uniform(0.01, 0.022, count)[:, None] * np.stack([np.cos(winding), np.sin(winding)], -1)
    places = np.asarray(start)[:2] + np.cumsum(steps, 0)
    path = smooth_path([start, *((*place, floor + girth) for place in places)], 31)
    ink = draw.choice((colours.black, colours.black, colours.white, colours.any_colour))(draw)
    return Surface(sweep(path, (girth, girth), segments=8), materials.rubber(draw, ink)), _chain(path, girth)


def _dial(draw: Draw, radius: float, top: float, colour: np.ndarray) -> list[Surface]:
    """Marks and hands on a watch's face."""
    marks, size = draw.choice((4, 12, 12)), np.array((0.2, 0.06, 0.05)) * radius
    parts = [
        rounded_box(tuple(size), 0.0001, 1, 2)
        .moved((radius * 0.82, 0, top))
        .moved(rotation=rotation("z", 360 * i / marks))
        for i in range(marks)
    ]
    for reach in (0.5, 0.78):
        hand = rounded_box((radius * reach, radius * draw.uniform(0.05, 0.11), radius * 0.04), 0.0001, 1, 2)
        turn = rotation("z", draw.uniform(0, 360))
        parts.append(hand.moved((radius * reach / 2, 0, top + radius * 0.03)).moved(rotation=turn))
    return [Surface(join(*parts), materials.plastic(draw, colours.contrasting(draw, colour)))]


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
        return [Surface(mesh, body), Surface(disc, face), *_dial(draw, radius * rim, top, ink)]
    long = radius * draw.uniform(0.85, 1.2)
    case = rounded_box((long * 2, radius * 2, thick * 2), draw.uniform(0.2, 0.9) * thick)
    pane = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (long * 0.8, radius * 0.8)
    surfaces, glass = [Surface(case, body)], extrude(pane, 0.0008).moved((0, 0, thick - 0.0003))
    if draw.chance(0.5):
        return [*surfaces, Surface(glass, face), *_dial(draw, min(long, radius) * 0.8, thick + 0.0005, ink)]
    return [*surfaces, Surface(glass, materials.printed(prints.label(draw, 96, 96, ink), draw))]


def _strap(draw: Draw, start: float, length: float, floor: float, curled: bool) -> np.ndarray:
    """[25, 3] path away from the case along x: curled down round a wrist, or wavy on the floor."""
    at = np.linspace(0, 1, 24)
    turn = draw.uniform(115, 155) * at ** draw.uniform(0.7, 1.3) if curled else 40 * np.cos(at * draw.uniform(1.5, 7))
    steps = np.stack([np.cos(np.deg2rad(turn)), np.zeros(24), -np.sin(np.deg2rad(turn))], -1) * length / 24
    path = np.cumsum(np.concatenate([[(start, 0, 0)], steps]), 0)
    return path if curled else np.maximum(path, (0, 0, floor))


def watch(draw: Draw) -> ObjectShape:
    """A wristwatch; its strap of leather, rubber, cloth or links lies flat or stays curled, open below the wrist."""
    radius, thick, curled = draw.uniform(0.012, 0.022), draw.uniform(0.0035, 0.007), draw.chance(0.5)
    wide, thin = radius * draw.uniform(0.42, 0.75), draw.uniform(0.001, 0.0018)
    surfaces, solids = _watch_case(draw, radius, thick), [Solid("box", (radius * 0.95, radius * 0.95, thick))]
    crown = lathe(np.array([(0, 0), (0.15, 0), (0.15, 0.15), (0, 0.15)]) * radius, 12)
    steel = materials.metal(draw)
    surfaces.append(Surface(crown.moved((0, -radius * 0.98, 0), rotation("x", 90)), steel))
    colour, linked = draw.choice((colours.any_colour, colours.timber, colours.black))(draw), draw.chance(0.35)
    band = steel if linked else draw.choice((materials.rubber, materials.plastic, _cloth))(draw, colour)
    taper, links = np.linspace(1, draw.uniform(0.7, 1), 25), []
    length = radius * draw.uniform(2.4, 3.4)
    for side in (1, -1):
        path = _strap(draw, radius * 0.85, length * draw.uniform(0.85, 1.1), thin - thick, curled) * (side, 1, 1)
        if not linked:
            sizes = np.stack([np.full(25, thin), wide * taper], -1)
            surfaces.append(Surface(sweep(path, sizes, 5, up=(0, 1, 0), segments=12), band))
        for i in range(0, 24, 2):
            (x, _, z), middle = path[i + 2] - path[i], (path[i] + path[i + 2]) / 2
            half, turn = (np.hypot(x, z) / 2, wide * taper[i], thin), rotation("y", -np.rad2deg(np.arctan2(z, x)))
            solids.append(Solid("box", half, tuple(middle), turn))
            links.append(
                rounded_box(tuple(np.array(half) * (1.85, 2, 2.4)), thin * 0.7, 1, 2).moved(tuple(middle), turn)
            )
    if linked:
        surfaces.append(Surface(join(*links), band))
    else:
        buckle = rounded_box((wide * 0.6, wide * 2.3, thin * 3), thin).moved(tuple(middle), turn)
        surfaces.append(Surface(buckle, steel))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=0.4 if curled else 0.85)


def _mouse_keys(draw: Draw, spine: np.ndarray, colour: np.ndarray) -> list[Surface]:
    """The gap between the two keys and a wheel, or a track ball; `spine` [18, 3] runs along the back to the nose."""
    dark = materials.rubber(draw, colours.contrasting(draw, colour))
    if draw.chance(0.15):
        ball = spine[-1, 0] * draw.uniform(0.13, 0.2)
        place = spine[11] + (0, 0, -ball * 0.35)
        return [Surface(ellipsoid((ball,) * 3).moved(tuple(place)), materials.plastic(draw, colours.vivid(draw)))]
    surfaces = [Surface(sweep(spine[draw.integer(8, 11) : 17], (0.0008, 0.0008), segments=6), dark)]
    if draw.chance(0.85):
        wheel, thick = spine[-1, 0] * draw.uniform(0.06, 0.11), draw.uniform(0.003, 0.007)
        disc = lathe(np.array([(0, 0), (0.85, 0), (1, 0.2), (1, 0.8), (0.85, 1), (0, 1)]) * (wheel, thick), 20)
        place = spine[13] + (0, thick / 2, -wheel * 0.45)
        tyre = dark if draw.chance(0.6) else materials.plastic(draw)
        surfaces.append(Surface(disc.moved(tuple(place), rotation("x", 90)), tyre))
    return surfaces


def computer_mouse(draw: Draw) -> ObjectShape:
    """A flat or humped shell with two keys and a wheel, perhaps a skirt of another colour, thumb keys, a cable."""
    long = draw.uniform(0.055, 0.12)
    wide, tall = long * draw.uniform(0.24, 0.36), long * draw.uniform(0.1, 0.2)
    at, blunt = np.linspace(0, 1, 18), draw.uniform(2.2, 5)
    round_off = np.sqrt(np.clip(1 - np.abs(2 * at - 1) ** blunt, 0.03, 1))
    plan = wide * round_off * (1 - draw.uniform(0, 0.2) * np.exp(-(((at - 0.5) / 0.18) ** 2)))
    peak = draw.uniform(0.25, 0.5)
    high = tall * round_off * np.interp(at, [0, peak, 1], [draw.uniform(0.6, 1), 1, draw.uniform(0.35, 0.75)])
    colour, zero = colours.any_colour(draw), np.zeros(18)
    shell = draw.choice((materials.plastic, materials.plastic, materials.ceramic))(draw, colour)
    exponent, back = draw.uniform(2.2, 3.6), np.stack([at * long, zero, high], -1)
    surfaces = [Surface(sweep(back, np.stack([plan, high], -1), exponent, segments=24), shell)]
    surfaces += _mouse_keys(draw, np.stack([at * long, zero, 2 * high], -1), colour)
    if draw.chance(0.5):
        part = draw.uniform(0.3, 0.7)
        skirt = sweep(back * (1, 1, part), np.stack([plan * 1.025, high * part], -1), 3.5, segments=24)
        surfaces.append(Surface(skirt, materials.plastic(draw, colours.contrasting(draw, colour))))
    if draw.chance(0.4):
        for x in (0.42, 0.58):
            thumb = rounded_box((long * 0.13, wide * 0.25, tall * 0.2), 0.001)
            place = (x * long, np.interp(x, at, plan) * 0.88, np.interp(x, at, high) * 1.3)
            surfaces.append(Surface(thumb.moved(place), materials.plastic(draw)))
    solids = [
        Solid("box", (long * 0.44, wide * 0.85, tall * 0.45), (long / 2, 0, tall * 0.45)),
        Solid("ellipsoid", (long * 0.45, wide * 0.95, tall), (long * 0.47, 0, tall * 0.95)),
    ]
    if draw.chance(0.5):
        cable, rods = _cable(draw, (long * 0.98, 0, high[-1]), 0.0, 0.0)
        surfaces.append(cable)
        solids += rods
    return ObjectShape(tuple(surfaces), tuple(solids), density=600, upright=0.9)


def _iron_handle(draw: Draw, long: float, back: float, nose: float, tall: float) -> np.ndarray:
    """[20, 3] path of a grip above the body: closed at both ends, open at the heel or the nose, or on two posts."""
    rear, front, top = long * draw.uniform(0.05, 0.2), long * draw.uniform(0.6, 0.72), tall * draw.uniform(1.0, 1.3)
    grip = [(rear + long * 0.05, 0, top), (front - long * 0.08, 0, top * draw.uniform(0.85, 1.05))]
    heel, toe = [(rear, 0, back * 0.8)], [(front, 0, nose * 0.8)]
    return smooth_path(draw.choice((heel + grip + toe, heel + grip + toe, heel + grip, grip + toe)), 20)


def iron(draw: Draw) -> ObjectShape:
    """A clothes iron: pointed sole, a body that falls to the nose, a grip above; some with knobs and a cord."""
    long = draw.uniform(0.06, 0.14)
    wide, rise, plate = (
        long * draw.uniform(0.19, 0.27),
        long * draw.uniform(0.14, 0.3),
        long * draw.uniform(0.015, 0.04),
    )
    at = np.linspace(0, 1, 20)
    plan = wide * np.clip(1 - at ** draw.uniform(1.8, 3.2), 0.02, 1) * np.interp(at, [0, 0.08, 1], [0.82, 1, 1])
    old, colour = draw.chance(0.3), colours.any_colour(draw)
    body = materials.metal(draw, colours.black(draw) * 1.5) if old else materials.plastic(draw, colour)
    sole = sweep(
        np.stack([at * long, at * 0, at * 0 + plate], -1), np.stack([plan, at * 0 + plate], -1), 8, segments=20
    )
    surfaces = [Surface(sole, body if old and draw.chance(0.5) else materials.metal(draw))]
    fall = rise * (draw.uniform(0.15, 0.6) + (1 - at) ** draw.uniform(0.6, 1.6)) / 2
    hull = np.stack([at * long * 0.96, at * 0, 2 * plate + fall], -1)
    shape = np.stack([plan * draw.uniform(0.82, 0.97), fall], -1)
    surfaces.append(Surface(sweep(hull, shape, draw.uniform(2.2, 5), segments=24), body))
    height = 2 * (plate + fall)
    grip, girth = (
        _iron_handle(draw, long, height[2], height[13], height[0] + long * 0.22),
        long * draw.uniform(0.035, 0.06),
    )
    finish = materials.wooden if old else draw.choice((materials.plastic, materials.rubber))
    surfaces.append(
        Surface(sweep(grip, (girth * draw.uniform(0.8, 1.3), girth), draw.uniform(2, 4), up=(0.01, 1, 0)), finish(draw))
    )
    solids = [
        Solid("box", (long * 0.36, wide * 0.8, height[4] / 2), (long * 0.36, 0, height[4] / 2)),
        Solid("box", (long * 0.13, wide * 0.35, height[15] / 2), (long * 0.84, 0, height[15] / 2)),
        *_chain(grip, girth, 4),
    ]
    if not old:
        knob = lathe(curve([(wide * 0.4, 0), (wide * 0.38, wide * 0.3), (0, wide * 0.32)], 8), 20, 60)
        surfaces.append(Surface(knob.moved((long * 0.4, 0, height[8] - wide * 0.1)), materials.plastic(draw)))
    if not old and draw.chance(0.4):
        cord, rods = _cable(draw, (0, 0, height[0] * 0.6), 0.0, 180.0)
        surfaces.append(cord)
        solids += rods
    return ObjectShape(tuple(surfaces), tuple(solids), density=900, upright=0.7)


def _weight(draw: Draw, kind: str, radius: float, long: float) -> list[np.ndarray]:
    """Profiles (radius, way outwards) of one end of a dumbbell."""
    if kind == "ball":
        return [arc((0, radius * 0.9), radius, -90, 90, 14)]
    if kind == "plates":
        count = draw.integer(2, 4)
        levels, shares = np.linspace(0, long, count + 1), np.linspace(1, draw.uniform(0.4, 1), count)
        rims = [
            np.array([(0, a), (s, a), (s, b), (0, b)])
            for s, (a, b) in zip(shares, pairwise(levels * 0.96), strict=True)
        ]
        return [rim * (radius, 1) + (0, i * long * 0.02) for i, rim in enumerate(rims)]
    bevel = draw.uniform(0.05, 0.3)
    side = [(0, 0), (1 - bevel, 0), (1, bevel * 0.8), (1, 1 - bevel * 0.8), (1 - bevel, 1), (0, 1)]
    return [np.array(side) * (radius, long)]


def dumbbell(draw: Draw) -> ObjectShape:
    """A bar with a weight at each end: cast, angular, balls, or stacked plates with a nut; of iron, vinyl, chrome."""
    kind = draw.choice(("cast", "angular", "angular", "ball", "plates"))
    half, girth = draw.uniform(0.016, 0.04), draw.uniform(0.005, 0.01)
    radius, long = girth * draw.uniform(2, 3.6), draw.uniform(0.012, 0.038)
    columns = draw.choice((6, 8)) if kind == "angular" else 28
    colour = colours.any_colour(draw)
    heavy = [draw.choice((materials.plastic, materials.rubber, materials.metal))(draw, colour)]
    if kind == "plates" and draw.chance(0.6):
        heavy.append(materials.rubber(draw, colours.contrasting(draw, colour)))
    grip = materials.metal(draw) if draw.chance(0.6) else materials.rubber(draw)
    at = np.linspace(-1, 1, 30)
    swell = girth * (1 + draw.uniform(-0.1, 0.3) * (1 - at**2)) * (1 + draw.choice((0, 0.04)) * (np.arange(30) % 2))
    surfaces = [Surface(lathe(np.stack([swell, at * half * 1.05], -1), 20, 60).moved(rotation=_ALONG_X), grip)]
    profiles = _weight(draw, kind, radius, long)
    end = half + profiles[-1][-1, 1]
    for turn in (_ALONG_X, rotation("z", 180) @ _ALONG_X):
        for i, profile in enumerate(profiles):
            mesh = lathe(profile, columns).moved((0, 0, half)).moved(rotation=turn)
            surfaces.append(Surface(mesh, heavy[i % len(heavy)]))
        if kind == "plates":
            nut = lathe(np.array([(0, -0.001), (girth * 1.6, 0), (girth * 1.6, 0.006), (girth, 0.012), (0, 0.012)]), 6)
            surfaces.append(Surface(nut.moved((0, 0, end)).moved(rotation=turn), grip))
        elif draw.chance(0.5):
            badge = lathe(np.array([(radius * 0.6, 0), (radius * 0.6, 0.0008), (0, 0.001)]), 24).moved((0, 0, end))
            surfaces.append(Surface(badge.moved(rotation=turn), materials.plastic(draw)))
    middle = (half + end) / 2
    solids = [rod((-half, 0, 0), (half, 0, 0), girth)]
    for side in (1, -1):
        solid = Solid("cylinder", (radius * 0.95, (end - half) / 2), (side * middle, 0, 0), _ALONG_X)
        solids.append(Solid("sphere", (radius,), (side * middle, 0, 0)) if kind == "ball" else solid)
    return ObjectShape(tuple(surfaces), tuple(solids), density=3000)


def _ear_cup(draw: Draw, radius: float, oval: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Paths along x and section sizes of a headphone's shell and of its cushion on the inner side (-x)."""
    deep, at = radius * draw.uniform(0.3, 0.7), np.linspace(0, 1, 9)
    dome = np.interp(at, [0, 0.3, 0.75, 1], [0.9, 1, draw.uniform(0.75, 1), draw.uniform(0.3, 0.75)])
    pad = np.sqrt(1 - (2 * at - 1) ** 2 * 0.6) * draw.uniform(0.85, 1.12)
    soft = radius * draw.uniform(0.25, 0.5)
    return [
        (at[:, None] * (deep, 0, 0), radius * dome[:, None] * (oval, 1)),
        ((at[:, None] - 1) * (soft, 0, 0), radius * pad[:, None] * (oval, 1)),
    ]


def headphones(draw: Draw) -> ObjectShape:
    """Two padded cups on a bow: small or large, round or oval; some with a padded bow, a boom or a cable."""
    half, radius = draw.uniform(0.035, 0.075), draw.uniform(0.018, 0.036)
    tall, oval = half * draw.uniform(1.0, 1.5), draw.uniform(0.75, 1.1)
    colour, exponent = colours.any_colour(draw), draw.uniform(2, 3)
    shell = draw.choice((materials.plastic, materials.plastic, materials.metal, materials.wooden))(draw, colour)
    soft = draw.choice((materials.rubber, _cloth))(draw, draw.choice((colours.black, colours.any_colour))(draw))
    band = draw.choice((materials.plastic, materials.rubber, materials.metal))(draw, colours.any_colour(draw))
    flat, thin = draw.uniform(0.003, 0.011), draw.uniform(0.0014, 0.0035)
    arch = np.concatenate([[(half, 0, 0)], bow((0, tall * 0.3, 0), (half, tall * 0.7), 0, 180, 24), [(-half, 0, 0)]])
    surfaces = [Surface(sweep(arch, (thin, flat), 4, segments=14), band)]
    if draw.chance(0.6):
        surfaces.append(Surface(sweep(arch[8:-8], (thin * 2.2, flat * 1.15), 3, segments=14), soft))
    parts = _ear_cup(draw, radius, oval)
    wide, tilt, badge = radius * oval, draw.uniform(-14, 14), materials.plastic(draw)
    solids = _chain(arch, min(thin, flat) * 1.5, 5)
    for side in (1, -1):
        turn = rotation("z", tilt) if side > 0 else rotation("z", 180 - tilt)
        place = (side * half, -radius * 0.15, 0)
        for (path, sizes), finish in zip(parts, (shell, soft), strict=True):
            surfaces.append(Surface(sweep(path, sizes, exponent, segments=26).moved(place, turn), finish))
        (path, sizes), inner = parts[0], parts[1][0][0, 0]
        cap = sweep(path[-1] + line((0, 0, 0), (0.001, 0, 0)), sizes[-1] * 0.8, exponent, segments=20)
        surfaces.append(Surface(cap.moved(place, turn), badge))
        thick, middle = (path[-1, 0] - inner) / 2, turn @ ((path[-1, 0] + inner) / 2, 0, 0) + place
        solids.append(Solid("cylinder", (min(wide, radius), thick), tuple(middle), turn @ _ALONG_X))
        solids.append(Solid("box", (thick, wide * 0.5, radius * 0.95), tuple(middle), turn))
    if draw.chance(0.3):
        tip = (half * draw.uniform(-0.1, 0.4), -radius - half * draw.uniform(0.3, 0.6), 0)
        boom = smooth_path([(half + thin, -radius * 0.5, 0), (half, -radius * 1.3, 0), tip], 14)
        surfaces.append(Surface(sweep(boom, (0.0018, 0.0018), segments=8), band))
        surfaces.append(Surface(ellipsoid((0.008, 0.005, 0.005), segments=16).moved(tip), soft))
        solids += _chain(boom, 0.002, 6)
    elif draw.chance(0.4):
        cable, rods = _cable(draw, (half, -radius, 0), -radius * 0.9, -90.0)
        surfaces.append(cable)
        solids += rods
    return ObjectShape(tuple(surfaces), tuple(solids), density=500, upright=0.8)


def _hand_microphone(draw: Draw) -> ObjectShape:
    """A long tapering grip, a ball or drum of wire mesh with a hoop about it, mostly a cable; lies along x."""
    girth, long = draw.uniform(0.009, 0.013), draw.uniform(0.08, 0.13)
    ball = girth * draw.uniform(1.55, 2.0)
    colour = draw.choice((colours.black, colours.black, colours.steel, colours.vivid))(draw)
    grip = draw.choice((materials.metal, materials.rubber))(draw, colour)
    stem = curve([(0.7, 0), (0.75, 0.4), (1, 0.93), (1.25, 1)], 16) * (girth, long)
    blunt, centre = draw.uniform(0.55, 1), long + ball * 0.75
    mesh = ellipsoid((ball, ball, ball)).moved((0, 0, centre))
    np.minimum(mesh.vertices[:, 2], centre + ball * blunt, out=mesh.vertices[:, 2])
    hoop = lathe(np.array([(0.96, -0.16), (1.07, -0.12), (1.07, 0.12), (0.96, 0.16)]) * ball + (0, centre), 26)
    button = rounded_box((girth * 0.4, girth * 0.6, girth * 1.3), 0.001).moved((-girth * 0.92, 0, long * 0.75))
    grille = _cloth(draw, draw.choice((colours.grey, colours.black, colours.steel, colours.vivid))(draw))
    surfaces = [
        Surface(lathe(np.concatenate([[(0, 0)], stem]), 22), grip),
        Surface(mesh, grille),
        Surface(hoop, materials.metal(draw, colour if draw.chance(0.4) else None)),
        Surface(button, materials.plastic(draw)),
    ]
    surfaces = [Surface(s.mesh.moved(rotation=_ALONG_X), s.material) for s in surfaces]
    solids = [rod((0, 0, 0), (long, 0, 0), girth * 0.85), Solid("sphere", (ball,), (centre, 0, 0))]
    if draw.chance(0.6):
        cable, rods = _cable(draw, (0, 0, 0), -ball * 0.9, 180.0)
        surfaces.append(cable)
        solids += rods
    return ObjectShape(tuple(surfaces), tuple(solids), density=900)


def _microphone_foot(draw: Draw, reach: float, stem: float) -> tuple[list[Surface], list[Solid]]:
    """A disc or three legs on the floor, and a stem up from it."""
    finish, girth = (
        draw.choice((materials.metal, materials.plastic, materials.rubber))(draw),
        draw.uniform(0.0025, 0.005),
    )
    post = sweep(line((0, 0, 0.004), (0, 0, stem), 3), (girth, girth), up=(1, 0, 0))
    surfaces, solids = [Surface(post, finish)], [rod((0, 0, 0.004), (0, 0, stem), girth)]
    if draw.chance(0.5):
        thick = draw.uniform(0.004, 0.012)
        disc = lathe(np.array([(0, 0), (reach, 0), (reach, thick * 0.6), (reach * 0.85, thick), (0, thick)]), 32)
        return [*surfaces, Surface(disc, finish)], [*solids, Solid("cylinder", (reach, thick / 2), (0, 0, thick / 2))]
    for angle in np.deg2rad(draw.uniform(0, 120) + np.array((0, 120, 240))):
        foot = (reach * np.cos(angle), reach * np.sin(angle), girth)
        leg = smooth_path([(0, 0, stem * 0.55), tuple(np.array(foot) * (0.5, 0.5, 1) + (0, 0, stem * 0.3)), foot], 8)
        surfaces.append(Surface(sweep(leg, (girth * 0.8, girth * 0.8), segments=10), finish))
        solids.append(rod(tuple(leg[0]), foot, girth))
    return surfaces, solids


def _desk_microphone(draw: Draw) -> ObjectShape:
    """A studio or a ribbed old-time microphone on a foot, its head tilted back."""
    tall, wide = draw.uniform(0.04, 0.085), draw.uniform(0.014, 0.026)
    stem, deep = draw.uniform(0.025, 0.07), wide * draw.uniform(0.65, 1)
    surfaces, solids = _microphone_foot(draw, draw.uniform(0.028, 0.05), stem + tall * 0.2)
    at, colour = np.linspace(0, 1, 40), draw.choice((colours.steel, colours.black, colours.any_colour))(draw)
    body = draw.choice((materials.metal, materials.plastic))(draw, colour)
    bulge = (np.clip(1 - np.abs(2 * at - 1) ** draw.uniform(4, 9), 0.04, 1) ** 0.5)[:, None] * (wide, deep)
    ribbed, exponent = draw.chance(0.4), draw.uniform(2, 3.5)
    ribs = 1 - (0.09 if ribbed else 0) * (np.arange(40) // 2 % 2)[:, None]
    split = 2 if ribbed else draw.integer(8, 24)
    axis, turn = line((0, 0, 0), (0, 0, tall), 40), rotation("y", draw.uniform(-35, 35))
    grille = body if ribbed else _cloth(draw, draw.choice((colours.steel, colours.black, colours.grey))(draw))
    parts = [(slice(0, split + 1), body, 1.0), (slice(split, 40), grille, 0.97), (slice(split, split + 3), body, 1.06)]
    for part, finish, factor in parts:
        mesh = sweep(axis[part], (bulge * ribs)[part] * factor, exponent, up=(1, 0, 0), segments=26)
        surfaces.append(Surface(mesh.moved((0, 0, stem), turn), finish))
    if ribbed or draw.chance(0.4):
        spine = np.stack([np.zeros(40), -bulge[:, 0] * 1.03, axis[:, 2]], -1)[3:-3]  # up the front
        strip = sweep(spine, (deep * 0.15, wide * 0.08), 3, up=(0, 1, 0), segments=10)
        surfaces.append(Surface(strip.moved((0, 0, stem), turn), materials.metal(draw)))
    solids.append(
        Solid("box", (deep * 0.85, wide * 0.85, tall / 2), tuple(turn @ (0, 0, tall / 2) + (0, 0, stem)), turn)
    )
    return ObjectShape(tuple(surfaces), tuple(solids), density=900, upright=0.7)


def microphone(draw: Draw) -> ObjectShape:
    """A singer's microphone with a mesh head, or one that stands on a foot."""
    return draw.choice((_hand_microphone, _desk_microphone))(draw)


def _sand(draw: Draw, glass: np.ndarray) -> list[Surface]:
    """What has run down, in a heap, and what is left above the neck of a glass [N, 2] (radius, height)."""
    grains = materials.matt(
        draw, draw.choice((colours.vivid, colours.vivid, colours.any_colour, colours.cardboard))(draw)
    )
    inside, (low, high) = glass * (0.93, 1), glass[[0, -1], 1]
    middle = (low + high) / 2
    level = low + (middle - low) * draw.uniform(0.15, 0.75)
    left = middle + (high - middle) * draw.uniform(0.1, 0.7)
    below = inside[glass[:, 1] < level]
    above = inside[(glass[:, 1] > middle) & (glass[:, 1] < left)]
    heap = np.concatenate([[(0, low)], below, [(0, below[-1, 1] + below[-1, 0] * 0.4)]])
    rest = [np.concatenate([above, [(0, above[-1, 1] - above[-1, 0] * 0.15)]])] if len(above) > 1 else []
    return [Surface(lathe(profile, 24), grains) for profile in (heap, *rest)]


def hourglass(draw: Draw) -> ObjectShape:
    """Two bulbs of glass with coloured sand between end plates of any outline, on plain or turned posts, or in caps."""
    radius = draw.uniform(0.013, 0.03)
    tall = radius * draw.uniform(3, 5)
    girth, thick = radius * draw.uniform(0.07, 0.17), radius * draw.uniform(0.12, 0.4)
    sides, posts = draw.choice(((40, 3), (40, 4), (4, 4), (6, 3), (6, 6), (8, 4), (40, 0)))
    full, shoulder = draw.uniform(0.2, 0.4), draw.uniform(0.5, 0.95)
    side = np.array([(shoulder, 0), (1, full * 0.5), (0.85, full + 0.2), (draw.uniform(0.08, 0.16), 1)])
    half = curve([tuple(p) for p in side], 24) * (radius, tall / 2)
    glass = np.concatenate([half, half[-2::-1] * (1, -1) + (0, tall)])
    pane = materials.Material(
        colours.pastel(draw) * 0.5 + 0.45, None, draw.uniform(0.4, 1), 0.95, draw.uniform(0.15, 0.35)
    )
    frame = draw.choice((materials.wooden, materials.wooden, materials.metal, materials.plastic))(draw)
    place = radius + girth * 1.3
    corner = np.cos(np.pi / sides)  # a square's posts stand in its corners
    reach = max(place + girth * draw.uniform(1.3, 2.5), radius * draw.uniform(0.85, 1.2) / corner)
    outline = bow((0, 0, 0), (reach, reach), 0, 360, sides + 1)[:-1, :2]
    surfaces = [*_sand(draw, glass), Surface(lathe(glass, 28), pane)]
    for z in (-thick, tall):
        surfaces.append(Surface(extrude(outline, thick).moved((0, 0, z)), frame))
    cap = radius * 1.08 if posts == 0 else radius * shoulder * 1.1
    collar = lathe(np.array([(cap, 0), (cap, tall * draw.uniform(0.03, 0.12)), (cap * 0.9, tall * 0.13)]), 26, 60)
    trim = frame if draw.chance(0.5) else materials.metal(draw)
    surfaces += [Surface(collar, trim), Surface(collar.moved((0, 0, tall), rotation("x", 180)), trim)]
    at = np.linspace(0, 1, 30)
    turned = 1 + draw.choice((0, 0, 0.35)) * np.sin(at * np.pi * draw.integer(5, 11))
    pillar = lathe(np.stack([girth * turned, at * tall], -1), 14, 60)
    for angle in 360 * np.arange(posts) / max(posts, 1):
        surfaces.append(Surface(pillar.moved((place, 0, 0)).moved(rotation=rotation("z", angle)), frame))
    solids = [Solid("cylinder", (radius, tall / 2), (0, 0, tall / 2))]
    solids += [Solid("cylinder", (reach * 0.97, thick / 2), (0, 0, z)) for z in (-thick / 2, tall + thick / 2)]
    return ObjectShape(tuple(surfaces), tuple(solids), density=700, upright=0.6)


def _turned_grip(draw: Draw, girth: float, long: float) -> tuple[Mesh, list[Solid]]:
    """A grip turned of wood, or moulded so, that stands on z = 0."""
    shares = [(0.6, 0), (0.5, 0.1), (draw.uniform(0.7, 1), 0.4), (draw.uniform(0.45, 0.8), 0.75), (1, 0.92), (0, 1)]
    mesh = lathe(curve(shares, 26) * (girth, long), draw.choice((8, 22, 22)), 60)
    return mesh, [Solid("cylinder", (girth * 0.8, long / 2), (0, 0, long / 2))]


def _upright_bow(draw: Draw, girth: float, long: float) -> tuple[Mesh, list[Solid]]:
    """A bow that stands on z = 0, to put a hand or a strap through."""
    wide, thick = long * draw.uniform(0.35, 0.6), girth * draw.uniform(0.3, 0.5)
    points = [(wide * 0.3, 0, 0), (wide, 0, long * 0.35), (wide * 0.8, 0, long * 0.85), (0, 0, long)]
    path = smooth_path(points + [(-x, y, z) for x, y, z in points[-2::-1]], 28)
    mesh = sweep(path, (thick, thick * draw.uniform(1, 2)), draw.uniform(2, 4), up=(0, 1, 0))
    return mesh, _chain(path, thick, 3)


def _bell_body(draw: Draw, lip: float, tall: float) -> tuple[list[np.ndarray], int]:
    """Profiles of the outside and the inside, which meet at the lip, and the columns to turn them with."""
    waist, shoulder = draw.uniform(0.62, 0.8), draw.uniform(0.5, 0.62)
    outer = [(1, 0), (0.97, 0.06), (waist, 0.4), (shoulder, 0.8), (shoulder * 0.75, 0.95), (0.12, 1)]
    if draw.chance(0.25):  # a cow's bell, folded of sheet
        outer = [(1, 0), (draw.uniform(0.6, 0.75), 0.93), (0.5, 1), (0.1, 1.02)]
        return [np.array(outer) * (lip, tall), np.array(outer)[::-1] * (lip * 0.93, tall * 0.95)], 4
    wall = curve(outer, 26) * (lip, tall)
    return [wall, wall[::-1] * (0.92, 0.95)], 32


def bell(draw: Draw) -> ObjectShape:
    """A hand bell: flared brass, steel, painted or china, a clapper in it, a stout long grip or a bow on top."""
    lip = draw.uniform(0.018, 0.038)
    tall, long = lip * draw.uniform(1.4, 2.1), lip * draw.uniform(1.3, 2.4)
    brass = colours.hsv(draw.uniform(0.09, 0.14), draw.uniform(0.4, 0.75), draw.uniform(0.5, 0.9))
    finish = draw.choice((materials.metal, materials.metal, materials.plastic, materials.ceramic))
    colour = brass if finish is materials.metal and draw.chance(0.7) else colours.any_colour(draw)
    metal = finish(draw, colour)
    profiles, columns = _bell_body(draw, lip, tall)
    square = rotation("z", 45 if columns == 4 else 0)
    surfaces = [Surface(lathe(profile, columns).moved(rotation=square), metal) for profile in profiles]
    if columns > 4:
        trim = materials.metal(draw) if draw.chance(0.3) else materials.plastic(draw) if draw.chance(0.4) else metal
        for z in (0.07, draw.uniform(0.4, 0.75)):
            wide = np.interp(z * tall, profiles[0][:, 1], profiles[0][:, 0])
            hoop = np.array([(-0.01, -0.05), (0.025, -0.02), (0.025, 0.02), (-0.01, 0.05)]) * lip + (wide, z * tall)
            surfaces.append(Surface(lathe(hoop, 32), trim))
    ball = lip * draw.uniform(0.16, 0.28)
    clapper = [
        ellipsoid((ball,) * 3, segments=16),
        sweep(line((0, 0, 0), (0, 0, tall * 0.9)), (ball / 5,) * 2, up=(1, 0, 0)),
    ]
    surfaces.append(Surface(join(*clapper).moved((0, 0, ball)), materials.metal(draw)))
    stuff = draw.choice((materials.wooden, materials.wooden, materials.plastic, materials.rubber))(draw)
    girth, top = lip * draw.uniform(0.25, 0.4), np.array((0, 0, tall * 0.97))
    if columns > 4 and draw.chance(0.7):
        grip, held = _turned_grip(draw, girth, long)
    else:
        grip, held = _upright_bow(draw, girth, long * draw.uniform(0.4, 0.8))
    surfaces.append(Surface(grip.moved(tuple(top)), metal if draw.chance(0.25) else stuff))
    solids = [Solid(s.kind, s.size, tuple(top + s.position), s.turn) for s in held]
    for low, high, share in ((0, 0.15, 0.97), (0.15, 0.5, 0.75), (0.5, 0.97, 0.58)):
        solids.append(Solid("cylinder", (lip * share, tall * (high - low) / 2), (0, 0, tall * (low + high) / 2)))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1200, upright=0.6)
