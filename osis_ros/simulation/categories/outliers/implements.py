"""Whisks, rolling pins, saws, paint rollers, taps, combs, toy planes and baskets."""

from itertools import pairwise

import numpy as np

from osis_ros.simulation import colours, materials, patterns
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import Mesh, grid, join, rotation
from osis_ros.simulation.noise import blend, fractal_noise, to_bytes
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, bar, rod
from osis_ros.simulation.sweep import bow, line, smooth_path, superellipse, sweep

_ALONG_X, _ALONG_Y = rotation("y", 90), rotation("x", 90)
Parts = tuple[list[Surface], list[Solid]]


def whisk(draw: Draw) -> ObjectShape:
    """A balloon, flat or coiled whisk: loops of bare or coated wire that spring from a grip."""
    grip, cage = draw.uniform(0.04, 0.09), draw.uniform(0.045, 0.1)
    wide, wire = cage * draw.uniform(0.22, 0.4), draw.uniform(0.001, 0.0022)
    steel = materials.metal(draw) if draw.chance(0.6) else materials.plastic(draw)
    finishes = (steel, steel if draw.chance(0.6) else materials.plastic(draw))
    kind = draw.choice(("balloon", "balloon", "balloon", "flat", "coil"))
    loops = {"balloon": _balloon, "flat": _nested_loops, "coil": _spring}[kind](draw, cage, wide, wire)
    girth = draw.uniform(0.005, 0.009)
    surfaces = [Surface(mesh.moved((grip * 0.97, 0, 0)), finishes[i % 2]) for i, mesh in enumerate(loops)]
    surfaces.append(_grip(draw, (0, 0, 0), (grip, 0, 0), girth))
    if draw.chance(0.4):
        eye = bow((-girth * 0.8, 0, 0), (girth, girth * 0.7), 0, 360, 16)
        surfaces.append(Surface(sweep(eye, (0.0013, 0.0013), segments=8), finishes[0]))
    middle = (grip + cage / 2, 0, 0)
    cages = {
        "balloon": Solid("ellipsoid", (cage / 2, wide * 0.95, wide * 0.95), middle),
        "flat": Solid("box", (cage / 2, wide * 0.7, wire * 1.5), middle),
        "coil": Solid("cylinder", (wide * 0.85, cage * 0.4), (grip + cage * 0.6, 0, 0), _ALONG_X),
    }
    return ObjectShape(tuple(surfaces), (rod((0, 0, 0), (grip, 0, 0), girth * 0.9), cages[kind]), density=500)


def _wire_loop(cage: float, wide: float, belly: float, wire: float) -> Mesh:
    """A drop of wire in the xy plane, its tail at the origin, as long as the cage."""
    half = [(0, wide * 0.12, 0), (cage * belly * 0.5, wide * 0.65, 0), (cage * belly, wide, 0),
            (cage * 0.94, wide * 0.5, 0)]  # fmt: skip
    other = [(x, -y, 0) for x, y, _ in half[::-1]]
    return sweep(smooth_path([*half, (cage, 0, 0), *other], 34), (wire, wire), segments=7)


def _balloon(draw: Draw, cage: float, wide: float, wire: float) -> list[Mesh]:
    """Loops about one axis, a ball loose inside some."""
    count, belly = draw.integer(3, 6), draw.uniform(0.55, 0.78)
    loop = _wire_loop(cage, wide, belly, wire)
    loops = [loop.moved(rotation=rotation("x", 180 * i / count)) for i in range(count)]
    if draw.chance(0.25):
        loops.append(ellipsoid((wide * 0.4,) * 3, segments=14).moved((cage * belly, 0, -wide * 0.4)))
    return loops


def _nested_loops(draw: Draw, cage: float, wide: float, wire: float) -> list[Mesh]:
    """Loops in one plane, the smaller within the larger."""
    shares = np.linspace(1, draw.uniform(0.25, 0.45), draw.integer(3, 4))
    return [_wire_loop(cage * (0.75 + 0.25 * share), wide * share, 0.7, wire) for share in shares]


def _spring(draw: Draw, cage: float, wide: float, wire: float) -> list[Mesh]:
    """A coil that widens away from the grip, on a straight wire."""
    turns = draw.integer(5, 10)
    at = np.linspace(0, 1, turns * 14)
    radius = wide * np.interp(at, [0, 0.5, 0.9, 1], [draw.uniform(0.15, 0.5), 0.9, 1, 0.7])
    angle = 2 * np.pi * turns * at
    coil = np.stack([cage * (0.15 + 0.85 * at), radius * np.cos(angle), radius * np.sin(angle)], -1)
    stem = smooth_path([(0, 0, 0), (cage * 0.1, 0, 0), tuple(coil[0])], 8)
    return [sweep(coil, (wire, wire), up=(1, 0, 0), segments=7), sweep(stem, (wire, wire), segments=7)]


def rolling_pin(draw: Draw) -> ObjectShape:
    """A rolling pin: a thick plain, ribbed or decorated barrel with a thin handle at either end, perhaps with rims."""
    radius = draw.uniform(0.01, 0.02)
    half, handle = radius * draw.uniform(2.2, 4), draw.uniform(0.018, 0.04)
    girth = radius * draw.uniform(0.3, 0.5)
    at = np.linspace(0, 1, 48)
    relief = 1 - draw.choice((0, 0, 0, draw.uniform(0.05, 0.14))) * (np.arange(48) // 2 % 2)
    swell = 1 + draw.choice((0, 0, draw.uniform(-0.15, 0.12))) * np.sin(np.pi * at)
    wall = np.stack([radius * relief * swell, (2 * at - 1) * half], -1)
    kinds = (materials.wooden, materials.wooden, materials.ceramic, materials.ceramic, materials.plastic)
    barrel = lathe(np.concatenate([[(0, -half)], wall, [(0, half)]]), 28)
    surfaces = [Surface(barrel, draw.choice(kinds)(draw))]
    waist, bulge = draw.uniform(0.4, 1), draw.uniform(0.6, 0.9)
    stem = [(girth * 0.8, 0), (girth * waist, handle * 0.25), (girth, handle * bulge), (0, handle)]
    knob, holding = lathe(curve(stem, 18), 18, 50), _holding(draw)
    rim, rims = radius * draw.uniform(1.1, 1.35), draw.chance(0.3)
    disc, trim = np.array([(0, -0.002), (rim, -0.002), (rim, 0.002), (0, 0.002)]), materials.plastic(draw)
    for side, turn in ((1, np.eye(3)), (-1, rotation("x", 180))):
        surfaces.append(Surface(knob.moved((0, 0, side * half), turn), holding))
        if rims:
            surfaces.append(Surface(lathe(disc, 26).moved((0, 0, side * half)), trim))
    surfaces, barrels = _moved(surfaces, [Solid("cylinder", (rim if rims else radius, half))], turn=_ALONG_X)
    end = half + handle
    return ObjectShape(tuple(surfaces), (*barrels, rod((-end, 0, 0), (end, 0, 0), girth)), density=700, upright=0.95)


def saw(draw: Draw) -> ObjectShape:
    """A saw lying flat: a toothed plate in a closed or pistol handle, or a thin blade strung in a frame."""
    surfaces, solids = (_panel_saw if draw.chance(0.55) else _frame_saw)(draw)
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=0.8)


def _toothed(draw: Draw, x: tuple[float, float], high: tuple[float, float], bite: float) -> Mesh:
    """A flat blade along x in the xy plane: straight back at y = 0, teeth of the depth `bite` towards -y."""
    count = 2 * max(4, int((x[1] - x[0]) / bite / draw.uniform(1.1, 2))) + 2
    edge = np.linspace(*high, count) - bite * (np.arange(count) % 2)
    edge[[1, -1]] = edge[[0, -2]]
    path = np.stack([np.linspace(*x, count), -edge / 2, np.zeros(count)], -1)
    return sweep(path, np.stack([edge / 2, np.full(count, 0.001)], -1), 8, segments=8)


def _panel_saw(draw: Draw) -> Parts:
    """Blade and handle, the back often stiffened."""
    length, root = draw.uniform(0.08, 0.14), draw.uniform(0.024, 0.042)
    stiff = draw.chance(0.35)
    tip = root * (draw.uniform(0.85, 1) if stiff else draw.uniform(0.3, 0.7))
    blade = materials.metal(draw) if draw.chance(0.75) else materials.plastic(draw)
    surfaces = [Surface(_toothed(draw, (0, length), (root, tip), draw.uniform(0.002, 0.005)), blade)]
    if stiff:
        brass = colours.hsv(0.12, draw.uniform(0, 0.7), draw.uniform(0.3, 0.8))
        back = line((length * 0.05, 0, 0), (length, 0, 0), 3)
        surfaces.append(Surface(sweep(back, (0.003, 0.003), 5), materials.metal(draw, brass)))
    girth, thick = draw.uniform(0.005, 0.008), draw.uniform(0.005, 0.009)
    reach, tall, lean = draw.uniform(0.019, 0.027), root * draw.uniform(0.6, 0.8), rotation("z", draw.uniform(-25, 10))
    centre = np.array((-reach * 0.75, -root / 2, 0))
    if draw.chance(0.65):
        path = np.c_[superellipse(draw.uniform(2, 3.5), 30) * (reach, tall), np.zeros(31)] @ lean.T + centre
    else:
        pistol = [(reach * 1.2, tall * 0.5, 0), (0, tall * 0.6, 0), (-reach * 0.8, 0, 0), (-reach * 0.8, -tall, 0),
                  (-reach * 0.4, -tall * 1.4, 0)]  # fmt: skip
        path = smooth_path(pistol, 18) + centre
    holding = _holding(draw)
    cheek = rounded_box((reach, root * 0.8, thick * 1.8), 0.003).moved((reach * 0.3, -root / 2, 0))
    surfaces += [Surface(sweep(path, (girth, thick), draw.uniform(2.5, 5)), holding), Surface(cheek, holding)]
    rivet = np.array([(0, -thick), (0.003, -thick), (0.003, thick), (0, thick)])
    for y in np.linspace(0.3, 0.7, draw.integer(0, 3)):
        surfaces.append(Surface(lathe(rivet, 14).moved((reach * 0.35, -root * y, 0)), materials.metal(draw)))
    plate = bar((0, -(root + tip) / 4, 0), (length, -(root + tip) / 4, 0), (root + tip) / 2, 0.003)
    grip = Solid("box", (reach * 0.5, root * 0.4, thick * 0.9), (reach * 0.3, -root / 2, 0))
    return surfaces, [plate, grip, *_rods(path, 7, thick * 0.95)]


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
    blade = _toothed(draw, (0, length), (high, high), draw.uniform(0.0015, 0.003))
    surfaces = [Surface(sweep(path, (girth, girth * draw.uniform(0.6, 1.2)), draw.choice((2, 5))), frame),
                Surface(blade.moved((0, 0.002, 0)), materials.metal(draw))]  # fmt: skip
    back, wide = draw.uniform(0.035, 0.065), draw.uniform(0.006, 0.009)
    if draw.chance(0.6):
        ends = ((girth, 0, 0), (-back, 0, 0))
    else:
        ends = ((0, rise * 0.9, 0), (-back * 0.4, rise * 0.9 - back, 0))
    surfaces.append(_grip(draw, *ends, wide))
    pins = np.array([(0, -girth * 1.5), (0.004, -girth * 1.5), (0.004, girth * 1.5), (0, girth * 1.5)])
    surfaces.append(Surface(join(lathe(pins, 12), lathe(pins, 12).moved((length, 0, 0))), materials.metal(draw)))
    strung = bar((0, -high / 2, 0), (length, -high / 2, 0), high, 0.003)
    return surfaces, [strung, rod(*ends, wide * 0.9), *_rods(path, 7, girth)]


def paint_roller(draw: Draw) -> ObjectShape:
    """A roller across the end of a handle: fleece or rubber, on a wire bent round one end or in a fork."""
    radius, half = draw.uniform(0.009, 0.022), draw.uniform(0.022, 0.05)
    reach, grip = radius + draw.uniform(0.025, 0.06), draw.uniform(0.045, 0.08)
    wire, girth = draw.uniform(0.0016, 0.003), draw.uniform(0.006, 0.01)
    fork = draw.chance(0.3)
    soft = radius * draw.uniform(0.7, 0.95)
    pile = [(0, -half), (soft, -half), (radius, -half * 0.93), (radius, half * 0.93), (soft, half), (0, half)]
    hub = soft * draw.uniform(0.5, 0.9)
    cap = np.array([(0, -half - 0.002), (hub, -half - 0.002), (hub, half + 0.002), (0, half + 0.002)])
    skin = draw.choice((materials.rubber, materials.plastic))(draw, colours.any_colour(draw)) if fork else _fleece(draw)
    surfaces = [Surface(lathe(np.array(pile), 26, 60).moved(rotation=_ALONG_Y), skin),
                Surface(lathe(cap, 20).moved(rotation=_ALONG_Y), materials.plastic(draw))]  # fmt: skip
    out, steel = half + draw.uniform(0.006, 0.014), materials.metal(draw) if draw.chance(0.8) else _holding(draw)
    bend = reach * draw.uniform(0.45, 0.8)
    solids = [Solid("cylinder", (radius, half), turn=_ALONG_Y), rod((-reach, 0, 0), (-reach - grip, 0, 0), girth)]
    for side in (1, -1) if fork else (draw.choice((1, -1)),):
        arm = [(0, side * half, 0), (0, side * (out - 0.003), 0), (-0.004, side * out, 0), (-bend, side * out, 0),
               (-bend - 0.006, side * (out - 0.006), 0), (-bend - 0.006, side * 0.007, 0),
               (-bend - 0.012, 0, 0), (-reach - 0.01, 0, 0)]  # fmt: skip
        path = smooth_path(arm, 44)
        surfaces.append(Surface(sweep(path, (wire, wire), segments=10), steel))
        solids += _rods(path, 7, wire)
    surfaces.append(_grip(draw, (-reach, 0, 0), (-reach - grip, 0, 0), girth))
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
    solids = [Solid("cylinder", (foot, flange / 2), (0, 0, flange / 2)), *_rods(path, 5, bore),
              Solid("cylinder", (girth, tall / 2), (0, 0, tall / 2))]  # fmt: skip
    handles, grips = _tap_handle(draw, girth, body)
    places: list[tuple[tuple[float, float, float], np.ndarray]] = [((0, 0, tall), np.eye(3))]
    if arched and draw.chance(0.5):
        places = [((0, girth * 0.6, tall * 0.6), rotation("x", -90))]
    elif arched:
        apart, z = foot + draw.uniform(0.008, 0.02), flange + girth
        places = [((0, side * apart, z + girth * 0.5), rotation("z", side * 90)) for side in (1, -1)]
        surfaces.append(Surface(sweep(line((0, -apart, z), (0, apart, z), 5), (girth * 1.1, girth * 1.1), 3), body))
        solids.append(rod((0, -apart, z), (0, apart, z), girth))
    for place, turn in places:
        meshes, shapes = _moved(handles, grips, place, turn)
        surfaces, solids = surfaces + meshes, solids + shapes
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


def _tap_handle(draw: Draw, girth: float, body: Material) -> Parts:
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
    dot = np.array([(girth * 0.4, top - 0.001), (girth * 0.35, top + 0.001), (0, top + 0.001)])
    surfaces = [Surface(neck, body), *(Surface(mesh, finish) for mesh in meshes)]
    if draw.chance(0.5):
        ink = colours.hsv(draw.choice((0.0, 0.6)), draw.uniform(0.7, 1), draw.uniform(0.5, 0.9))
        surfaces.append(Surface(lathe(dot, 14), materials.plastic(draw, ink)))
    return surfaces, [solid]


def comb(draw: Draw) -> ObjectShape:
    """A comb: teeth of one or two pitches along a straight or bowed spine, alone, with a handle beside it or behind."""
    kind = draw.choice(("plain", "handle", "pick"))
    length, deep = draw.uniform(0.06, 0.13), draw.uniform(0.014, 0.028)
    if kind == "pick":
        length, deep = draw.uniform(0.035, 0.065), draw.uniform(0.03, 0.06)
    high, thick = draw.uniform(0.003, 0.008), draw.uniform(0.0014, 0.003)
    bow_ = draw.choice((0, draw.uniform(-0.12, 0.2))) * length
    at = np.linspace(-1, 1, 15)
    spine = np.stack([at * length / 2, bow_ * (1 - at**2), np.zeros(15)], -1)
    shell = Material(np.ones(3), patterns.blotches(draw, materials.TEXTURE_SIZE, colours.timber(draw)), 0.6, 0.7)
    horn = shell if draw.chance(0.25) else _holding(draw)
    surfaces = [Surface(sweep(spine, (high, thick), draw.uniform(2.5, 6)), horn)]
    teeth = horn if draw.chance(0.7) else draw.choice((materials.metal, materials.plastic))(draw)
    surfaces.append(Surface(_teeth(draw, spine, deep, thick), teeth))
    drop = (high + deep) / 2 - bow_ * 0.6
    solids = [Solid("box", (length / 2, (deep + high) / 2 + abs(bow_) * 0.2, thick), (0, -drop + high / 2, 0))]
    if kind == "plain" and draw.chance(0.25):
        surfaces.append(Surface(_teeth(draw, spine, -deep, thick), teeth))
        solids.append(Solid("box", (length / 2, deep / 2, thick), (0, bow_ * 0.6 + deep / 2, 0)))
    if kind != "plain":
        reach, girth = draw.uniform(0.04, 0.08), draw.uniform(1, 2) * high
        start = spine[-1] - (0.003, 0, 0) if kind == "handle" else spine[7]
        end = start + ((reach, -deep * draw.uniform(-0.2, 0.8), 0) if kind == "handle" else (0, reach, 0))
        holding = horn if draw.chance(0.5) else None
        surfaces.append(_grip(draw, tuple(start), tuple(end), girth, holding, thick * draw.uniform(1.1, 2)))
        solids.append(bar(tuple(start), tuple(end), girth * 1.7, thick * 2.4))
    return ObjectShape(tuple(surfaces), tuple(solids), density=900)


def _teeth(draw: Draw, spine: np.ndarray, deep: float, thick: float) -> Mesh:
    """Tapering teeth from a spine towards -y, in a row that may bulge, slope or fan out."""
    length = np.ptp(spine[:, 0])
    pitch = np.array((draw.uniform(0.0035, 0.0065), 0))
    pitch[1] = pitch[0] * draw.choice((1, draw.uniform(0.6, 0.8)))
    edges = (np.arange(-length * 0.48, 0, pitch[0]), np.arange(pitch[1] / 2, length * 0.48, pitch[1]))
    width, fan = draw.uniform(0.18, 0.32), draw.choice((0, draw.uniform(-0.15, 0.4)))
    slope, bulge = draw.choice((0, draw.uniform(-0.25, 0.25))), draw.choice((0, draw.uniform(-0.3, 0.3)))
    meshes = []
    for places, step in zip(edges, pitch, strict=True):
        for x in places:
            share = 2 * x / length
            y = np.interp(x, spine[:, 0], spine[:, 1])
            tip = (x * (1 + fan), y - deep * (1 + slope * share - bulge * share**2), 0)
            taper = np.array((1, 1, 0.8, 0.35))[:, None] * (step * width, thick * 0.85)
            meshes.append(sweep(line((x, y, 0), tip, 4), taper, 3, segments=8))
    return join(*meshes)


def toy_plane(draw: Draw) -> ObjectShape:
    """A toy aeroplane: monoplane, biplane, airliner or glider; wings and tail often of other colours than the hull."""
    length = draw.uniform(0.07, 0.16)
    girth = length * draw.uniform(0.055, 0.1)
    kind = draw.choice(("propeller", "biplane", "jet", "glider"))
    paint = draw.choice((materials.plastic, materials.plastic, materials.wooden, materials.ceramic, materials.metal))
    colour = colours.any_colour(draw)
    hull = paint(draw, None if draw.chance(0.4) else colour)
    trim = hull if draw.chance(0.3) else materials.plastic(draw, colours.contrasting(draw, colour))
    tail = trim if draw.chance(0.6) else paint(draw, None)
    tall = draw.uniform(0.85, 1.3)
    surfaces, solids = _hull(draw, length, girth, tall, hull)
    span, chord = length * draw.uniform(0.38, 0.62), length * draw.uniform(0.1, 0.17)
    sweep_back = span * (draw.uniform(0.3, 0.7) if kind == "jet" else draw.uniform(-0.05, 0.15))
    thick, x, z = length * draw.uniform(0.01, 0.018), length * draw.uniform(0.05, 0.15), girth * tall
    levels = {"biplane": (-0.7 * z, z * draw.uniform(1.3, 2))}.get(kind, (draw.uniform(-0.6, 0.9) * z,))
    stabiliser = ((-length * 0.45, 0, girth * 0.6), span * draw.uniform(0.3, 0.45), sweep_back * 0.3, chord * 0.6)
    panes = [((x, 0, level), span, sweep_back, chord) for level in levels]
    for (place, half, back, deep), finish in zip([*panes, stabiliser], [*[trim] * len(panes), tail], strict=True):
        lift = half * draw.uniform(-0.02, 0.15)
        meshes, shapes = _wings(np.array(place), half, back, deep, (thick, lift))
        surfaces, solids = surfaces + [Surface(mesh, finish) for mesh in meshes], solids + shapes
    fin_top = (-length * draw.uniform(0.46, 0.54), 0, girth + length * draw.uniform(0.08, 0.16))
    fin = line((-length * 0.43, 0, 0), fin_top)
    surfaces.append(Surface(sweep(fin, [(chord * 0.5, thick), (chord * 0.28, thick * 0.7)], 4, (0, 1, 0)), tail))
    solids.append(rod(tuple(fin[0]), tuple(fin[1]), thick * 2))
    if kind == "biplane":
        strut = line((x, 0, levels[0]), (x, 0, levels[1]))
        post = sweep(strut, (0.0015, 0.0015), up=(1, 0, 0))
        posts = join(*(post.moved((0, side * 0.7 * span, 0)) for side in (1, -1)))
        surfaces.append(Surface(posts, materials.wooden(draw)))
    extras = []
    if kind == "jet":
        wing = np.array((x - sweep_back * 0.35 + chord * 0.3, 0, levels[0] - girth * 0.5))
        extras = [_engines(draw, wing, span * 0.35, (girth * 0.5, chord * 0.5), tail)]
    elif kind != "glider":
        extras = [_propeller(draw, length, girth)]
    if kind in ("propeller", "biplane") and draw.chance(0.75):
        extras.append(_landing_gear(draw, x, girth))
    for meshes, shapes in extras:
        surfaces, solids = surfaces + meshes, solids + shapes
    return ObjectShape(tuple(surfaces), tuple(solids), density=500, upright=0.7)


def _hull(draw: Draw, length: float, girth: float, tall: float, finish: Material) -> Parts:
    """A fuselage along x, its nose at +x, and the cockpit's glass."""
    path = smooth_path([(length / 2, 0, 0), (0, 0, 0), (-length / 2, 0, girth * draw.uniform(0, 0.7))], 22)
    shares = [draw.uniform(0.15, 0.75), 0.8, 1, 0.95, 0.25]
    fat = girth * np.interp(np.linspace(0, 1, 22), [0, 0.06, 0.2, 0.55, 1], shares)
    body = sweep(path, np.stack([fat, fat * tall], -1), draw.uniform(2, 4))
    glass = Material(draw.choice((colours.black, colours.pastel))(draw), None, 0.9, 0.9)
    dome = ellipsoid((length * draw.uniform(0.06, 0.11), girth * 0.6, girth * draw.uniform(0.4, 0.8)), segments=16)
    cockpit = dome.moved((length * draw.uniform(0.05, 0.25), 0, girth * tall * 0.85))
    solid = Solid("box", (length / 2, girth * 0.75, girth * tall * 0.8))
    return [Surface(body, finish), Surface(cockpit, glass)], [solid]


def _wings(
    root: np.ndarray, half: float, back: float, chord: float, depth: tuple[float, float]
) -> tuple[list[Mesh], list[Solid]]:
    """A left and a right wing. Depth: half the thickness, and how much higher the tips are than the root; metres."""
    meshes, solids = [], []
    thick, lift = depth
    for side in (1, -1):
        tip = root + np.array((-back, side * half, lift))
        path = line(tuple(root), tuple(tip), 9)
        plan = chord / 2 * np.interp(np.linspace(0, 1, 9), [0, 0.88, 0.95, 1], [1.15, 0.8, 0.7, 0.45])
        meshes.append(sweep(path, np.stack([plan, thick * np.linspace(1.2, 0.7, 9)], -1), 3))
        level = (root[2] + tip[2]) / 2
        solids.append(bar((*root[:2], level), (*tip[:2], level), chord * 0.8, thick * 2))
    return meshes, solids


def _engines(draw: Draw, wing: np.ndarray, apart: float, size: tuple[float, float], finish: Material) -> Parts:
    """Two jet engines, size (radius, half length), left and right of a point under the wing."""
    radius, half = size
    cowl = curve([(0, -half), (radius * 0.8, -half * 0.6), (radius, half)], 10)
    shell, intake = lathe(cowl, 16, 50), lathe(np.array([(radius, half), (0, half * 0.9)]), 16)
    surfaces, solids, dark = [], [], materials.rubber(draw)
    for side in (1, -1):
        place = tuple(wing + np.array((0, side * apart, 0)))
        surfaces += [Surface(shell.moved(place, _ALONG_X), finish), Surface(intake.moved(place, _ALONG_X), dark)]
        solids.append(Solid("cylinder", (radius * 0.9, half * 0.9), place, _ALONG_X))
    return surfaces, solids


def _propeller(draw: Draw, length: float, girth: float) -> Parts:
    """Blades and a spinner before the nose."""
    reach, count, front = girth * draw.uniform(1.4, 2.2), draw.integer(2, 4), length / 2 + girth * 0.25
    blade = sweep(line((0, 0, 0), (0, 0, reach), 5), [(girth * w, girth * 0.1) for w in (0.1, 0.25, 0.28, 0.25, 0.1)],
                  3, up=(1, 0, 0))  # fmt: skip
    first = draw.uniform(0, 180)
    blades = [blade.moved((front, 0, 0), rotation("x", first + 360 * i / count)) for i in range(count)]
    cone = curve([(girth * 0.5, 0), (girth * 0.4, girth * 0.4), (0, girth * 0.8)], 10)
    spinner = lathe(cone, 16, 60).moved((length / 2, 0, 0), _ALONG_X)
    disc = Solid("cylinder", (reach * 0.85, girth * 0.15), (front, 0, 0), _ALONG_X)
    return [Surface(join(*blades), _holding(draw)), Surface(spinner, materials.plastic(draw))], [disc]


def _landing_gear(draw: Draw, x: float, girth: float) -> Parts:
    """Two small wheels on one axle under the nose."""
    radius, drop, apart = girth * draw.uniform(0.4, 0.65), girth * draw.uniform(1.5, 2), girth * draw.uniform(1, 1.7)
    tyre = lathe(np.array([(0, -0.0015), (radius, -0.0015), (radius, 0.0015), (0, 0.0015)]), 18)
    legs, wheels, place = [], [], np.array((x + girth * 0.7, 0, -drop))
    for side in (1, -1):
        foot = place + np.array((0, side * apart, 0))
        wheels.append(tyre.moved(tuple(foot), _ALONG_Y))
        legs.append(sweep(line((x, side * girth * 0.4, 0), tuple(foot), 3), (0.0012, 0.0012), up=(0, 1, 0)))
    axle = Solid("cylinder", (radius, apart), tuple(place), _ALONG_Y)
    surfaces = [Surface(join(*wheels), materials.rubber(draw)), Surface(join(*legs), materials.metal(draw))]
    return surfaces, [axle]


def basket(draw: Draw) -> ObjectShape:
    """A shallow oval or oblong basket or tray: woven, of wire or plaited, with an arched handle or one at each end."""
    reach = draw.uniform(0.04, 0.078)
    plan = superellipse(draw.uniform(2.2, 6), 40) * (reach, reach * draw.uniform(0.5, 0.8))
    tall, flare = reach * draw.uniform(0.25, 0.5), draw.uniform(1, 1.3)
    colour = draw.choice((colours.timber, colours.timber, colours.any_colour))(draw)
    weave = Material(np.ones(3), patterns.weave(draw, materials.TEXTURE_SIZE, colour), draw.uniform(0, 0.3), 0.3)
    kind = draw.choice(("woven", "woven", "wire", "plaited"))
    straw = materials.matt(draw, colour)
    wall = {"woven": straw, "wire": materials.metal(draw), "plaited": weave}[kind]
    if kind == "wire" and draw.chance(0.5):
        wall = materials.plastic(draw)
    meshes = {"woven": _wicker, "wire": _wire_wall, "plaited": _plaits}[kind](draw, plan, tall, flare)
    other = wall if draw.chance(0.4) else draw.choice((materials.wooden, materials.plastic))(draw)
    finishes = (wall, straw if kind != "woven" or draw.chance(0.6) else materials.matt(draw, colours.any_colour(draw)))
    surfaces = [Surface(mesh, finishes[i % 2] if kind == "woven" else wall) for i, mesh in enumerate(meshes)]
    surfaces.append(Surface(extrude(plan[:-1], 0.003), weave if kind != "wire" or draw.chance(0.5) else wall))
    thick = draw.uniform(0.002, 0.004)
    rim = np.c_[plan * flare, np.full(41, tall)]
    surfaces.append(Surface(sweep(rim, (thick, thick), draw.choice((2, 4)), segments=10), other))
    half = plan.max(0)
    solids = [Solid("box", (*half * 0.8, 0.0025), (0, 0, 0.0025))]
    for a, b in pairwise(rim[::4] * ((1 + 1 / flare) / 2, (1 + 1 / flare) / 2, 0.5)):
        solids.append(bar(tuple(a), tuple(b), thick * 2, tall))
    for path in _basket_handles(draw, half * flare, tall):
        flat = draw.uniform(1, 2)
        surfaces.append(Surface(sweep(path, (thick * flat, thick * 0.8), 3, up=(1, 0, 0)), other))
        solids += _rods(path, 5, thick)
    return ObjectShape(tuple(surfaces), tuple(solids), density=300, upright=0.9)


def _wicker(draw: Draw, plan: np.ndarray, tall: float, flare: float) -> list[Mesh]:
    """Strands that run round and round, in front of a stake and behind the next, then the stakes."""
    stakes, rows = 2 * draw.integer(8, 14) + 1, draw.integer(4, 8)
    at = np.linspace(0, 1, stakes * 5 + 1)
    strand = tall / rows / 2
    dense = np.stack([np.interp(at, np.linspace(0, 1, len(plan)), plan[:, i]) for i in (0, 1)], -1)
    meshes = []
    for row in range(rows):
        share = (row + 0.5) / rows
        wave = 1 + 0.035 * np.cos(np.pi * (stakes * at * 2 + row))
        ring = np.c_[dense * wave[:, None] * (1 + (flare - 1) * share), np.full(len(at), share * tall)]
        meshes.append(sweep(ring, (strand * 0.8, strand * 1.05), segments=7))
    feet = dense[:-1:5]
    posts = [sweep(line((*foot, 0), (*foot * flare, tall), 3), (strand, strand), up=_aside(foot), segments=6)
             for foot in feet]  # fmt: skip
    return [*meshes, join(*posts)]


def _wire_wall(draw: Draw, plan: np.ndarray, tall: float, flare: float) -> list[Mesh]:
    """Two or three hoops and upright wires, with gaps to look through."""
    wire, shares = draw.uniform(0.0011, 0.002), np.linspace(0, 1, draw.integer(3, 4))[:-1]
    hoops = [np.c_[plan * (1 + (flare - 1) * share), np.full(len(plan), share * tall + wire)] for share in shares]
    meshes = [sweep(hoop, (wire, wire), segments=7) for hoop in hoops]
    feet = plan[: -1 : draw.integer(1, 2)]
    return meshes + [sweep(line((*foot, 0), (*foot * flare, tall), 3), (wire, wire), up=_aside(foot), segments=6)
                     for foot in feet]  # fmt: skip


def _plaits(draw: Draw, plan: np.ndarray, tall: float, flare: float) -> list[Mesh]:
    """A closed wall, straight or hollowed, outside and inside; the texture repeated round it."""
    levels, wall, hollow = np.linspace(0, 1, 7), draw.uniform(0.03, 0.07), draw.uniform(-0.05, 0.1)
    wide = 1 + (flare - 1) * levels + hollow * levels * (1 - levels) * 4
    rings = np.stack([np.c_[plan * w, np.full(len(plan), h * tall)] for w, h in zip(wide, levels, strict=True)])
    u, v = np.linspace(0, draw.integer(2, 4), len(plan)), 1 - levels
    inside = rings[::-1] * (1 - wall, 1 - wall, 1)
    return [grid(rings, u, v), grid(inside, u, levels)]


def _basket_handles(draw: Draw, half: np.ndarray, tall: float) -> list[np.ndarray]:
    """An arch over the middle, or a loop at each end."""
    x, y = half
    if draw.chance(0.55):
        arch = bow((0, 0, 0), (y, y * draw.uniform(0.6, 1.3)), 0, 180, 26)
        return [arch[:, [2, 0, 1]] + (0, 0, tall)]
    loop = bow((0, 0, 0), (y * draw.uniform(0.3, 0.5), tall * draw.uniform(0.4, 0.9)), 0, 180, 16)[:, [2, 0, 1]]
    lean = draw.uniform(0, 0.8)
    return [loop + np.outer(loop[:, 2], (side * lean, 0, 0)) + (side * x, 0, tall) for side in (1, -1)]


def _aside(foot: np.ndarray) -> tuple[float, float, float]:
    """A level direction along the wall at a stake's foot."""
    return (-float(foot[1]), float(foot[0]), 0.0)


def _grip(
    draw: Draw,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    girth: float,
    finish: Material | None = None,
    thick: float | None = None,
) -> Surface:
    """A grip between two points of a level line, waisted or swelling, round to square; flat if thickness is given."""
    shares = np.interp(np.linspace(0, 1, 14), np.linspace(0, 1, 5), draw.uniform(0.7, 1, 5))
    shares[[0, -1]] *= draw.uniform(0.5, 0.9)
    high = np.full(14, thick) if thick else girth * shares * draw.uniform(0.7, 1)
    sizes = np.stack([girth * shares, high], -1)
    return Surface(sweep(line(start, end, 14), sizes, draw.uniform(2, 4)), finish or _holding(draw))


def _holding(draw: Draw) -> Material:
    """What hands hold: bare or painted wood, plastic, rubber, metal, decorated."""
    kind = draw.choice(("wood", "paint", "plastic", "plastic", "rubber", "soft", "metal", "decor"))
    if kind in ("plastic", "metal", "wood"):
        return {"plastic": materials.plastic, "metal": materials.metal, "wood": materials.wooden}[kind](draw)
    if kind == "rubber":
        return materials.rubber(draw)
    return {"paint": materials.matt, "soft": materials.rubber, "decor": materials.ceramic}[kind](
        draw, colours.any_colour(draw)
    )


def _rods(path: np.ndarray, count: int, girth: float) -> tuple[Solid, ...]:
    """Capsules along a path, end to end."""
    corners = path[np.linspace(0, len(path) - 1, count + 1).round().astype(int)]
    return tuple(rod(tuple(a), tuple(b), girth) for a, b in pairwise(corners))


def _moved(
    surfaces: list[Surface],
    solids: list[Solid],
    offset: tuple[float, float, float] = (0, 0, 0),
    turn: np.ndarray | None = None,
) -> Parts:
    """Parts turned about the origin, then shifted."""
    turn = np.eye(3) if turn is None else turn
    return (
        [Surface(s.mesh.moved(offset, turn), s.material) for s in surfaces],
        [Solid(s.kind, s.size, tuple(turn @ np.array(s.position) + offset), turn @ s.turn) for s in solids],
    )
