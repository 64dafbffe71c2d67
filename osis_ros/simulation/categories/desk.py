"""Markers, books, scissors and rolls of tape."""

import numpy as np

from osis_ros.simulation import colours, materials, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import lathe
from osis_ros.simulation.mesh import ALONG_X, rotation
from osis_ros.simulation.noise import to_bytes
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, bar, ring_of_boxes, rod
from osis_ros.simulation.sweep import bow, smooth_path, sweep


def marker(draw: Draw) -> ObjectShape:
    """Whiteboard markers, felt tips and pens: barrel, cap with clip, end plug."""
    radius, length = draw.uniform(0.004, 0.0105), draw.uniform(0.105, 0.15)
    cap = length * draw.uniform(0.25, 0.42)
    ink = colours.vivid(draw) if draw.chance(0.65) else colours.black(draw)
    barrel = [(0, 0), (radius * 0.8, 0), (radius * 0.95, 0.003), (radius * 0.95, length - cap)]
    lid = [(radius * 0.9, length - cap), (radius * draw.uniform(1.0, 1.15), length - cap), (radius, length - cap * 0.3),
           (radius * draw.uniform(0.55, 0.9), length), (0, length)]  # fmt: skip
    capped = draw.chance(0.8)
    if not capped:
        lid = [(radius * 0.95, length - cap), (radius * 0.6, length - cap * 0.8), (radius * 0.5, length - cap * 0.55),
               (radius * 0.2, length - cap * 0.5), (0, length - cap * 0.42)]  # fmt: skip
    if draw.chance(0.6):
        ground = colours.white(draw) if draw.chance(0.5) else ink
        turned = prints.label(draw, 64, materials.TEXTURE_SIZE, ground)
        finish = materials.printed(np.ascontiguousarray(turned.transpose(1, 0, 2)), draw)
    else:
        finish = materials.plastic(draw, ink if draw.chance(0.6) else colours.grey(draw))
    facets = 6 if draw.chance(0.15) else 16
    surfaces = [
        Surface(lathe(np.array(barrel), facets), finish),
        Surface(lathe(np.array(lid), facets), materials.plastic(draw, ink)),
    ]
    if capped and draw.chance(0.6):
        clip = rounded_box((radius * 0.5, radius * 0.3, cap * 0.8), 0.0005).moved((0, radius * 1.2, length - cap * 0.5))
        surfaces.append(Surface(clip, materials.plastic(draw, ink)))
    surfaces = tuple(s.moved(rotation=ALONG_X) for s in surfaces)
    return ObjectShape(surfaces, (rod((0, 0, 0), (length, 0, 0), radius),), density=700, upright=1.0)


def book(draw: Draw) -> ObjectShape:
    """Hard or paper covers round a block of pages, seen from front, back, spine or edge."""
    tall, wide, thick = draw.uniform(0.13, 0.24), draw.uniform(0.65, 0.8), draw.log_uniform(0.008, 0.04)
    wide *= tall
    hard = draw.chance(0.5)
    board, overhang = (0.0025, 0.003) if hard else (0.0008, 0.0003)
    ground = colours.any_colour(draw)
    size = materials.TEXTURE_SIZE
    front = prints.label(draw, size, size * 3 // 4, ground)
    back = prints.label(draw, size, size * 3 // 4, ground) if draw.chance(0.7) else np.full_like(front, front[2, 2])
    gloss = materials.printed(front, draw)
    leaves = np.broadcast_to(0.78 + 0.16 * draw.rng.random((96, 1, 1)), (96, 16, 3)) * colours.white(draw)
    paper = materials.Material(np.ones(3), to_bytes(leaves), 0, 0.1)
    spine_print = prints.label(draw, 40, size, ground)
    surfaces = []
    for sign, picture in ((1, front), (-1, np.ascontiguousarray(back))):
        cover = rounded_box((wide, tall, board), board * 0.4).moved((0, 0, sign * (thick - board) / 2))
        uv = np.stack([0.5 + sign * cover.vertices[:, 0] / wide, 0.5 - cover.vertices[:, 1] / tall], -1)
        mesh = type(cover)(cover.vertices, cover.faces, cover.normals, np.clip(uv, 0.01, 0.99))
        surfaces.append(Surface(mesh, materials.Material(np.ones(3), picture, gloss.specular, gloss.shininess)))
    pages = rounded_box((wide - overhang * 2, tall - overhang * 2, thick - board * 2), 0.0005)
    fanned = np.stack([pages.uv[:, 0], 0.5 + pages.vertices[:, 2] / thick], -1)
    surfaces.append(Surface(type(pages)(pages.vertices, pages.faces, pages.normals, fanned), paper))
    spine = rounded_box((board, tall, thick), board * 0.45).moved((-wide / 2, 0, 0))
    along = np.stack([0.5 - spine.vertices[:, 1] / tall, 0.5 - spine.vertices[:, 2] / thick], -1)
    finish = materials.Material(np.ones(3), spine_print, gloss.specular, gloss.shininess)
    surfaces.append(
        Surface(type(spine)(spine.vertices, spine.faces, spine.normals, np.clip(along, 0.01, 0.99)), finish)
    )
    solids = (Solid("box", (wide / 2, tall / 2, thick / 2)),)
    return ObjectShape(tuple(surfaces), solids, density=600, upright=0.95)


def scissors(draw: Draw) -> ObjectShape:
    """Two crossing blades and two finger loops, more or less open."""
    blade, wide = draw.uniform(0.06, 0.11), draw.uniform(0.006, 0.01)
    tail, loop = draw.uniform(0.03, 0.05), draw.uniform(0.012, 0.019)
    opening = draw.uniform(2, 28)
    thick, girth = draw.uniform(0.001, 0.0016), draw.uniform(0.0035, 0.0055)
    steel, grip = materials.metal(draw), materials.plastic(draw)
    surfaces, solids = [], []
    for side in (1, -1):
        turn, z = rotation("z", side * opening / 2), side * thick
        path = np.stack(
            [np.linspace(-tail * 0.4, blade, 10), np.linspace(0, -side * wide * 0.4, 10), np.full(10, z)], -1
        )
        width = wide * np.interp(np.linspace(0, 1, 10), [0, 0.35, 0.7, 1], [0.6, 1.0, 0.75, 0.12])
        knife = sweep(path, np.stack([width, np.full(10, thick)], -1), 6, segments=12)
        stem = smooth_path([(-0.01, 0, z), (-tail * 0.6, -side * 0.003, 0), (-tail, -side * loop * 0.5, 0)], 8)
        centre = (-tail - loop * 1.05, -side * loop * 0.95, 0)
        longer = loop * draw.uniform(1.0, 1.5)
        ring = bow(centre, (longer, loop), 0, 360, 22)
        surfaces += [
            Surface(knife.moved(rotation=turn), steel),
            Surface(sweep(stem, (girth * 1.3, girth), 3, segments=10).moved(rotation=turn), grip),
            Surface(sweep(ring, (girth, girth), 2.4, segments=10).moved(rotation=turn), grip),
        ]
        solids += [
            bar((-tail, 0, 0), (blade, 0, 0), wide * 1.4, thick * 4).moved(rotation=turn),
            Solid("cylinder", (loop, girth), tuple(turn @ centre)),
        ]
    screw = lathe(
        np.array([(0, -thick * 2.2), (0.004, -thick * 2.2), (0.004, thick * 2.2), (0.003, thick * 3), (0, thick * 3)]),
        12,
    )
    surfaces.append(Surface(screw, steel))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=1.0)


def tape_roll(draw: Draw) -> ObjectShape:
    """Packing, masking or insulating tape on a core."""
    outer, wide = draw.uniform(0.026, 0.058), draw.uniform(0.01, 0.05)
    core = outer * draw.uniform(0.5, 0.82)
    card, half = draw.uniform(0.0015, 0.004), wide / 2
    colour = draw.choice((colours.cardboard, colours.vivid, colours.white, colours.black, colours.grey))(draw)
    tape = materials.Material(colour, None, draw.uniform(0.1, 0.9), draw.uniform(0.3, 0.9))
    rings = 0.75 + 0.25 * draw.rng.random((64, 1, 1))
    side = materials.Material(np.ones(3), to_bytes(np.broadcast_to(rings * colour, (64, 16, 3))), 0.1, 0.3)
    board = materials.Material(colours.cardboard(draw) if draw.chance(0.7) else colours.white(draw), None, 0.05, 0.1)
    inner = core + card
    surfaces = (
        Surface(lathe(np.array([(outer, -half), (outer, half)]), 36), tape),
        Surface(lathe(np.array([(outer, half), (inner, half)]), 36), side),
        Surface(lathe(np.array([(inner, -half), (outer, -half)]), 36), side),
        Surface(lathe(np.array([(inner, half), (core, half), (core, -half), (inner, -half)]), 36), board),
    )
    solids = ring_of_boxes(outer * 0.99, outer - core, -half, half, 14)
    return ObjectShape(surfaces, solids, density=700, upright=0.8)
