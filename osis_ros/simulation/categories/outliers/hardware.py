"""Bolts, keys, plugs, bent wire and gears."""

import numpy as np

from osis_ros.simulation import colours, materials
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.lathe import lathe
from osis_ros.simulation.mesh import ALONG_X, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rod
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def bolt(draw: Draw) -> ObjectShape:
    """A hexagon, round or wing head on a thread, often with a nut."""
    radius, length = draw.uniform(0.004, 0.011), draw.uniform(0.03, 0.09)
    head, thick = radius * draw.uniform(1.7, 2.2), radius * draw.uniform(0.8, 1.4)
    steel = materials.metal(draw, colours.steel(draw) if draw.chance(0.7) else colours.muted(draw))
    turns = np.arange(0, length, radius * 0.35)
    thread = np.stack([radius * (0.9 + 0.1 * (np.arange(len(turns)) % 2)), turns], -1)
    top = length + thick
    kind = draw.choice(("hexagon", "round", "wing"))
    surfaces = [Surface(lathe(np.concatenate([[(0, 0)], thread]), 14, 60), steel)]
    if kind == "wing":
        for side in (1, -1):
            ear = extrude(bow((0, 0, 0), (head, head * 0.8), 0, 330, 12)[:, :2], radius * 0.6)
            surfaces.append(
                Surface(ear.moved((side * head, radius * 0.3, length + head * 0.6), rotation("x", 90)), steel)
            )
    cap = [(0, length), (head, length), (head, top - thick * 0.1), (head * 0.85, top), (0, top)]
    surfaces.append(Surface(lathe(np.array(cap), 6 if kind == "hexagon" else 20), steel))
    if draw.chance(0.4):
        at = draw.uniform(0.1, 0.6) * length
        nut = [(radius, at), (head, at), (head, at + thick), (radius, at + thick)]
        surfaces.append(Surface(lathe(np.array(nut), 6), materials.metal(draw)))
    surfaces = tuple(s.moved(rotation=ALONG_X) for s in surfaces)
    return ObjectShape(surfaces, (rod((0, 0, 0), (top, 0, 0), (radius + head) / 2),), density=3000)


def key(draw: Draw) -> ObjectShape:
    """One to four keys of different cuts on a ring, with or without a tag."""
    ring, surfaces, solids = draw.uniform(0.009, 0.016), [], []
    hoop = sweep(bow((0, 0, 0), (ring, ring), 0, 360, 22), (0.0011, 0.0011), segments=8)
    surfaces.append(Surface(hoop, materials.metal(draw)))
    solids.append(Solid("cylinder", (ring, 0.002)))
    for i in range(draw.integer(1, 4)):
        turn, length, grip = rotation("z", draw.uniform(0, 360)), draw.uniform(0.03, 0.055), draw.uniform(0.009, 0.014)
        steel, z = materials.metal(draw, colours.hsv(0.12, draw.uniform(0, 0.5), draw.uniform(0.5, 0.8))), i * 0.0022
        start = ring + grip * 0.9
        disc = extrude(bow((0, 0, 0), (grip, grip), 0, 360, draw.integer(5, 17))[:-1, :2], 0.0022)
        wide = draw.uniform(0.0022, 0.0045)
        blade = rounded_box((length, wide * 2, 0.002), 0.0004).moved((start + grip * 0.8 + length / 2, 0, z + 0.001))
        parts = [disc.moved((start, 0, z)), blade]
        for _ in range(draw.integer(2, 5)):
            tooth = rounded_box((0.003, draw.uniform(0.002, 0.006), 0.002), 0.0003, 1, 2)
            parts.append(tooth.moved((start + grip + length * draw.uniform(0.3, 0.95), -wide, z + 0.001)))
        surfaces += [Surface(part.moved(rotation=turn), steel) for part in parts]
        middle = turn @ (start + grip * 0.8 + length / 2, 0, z + 0.001)
        solids.append(Solid("box", (length / 2 + grip, wide * 1.5, 0.0015), tuple(middle), turn))
    if draw.chance(0.5):
        size = (draw.uniform(0.02, 0.05), draw.uniform(0.015, 0.03), draw.uniform(0.003, 0.01))
        turn = rotation("z", draw.uniform(0, 360))
        place = (ring + size[0] / 2, 0, 0)
        surfaces.append(Surface(rounded_box(size, 0.0014).moved(place).moved(rotation=turn), materials.plastic(draw)))
        solids.append(Solid("box", tuple(np.array(size) / 2), tuple(turn @ place), turn))
    return ObjectShape(tuple(surfaces), tuple(solids), density=2000)


def plug(draw: Draw) -> ObjectShape:
    """A mains plug, adapter or mouse: a case with pins and a curled cable."""
    size = (draw.uniform(0.03, 0.07), draw.uniform(0.022, 0.055), draw.uniform(0.018, 0.04))
    case = materials.plastic(draw, draw.choice((colours.black, colours.white, colours.grey, colours.vivid))(draw))
    at = np.linspace(-0.5, 0.5, 9)
    taper = 1 - draw.uniform(0, 0.5) * np.clip(at, 0, 1) - draw.uniform(0, 0.5) * np.clip(-at, 0, 1)
    axis = np.stack([at * size[0], np.zeros(9), np.zeros(9)], -1)
    girths = np.stack([size[1] / 2 * taper, size[2] / 2 * taper], -1)
    hull = sweep(axis, girths, draw.uniform(2.3, 6), segments=20)
    surfaces, solids = [Surface(hull, case)], [Solid("box", tuple(np.array(size) / 2 * 0.92))]
    if draw.chance(0.6):
        pins = materials.metal(draw)
        for side in (1, -1):
            y = side * size[1] * 0.2
            pin = sweep(line((-size[0] * 0.48, y, 0), (-size[0] * 0.48 - 0.018, y, 0), 3), (0.0022, 0.0022), segments=8)
            surfaces.append(Surface(pin, pins))
    if draw.chance(0.8):
        reach, points, x, y = draw.uniform(0.02, 0.05), [(size[0] * 0.48, 0.0, 0.0)], size[0] * 0.5, 0.0
        for _ in range(draw.integer(2, 5)):
            x, y = x + reach * draw.uniform(-0.4, 1), y + reach * draw.uniform(-1, 1)
            points.append((x, y, -size[2] * 0.35))
        cable = smooth_path(points, 30)
        surfaces.append(Surface(sweep(cable, (0.0022, 0.0022), segments=8), materials.rubber(draw, case.colour)))
    return ObjectShape(tuple(surfaces), tuple(solids), density=700, upright=0.9)


def bent_wire(draw: Draw) -> ObjectShape:
    """Paper clips, hooks, clasps, horseshoes, coils of cable: something thin or thick that was bent in its plane."""
    girth, reach = draw.log_uniform(0.002, 0.009), draw.uniform(0.02, 0.05)
    heading, place, points = 0.0, np.zeros(2), [(0.0, 0.0, 0.0)]
    kind = draw.choice(("hook", "zigzag", "tangle"))
    for i in range(draw.integer(4, 9)):
        turn = {"hook": 40, "zigzag": 110 * (-1) ** i, "tangle": draw.uniform(-150, 150)}[kind]
        heading += np.deg2rad(turn * draw.uniform(0.6, 1.4))
        place = place + reach * draw.uniform(0.5, 1) * np.array([np.cos(heading), np.sin(heading)])
        points.append((*place, draw.uniform(0, girth * 2)))
    finish = draw.choice((materials.metal, materials.plastic, materials.rubber, materials.wooden))(draw)
    path = smooth_path(points, 40)
    flat = draw.uniform(0.5, 1) if girth > 0.003 else 1
    surfaces = (Surface(sweep(path, (girth, girth * flat), draw.uniform(2, 4), segments=10), finish),)
    solids = tuple(
        rod(tuple(a), tuple(b), girth)
        for a, b in zip(path[:-4:5], path[5::5], strict=False)
        if np.abs(a - b).max() > 0.002
    )
    return ObjectShape(surfaces, solids, density=1500)


def gear(draw: Draw) -> ObjectShape:
    """A flat piece with teeth, points or lobes: gear, star, snowflake, biscuit, jigsaw piece; often with a hub."""
    radius, thick = draw.uniform(0.018, 0.05), draw.uniform(0.003, 0.02)
    turn, lobes = np.linspace(0, 2 * np.pi, 96, endpoint=False), draw.integer(3, 14)
    wave = np.sin(turn * lobes)
    wave = draw.choice((np.sign(wave), wave, np.abs(wave), np.arcsin(wave) / 1.6))
    outline = radius * (1 - draw.uniform(0.1, 0.4) * (1 - wave) / 2)
    outline = outline * (1 + draw.uniform(0, 0.25) * np.cos(turn * draw.integer(1, 3) + draw.uniform(0, 6)))
    finish = draw.choice((materials.plastic, materials.metal, materials.wooden, materials.ceramic))(draw)
    body = extrude(np.stack([outline * np.cos(turn), outline * np.sin(turn)], -1), thick)
    surfaces = [Surface(body, finish)]
    if draw.chance(0.5):
        hub = radius * draw.uniform(0.15, 0.4)
        post = lathe(np.array([(hub, 0), (hub, thick * draw.uniform(1.2, 2.5)), (0, thick * 1.2)]), 20)
        surfaces.append(Surface(post, draw.choice((materials.plastic, materials.metal))(draw)))
    return ObjectShape(
        tuple(surfaces), (Solid("cylinder", (radius * 0.85, thick / 2), (0, 0, thick / 2)),), density=900
    )
