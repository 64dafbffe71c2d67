"""Saws, paint rollers and taps."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.grip import grip
from osis_ros.simulation.lathe import curve, cylinder, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import Mesh, join, rotation
from osis_ros.simulation.noise import blend, fractal_noise, to_bytes
from osis_ros.simulation.shape import ObjectShape, Parts, Solid, Surface, bar, rod, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, superellipse, sweep


def saw(draw: Draw) -> ObjectShape:
    """A saw lying flat: a toothed plate in a closed or pistol handle, or a thin blade strung in a frame."""
    surfaces, solids = (_panel_saw if draw.chance(0.55) else _frame_saw)(draw)
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=0.8)


def _toothed(draw: Draw, length: float, high: tuple[float, float], bite: float) -> Mesh:
    """A flat blade along x in the xy plane: straight back at y = 0, teeth of the depth `bite` towards -y."""
    count = 2 * max(4, int(length / bite / draw.uniform(1.1, 2))) + 2
    edge = np.linspace(*high, count) - bite * (np.arange(count) % 2)
    edge[[1, -1]] = edge[[0, -2]]
    path = np.stack([np.linspace(0, length, count), -edge / 2, np.zeros(count)], -1)
    return sweep(path, np.stack([edge / 2, np.full(count, 0.001)], -1), 8, segments=8)


def _panel_saw(draw: Draw) -> Parts:
    """Blade and handle, the back often stiffened."""
    length, root = draw.uniform(0.08, 0.14), draw.uniform(0.024, 0.042)
    stiff = draw.chance(0.35)
    tip = root * (draw.uniform(0.85, 1) if stiff else draw.uniform(0.3, 0.7))
    steel = materials.metal(draw) if draw.chance(0.75) else materials.plastic(draw)
    surfaces = [Surface(_toothed(draw, length, (root, tip), draw.uniform(0.002, 0.005)), steel)]
    if stiff:
        brass = colours.hsv(0.12, draw.uniform(0, 0.7), draw.uniform(0.3, 0.8))
        back = line((length * 0.05, 0, 0), (length, 0, 0), 3)
        surfaces.append(Surface(sweep(back, (0.003, 0.003), 5), materials.metal(draw, brass)))
    girth, thick = draw.uniform(0.005, 0.008), draw.uniform(0.005, 0.009)
    reach, tall, lean = draw.uniform(0.019, 0.027), root * draw.uniform(0.6, 0.8), rotation("z", draw.uniform(-25, 10))
    if draw.chance(0.65):
        path = np.c_[superellipse(draw.uniform(2, 3.5), 30) * (reach, tall), np.zeros(31)] @ lean.T
    else:
        pistol = [(reach * 1.2, tall * 0.5, 0), (0, tall * 0.6, 0), (-reach * 0.8, 0, 0), (-reach * 0.8, -tall, 0),
                  (-reach * 0.4, -tall * 1.4, 0)]  # fmt: skip
        path = smooth_path(pistol, 18)
    path += (-reach * 0.75, -root / 2, 0)
    holding, place = materials.held(draw), (reach * 0.3, -root / 2, 0)
    cheek = rounded_box((reach, root * 0.8, thick * 1.8), 0.003).moved(place)
    surfaces += [Surface(sweep(path, (girth, thick), draw.uniform(2.5, 5)), holding), Surface(cheek, holding)]
    rivet = cylinder(0.003, -thick, thick, 14)
    for y in np.linspace(0.3, 0.7, draw.integer(0, 3)):
        surfaces.append(Surface(rivet.moved((reach * 0.35, -root * y, 0)), materials.metal(draw)))
    wide = (root + tip) / 2
    blade = bar((0, -wide / 2, 0), (length, -wide / 2, 0), wide, 0.003)
    cheeks = Solid("box", (reach * 0.5, root * 0.4, thick * 0.9), place)
    return surfaces, [blade, cheeks, *rods(path, thick * 0.95, 7)]


def _frame_saw(draw: Draw) -> Parts:
    """A blade between the ends of a bow of bar or tube, a grip in line with it or turned down."""
    length, rise = draw.uniform(0.07, 0.13), draw.uniform(0.025, 0.055)
    girth, sink = draw.uniform(0.002, 0.004), draw.uniform(0.2, 1)
    corner = draw.choice((0.02, 0.15, 0.35)) * length
    hoop = [(0, -0.003, 0), (0, rise * 0.5, 0), (corner * 0.3, rise, 0), (corner + 0.01, rise, 0),
            (length - corner - 0.01, rise, 0), (length - corner * 0.3, rise * sink + rise * 0.2 * (1 - sink), 0),
            (length, rise * 0.3, 0), (length, -0.003, 0)]  # fmt: skip
    path = smooth_path(hoop, 40)
    frame = draw.choice((materials.metal, materials.plastic, materials.plastic))(draw)
    high = draw.uniform(0.004, 0.008)
    blade = _toothed(draw, length, (high, high), draw.uniform(0.0015, 0.003)).moved((0, 0.002, 0))
    tube = sweep(path, (girth, girth * draw.uniform(0.6, 1.2)), draw.choice((2, 5)))
    surfaces = [Surface(tube, frame), Surface(blade, materials.metal(draw))]
    back, wide = draw.uniform(0.035, 0.065), draw.uniform(0.006, 0.009)
    if draw.chance(0.6):
        ends = ((girth, 0, 0), (-back, 0, 0))
    else:
        ends = ((0, rise * 0.9, 0), (-back * 0.4, rise * 0.9 - back, 0))
    surfaces.append(grip(draw, *ends, wide))
    pin = cylinder(0.004, -girth * 1.5, girth * 1.5, 12)
    surfaces.append(Surface(join(pin, pin.moved((length, 0, 0))), materials.metal(draw)))
    strung = bar((0, -high / 2, 0), (length, -high / 2, 0), high, 0.003)
    return surfaces, [strung, rod(*ends, wide * 0.9), *rods(path, girth, 7)]


def paint_roller(draw: Draw) -> ObjectShape:
    """A roller across the end of a handle: fleece or rubber, on a wire bent round one end or in a fork."""
    radius, half = draw.uniform(0.009, 0.022), draw.uniform(0.022, 0.05)
    reach, back = radius + draw.uniform(0.025, 0.06), draw.uniform(0.045, 0.08)
    wire, girth = draw.uniform(0.0016, 0.003), draw.uniform(0.006, 0.01)
    fork, along_y = draw.chance(0.3), rotation("x", 90)
    soft = radius * draw.uniform(0.7, 0.95)
    pile = [(0, -half), (soft, -half), (radius, -half * 0.93), (radius, half * 0.93), (soft, half), (0, half)]
    cap = cylinder(soft * draw.uniform(0.5, 0.9), -half - 0.002, half + 0.002, 20)
    skin = draw.choice((materials.rubber, materials.plastic))(draw, colours.any_colour(draw)) if fork else _fleece(draw)
    surfaces = [Surface(lathe(np.array(pile), 26, 60).moved(rotation=along_y), skin),
                Surface(cap.moved(rotation=along_y), materials.plastic(draw))]  # fmt: skip
    out = half + draw.uniform(0.006, 0.014)
    steel = materials.metal(draw) if draw.chance(0.8) else materials.held(draw)
    bend, ends = reach * draw.uniform(0.45, 0.8), ((-reach, 0, 0), (-reach - back, 0, 0))
    solids = [Solid("cylinder", (radius, half), turn=along_y), rod(*ends, girth)]
    for side in (1, -1) if fork else (draw.choice((1, -1)),):
        arm = [(0, half, 0), (0, out - 0.003, 0), (-0.004, out, 0), (-bend, out, 0), (-bend - 0.006, out - 0.006, 0),
               (-bend - 0.006, 0.007, 0), (-bend - 0.012, 0, 0), (-reach - 0.01, 0, 0)]  # fmt: skip
        path = smooth_path([(x, side * y, z) for x, y, z in arm], 44)
        surfaces.append(Surface(sweep(path, (wire, wire), segments=10), steel))
        solids += rods(path, wire, 7)
    surfaces.append(grip(draw, *ends, girth))
    return ObjectShape(tuple(surfaces), tuple(solids), density=500)


def _fleece(draw: Draw) -> Material:
    """A matt pile, fresh or partly full of paint."""
    size = materials.TEXTURE_SIZE
    wool = draw.choice((colours.white, colours.pastel, colours.any_colour))(draw)
    tufts = blend(wool, wool * 0.6, fractal_noise(draw, size, draw.uniform(25, 60), 2))
    if draw.chance(0.5):
        wet = np.clip((fractal_noise(draw, size, draw.uniform(2, 6), 3) - draw.uniform(0.3, 0.6)) * 9, 0, 1)
        tufts = blend(tufts, colours.vivid(draw), wet)
    return Material(np.ones(3), to_bytes(tufts), draw.uniform(0, 0.15), 0.2)


def tap(draw: Draw) -> ObjectShape:
    """A water tap: a flanged column with an arched or short spout, one handle on top or at its side, or two beside."""
    girth, tall = draw.uniform(0.006, 0.012), draw.uniform(0.03, 0.07)
    tint = draw.choice((colours.steel, colours.steel, colours.black, colours.white, colours.vivid))(draw)
    if draw.chance(0.25):
        tint = colours.hsv(draw.uniform(0.05, 0.14), draw.uniform(0.4, 0.75), draw.uniform(0.4, 0.85))  # brass, copper
    body = draw.choice((materials.metal, materials.metal, materials.plastic))(draw, tint)
    foot, flange = girth * draw.uniform(1.7, 2.6), draw.uniform(0.003, 0.008)
    column = [(0, 0), (foot, 0), (foot, flange), (girth * 1.3, flange * 1.6), (girth * draw.uniform(0.85, 1.3), tall),
              (girth * 0.8, tall + 0.003), (0, tall + 0.003)]  # fmt: skip
    arched, bore = draw.chance(0.5), girth * draw.uniform(0.5, 0.85)
    path = _spout(draw, tall, bore, arched)
    mouth = rounded_box((bore * 2.3, bore * 2.3, bore * 1.2), bore * 0.5, 1).moved(tuple(path[-1]))
    surfaces = [Surface(lathe(np.array(column), 26), body), Surface(mouth, materials.metal(draw)),
                Surface(sweep(path, (bore, bore), draw.choice((2, 2, 4)), (0, 1, 0)), body)]  # fmt: skip
    solids = [Solid("cylinder", (foot, flange / 2), (0, 0, flange / 2)), *rods(path, bore, 5),
              Solid("cylinder", (girth, tall / 2), (0, 0, tall / 2))]  # fmt: skip
    handle, held = _tap_handle(draw, girth, body)
    places = [((0, 0, tall), np.eye(3))]
    if arched and draw.chance(0.5):
        places = [((0, girth * 0.6, tall * 0.6), rotation("x", -90))]
    elif arched:
        apart, z = foot + draw.uniform(0.008, 0.02), flange + girth
        places = [((0, side * apart, z + girth * 0.5), rotation("z", side * 90)) for side in (1, -1)]
        surfaces.append(Surface(sweep(line((0, -apart, z), (0, apart, z), 5), (girth * 1.1, girth * 1.1), 3), body))
        solids.append(rod((0, -apart, z), (0, apart, z), girth))
    for place, turn in places:
        surfaces += [part.moved(place, turn) for part in handle]
        solids.append(held.moved(place, turn))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=0.5)


def _spout(draw: Draw, tall: float, bore: float, arched: bool) -> np.ndarray:
    """The path of a spout, over an arch from the column's top or out of its side."""
    reach, rise = draw.uniform(0.03, 0.06), draw.uniform(0.02, 0.05)
    if arched:
        over = bow((reach / 2, 0, 0), (reach / 2, reach / 2), 160, 20, 4)[:, [0, 2, 1]] + (0, 0, tall + rise)
        ends = [(reach, 0, tall + rise), (reach, 0, tall + rise * 0.4)]
        return smooth_path([(0, 0, tall * 0.9), (0, 0, tall + rise), *over, *ends], 30)
    lift, z = draw.uniform(-0.1, 0.35) * reach, tall * draw.uniform(0.5, 0.75)
    down = (reach * 1.1, 0, z - bore * 1.5)
    return smooth_path([(0, 0, z), (reach * 0.6, 0, z + lift), (reach, 0, z + lift * 0.8), down], 30)


def _tap_handle(draw: Draw, girth: float, body: Material) -> tuple[list[Surface], Solid]:
    """A lever, cross, knob or wheel on a stem that stands on z = 0, often with a red or blue mark."""
    kind, stem = draw.choice(("lever", "cross", "knob", "wheel")), girth * draw.uniform(1, 1.8)
    thick, span = girth * draw.uniform(0.25, 0.45), girth * draw.uniform(1.6, 2.6)
    finish = body if draw.chance(0.4) else draw.choice((materials.plastic, materials.ceramic, materials.metal))(draw)
    neck = lathe(np.array([(girth * 0.6, -0.001), (girth * 0.5, stem), (0, stem)]), 16)
    top, solid = stem + thick, Solid("cylinder", (span * 0.8, stem / 2 + thick), (0, 0, stem / 2))
    ends = [(span * np.cos(t), span * np.sin(t), stem) for t in np.arange(4) * np.pi / 2]
    if kind == "lever":
        tip = (-span * draw.uniform(1.2, 2), 0, stem + girth * draw.uniform(0, 1.5))
        sizes = thick * np.stack([np.linspace(2.2, draw.uniform(1, 2), 6), np.full(6, 0.9)], -1)
        meshes = [sweep(line((girth * 0.6, 0, stem), tip, 6), sizes, 3)]
        solid = rod((0, 0, stem), tip, thick * 1.5)
    elif kind == "cross":
        meshes = [sweep(line(ends[i], ends[i + 2], 5), (thick, thick), draw.choice((2, 4))) for i in (0, 1)]
        meshes += [ellipsoid((thick * 1.4,) * 3, segments=12).moved(end) for end in ends]
    elif kind == "knob":
        top = stem + girth * draw.uniform(0.8, 1.6)
        cap = curve([(girth, stem * 0.7), (span * 0.7, stem), (span * 0.6, top), (0, top)], 12)
        meshes = [lathe(cap, draw.choice((5, 6, 8, 24)), 50)]
    else:
        hoop = bow((0, 0, stem), (span, span), 0, 360, 30)
        spokes = [sweep(line((0, 0, stem), end, 3), (thick * 0.8, thick * 0.6)) for end in ends]
        meshes = [sweep(hoop, (thick, thick), segments=10), *spokes]
    surfaces = [Surface(neck, body), *(Surface(mesh, finish) for mesh in meshes)]
    if draw.chance(0.5):
        dot = np.array([(girth * 0.4, top - 0.001), (girth * 0.35, top + 0.001), (0, top + 0.001)])
        ink = colours.hsv(draw.choice((0.0, 0.6)), draw.uniform(0.7, 1), draw.uniform(0.5, 0.9))
        surfaces.append(Surface(lathe(dot, 14), materials.plastic(draw, ink)))
    return surfaces, solid
