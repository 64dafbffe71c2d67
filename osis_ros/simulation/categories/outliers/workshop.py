"""Pliers, chisels and saws, torches, padlocks and pipe fittings."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import curve, cylinder, lathe
from osis_ros.simulation.mesh import ALONG_X, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, bar, rod
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def pliers(draw: Draw) -> ObjectShape:
    """Two crossed jaws of bare steel, long, blunt or cutting, on long sleeved handles; shut or a little open."""
    reach, arm = draw.uniform(0.025, 0.065), draw.uniform(0.08, 0.13)
    spread, opening = draw.uniform(0.014, 0.03), draw.uniform(0, 12)
    girth, thick = draw.uniform(0.0035, 0.006), draw.uniform(0.004, 0.006)
    steel = materials.metal(draw, colours.black(draw) * 2 if draw.chance(0.25) else None)
    sleeve = materials.plastic(draw) if draw.chance(0.8) else materials.rubber(draw)
    tip, root = draw.uniform(0.25, 0.9), draw.uniform(1.2, 1.9)
    surfaces, solids = [], []
    for side in (1, -1):
        turn = rotation("z", side * opening / 2)
        jaw = smooth_path(
            [(-0.004, side * 0.004, 0), (reach * 0.4, side * girth, 0), (reach, side * girth * tip, 0)], 8
        )
        sizes = np.stack([girth * np.linspace(root, tip, 8), np.full(8, thick)], -1)
        end = spread * draw.uniform(0.5, 1)
        handle = smooth_path(
            [(0.004, side * 0.004, 0), (-arm * 0.35, side * spread, 0), (-arm * 0.7, side * spread, 0),
             (-arm, side * end, 0)], 16,
        )  # fmt: skip
        shaft = np.stack([girth * np.linspace(1.4, 0.9, 16), np.full(16, thick * 0.9)], -1)
        surfaces += [
            Surface(sweep(jaw, sizes, 4).moved(rotation=turn), steel),
            Surface(sweep(handle, shaft, 4).moved(rotation=turn.T), steel),
            Surface(sweep(handle[5:], shaft[5:] * 1.35, 2.6).moved(rotation=turn.T), sleeve),
        ]
        ends = [turn @ jaw[0], turn @ jaw[-1], turn.T @ handle[2], turn.T @ handle[-1]]
        solids += [
            bar(tuple(ends[0]), tuple(ends[1]), girth * 2, thick * 2),
            rod(tuple(ends[2]), tuple(ends[3]), girth),
        ]
    surfaces.append(Surface(cylinder(girth * 1.7, -thick * 1.2, thick * 1.2, 20), steel))
    return ObjectShape(tuple(surfaces), tuple(solids), density=3000)


def chisel(draw: Draw) -> ObjectShape:
    """A chisel, file or saw: a turned or flat grip and a flat blade, broad, rough or toothed."""
    grip, girth = draw.uniform(0.06, 0.11), draw.uniform(0.009, 0.016)
    kind = draw.choice(("chisel", "file", "saw"))
    blade = draw.uniform(0.05, 0.1) * (1.5 if kind in ("file", "saw") else 1)
    holding = draw.choice((materials.wooden, materials.wooden, materials.plastic, materials.rubber))(draw)
    steel = materials.metal(draw)
    shares = draw.uniform(0.7, 1, 5)
    wide = girth * np.interp(np.linspace(0, 1, 14), np.linspace(0, 1, 5), shares)
    flat = draw.uniform(0.5, 1)
    surfaces = [
        Surface(
            sweep(line((0, 0, 0), (grip, 0, 0), 14), np.stack([wide, wide * flat], -1), draw.uniform(2, 4)), holding
        )
    ]
    if draw.chance(0.5):
        collar = wide[-1] * 0.95
        hoop = sweep(line((grip - 0.004, 0, 0), (grip + 0.008, 0, 0), 3), (collar, collar * flat), segments=14)
        surfaces.append(Surface(hoop, materials.metal(draw)))
    at, end = np.linspace(0, 1, 30), grip + blade
    half = {"chisel": draw.uniform(0.006, 0.011), "file": draw.uniform(0.006, 0.01), "saw": 0.013}[kind]
    outline = {
        "chisel": np.interp(at, [0, 0.25, 0.4, 1], [0.5, 0.5, 1, 1]),
        "file": np.interp(at, [0, 0.1, 0.7, 1], [0.4, 1, 1, 0.6]),
        "saw": np.linspace(1, 0.4, 30) * (1 - 0.1 * (np.arange(30) % 2)),
    }[kind]
    high = 0.0015 * np.interp(at, [0, 0.85, 1], [1, 1, 0.3])
    edge = sweep(line((grip - 0.002, 0, 0), (end, 0, 0), 30), np.stack([half * outline, high], -1), 4, segments=10)
    surfaces.append(Surface(edge, steel))
    solids = (rod((0, 0, 0), (grip, 0, 0), girth * 0.85), bar((grip, 0, 0), (end, 0, 0), half * 1.7, 0.004))
    return ObjectShape(tuple(surfaces), solids, density=1300)


def torch(draw: Draw) -> ObjectShape:
    """A hand torch: a ribbed barrel, a switch, a wider head with a lens."""
    barrel, girth = draw.uniform(0.06, 0.13), draw.uniform(0.008, 0.015)
    head, wide = draw.uniform(0.018, 0.04), draw.uniform(1.2, 2.2)
    colour = colours.any_colour(draw)
    case = draw.choice((materials.plastic, materials.metal, materials.rubber))(draw, colour)
    turns = np.linspace(0, barrel, 40)
    ribs = girth * (1 - draw.uniform(0, 0.1) * (np.arange(40) // 2 % 2))
    tube = np.concatenate([[(0, 0), (girth * 0.8, 0)], np.stack([ribs, turns + 0.002], -1)])
    end = barrel + head
    bell = [(girth, barrel), (girth * wide, barrel + head * draw.uniform(0.3, 0.8)), (girth * wide, end)]
    mouth = [(girth * wide, end), (girth * wide * 0.85, end), (girth * wide * 0.8, end - 0.003)]
    glass = materials.Material(colours.white(draw) * draw.uniform(0.6, 1), None, 1.0, 0.9)
    other = case if draw.chance(0.5) else materials.metal(draw)
    surfaces = [
        Surface(lathe(tube, 22, 60), case),
        Surface(lathe(np.array(bell), 26), other),
        Surface(lathe(np.array(mouth), 26), other),
        Surface(lathe(np.array([(girth * wide * 0.8, end - 0.003), (0, end - 0.001)]), 26), glass),
    ]
    button = rounded_box((girth * 0.6, girth * 0.8, girth * draw.uniform(1, 1.8)), 0.002)
    place = (-girth, 0, barrel * draw.uniform(0.6, 0.85))  # on top once it lies
    surfaces.append(Surface(button.moved(place), materials.plastic(draw, colours.contrasting(draw, colour))))
    surfaces = tuple(s.moved(rotation=ALONG_X) for s in surfaces)
    solids = (
        rod((0, 0, 0), (end, 0, 0), girth),
        Solid("cylinder", (girth * wide, head * 0.3), (end - head * 0.3, 0, 0), ALONG_X),
    )
    return ObjectShape(surfaces, solids, density=1000)


def padlock(draw: Draw) -> ObjectShape:
    """A padlock or carabiner: a body of brass or coloured metal under a steel bow."""
    wide, tall, thick = draw.uniform(0.025, 0.05), draw.uniform(0.025, 0.05), draw.uniform(0.01, 0.02)
    brass = colours.hsv(draw.uniform(0.1, 0.14), draw.uniform(0.4, 0.7), draw.uniform(0.5, 0.8))
    body = materials.metal(draw, brass if draw.chance(0.5) else colours.any_colour(draw))
    girth, rise = draw.uniform(0.002, 0.0045), draw.uniform(0.01, 0.04)
    if draw.chance(0.3):  # round, like a dial lock
        case = cylinder(wide / 2, 0, thick).moved((0, thick / 2, 0), rotation("x", 90))
        top = wide * 0.3
    else:
        case, top = rounded_box((wide, thick, tall), draw.uniform(0.002, thick * 0.45)), tall / 2
    across = wide * draw.uniform(0.25, 0.36)
    over = bow((0, 0, 0), (across, across), 180, 0, 9)[1:-1, [0, 2, 1]] + (0, 0, top + rise)
    free = top - 0.006 if draw.chance(0.7) else top + 0.006
    shackle = [(-across, 0, top - 0.006), (-across, 0, top + rise), *over, (across, 0, top + rise), (across, 0, free)]
    steel = materials.metal(draw)
    surfaces = [
        Surface(case, body),
        Surface(sweep(smooth_path(shackle, 28), (girth, girth), up=(0, 1, 0), segments=12), steel),
    ]
    if draw.chance(0.5):
        mark = cylinder(wide * 0.2, 0, 0.002, 20).moved((0, -thick / 2, 0), rotation("x", 90))
        surfaces.append(Surface(mark, materials.plastic(draw)))
    solids = (
        Solid("box", (wide / 2, thick / 2, top)),
        Solid("box", (across + girth, girth, (rise + across) / 2), (0, 0, top + (rise + across) / 2)),
    )
    turn = rotation("x", -90)  # put down flat, its mark on top
    return ObjectShape(tuple(surfaces), solids, density=3000, upright=0.8).turned(turn)


def elbow(draw: Draw) -> ObjectShape:
    """A pipe fitting: a bent or straight piece of pipe with flanges, perhaps a branch, perhaps a tap."""
    girth, arm = draw.uniform(0.007, 0.018), draw.uniform(0.025, 0.06)
    bend = np.deg2rad(draw.uniform(0, 110))
    finish = draw.choice((materials.metal, materials.plastic, materials.rubber))(draw)
    tip = arm * np.array((-np.cos(bend), np.sin(bend), 0))
    path = smooth_path([(arm, 0, 0), (arm * 0.4, 0, 0), tuple(tip * 0.4), tuple(tip)], 18)
    surfaces = [Surface(sweep(path, (girth, girth), segments=20), finish)]
    rim, middle = draw.uniform(1.1, 1.6), path[9]
    solids = [rod(tuple(end), tuple(middle), girth * (1 + rim) / 2) for end in (path[0], path[-1])]
    bore = materials.rubber(draw)
    for end, inner in ((path[0], path[1]), (path[-1], path[-2])):
        out = (end - inner) / np.linalg.norm(end - inner)
        flange = line(tuple(end - out * girth * 0.6), tuple(end + out * 0.001), 3)
        surfaces.append(Surface(sweep(flange, (girth * rim, girth * rim), draw.choice((2, 2, 5)), segments=22), finish))
        hole = line(tuple(end), tuple(end + out * 0.002), 2)
        surfaces.append(Surface(sweep(hole, (girth * 0.75, girth * 0.75), segments=18), bore))
    if draw.chance(0.5):
        rise = np.array((0, 0, girth * draw.uniform(1.8, 3)))
        stem = curve([(girth * 0.6, 0), (girth * 0.5, rise[2] * 0.7), (girth * 0.9, rise[2] * 0.8), (0, rise[2])], 12)
        surfaces.append(Surface(lathe(stem, 18).moved(tuple(middle)), finish))
        if draw.chance(0.6):
            lever = rounded_box((girth * draw.uniform(2, 5), girth * 0.7, girth * 0.4), 0.002)
            surfaces.append(Surface(lever.moved(tuple(middle + rise)), materials.plastic(draw)))
        solids.append(rod(tuple(middle), tuple(middle + rise), girth * 0.7))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500)
