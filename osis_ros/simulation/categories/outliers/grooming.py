"""Hair dryers, tweezers and razors."""

from itertools import pairwise

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import curve, cylinder, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import ALONG_X, around, join, rotation
from osis_ros.simulation.shape import ObjectShape, Parts, Solid, Surface, bar, rod, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def _shell(draw: Draw, colour: np.ndarray) -> Material:
    """The finish of what lies in a bathroom: moulded, lacquered, decorated or metallic."""
    finishes = (materials.plastic, materials.plastic, materials.ceramic, materials.metal, materials.matt)
    return draw.choice(finishes)(draw, colour)


def hair_dryer(draw: Draw) -> ObjectShape:
    """A wide barrel with a grille behind and a slot nozzle, diffuser or open mouth, a grip, mostly a cord; lies."""
    radius, stretch = draw.uniform(0.019, 0.029), draw.uniform(2.9, 4.2)
    long, colour = radius * stretch, colours.any_colour(draw)
    rear, front = radius * draw.uniform(0.7, 1), radius * draw.uniform(0.68, 0.95)
    waist = radius * draw.uniform(0.75, 1.0)
    wall = curve([(rear, 0), (radius, long * draw.uniform(0.2, 0.4)), (waist, long * 0.7), (front, long)], 22)
    body = _shell(draw, colour)
    trim = materials.plastic(draw, colours.contrasting(draw, colour)) if draw.chance(0.6) else materials.metal(draw)
    lip = [(front, long), (front * 0.9, long), (front * 0.86, long - radius * 0.5)]
    dark = materials.woven(draw, colours.black(draw) * 1.4)
    inside = lathe(np.array([(front * 0.86, long - radius * 0.5), (0, long - radius * 0.45)]), 24)
    turned = [Surface(lathe(wall, 32, 60), body), Surface(lathe(np.array(lip), 28), trim), Surface(inside, dark),
              *_grille(draw, rear, trim)]  # fmt: skip
    if draw.chance(0.5):
        band = (wall * (1.02, 1))[slice(*draw.choice(((0, 3), (15, 19), (19, 22), (10, 12))))]
        turned.append(Surface(lathe(band, 32, 60), trim))
    mouth, tip = draw.choice((_slot_nozzle, _slot_nozzle, _diffuser, _open_mouth))(draw, front, long, trim)
    surfaces = [part.moved(rotation=ALONG_X) for part in (*turned, *mouth)]
    barrel = [Solid("cylinder", (part[:, 0].max() * 0.98, np.ptp(part[:, 1]) / 2), (0, 0, part[:, 1].mean()))
              for part in (wall[:8], wall[7:15], wall[14:])]  # fmt: skip
    solids = [part.moved(rotation=ALONG_X) for part in (*barrel, *tip)]
    grip, core = _dryer_grip(draw, radius, long, body if draw.chance(0.6) else trim)
    return ObjectShape((*surfaces, *grip), (*solids, *core), density=500, upright=0.85)


def _grille(draw: Draw, rear: float, trim: Material) -> list[Surface]:
    """The air inlet that closes a barrel below z = 0: a mesh, rings or rays on a dark dome, in a hoop."""
    dome, kind = rear * draw.uniform(0.02, 0.3), draw.choice(("mesh", "rings", "rays"))
    profile = curve([(0, -dome), (rear * 0.6, -dome * 0.75), (rear * 0.97, 0.001)], 12)
    ink = draw.choice((colours.black, colours.black, colours.grey, colours.any_colour))(draw)
    floor = materials.woven(draw, ink) if kind == "mesh" else materials.rubber(draw)
    girth = rear * draw.uniform(0.03, 0.06)
    hoop = sweep(bow((0, 0, 0), (rear * 0.97, rear * 0.97), 0, 360, 30), (girth * 1.3, girth * 1.3), segments=10)
    surfaces = [Surface(lathe(profile, 28), floor), Surface(hoop, trim)]
    if kind == "rings":
        shares = np.linspace(0, 1, draw.integer(3, 5) + 1)[1:-1]
        places = [(rear * share, -dome * (1 - share**2)) for share in shares]
        rings = [sweep(bow((0, 0, z), (r, r), 0, 360, 26), (girth, girth), segments=8) for r, z in places]
        cap = cylinder(rear * 0.14, -dome * 1.05 - girth, 0, 18)
        surfaces.append(Surface(join(*rings, cap), trim))
    elif kind == "rays":
        ray, count = np.c_[profile[2:, 0], np.zeros(10), profile[2:, 1]], draw.integer(8, 20)
        slat = sweep(ray, (girth * 0.8, girth), segments=8)
        surfaces.append(Surface(around(slat, count), trim))
    return surfaces


def _slot_nozzle(draw: Draw, front: float, long: float, trim: Material) -> Parts:
    """A concentrator that flattens from the barrel's mouth at z = `long` to a slot at any angle."""
    reach, wide, thin = front * draw.uniform(0.5, 1.0), front * draw.uniform(1.0, 1.35), front * draw.uniform(0.28, 0.5)
    at = np.linspace(0, 1, 14)
    share = np.clip((at - 0.2) / 0.8, 0, 1) ** draw.uniform(0.7, 1.3)
    sizes = front * 1.04 + share[:, None] * (np.array((wide, thin)) - front * 1.04)
    path = line((0, 0, long - front * 0.15), (0, 0, long + reach), 14)
    hull = sweep(path, sizes, draw.uniform(2, 2.8), up=(0, 1, 0), segments=28)
    slot = sweep(path[-1] + line((0, 0, -0.001), (0, 0, 0.0006)), sizes[-1] * (0.88, 0.65), 2.6, (0, 1, 0))
    finish = trim if draw.chance(0.4) else materials.plastic(draw, colours.black(draw))
    turn = rotation("z", draw.choice((90, 90, draw.uniform(50, 130))))
    solid = Solid("box", (wide * 0.9, (thin + front) / 2, reach / 2), (0, 0, long + reach / 2), turn)
    surfaces = [Surface(hull, finish), Surface(slot, materials.rubber(draw))]
    return [part.moved(rotation=turn) for part in surfaces], [solid]


def _diffuser(draw: Draw, front: float, long: float, trim: Material) -> Parts:
    """A wide bell on the mouth at z = `long`, its face pierced and set with fingers."""
    wide, deep = front * draw.uniform(1.35, 1.8), front * draw.uniform(0.6, 1.1)
    throat = front * 1.05
    bell = curve([(throat, -front * 0.2), (throat, deep * 0.2), (wide * 0.95, deep * 0.8), (wide, deep)], 16)
    rim = [(wide, deep), (wide, deep + 0.003), (wide * 0.93, deep + 0.003), (wide * 0.92, deep - 0.001)]
    finish = trim if draw.chance(0.4) else materials.plastic(draw)
    dark = materials.woven(draw, draw.choice((colours.black, colours.grey, colours.white))(draw))
    face = lathe(np.array([(wide * 0.92, deep - 0.001), (0, deep - 0.0015)]), 28)
    tall, girth = front * draw.uniform(0.2, 0.5), front * draw.uniform(0.05, 0.09)
    finger = lathe(curve([(girth, 0), (girth, tall * 0.7), (0, tall)], 8), 10)
    fingers = [finger.moved((0, 0, deep - 0.002))]
    for share, count in ((0.38, draw.integer(5, 7)), (0.74, draw.integer(9, 13))):
        turn = np.arange(count) * 2 * np.pi / count
        fingers += [finger.moved((wide * share * np.cos(t), wide * share * np.sin(t), deep - 0.002)) for t in turn]
    meshes = ((lathe(bell, 32, 60), finish), (lathe(np.array(rim), 32), finish), (face, dark), (join(*fingers), finish))
    solid = Solid("cylinder", (wide, deep * 0.3), (0, 0, long + deep * 0.75))
    return [Surface(mesh.moved((0, 0, long)), skin) for mesh, skin in meshes], [solid]


def _open_mouth(draw: Draw, front: float, long: float, trim: Material) -> Parts:
    """Just a ring about the mouth at z = `long`, and a cross or rings of wire in it."""
    girth = front * draw.uniform(0.03, 0.06)
    hoops = [sweep(bow((0, 0, long - 0.002), (r, r), 0, 360, 28), (girth, girth), segments=8)
             for r in front * np.array((0.94, 0.6, 0.3))[: draw.integer(1, 3)]]  # fmt: skip
    wire = sweep(line((-front * 0.88, 0, 0), (front * 0.88, 0, 0), 3), (girth * 0.7, girth * 0.7), segments=8)
    cross = [wire.moved((0, 0, long - 0.003), rotation("z", degrees)) for degrees in (0, 90)]
    return [Surface(join(*hoops, *cross), trim)], []


def _dryer_grip(draw: Draw, radius: float, long: float, finish: Material) -> Parts:
    """A grip out of the barrel's side towards -y, straight or curved, with a joint, switches, and a cord at its end."""
    reach, girth, x = long * draw.uniform(0.75, 1.05), radius * draw.uniform(0.4, 0.52), long * draw.uniform(0.22, 0.42)
    lean, bend = np.deg2rad(draw.uniform(-22, 25)), radius * draw.uniform(-0.35, 0.35)
    way, off = np.array((np.sin(lean), -np.cos(lean), 0)), np.array((np.cos(lean), np.sin(lean), 0)) * bend
    start = np.array((x, -radius * 0.4, 0))
    path = smooth_path([start, start + way * reach * 0.5 + off, start + way * reach], 18)
    share = np.interp(np.linspace(0, 1, 18), np.linspace(0, 1, 5), [1.15, *draw.uniform(0.85, 1.1, 3), 0.95])
    sizes = girth * share[:, None] * (1, draw.uniform(0.75, 1))
    sizes[-1] *= 0.8
    surfaces = [Surface(sweep(path, sizes, draw.uniform(2, 3.2), segments=22), finish)]
    if draw.chance(0.45):  # where it folds
        disc = cylinder(girth * 1.15, -girth * 1.12, girth * 1.12, 24).moved(tuple(path[4]))
        surfaces.append(Surface(disc, materials.plastic(draw)))
    tint, on_top = materials.plastic(draw), draw.chance(0.6)
    for i in range(7, 7 + 3 * draw.integer(1, 2), 3):
        key = rounded_box((girth * 0.5, girth * 0.75, girth * 0.5), 0.001, 1)
        place = path[i] + ((0, 0, sizes[i, 1]) if on_top else (sizes[i, 0], 0, 0))
        surfaces.append(Surface(key.moved(tuple(place)), tint))
    solids = rods(path[::3], girth * 0.85)
    if draw.chance(0.7):
        cord, cores = _cord(draw, path[-1], way, -radius * 0.7)
        surfaces, solids = surfaces + cord, solids + cores
    return surfaces, solids


def _cord(draw: Draw, start: np.ndarray, way: np.ndarray, floor: float) -> Parts:
    """A ribbed sleeve from `start` along `way`, then a cord that sinks to the floor and winds over it."""
    girth, count = draw.uniform(0.0014, 0.0022), draw.integer(3, 6)
    ribs = girth * np.linspace(2.4, 1.3, 12) * (1 - 0.15 * (np.arange(12) % 2))
    sleeve = sweep(start + np.linspace(-0.001, 0.014, 12)[:, None] * way, np.stack([ribs, ribs], -1), segments=12)
    heading = np.arctan2(way[1], way[0]) + np.deg2rad(np.cumsum(draw.uniform(-70, 70, count)))
    steps = draw.uniform(0.008, 0.018, count)[:, None] * np.stack([np.cos(heading), np.sin(heading)], -1)
    places = (start + way * 0.016)[:2] + np.cumsum(steps, 0)
    path = smooth_path([tuple(start), tuple(start + way * 0.014), *((*place, floor) for place in places)], 31)
    skin = materials.rubber(draw, draw.choice((colours.black, colours.black, colours.white, colours.any_colour))(draw))
    return [Surface(sleeve, skin), Surface(sweep(path, (girth, girth), segments=8), skin)], rods(path[::5], girth)


def tweezers(draw: Draw) -> ObjectShape:
    """Two slim arms joined at one end, bowed or straight, open by any angle; tips slanted, pointed, flat or bent."""
    long, wide = draw.uniform(0.07, 0.13), draw.uniform(0.003, 0.0065)
    thin, opening = draw.uniform(0.0006, 0.0013), draw.uniform(0.002, 0.013)
    at, colour = np.linspace(0, 1, 40), colours.any_colour(draw)
    belly = draw.uniform(0, 0.5) * opening * np.sin(np.pi * at) + opening * at ** draw.uniform(0.6, 1.2)
    tip = draw.choice(("slanted", "pointed", "flat", "round", "bent"))
    broad, low = _arm_width(draw, at, tip)
    sag = low * wide + (at > 0.8) * (at - 0.8) ** 2 * long * (draw.uniform(3, 6) if tip == "bent" else 0)
    arms = materials.metal(draw) if draw.chance(0.4) else _shell(draw, colour)
    dip = arms if draw.chance(0.6) else materials.rubber(draw, colours.contrasting(draw, colour))
    first, held = draw.integer(27, 35), draw.chance(0.35)
    surfaces, solids = [], []
    for side in (1, -1):
        path = np.stack([at * long, side * (belly + thin * 0.8), sag], -1)
        sizes = np.stack([np.full(40, thin), wide * broad], -1)
        surfaces.append(Surface(sweep(path, sizes, 5, segments=12), arms))
        surfaces.append(Surface(sweep(path[first:], sizes[first:] * (1.15, 1.03), 5, segments=12), dip))
        if held:
            surfaces.append(_arm_pad(draw, path, sizes, side, dip))
        solids.append(rod(tuple(path[32]), tuple(path[39]), thin))
        for i, end in pairwise((0, 8, 16, 24, 32)):
            level = path[[i, end]] * (1, 1, 0) + (0, 0, sag[i])
            solids.append(bar(*map(tuple, level), 2 * thin, 2 * wide * broad[i : end + 1].mean()))
    surfaces.append(_joint(draw, wide * broad[0], thin, arms))
    turn = rotation("x", draw.choice((0, 90)))  # on the edges of both arms, or on one of them
    return ObjectShape(tuple(surfaces), tuple(solids), density=2500, upright=0.85).turned(turn)


def _arm_width(draw: Draw, at: np.ndarray, tip: str) -> tuple[np.ndarray, np.ndarray]:
    """Of a tweezers' arm at the shares `at` [N] of its length: relative half width, and how far its middle is off."""
    waist = draw.uniform(0.6, 1)
    broad = np.interp(at, [0, 0.15, 0.5, 0.8], [draw.uniform(0.8, 1.3), waist, 1, draw.uniform(0.6, 1)])
    end = {"slanted": 0.75, "pointed": 0.08, "flat": draw.uniform(0.9, 1.5), "round": 0.9, "bent": 0.12}[tip]
    blend = np.clip((at - 0.55) / 0.45, 0, 1)
    broad = broad * (1 - blend) + end * blend
    if tip == "round":
        broad = broad * np.clip(1 - at**60, 0.1, 1) ** 0.5
    slant = np.clip((at - 0.93) / 0.07, 0, 1) * (0.85 if tip == "slanted" else 0) * broad
    return broad - slant, slant


def _arm_pad(draw: Draw, path: np.ndarray, sizes: np.ndarray, side: int, finish: Material) -> Surface:
    """Ridges or a smooth pad outside on an arm, where fingers press it."""
    kind, middle = draw.choice(("ridges", "pad")), slice(13, 24)
    if kind == "pad":
        return Surface(sweep(path[middle] + (0, side * 0.0005, 0), sizes[middle] * (1.6, 0.75), 3, segments=12), finish)
    ridge = rounded_box((0.0008, 0.0012, sizes[18, 1] * 1.7), 0.0003, 1, 2).moved((0, side * sizes[18, 0], 0))
    return Surface(join(*(ridge.moved(tuple(place)) for place in path[middle])), finish)


def _joint(draw: Draw, half: float, thin: float, arms: Material) -> Surface:
    """What joins two arms at x = 0: a welded end, a rounded tab or a bow."""
    kind = draw.choice(("weld", "tab", "bow"))
    if kind == "weld":
        long = draw.uniform(0.006, 0.016)
        return Surface(rounded_box((long, thin * 4, half * 2), thin).moved((long * 0.3, 0, 0)), arms)
    if kind == "tab":
        tab = sweep(line((0.004, 0, 0), (-half * 1.6, 0, 0), 9),
                    np.stack([np.full(9, thin * 1.9), half * np.linspace(1, 0.35, 9) ** 0.6], -1), 4)  # fmt: skip
        return Surface(tab, arms)
    gap = draw.uniform(0.0012, 0.0025)
    over = bow((0, 0, 0), (gap * 1.6, gap), 75, 285, 14)
    return Surface(sweep(over, (thin, half), 5, segments=12), arms)


def razor(draw: Draw) -> ObjectShape:
    """A safety razor with a grooved metal handle, or a cartridge razor with a curved handle of two colours."""
    surfaces, solids = (_safety_razor if draw.chance(0.5) else _cartridge_razor)(draw)
    turn = rotation("x", draw.choice((0, 0, 180)))  # its blades down or up
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=0.75).turned(turn)


def _safety_razor(draw: Draw) -> Parts:
    """A round handle with rings or flutes along x, and a thin arched head across it: cap, blade and toothed guard."""
    long, girth = draw.uniform(0.055, 0.085), draw.uniform(0.0038, 0.0062)
    tint = colours.hsv(draw.uniform(0.06, 0.14), draw.uniform(0.3, 0.7), draw.uniform(0.5, 0.85))
    plate = materials.metal(draw, draw.choice((None, None, tint)))
    ink = draw.choice((colours.black, colours.any_colour))(draw)
    holding = plate if draw.chance(0.5) else _shell(draw, ink)
    turns = np.linspace(0, 1, 60)
    share = np.interp(turns, np.linspace(0, 1, 5), draw.uniform(0.8, 1.05, 5))
    share = share * (1 - draw.choice((0, 0.08, 0.14)) * (np.arange(60) // draw.integer(1, 3) % 2))
    profile = np.concatenate([[(0, 0)], np.stack([girth * share, long * turns], -1), [(0, long)]])
    knob = curve([(0, -1.6), (0.9, -1.4), (1.1, -0.5), (0.75, 0.1)], 12) * girth
    collar = np.array([(girth * 0.6, 0), (girth * 0.6, 0.4), (girth * 1.15, 0.6), (girth * 1.1, 1), (0, 1)])
    neck = draw.uniform(0.006, 0.012)
    turned = [Surface(lathe(profile, draw.choice((8, 20, 20)), 60), holding), Surface(lathe(knob, 20), plate),
              Surface(lathe(collar * (1, neck) + (0, long), 20), plate)]  # fmt: skip
    surfaces = [part.moved(rotation=ALONG_X) for part in turned]
    head, core = _safety_head(draw, plate)
    place, tilt = (long + neck, 0, 0), rotation("x", draw.choice((0, 0, draw.uniform(0, 90))))
    surfaces += [part.moved(place, tilt) for part in head]
    return surfaces, [core.moved(place, tilt), rod((-girth * 1.5, 0, 0), (long + neck, 0, 0), girth)]


def _safety_head(draw: Draw, plate: Material) -> tuple[list[Surface], Solid]:
    """A head across y whose cap faces +x: cap and guard curve back over their edges, a bare blade between them."""
    half, deep, thick = draw.uniform(0.018, 0.023), draw.uniform(0.009, 0.0125), draw.uniform(0.0012, 0.002)
    sag, rise = draw.uniform(0.0015, 0.0035), thick * 3.2
    across = np.linspace(-1, 1, 13)
    sheets = []
    for lift, reach, wide in ((rise, 0.92, 1.0), (thick * 1.2, 1.0, 0.98)):
        arch = np.stack([lift - sag * across**2, np.zeros(13), across * deep * reach], -1)
        sizes = np.stack([thick * np.interp(np.abs(across), [0, 0.8, 1], [1, 0.8, 0.5]), np.full(13, half * wide)], -1)
        sheets.append(sweep(arch, sizes, 6, up=(0, 1, 0), segments=14))
    teeth = []
    if draw.chance(0.6):
        tooth = rounded_box((thick * 1.3, half * 0.06, deep * 0.3), 0.0003, 1, 2)
        for y in np.linspace(-0.92, 0.92, draw.integer(9, 15)) * half:
            teeth += [tooth.moved((thick * 1.2 - sag, y, side * deep)) for side in (1, -1)]
    blade = rounded_box((0.0006, half * 2.02, deep * 1.96), 0.0002, 2, 2).moved((rise * 0.5 - sag * 0.4, 0, 0))
    surfaces = [Surface(sheets[0], plate), Surface(join(sheets[1], *teeth), plate),
                Surface(blade, materials.metal(draw))]  # fmt: skip
    return surfaces, Solid("box", ((rise + sag) / 2 + thick * 0.5, half, deep), ((rise - sag) / 2 + thick * 0.3, 0, 0))


def _cartridge_razor(draw: Draw) -> Parts:
    """A curved handle, thick or slim, with a soft inlay and ribs, a thin neck, and a tilted cartridge of blades."""
    long, girth = draw.uniform(0.085, 0.12), draw.uniform(0.0042, 0.0075)
    sag, rise = long * draw.uniform(-0.08, 0.12), long * draw.uniform(0.0, 0.14)
    path = smooth_path([(0, 0, 0), (long * 0.35, 0, sag), (long * 0.75, 0, sag * 0.5), (long, 0, rise)], 40)
    at, colour = np.linspace(0, 1, 40), colours.any_colour(draw)
    wide = np.interp(at, [0, 0.05, 0.3, 0.6, 0.85, 1], [0.5, *draw.uniform(0.75, 1.15, 3), 0.5, 0.6]) * girth
    sizes = np.stack([wide, wide * draw.uniform(0.6, 0.95)], -1)
    core = draw.choice((materials.plastic, materials.plastic, materials.metal))(draw, colour)
    soft = materials.rubber(draw, colours.contrasting(draw, colour))
    exponent = draw.uniform(2, 3.2)
    surfaces = [Surface(sweep(path, sizes, exponent, segments=18), core)]
    for first, last, lift in ((4, draw.integer(18, 33), 0.35), (draw.integer(24, 29), 35, -0.3)):
        inlay = path[first:last] + np.c_[np.zeros((last - first, 2)), sizes[first:last, 1] * lift]
        thinning = np.interp(np.arange(last - first), [0, 3, last - first - 4, last - first - 1], [0.3, 0.8, 0.8, 0.3])
        surfaces.append(Surface(sweep(inlay, sizes[first:last] * thinning[:, None] * (1.1, 1), exponent), soft))
    if draw.chance(0.5):
        rib = rounded_box((0.0012, girth * 1.1, 0.0016), 0.0004, 1, 2)
        ribs = [rib.moved(tuple(path[i] + (0, 0, sizes[i, 1] * 1.05))) for i in range(8, draw.integer(12, 24))]
        surfaces.append(Surface(join(*ribs), soft))
    head, box = _cartridge(draw, core, soft)
    place, tilt = tuple(path[-1]), rotation("y", draw.uniform(20, 75))
    surfaces += [part.moved(place, tilt) for part in head]
    return surfaces, [box.moved(place, tilt), *rods(path, girth * 0.8, 6)]


def _cartridge(draw: Draw, core: Material, soft: Material) -> tuple[list[Surface], Solid]:
    """A flat case across y, hung at the origin by a yoke on +z; its blades and a lubricating strip face -z."""
    half, deep, thick = draw.uniform(0.017, 0.022), draw.uniform(0.005, 0.0095), draw.uniform(0.0022, 0.0035)
    count, hung = draw.integer(2, 5), (0, 0, -thick * 1.2)
    case = sweep(line((0, -half, 0), (0, half, 0), 9),
                 np.outer(np.interp(np.linspace(-1, 1, 9), [-1, -0.8, 0.8, 1], [0.75, 1, 1, 0.75]), (deep, thick)),
                 draw.uniform(3, 6))  # fmt: skip
    blade = rounded_box((deep * 0.1, half * 1.8, thick * 0.5), 0.0002, 1, 2)
    edges = [blade.moved((x * deep, 0, -thick * 0.95)) for x in np.linspace(-0.45, 0.4, count)]
    strip = rounded_box((deep * 0.35, half * 1.8, thick * 0.5), 0.0005, 1, 2).moved((deep * 0.72, 0, -thick * 0.85))
    bars = rounded_box((deep * 1.7, half * 0.06, thick * 0.6), 0.0003, 1, 2)
    clips = join(*(bars.moved((0, side * half * 0.85, -thick * 0.85)) for side in (1, -1)))
    yoke = rounded_box((deep * 0.9, half * 0.5, thick * 1.6), 0.001).moved((0, 0, thick * 0.8))
    ink = draw.choice((colours.hsv(draw.uniform(0.2, 0.55), 0.5, 0.8), colours.white(draw), colours.vivid(draw)))
    surfaces = [Surface(case, draw.choice((core, materials.plastic(draw, colours.black(draw))))), Surface(yoke, soft),
                Surface(join(*edges), materials.metal(draw)), Surface(strip, materials.plastic(draw, ink)),
                Surface(clips, materials.metal(draw))]  # fmt: skip
    return [part.moved(hung) for part in surfaces], Solid("box", (deep, half, thick), hung)
