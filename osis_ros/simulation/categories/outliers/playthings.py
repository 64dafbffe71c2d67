"""Dolls, robots and whistles."""

import numpy as np

from osis_ros.simulation import colours, materials, patterns, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.lathe import arc, curve, cylinder, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import ALONG_X, Mesh, join, rotation
from osis_ros.simulation.shape import ObjectShape, Parts, Solid, Surface, rod, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def doll(draw: Draw) -> ObjectShape:
    """A figure that stands, sits or strides, arms anyhow: a dressed doll with hair or hat, a robot, a peg doll."""
    return draw.choice((_dressed, _dressed, _dressed, _robot, _robot, _peg_doll))(draw)


def _cloth(draw: Draw, colour: np.ndarray) -> Material:
    """A garment: woven, knitted, patterned, or moulded with the doll."""
    if draw.chance(0.25):
        return materials.woven(draw, colour)
    if draw.chance(0.3):
        return materials.plastic(draw, colour)
    picture = patterns.decor(draw, materials.TEXTURE_SIZE, colour)
    return Material(np.ones(3), picture, draw.uniform(0, 0.4), draw.uniform(0.05, 0.5))


def _limb(
    root: tuple[float, float, float], lengths: tuple[float, float], pitch: float, bend: float, spread: float
) -> np.ndarray:
    """[3, 3] root, joint and end: hanging at 0 degrees, swung forwards (-y) by pitch, then bend more; spread to +x."""
    points = [np.asarray(root, float)]
    for length, swing in zip(lengths, (pitch, pitch + bend), strict=True):
        points.append(points[-1] + rotation("y", -spread) @ rotation("x", -swing) @ (0, 0, -length))
    return np.stack(points)


def _limbs(draw: Draw, hip: float, shoulder: float, wide: float, legs: float, arms: float) -> list[np.ndarray]:
    """Left and right leg, then left and right arm, each [3, 3]; half the hips' and shoulders' width is `wide`."""
    pose = draw.choice(("stand", "stand", "stride", "sit"))
    stance = draw.uniform(2, 14)
    pitch, bend = {"stand": (0, 0), "stride": (draw.uniform(15, 35), 0), "sit": (90, draw.uniform(-60, 0))}[pose]
    limbs = []
    for side in (1, -1):
        swing = pitch * side if pose == "stride" else pitch
        leg = _limb((wide * 0.5, 0, hip), (legs * 0.5, legs * 0.5), swing, bend, stance)
        limbs.append(leg * (side, 1, 1))
    both = _raised(draw)
    for side in (1, -1):
        swings = both if draw.chance(0.6) else _raised(draw)
        arm = _limb((wide, 0, shoulder), (arms * 0.5, arms * 0.5), *swings)
        limbs.append(arm * (side, 1, 1))
    return limbs


def _raised(draw: Draw) -> tuple[float, float, float]:
    """Pitch, bend and spread of an arm, as `_limb` takes them."""
    return draw.uniform(-20, 160), draw.uniform(0, 80), draw.uniform(8, 60)


def _across(limb: np.ndarray) -> tuple[float, float, float]:
    """A direction across a limb [3, 3], for a sweep along it: x, or nearly y where it reaches far to a side."""
    return (1, 0, 0) if abs(limb[2, 0] - limb[0, 0]) < 0.7 * np.linalg.norm(limb[2] - limb[0]) else (0, 1, 0.2)


def _dressed(draw: Draw) -> ObjectShape:
    """A doll with a rounded body, stocky to slender, in trousers or a dress."""
    tall = draw.uniform(0.08, 0.14)
    head, legs = tall * draw.uniform(0.075, 0.17), tall * draw.uniform(0.28, 0.46)
    wide, long = tall * draw.uniform(0.08, 0.14), tall * draw.uniform(0.24, 0.34)
    deep, shoulder = wide * draw.uniform(0.55, 0.9), legs + long
    thick = tall * draw.uniform(0.022, 0.045)
    skin = materials.plastic(draw, _skin(draw))
    colour = colours.any_colour(draw)
    shirt, trousers = _cloth(draw, colour), _cloth(draw, colours.contrasting(draw, colour))
    trunk = line((0, 0, legs - thick), (0, 0, shoulder + thick), 16)
    shape = np.interp(np.linspace(0, 1, 16), [0, 0.1, 0.45, 0.85, 1], [0.6, 0.95, draw.uniform(0.75, 1.1), 1, 0.4])
    body = sweep(trunk, shape[:, None] * (wide, deep), draw.uniform(2, 3), up=(0, 1, 0), segments=20)
    limbs = _limbs(draw, legs, shoulder - thick * 0.4, wide, legs, long * draw.uniform(1, 1.4))
    surfaces = [Surface(body, shirt)]
    solids = [Solid("box", (wide * 0.9, deep * 0.85, long / 2), (0, 0, legs + long / 2))]
    bare = draw.chance(0.4)
    for limb, finish in zip(limbs, (trousers, trousers, shirt, shirt), strict=True):
        girth = thick * (1.15 if finish is trousers else 0.9)
        surfaces += _sleeve(draw, limb, girth, finish, skin if bare else finish)
        tip = ellipsoid((girth * 1.1,) * 3, segments=14).moved(tuple(limb[2]))
        surfaces.append(Surface(tip, skin))
        solids += rods(limb, girth)
    more, held = zip(_shoes(draw, limbs[:2], thick), _head(draw, head, shoulder + thick * 0.5, skin), strict=True)
    surfaces += [surface for part in more for surface in part]
    solids += [solid for part in held for solid in part]
    if limbs[0][2, 2] < legs * 0.3 and draw.chance(0.5):  # does not sit
        skirt, solid = _skirt(draw, wide, legs, legs + long / 3)
        surfaces.append(Surface(skirt, shirt if draw.chance(0.5) else trousers))
        solids.append(solid)
    return ObjectShape(tuple(surfaces), tuple(solids), density=500, upright=0.4)


def _skirt(draw: Draw, wide: float, hip: float, waist: float) -> tuple[Mesh, Solid]:
    """A closed skirt from a waist down, flared, short or long."""
    hem = draw.uniform(0.15, 0.75) * hip
    flare = curve([(wide * draw.uniform(1.3, 2.2), hem), (wide * 1.15, hip * 0.9), (wide * 0.8, waist)], 14)
    solid = Solid("cylinder", (float(flare[4, 0]), (hip - hem) / 2), (0, 0, (hip + hem) / 2))
    return lathe(np.concatenate([[(0, hem)], flare]), 26), solid


def _skin(draw: Draw) -> np.ndarray:
    """Pale to dark, or a toy's."""
    if draw.chance(0.2):
        return colours.any_colour(draw)
    return colours.hsv(draw.uniform(0.03, 0.09), draw.uniform(0.25, 0.65), draw.uniform(0.3, 0.97))


def _sleeve(draw: Draw, limb: np.ndarray, girth: float, upper: Material, lower: Material) -> list[Surface]:
    """An arm or a leg [3, 3] of two finishes, the nearer half a little wider where it is cloth over skin."""
    path = smooth_path([tuple(point) for point in limb], 17)
    up = _across(limb)
    taper = girth * np.linspace(1.1, draw.uniform(0.7, 1), 17)[:, None] * (1, 1)
    cut = draw.integer(6, 13)
    near = sweep(path[: cut + 1], taper[: cut + 1] * (1 if upper is lower else 1.2), up=up, segments=14)
    return [Surface(near, upper), Surface(sweep(path[cut:], taper[cut:], up=up, segments=14), lower)]


def _shoes(draw: Draw, legs: list[np.ndarray], thick: float) -> Parts:
    """Rounded or square feet that point forwards, or up where the legs lie on the floor."""
    finish, blunt = materials.plastic(draw), draw.chance(0.4)
    half = np.array((1.25, draw.uniform(1.5, 2.4), 0.8)) * thick
    mesh = rounded_box(tuple(half * 2), half[2] * 0.6) if blunt else ellipsoid(tuple(half), segments=18)
    surfaces, solids = [], []
    for leg in legs:
        shin = leg[2] - leg[1]
        tilt = np.rad2deg(np.arctan2(-shin[1], -shin[2]))
        turn = rotation("x", -float(tilt))
        place = tuple(leg[2] + turn @ (0, -half[1] * 0.4, -half[2] * 0.3))
        surfaces.append(Surface(mesh.moved(place, turn), finish))
        solids.append(Solid("box", tuple(half * (0.9, 0.85, 0.95)), place, turn))
    return surfaces, solids


def _head(draw: Draw, head: float, neck: float, skin: Material) -> Parts:
    """A head on a neck that ends at this height, with eyes, mouth or nose, and hair, a hat or neither."""
    radii = head * np.array((draw.uniform(0.85, 1.1), draw.uniform(0.85, 1), draw.uniform(0.95, 1.2)))
    middle = neck + head * 0.15 + radii[2]
    place = (0, 0, middle)
    throat = cylinder(head * draw.uniform(0.3, 0.45), neck - head * 0.4, middle, 16)
    surfaces = [Surface(ellipsoid(tuple(radii)).moved(place), skin), Surface(throat, skin)]
    eye, apart = head * draw.uniform(0.07, 0.16), draw.uniform(0.3, 0.45)
    height = draw.uniform(0.0, 0.2)
    depth = np.sqrt(1 - apart**2 - height**2)
    spots = [(side * apart, -depth, height) * radii for side in (1, -1)]
    ball = ellipsoid((eye, eye * 0.5, eye * draw.uniform(1, 1.5)), segments=10)
    dark = materials.plastic(draw, draw.choice((colours.black, colours.black, colours.vivid))(draw))
    surfaces.append(Surface(join(*(ball.moved(tuple(spot + place)) for spot in spots)), dark))
    smile = bow((0, 0, 0), (draw.uniform(0.2, 0.4), draw.uniform(0.05, 0.2)), 200, 340, 9)[:, [0, 2, 1]]
    smile[:, 2] -= draw.uniform(0.25, 0.4)
    smile[:, 1] = -np.sqrt(1 - smile[:, 0] ** 2 - smile[:, 2] ** 2)
    red = materials.plastic(draw, colours.hsv(draw.uniform(-0.05, 0.03), 0.7, draw.uniform(0.3, 0.8)))
    mouth = sweep(smile * radii + place, (head * 0.04, head * 0.04), up=(0, 1, 0), segments=8)
    nose = ellipsoid((head * draw.uniform(0.08, 0.16),) * 3, segments=10).moved((0, -radii[1], middle - head * 0.1))
    surfaces += [Surface(mouth, red), Surface(nose, skin if draw.chance(0.7) else red)]
    kind = draw.choice((_hair, _hair, _hat, _hat, None))
    more, held = kind(draw, radii, middle) if kind else ([], [])
    return [*surfaces, *more], [Solid("ellipsoid", tuple(radii), place), *held]


def _hair(draw: Draw, radii: np.ndarray, middle: float) -> Parts:
    """A cap of hair set back on the head, smooth or curly, short or long, with a bun, two bunches or plaits."""
    shade = colours.hsv(draw.uniform(0.02, 0.13), draw.uniform(0.2, 0.8), draw.uniform(0.08, 0.85))
    picture = patterns.wood(draw, 96, shade if draw.chance(0.8) else colours.vivid(draw))
    finish = Material(np.ones(3), picture, draw.uniform(0, 0.5), draw.uniform(0.1, 0.6))
    curls = 1 + draw.choice((0, draw.uniform(0.04, 0.12))) * draw.rng.standard_normal((13, 24)).clip(-1.5, 1.5)
    size = radii * draw.uniform(1.06, 1.16)
    back = (0, radii[1] * draw.uniform(0.18, 0.3), middle + radii[2] * draw.uniform(0.15, 0.25))
    surfaces = [Surface(ellipsoid(tuple(size), curls).moved(back), finish)]
    kind, ball = draw.choice(("short", "bun", "bunches", "plaits", "long")), radii[0] * draw.uniform(0.3, 0.5)
    if kind == "long":
        fall = line((0, back[1] + radii[1] * 0.3, back[2]), (0, back[1] + radii[1] * 0.6, middle - radii[2] * 1.8), 8)
        widths = radii[0] * np.interp(np.linspace(0, 1, 8), [0, 0.7, 1], [1, 0.95, 0.7])
        mesh = sweep(fall, np.stack([widths, widths * 0.45], -1), 2.6, up=(0, 1, 0))
        surfaces.append(Surface(mesh, finish))
    spots = {"bun": ((0, 0.5, 0.95),), "bunches": ((1.15, 0.2, 0.5), (-1.15, 0.2, 0.5))}.get(kind, ())
    for spot in spots:
        surfaces.append(Surface(ellipsoid((ball,) * 3, segments=16).moved(tuple(spot * size + back)), finish))
    for side in (1, -1) if kind == "plaits" else ():
        root, end = np.array((side, 0.2, 0.1)) * size + back, np.array((side * 1.25, -0.1, -1.4)) * size + back
        knots = ball * 0.5 * (1 + 0.25 * np.cos(np.arange(22) * 1.5))
        plait = sweep(smooth_path([tuple(root), tuple(end)], 22), np.stack([knots, knots], -1), up=(0, 1, 0))
        surfaces.append(Surface(plait, finish))
    return surfaces, [Solid("ellipsoid", tuple(size), back)]


def _hat(draw: Draw, radii: np.ndarray, middle: float) -> Parts:
    """A hat with a brim, a pointed or a woolly cap, perhaps with a bobble, or a helmet, in a cloth of its own."""
    reach, rise = radii[:2].max() * 1.06, radii[2]
    brim = draw.uniform(1.4, 2)
    kind = draw.choice(("brimmed", "pointed", "woolly", "helmet"))
    outline = {
        "brimmed": [(0, 0), (brim, 0), (brim, 0.06), (1, 0.1), (0.95, draw.uniform(0.5, 1.4))],
        "pointed": [(0, 0), (1.08, 0), (1.08, 0.2), (0.95, 0.25), (0.08, draw.uniform(1.2, 1.9))],
        "woolly": [(0, 0), (1.12, 0), (1.15, 0.3), (1.02, 0.32), (0.9, 0.8), (0.4, 1.1)],
        "helmet": [(0, -0.3), (1.1, -0.3), (1.12, 0.2), (0.9, 0.75), (0.5, 1)],
    }[kind]
    side = np.array(outline) * (reach, rise)
    top = side[-1, 1] + 0.03 * rise
    mesh = lathe(np.concatenate([side, [(0, top)]]), 26)
    place, lean = (0, radii[1] * 0.08, middle + rise * 0.35), rotation("x", draw.uniform(-14, 4))
    surfaces = [Surface(mesh.moved(place, lean), _cloth(draw, colours.any_colour(draw)))]
    if kind in ("pointed", "woolly") and draw.chance(0.7):
        bobble = ellipsoid((reach * draw.uniform(0.15, 0.35),) * 3, segments=14).moved((0, 0, top))
        surfaces.append(Surface(bobble.moved(place, lean), materials.woven(draw, colours.any_colour(draw))))
    solids = [Solid("cylinder", (reach * 0.75, top / 2), (0, 0, top / 2)).moved(place, lean)]
    if kind == "brimmed":
        solids.append(Solid("cylinder", (reach * brim, rise * 0.04), (0, 0, rise * 0.04)).moved(place, lean))
    return surfaces, solids


def _robot(draw: Draw) -> ObjectShape:
    """A robot of boxes or drums with jointed limbs, a lit or printed chest, round eyes, aerials or ears."""
    tall, colour = draw.uniform(0.075, 0.14), colours.any_colour(draw)
    wide, deep = tall * draw.uniform(0.13, 0.2), tall * draw.uniform(0.08, 0.15)
    legs, long, head = tall * draw.uniform(0.22, 0.4), tall * draw.uniform(0.28, 0.36), tall * draw.uniform(0.1, 0.15)
    thick, shoulder = tall * draw.uniform(0.03, 0.05), legs + long
    stuff = draw.choice((materials.plastic, materials.metal, materials.ceramic, materials.wooden))
    main, other = stuff(draw, colour), materials.plastic(draw, colours.contrasting(draw, colour))
    bevel = draw.uniform(0.002, 0.5) * deep
    trunk = rounded_box((wide * 2, deep * 2, long), bevel).moved((0, 0, legs + long / 2))
    panel = rounded_box((wide * draw.uniform(0.9, 1.5), 0.002, long * draw.uniform(0.3, 0.6)), 0.0008)
    label = materials.printed(prints.label(draw, 96, 96), draw)
    surfaces = [Surface(trunk, main), Surface(panel.moved((0, -deep, legs + long * 0.55)), label)]
    solids = [Solid("box", (wide, deep, long / 2), (0, 0, legs + long / 2))]
    exponent = draw.choice((2, 8))
    limbs = _limbs(draw, legs, shoulder - thick, wide + thick * 0.9, legs, long * draw.uniform(0.9, 1.3))
    for limb, finish in zip(limbs, (main, main, other, other), strict=True):
        for a, b in ((0, 1), (1, 2)):
            part = sweep(line(tuple(limb[a]), tuple(limb[b]), 4), (thick * 0.8, thick * 0.8), exponent, _across(limb))
            surfaces.append(Surface(part, finish))
        joints = join(*(ellipsoid((thick,) * 3, segments=14).moved(tuple(point)) for point in limb))
        surfaces.append(Surface(joints, other if finish is main else main))
        solids += rods(limb, thick)
    feet, held = _shoes(draw, limbs[:2], thick)
    more, skull = _robot_head(draw, head, shoulder, main if draw.chance(0.5) else other)
    return ObjectShape((*surfaces, *feet, *more), (*solids, *held, *skull), density=700, upright=0.55)


def _robot_head(draw: Draw, head: float, neck: float, finish: Material) -> Parts:
    """A box, drum or dome with two eyes or a visor, and aerials, knobs or nothing on it."""
    wide, kind = head * draw.uniform(0.9, 1.3), draw.choice(("box", "box", "drum", "dome"))
    deep, base = head * draw.uniform(0.7, 1), neck + head * draw.uniform(0.1, 0.3)
    if kind != "box":
        deep = wide
    if kind == "box":
        skull = rounded_box((wide * 2, deep * 2, head * 1.7), draw.uniform(0.05, 0.4) * head).moved((0, 0, head * 0.85))
    elif kind == "drum":
        skull = cylinder(wide, 0, head * 1.7, 26)
    else:
        skull = lathe(np.concatenate([[(0, 0), (wide, 0)], arc((0, wide * 0.4), wide, 0, 90, 10)]), 26)
    throat = cylinder(head * 0.4, neck - head * 0.1, base + head * 0.1, 16)
    surfaces = [Surface(skull.moved((0, 0, base)), finish), Surface(throat, materials.metal(draw))]
    light = materials.plastic(draw, draw.choice((colours.vivid, colours.white, colours.black))(draw))
    eye = head * draw.uniform(0.14, 0.28)
    spots = [(side * wide * 0.42, -deep * (1 if kind == "box" else 0.88), base + head) for side in (1, -1)]
    lens = cylinder(eye, -head * 0.12, head * 0.12, 18)
    lenses = [lens.moved(spot, rotation("x", 90)) for spot in spots]
    visor = rounded_box((wide * 1.5, head * 0.3, eye * 1.4), head * 0.05).moved((0, -deep * 0.92, base + head))
    surfaces.append(Surface(join(*lenses) if draw.chance(0.7) else visor, light))
    top, knob = float(skull.vertices[:, 2].max()) + base, head * draw.uniform(0.12, 0.22)
    for x in draw.choice(((), (0,), (-0.5, 0.5))):
        tip = (x * wide * 1.3, 0, top + head * draw.uniform(0.3, 0.8))
        rise = sweep(line((x * wide, 0, top - head * 0.5), tip, 3), (knob * 0.3, knob * 0.3), up=(0, 1, 0), segments=8)
        aerial = join(rise, ellipsoid((knob,) * 3, segments=12).moved(tip))
        surfaces.append(Surface(aerial, light))
    half = (top - base) / 2
    return surfaces, [Solid("box", (wide * 0.85, deep * 0.85, half), (0, 0, base + half))]


def _peg_doll(draw: Draw) -> ObjectShape:
    """A turned doll without limbs: cone, barrel or skittle, painted, a band about it, a face, hair or hat."""
    head, tall = draw.uniform(0.012, 0.018), draw.uniform(0.04, 0.07)
    wide = head * draw.uniform(1.0, 1.7)
    waist = [(wide * draw.uniform(0.8, 1), 0), (wide, tall * draw.uniform(0.2, 0.5)), (head * 0.55, tall)]
    body = np.concatenate([[(0, 0)], curve(waist, 22)])
    colour = colours.any_colour(draw)
    paint = materials.ceramic(draw, colour) if draw.chance(0.7) else materials.wooden(draw)
    skin = materials.wooden(draw) if draw.chance(0.3) else materials.plastic(draw, _skin(draw))
    at = draw.integer(7, 16)
    band = np.stack([body[at : at + 4, 0] * 1.02 + 0.0003, body[at : at + 4, 1]], -1)
    other = materials.plastic(draw, colours.contrasting(draw, colour))
    surfaces = [Surface(lathe(body, 26), paint), Surface(lathe(band, 26), other)]
    more, held = _head(draw, head, tall - head * 0.1, skin)
    solids = [Solid("cylinder", (float(body[k, 0]), tall / 6), (0, 0, tall * share)) for k, share in
              ((2, 1 / 6), (11, 0.5), (18, 5 / 6))]  # fmt: skip
    return ObjectShape((*surfaces, *more), (*solids, *held), density=700, upright=0.6)


def whistle(draw: Draw) -> ObjectShape:
    """A referee's whistle with a drum, one to three pipes side by side, or a short flute with holes; ring, cord."""
    return draw.choice((_pea_whistle, _pea_whistle, _pipes, _flute))(draw)


def _lanyard(draw: Draw, start: tuple[float, float], floor: float) -> Parts:
    """A loop of cord on the floor that begins and ends at a ring, towards -x."""
    girth, reach = draw.uniform(0.001, 0.0022), draw.uniform(0.025, 0.05)
    x, y = start
    turns = np.deg2rad(np.linspace(0, 360, 9)[:-1])
    wobble = draw.uniform(0.75, 1.15, 8)
    points = [(x - reach * (1 - np.cos(t)) * w, y + reach * 0.6 * np.sin(t) * w, floor + girth)
              for t, w in zip(turns, wobble, strict=True)]  # fmt: skip
    path = smooth_path([*points, points[0]], 49)
    cord = materials.woven if draw.chance(0.5) else materials.rubber
    mesh = sweep(path, (girth, girth * draw.uniform(0.6, 1)), segments=8)
    return [Surface(mesh, cord(draw, colours.any_colour(draw)))], rods(path, girth, 12)


def _pea_whistle(draw: Draw) -> ObjectShape:
    """A flat drum on its side and a mouthpiece off its rim with a dark slot, a ring behind, perhaps a cord."""
    radius, half = draw.uniform(0.0135, 0.02), draw.uniform(0.006, 0.0105)
    long, mouth = radius * draw.uniform(1.9, 2.9), radius * draw.uniform(0.26, 0.36)
    colour, bevel = colours.any_colour(draw), draw.uniform(0.05, 0.4) * half
    stuff = draw.choice((materials.plastic, materials.plastic, materials.metal, materials.wooden))
    main = stuff(draw) if stuff is not materials.plastic else stuff(draw, colour)
    other = materials.plastic(draw, colours.contrasting(draw, colour))
    dish = draw.uniform(0.55, 0.85) * radius
    side = [(0, half * 0.88), (dish, half * 0.88), (dish, half), (radius - bevel, half), (radius, half - bevel)]
    profile = np.array([(r, -z) for r, z in side] + side[::-1])
    surfaces = [Surface(lathe(profile, 32), main)]
    flat = mouth * draw.uniform(0.55, 0.95)
    sizes = np.stack([np.linspace(mouth, flat, 6), np.full(6, half * 0.96)], -1)
    tube = line((0, radius - mouth, 0), (long, radius - flat, 0), 6)
    surfaces.append(Surface(sweep(tube, sizes, draw.uniform(4, 9), segments=20), main))
    slot = rounded_box((radius * draw.uniform(0.3, 0.5), mouth * 0.8, half * 1.5), 0.0005)
    surfaces.append(Surface(slot.moved((radius * 0.55, radius - mouth * 0.36, 0)), materials.rubber(draw)))
    if draw.chance(0.35):
        cover = sweep(tube[3:], sizes[3:] * 1.12, draw.uniform(4, 9), segments=20)
        surfaces.append(Surface(cover, other))
    if draw.chance(0.5):
        badge = cylinder(dish * draw.uniform(0.5, 0.9), -half * 0.93, half * 0.93, 26)
        surfaces.append(Surface(badge, other))
    eye, thin = radius * draw.uniform(0.3, 0.5), draw.uniform(0.0008, 0.0013)
    ring = bow((-radius - eye * 0.7, 0, 0), (eye, eye), 0, 360, 22)
    surfaces.append(Surface(sweep(ring, (thin, thin), segments=8), materials.metal(draw)))
    solids = [Solid("cylinder", (radius, half)), Solid("box", (long / 2, mouth, half), (long / 2, radius - mouth, 0))]
    if draw.chance(0.5):
        cord, cores = _lanyard(draw, (-radius - eye * 1.4, 0), -half)
        surfaces, solids = surfaces + cord, solids + cores
    return ObjectShape(tuple(surfaces), tuple(solids), density=800, upright=0.75)


def _pipe(draw: Draw, long: float, girth: float, finish: Material, holes: int) -> list[Surface]:
    """A pipe along x: a beak at the origin, a dark window behind it, finger holes on top (+z), an open end."""
    at, waist = np.linspace(0, 1, 30), draw.uniform(0, 0.15)
    wide = girth * np.interp(at, [0, 0.3, 0.85, 0.95, 1], [1, 1, 1 - waist, 1 + waist, 1 + waist])
    beak, drop = np.interp(at, [0, 0.22], [draw.uniform(0.3, 0.6), 1]), np.interp(at, [0, 0.22], [-0.3, 0])
    path = np.stack([at * long, np.zeros(30), drop * girth], -1)
    dark = materials.rubber(draw)
    window = rounded_box((girth * 0.9, girth * 0.9, girth * 0.5), 0.0004).moved((long * 0.27, 0, girth * 0.8))
    places = np.linspace(0.42, 0.88, holes)
    dots = [cylinder(girth * 0.28, 0, girth * 1.04, 12).moved((x * long, 0, (np.interp(x, at, wide) - girth)))
            for x in places]  # fmt: skip
    bore = cylinder(girth * (1 + waist) * 0.7, 0, 0.0006, 20).moved((long, 0, 0), ALONG_X)
    pipe = sweep(path, np.stack([wide, wide * beak], -1), draw.uniform(2, 2.4), segments=20)
    return [Surface(pipe, finish), Surface(join(window, bore, *dots), dark)]


def _pipes(draw: Draw) -> ObjectShape:
    """One to three pipes of unequal length side by side, tied by bands, with a ring, perhaps a cord."""
    count, girth = draw.integer(1, 3), draw.uniform(0.0045, 0.008)
    long = girth * draw.uniform(7, 12)
    colour = colours.any_colour(draw)
    stuff = draw.choice((materials.plastic, materials.metal, materials.metal, materials.wooden))
    finish = stuff(draw, colour) if stuff is materials.plastic else stuff(draw)
    surfaces, solids = [], []
    for i in range(count):
        y, reach = (i - (count - 1) / 2) * girth * 1.9, long * (draw.uniform(0.65, 1) if i else 1)
        surfaces += [part.moved((0, y, 0)) for part in _pipe(draw, reach, girth, finish, draw.choice((0, 0, 1, 2)))]
        solids.append(Solid("box", (reach / 2, girth * 0.9, girth), (reach / 2, y, 0)))
    strap = rounded_box((girth * draw.uniform(0.5, 1.2), girth * (1.9 * count + 0.4), girth * 2.2), girth * 0.9)
    other = materials.plastic(draw, colours.contrasting(draw, colour))
    surfaces += [Surface(strap.moved((long * share, 0, 0)), other) for share in (0.4, 0.58)[: draw.integer(1, 2)]]
    eye = bow((-girth * 0.4, 0, 0), (girth * 0.8, girth * 0.8), 0, 360, 20)
    surfaces.append(Surface(sweep(eye, (0.0009, 0.0009), segments=8), materials.metal(draw)))
    if draw.chance(0.5):
        cord, cores = _lanyard(draw, (-girth * 1.2, 0), -girth)
        surfaces, solids = surfaces + cord, solids + cores
    return ObjectShape(tuple(surfaces), tuple(solids), density=800, upright=0.8)


def _flute(draw: Draw) -> ObjectShape:
    """A short recorder or tin whistle: five to seven holes, a mouthpiece or foot of another colour, rings."""
    girth, holes = draw.uniform(0.0055, 0.0085), draw.integer(5, 7)
    long = girth * draw.uniform(13, 18)
    colour = colours.any_colour(draw)
    stuff = draw.choice((materials.wooden, materials.wooden, materials.plastic, materials.metal))
    finish = stuff(draw) if stuff is not materials.plastic else stuff(draw, colour)
    surfaces = _pipe(draw, long, girth, finish, holes)
    other = materials.plastic(draw, draw.choice((colours.white, colours.any_colour))(draw))
    shares = draw.choice(((0.34,), (0.34, 0.9), (0.96,), (0.2, 0.34, 0.97)))
    bulge = np.array([(0.8, -1), (1.2, -0.6), (1.2, 0.6), (0.8, 1)]) * (girth, girth * draw.uniform(0.2, 0.6))
    surfaces += [Surface(lathe(bulge, 22).moved((long * share, 0, 0), ALONG_X), other) for share in shares]
    solids = [rod((0, 0, 0), (long, 0, 0), girth), Solid("box", (long * 0.1, girth, girth * 0.6), (long * 0.1, 0, 0))]
    return ObjectShape(tuple(surfaces), tuple(solids), density=700, upright=0.9)
