"""Computer mice, clothes irons, headphones and microphones."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.mesh import ALONG_X, rotation
from osis_ros.simulation.shape import ObjectShape, Parts, Solid, Surface, rod, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def computer_mouse(draw: Draw) -> ObjectShape:
    """A flat or humped shell with two keys and a wheel, perhaps a skirt of another colour, thumb keys, a cable."""
    long = draw.uniform(0.055, 0.12)
    wide, tall = long * draw.uniform(0.24, 0.36), long * draw.uniform(0.1, 0.2)
    at, blunt = np.linspace(0, 1, 18), draw.uniform(2.2, 5)
    round_off = np.sqrt(np.clip(1 - np.abs(2 * at - 1) ** blunt, 0.03, 1))
    plan = wide * round_off * (1 - draw.uniform(0, 0.2) * np.exp(-(((at - 0.5) / 0.18) ** 2)))
    peak = draw.uniform(0.25, 0.5)
    high = tall * round_off * np.interp(at, [0, peak, 1], [draw.uniform(0.6, 1), 1, draw.uniform(0.35, 0.75)])
    colour = colours.any_colour(draw)
    shell = draw.choice((materials.plastic, materials.plastic, materials.ceramic))(draw, colour)
    exponent, axis = draw.uniform(2.2, 3.6), np.stack([at * long, np.zeros(18), high], -1)
    surfaces = [Surface(sweep(axis, np.stack([plan, high], -1), exponent, segments=24), shell)]
    surfaces += _mouse_keys(draw, axis * (1, 1, 2), colour)
    if draw.chance(0.5):
        part = draw.uniform(0.3, 0.7)
        skirt = sweep(axis * (1, 1, part), np.stack([plan * 1.025, high * part], -1), 3.5, segments=24)
        surfaces.append(Surface(skirt, materials.plastic(draw, colours.contrasting(draw, colour))))
    if draw.chance(0.4):
        thumb = rounded_box((long * 0.13, wide * 0.25, tall * 0.2), 0.001)
        for x in (0.42, 0.58):
            place = (x * long, np.interp(x, at, plan) * 0.88, np.interp(x, at, high) * 1.3)
            surfaces.append(Surface(thumb.moved(place), materials.plastic(draw)))
    solids = [
        Solid("box", (long * 0.44, wide * 0.85, tall * 0.45), (long / 2, 0, tall * 0.45)),
        Solid("ellipsoid", (long * 0.45, wide * 0.95, tall), (long * 0.47, 0, tall * 0.95)),
    ]
    if draw.chance(0.5):
        cable, cores = _cable(draw, (long * 0.98, 0, high[-1]), 0.0, 0.0)
        surfaces, solids = surfaces + cable, solids + cores
    return ObjectShape(tuple(surfaces), tuple(solids), density=600, upright=0.9)


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


def _cable(draw: Draw, start: tuple[float, float, float], floor: float, heading: float) -> Parts:
    """A cable that winds over the floor from `start`, first towards `heading` degrees."""
    girth, count = draw.uniform(0.0012, 0.0025), draw.integer(4, 7)
    winding = np.deg2rad(heading + np.cumsum(draw.uniform(-65, 65, count)))
    steps = draw.uniform(0.01, 0.022, count)[:, None] * np.stack([np.cos(winding), np.sin(winding)], -1)
    places = np.asarray(start)[:2] + np.cumsum(steps, 0)
    path = smooth_path([start, *((*place, floor + girth) for place in places)], 31)
    ink = draw.choice((colours.black, colours.black, colours.white, colours.any_colour))(draw)
    skin = Surface(sweep(path, (girth, girth), segments=8), materials.rubber(draw, ink))
    return [skin], rods(path[::5], girth)


def iron(draw: Draw) -> ObjectShape:
    """A clothes iron: pointed sole, a body that falls to the nose, a grip above; some with knobs and a cord."""
    long = draw.uniform(0.06, 0.14)
    wide, rise = long * draw.uniform(0.19, 0.27), long * draw.uniform(0.14, 0.3)
    plate = long * draw.uniform(0.015, 0.04)
    at, zero = np.linspace(0, 1, 20), np.zeros(20)
    plan = wide * np.clip(1 - at ** draw.uniform(1.8, 3.2), 0.02, 1) * np.interp(at, [0, 0.08, 1], [0.82, 1, 1])
    old, colour = draw.chance(0.3), colours.any_colour(draw)
    body = materials.metal(draw, colours.black(draw) * 1.5) if old else materials.plastic(draw, colour)
    sole = sweep(np.stack([at * long, zero, zero + plate], -1), np.stack([plan, zero + plate], -1), 8, segments=20)
    surfaces = [Surface(sole, body if old and draw.chance(0.5) else materials.metal(draw))]
    fall = rise * (draw.uniform(0.15, 0.6) + (1 - at) ** draw.uniform(0.6, 1.6)) / 2
    axis = np.stack([at * long * 0.96, zero, 2 * plate + fall], -1)
    sizes = np.stack([plan * draw.uniform(0.82, 0.97), fall], -1)
    surfaces.append(Surface(sweep(axis, sizes, draw.uniform(2.2, 5), segments=24), body))
    height = 2 * (plate + fall)
    grip = _iron_handle(draw, long, height[2], height[13], height[0] + long * 0.22)
    girth = long * draw.uniform(0.035, 0.06)
    finish = materials.wooden if old else draw.choice((materials.plastic, materials.rubber))
    handle = sweep(grip, (girth * draw.uniform(0.8, 1.3), girth), draw.uniform(2, 4), up=(0.01, 1, 0))
    surfaces.append(Surface(handle, finish(draw)))
    solids = [
        Solid("box", (long * 0.36, wide * 0.8, height[4] / 2), (long * 0.36, 0, height[4] / 2)),
        Solid("box", (long * 0.13, wide * 0.35, height[15] / 2), (long * 0.84, 0, height[15] / 2)),
        *rods(grip[::4], girth),
    ]
    if not old:
        knob = lathe(curve([(wide * 0.4, 0), (wide * 0.38, wide * 0.3), (0, wide * 0.32)], 8), 20, 60)
        surfaces.append(Surface(knob.moved((long * 0.4, 0, height[8] - wide * 0.1)), materials.plastic(draw)))
    if not old and draw.chance(0.4):
        cord, cores = _cable(draw, (0, 0, height[0] * 0.6), 0.0, 180.0)
        surfaces, solids = surfaces + cord, solids + cores
    return ObjectShape(tuple(surfaces), tuple(solids), density=900, upright=0.7)


def _iron_handle(draw: Draw, long: float, back: float, nose: float, tall: float) -> np.ndarray:
    """[20, 3] path of a grip above the body: closed at both ends, or open at the heel or the nose."""
    rear, front, top = long * draw.uniform(0.05, 0.2), long * draw.uniform(0.6, 0.72), tall * draw.uniform(1.0, 1.3)
    grip = [(rear + long * 0.05, 0, top), (front - long * 0.08, 0, top * draw.uniform(0.85, 1.05))]
    heel, toe = [(rear, 0, back * 0.8)], [(front, 0, nose * 0.8)]
    return smooth_path(draw.choice((heel + grip + toe, heel + grip + toe, heel + grip, grip + toe)), 20)


def headphones(draw: Draw) -> ObjectShape:
    """Two padded cups on a bow: small or large, round or oval; some with a padded bow, a boom or a cable."""
    half, radius = draw.uniform(0.035, 0.075), draw.uniform(0.018, 0.036)
    tall, oval = half * draw.uniform(1.0, 1.5), draw.uniform(0.75, 1.1)
    colour, exponent = colours.any_colour(draw), draw.uniform(2, 3)
    shell = draw.choice((materials.plastic, materials.plastic, materials.metal, materials.wooden))(draw, colour)
    padding = draw.choice((materials.rubber, materials.woven))
    soft = padding(draw, draw.choice((colours.black, colours.any_colour))(draw))
    band = draw.choice((materials.plastic, materials.rubber, materials.metal))(draw, colours.any_colour(draw))
    flat, thin = draw.uniform(0.003, 0.011), draw.uniform(0.0014, 0.0035)
    arch = np.concatenate([[(half, 0, 0)], bow((0, tall * 0.3, 0), (half, tall * 0.7), 0, 180, 24), [(-half, 0, 0)]])
    surfaces = [Surface(sweep(arch, (thin, flat), 4, segments=14), band)]
    if draw.chance(0.6):
        surfaces.append(Surface(sweep(arch[8:-8], (thin * 2.2, flat * 1.15), 3, segments=14), soft))
    outside, inside = _ear_cup(draw, radius, oval)
    path, sizes = outside
    deep, inner = path[-1, 0], inside[0][0, 0]
    wide, tilt, badge = radius * oval, draw.uniform(-14, 14), materials.plastic(draw)
    cap = sweep(path[-1] + line((0, 0, 0), (0.001, 0, 0)), sizes[-1] * 0.8, exponent, segments=20)
    cup = [Surface(sweep(*outside, exponent, segments=26), shell),
           Surface(sweep(*inside, exponent, segments=26), soft), Surface(cap, badge)]  # fmt: skip
    thick = (deep - inner) / 2
    solids = rods(arch[::5], min(thin, flat) * 1.5)
    for side, turn in ((1, rotation("z", tilt)), (-1, rotation("z", 180 - tilt))):
        place = (side * half, -radius * 0.15, 0)
        surfaces += [part.moved(place, turn) for part in cup]
        middle = tuple(turn @ ((deep + inner) / 2, 0, 0) + place)
        solids.append(Solid("cylinder", (min(wide, radius), thick), middle, turn @ ALONG_X))
        solids.append(Solid("box", (thick, wide * 0.5, radius * 0.95), middle, turn))
    if draw.chance(0.3):
        tip = (half * draw.uniform(-0.1, 0.4), -radius - half * draw.uniform(0.3, 0.6), 0)
        boom = smooth_path([(half + thin, -radius * 0.5, 0), (half, -radius * 1.3, 0), tip], 14)
        surfaces.append(Surface(sweep(boom, (0.0018, 0.0018), segments=8), band))
        surfaces.append(Surface(ellipsoid((0.008, 0.005, 0.005), segments=16).moved(tip), soft))
        solids += rods(boom[::6], 0.002)
    elif draw.chance(0.4):
        cable, cores = _cable(draw, (half, -radius, 0), -radius * 0.9, -90.0)
        surfaces, solids = surfaces + cable, solids + cores
    return ObjectShape(tuple(surfaces), tuple(solids), density=500, upright=0.8)


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


def microphone(draw: Draw) -> ObjectShape:
    """A singer's microphone with a mesh head, or one that stands on a foot."""
    return draw.choice((_hand_microphone, _desk_microphone))(draw)


def _hand_microphone(draw: Draw) -> ObjectShape:
    """A long tapering grip, a ball or drum of wire mesh with a hoop about it, mostly a cable; lies along x."""
    girth, long = draw.uniform(0.009, 0.013), draw.uniform(0.08, 0.13)
    ball = girth * draw.uniform(1.55, 2.0)
    colour = draw.choice((colours.black, colours.black, colours.steel, colours.vivid))(draw)
    grip = draw.choice((materials.metal, materials.rubber))(draw, colour)
    stem = curve([(0.7, 0), (0.75, 0.4), (1, 0.93), (1.25, 1)], 16) * (girth, long)
    blunt, centre = draw.uniform(0.55, 1), long + ball * 0.75
    head = ellipsoid((ball, ball, ball)).moved((0, 0, centre))
    np.minimum(head.vertices[:, 2], centre + ball * blunt, out=head.vertices[:, 2])
    hoop = lathe(np.array([(0.96, -0.16), (1.07, -0.12), (1.07, 0.12), (0.96, 0.16)]) * ball + (0, centre), 26)
    button = rounded_box((girth * 0.4, girth * 0.6, girth * 1.3), 0.001).moved((-girth * 0.92, 0, long * 0.75))
    grille = materials.woven(draw, draw.choice((colours.grey, colours.black, colours.steel, colours.vivid))(draw))
    upright = [
        Surface(lathe(np.concatenate([[(0, 0)], stem]), 22), grip),
        Surface(head, grille),
        Surface(hoop, materials.metal(draw, colour if draw.chance(0.4) else None)),
        Surface(button, materials.plastic(draw)),
    ]
    surfaces = [surface.moved(rotation=ALONG_X) for surface in upright]
    solids = [rod((0, 0, 0), (long, 0, 0), girth * 0.85), Solid("sphere", (ball,), (centre, 0, 0))]
    if draw.chance(0.6):
        cable, cores = _cable(draw, (0, 0, 0), -ball * 0.9, 180.0)
        surfaces, solids = surfaces + cable, solids + cores
    return ObjectShape(tuple(surfaces), tuple(solids), density=900)


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
    axis, place, turn = line((0, 0, 0), (0, 0, tall), 40), (0, 0, stem), rotation("y", draw.uniform(-35, 35))
    grille = body if ribbed else materials.woven(draw, draw.choice((colours.steel, colours.black, colours.grey))(draw))
    parts = [(slice(0, split + 1), body, 1.0), (slice(split, 40), grille, 0.97), (slice(split, split + 3), body, 1.06)]
    for part, finish, factor in parts:
        mesh = sweep(axis[part], (bulge * ribs)[part] * factor, exponent, up=(1, 0, 0), segments=26)
        surfaces.append(Surface(mesh.moved(place, turn), finish))
    if ribbed or draw.chance(0.4):
        spine = np.stack([np.zeros(40), -bulge[:, 0] * 1.03, axis[:, 2]], -1)[3:-3]  # up the front
        strip = sweep(spine, (deep * 0.15, wide * 0.08), 3, up=(0, 1, 0), segments=10)
        surfaces.append(Surface(strip.moved(place, turn), materials.metal(draw)))
    head = Solid("box", (deep * 0.85, wide * 0.85, tall / 2), (0, 0, tall / 2)).moved(place, turn)
    return ObjectShape(tuple(surfaces), (*solids, head), density=900, upright=0.7)


def _microphone_foot(draw: Draw, reach: float, stem: float) -> Parts:
    """A disc or three legs on the floor, and a stem up from it."""
    finish = draw.choice((materials.metal, materials.plastic, materials.rubber))(draw)
    girth = draw.uniform(0.0025, 0.005)
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
