"""Pouches, remote controls, brushes, combs, spectacles and cushions."""

import numpy as np

from osis_ros.simulation import colours, materials, patterns, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.grip import grip
from osis_ros.simulation.lathe import cylinder
from osis_ros.simulation.mesh import Mesh, grid, join
from osis_ros.simulation.noise import fractal_noise, to_bytes
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, bar, rod
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def pouch(draw: Draw) -> ObjectShape:
    """A filled bag: crisps, coffee, sweets; pillow-shaped, creased, printed."""
    wide, tall, thick = draw.uniform(0.06, 0.15), draw.uniform(0.09, 0.2), draw.uniform(0.015, 0.05)
    at = np.linspace(-1, 1, 25)
    x, y = np.meshgrid(at, at)
    fullness = draw.uniform(0.35, 0.7)
    swell = ((1 - x**2) * (1 - y**2)) ** fullness * (0.8 + 0.4 * fractal_noise(draw, 25, draw.uniform(3, 8), 2))
    crimp = 1 - draw.uniform(0, 0.1) * (1 - np.abs(y))
    foil, surfaces = draw.uniform(0.1, 0.9), []
    for side in (1, -1):
        points = np.stack([x * wide / 2 * crimp, y * tall / 2, side * thick / 2 * swell], -1)[:, ::side]
        picture = prints.label(draw, materials.TEXTURE_SIZE, materials.TEXTURE_SIZE)
        finish = materials.Material(np.ones(3), picture, foil, draw.uniform(0.2, 0.8))
        surfaces.append(Surface(grid(points, (at[::side] + 1) / 2 if side > 0 else (1 - at) / 2, (1 - at) / 2), finish))
    solids = (Solid("box", (wide * 0.45, tall * 0.45, thick * 0.4)),)
    return ObjectShape(tuple(surfaces), solids, density=300, upright=0.9)


def remote_control(draw: Draw) -> ObjectShape:
    """A flat case with keys, perhaps a display: remote control, telephone, calculator, radio."""
    wide = draw.uniform(0.035, 0.09)
    size = (
        wide,
        wide * draw.uniform(1.3, 4.0) if wide < 0.06 else wide * draw.uniform(1.2, 2),
        draw.uniform(0.008, 0.03),
    )
    case = colours.any_colour(draw)
    surfaces = [Surface(rounded_box(size, draw.uniform(0.001, 0.006)), materials.plastic(draw, case))]
    free, top = size[1] * 0.92, size[2] / 2
    if draw.chance(0.6):
        part = draw.uniform(0.15, 0.7) * free
        glass = materials.Material(colours.black(draw) if draw.chance(0.7) else colours.pastel(draw), None, 0.8, 0.9)
        screen = rounded_box((wide * 0.82, part * 0.9, 0.002), 0.0005).moved((0, size[1] * 0.46 - part / 2, top))
        surfaces.append(Surface(screen, glass))
        free -= part
    columns = draw.integer(2, 5)
    pitch = wide * 0.86 / columns
    rows = max(0, min(int(free / pitch), 9))
    inks = [materials.rubber(draw, colours.contrasting(draw, case)), materials.plastic(draw)]
    knob, filled = pitch * draw.uniform(0.5, 0.8), draw.uniform(0.5, 1.0)
    kinds: tuple[list, list] = ([], [])
    for row in range(rows):
        for column in range(columns):
            if draw.chance(filled):
                place = ((column + 0.5 - columns / 2) * pitch, (row + 0.5) * pitch - size[1] * 0.46, top)
                kinds[draw.chance(0.15)].append(rounded_box((knob, knob * 0.7, 0.003), 0.0012, 1, 2).moved(place))
    surfaces += [Surface(join(*keys), ink) for keys, ink in zip(kinds, inks, strict=True) if keys]
    if draw.chance(0.15):
        mast = (wide * 0.35, size[1] / 2, 0)
        aerial = sweep(
            line(mast, (mast[0], size[1] / 2 + draw.uniform(0.03, 0.08), 0), 3), (0.0035, 0.0035), up=(1, 0, 0)
        )
        surfaces.append(Surface(aerial, materials.rubber(draw)))
    return ObjectShape(tuple(surfaces), (Solid("box", tuple(np.array(size) / 2)),), density=700, upright=0.9)


def brush(draw: Draw) -> ObjectShape:
    """Bristles in a back with a handle: tooth brush, hair brush, paint brush, broom head."""
    handle, back = draw.uniform(0.06, 0.15), draw.uniform(0.02, 0.09)
    wide, girth = draw.uniform(0.005, 0.025), draw.uniform(0.004, 0.01)
    tall = draw.uniform(0.008, 0.03)
    body = materials.wooden(draw) if draw.chance(0.4) else materials.plastic(draw)
    at = np.linspace(0, 1, 10)
    path = smooth_path([(0, 0, 0), (handle * 0.5, 0, draw.uniform(-0.006, 0.006)), (handle, 0, 0)], 10)
    grip = np.stack([girth * (1 + 0.3 * np.sin(at * np.pi * draw.uniform(0.5, 2))), np.full(10, girth * 0.7)], -1)
    hair = colours.any_colour(draw)
    tufts = to_bytes(np.broadcast_to((0.6 + 0.4 * draw.rng.random((1, 64, 1))) * hair, (64, 64, 3)))
    bristles = materials.Material(np.ones(3), tufts, 0.1, 0.2)
    surfaces = [
        Surface(sweep(path, grip, draw.uniform(2, 4)), body),
        Surface(rounded_box((back, wide * 2, girth * 1.2), 0.002).moved((handle + back / 2, 0, 0)), body),
    ]
    rows, columns = draw.integer(1, 4), draw.integer(3, 9)
    for i in range(columns):
        for j in range(rows):
            size = (back / columns * 0.75, wide * 2 / rows * 0.75, tall)
            place = (handle + back * (i + 0.5) / columns, wide * (2 * (j + 0.5) / rows - 1), girth * 0.6 + tall / 2)
            surfaces.append(Surface(rounded_box(size, 0.0006, 1, 2).moved(place), bristles))
    solids = (
        rod((0, 0, 0), (handle, 0, 0), girth),
        Solid("box", (back / 2, wide, girth * 0.6 + tall / 2), (handle + back / 2, 0, tall / 2)),
    )
    return ObjectShape(tuple(surfaces), solids, density=600, upright=0.3)


def comb(draw: Draw) -> ObjectShape:
    """A comb: teeth of one or two pitches along a straight or bowed spine, alone, with a handle beside it or behind."""
    kind = draw.choice(("plain", "handle", "pick"))
    length, deep = draw.uniform(0.06, 0.13), draw.uniform(0.014, 0.028)
    if kind == "pick":
        length, deep = draw.uniform(0.035, 0.065), draw.uniform(0.03, 0.06)
    high, thick = draw.uniform(0.003, 0.008), draw.uniform(0.0014, 0.003)
    rise = draw.choice((0, draw.uniform(-0.12, 0.2))) * length
    at = np.linspace(-1, 1, 15)
    spine = np.stack([at * length / 2, rise * (1 - at**2), np.zeros(15)], -1)
    shell = patterns.blotches(draw, materials.TEXTURE_SIZE, colours.timber(draw))
    horn = materials.Material(np.ones(3), shell, 0.6, 0.7) if draw.chance(0.25) else materials.held(draw)
    surfaces = [Surface(sweep(spine, (high, thick), draw.uniform(2.5, 6)), horn)]
    teeth = horn if draw.chance(0.7) else draw.choice((materials.metal, materials.plastic))(draw)
    surfaces.append(Surface(_teeth(draw, spine, deep, thick), teeth))
    drop = (high + deep) / 2 - rise * 0.6
    solids = [Solid("box", (length / 2, (deep + high) / 2 + abs(rise) * 0.2, thick), (0, -drop + high / 2, 0))]
    if kind == "plain" and draw.chance(0.25):
        surfaces.append(Surface(_teeth(draw, spine, -deep, thick), teeth))
        solids.append(Solid("box", (length / 2, deep / 2, thick), (0, rise * 0.6 + deep / 2, 0)))
    if kind != "plain":
        reach, girth = draw.uniform(0.04, 0.08), draw.uniform(1, 2) * high
        start = spine[-1] - (0.003, 0, 0) if kind == "handle" else spine[7]
        end = start + ((reach, -deep * draw.uniform(-0.2, 0.8), 0) if kind == "handle" else (0, reach, 0))
        ends, holding = (tuple(start), tuple(end)), horn if draw.chance(0.5) else None
        surfaces.append(grip(draw, *ends, girth, holding, thick * draw.uniform(1.1, 2)))
        solids.append(bar(*ends, girth * 1.7, thick * 2.4))
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


def spectacles(draw: Draw) -> ObjectShape:
    """Two lenses in rims, a bridge and folded or open arms."""
    radius, flat = draw.uniform(0.018, 0.027), draw.uniform(0.65, 1.0)
    girth, arm = draw.uniform(0.0012, 0.0035), draw.uniform(0.1, 0.14)
    frame = materials.metal(draw) if draw.chance(0.3) else materials.plastic(draw)
    tint = colours.black(draw) if draw.chance(0.6) else colours.any_colour(draw)
    lens = materials.Material(tint, None, 0.9, 0.9, draw.uniform(0.35, 1))
    apart = radius * draw.uniform(1.1, 1.25)
    surfaces, solids = [], []
    for side in (1, -1):
        rim = bow((0, 0, 0), (radius, radius * flat), 0, 360, 24) + np.array((side * apart, 0, 0))
        surfaces.append(Surface(sweep(rim, (girth, girth * 1.2), 3, segments=8), frame))
        glass = cylinder(radius, -0.0006, 0.0006, 24)
        squeezed = Mesh(glass.vertices * (1, flat, 1), glass.faces, glass.normals, glass.uv)
        surfaces.append(Surface(squeezed.moved((side * apart, 0, 0)), lens))
        hinge = (side * (apart + radius), 0, 0)
        ends = [hinge, (side * (apart + radius * 0.9), 0, -arm * 0.7), (side * (apart + radius * 0.9), -0.015, -arm)]
        surfaces.append(Surface(sweep(smooth_path(ends, 12), (girth, girth), up=(1, 0, 0), segments=8), frame))
        solids += [Solid("box", (radius, radius * flat, 0.002), (side * apart, 0, 0)), rod(hinge, ends[-1], 0.002)]
    bridge = smooth_path([(radius - apart, 0, 0), (0, 0.003, 0.002), (apart - radius, 0, 0)], 6)
    surfaces.append(Surface(sweep(bridge, (girth, girth), up=(0, 1, 0), segments=8), frame))
    return ObjectShape(tuple(surfaces), tuple(solids), density=500, upright=0.3)


def cushion(draw: Draw) -> ObjectShape:
    """A soft pad of cloth: pin cushion, glasses case, folded towel."""
    size = (draw.uniform(0.05, 0.14), draw.uniform(0.04, 0.11), draw.uniform(0.015, 0.05))
    cloth = materials.woven(draw, colours.any_colour(draw), 0.02, 0.1)
    at = np.linspace(-0.5, 0.5, 15)
    bulge = np.sqrt(np.clip(1 - np.abs(2 * at) ** draw.uniform(2.5, 8), 0.05, 1))
    path = np.stack([at * size[0], np.zeros(15), np.zeros(15)], -1)
    body = sweep(path, np.stack([size[1] / 2 * bulge, size[2] / 2 * bulge], -1), draw.uniform(2.2, 4), segments=20)
    return ObjectShape((Surface(body, cloth),), (Solid("box", tuple(np.array(size) * 0.46)),), density=250, upright=0.8)
