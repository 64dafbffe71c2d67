"""Mugs and bottles."""

import numpy as np

from osis_ros.simulation import colours, materials, patterns, prints
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import arc, curve, lathe
from osis_ros.simulation.mesh import rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, ring_of_boxes, rod
from osis_ros.simulation.sweep import smooth_path, sweep


def mug(draw: Draw) -> ObjectShape:
    """A cup with a handle: straight, tapered or bellied, with a C- or D-shaped handle."""
    height, radius = draw.uniform(0.075, 0.115), draw.uniform(0.034, 0.047)
    wall, taper, belly = draw.uniform(0.0025, 0.005), draw.uniform(0.72, 1.08), draw.uniform(-0.04, 0.14)
    at = np.linspace(0, 1, 10)
    outer = radius * (taper + (1 - taper) * at + belly * np.sin(np.pi * at))
    foot = draw.uniform(0.002, 0.008)
    outside = np.concatenate([
        [(0, 0.0015), (outer[0] * 0.8, 0.0015), (outer[0] * 0.86, 0)],
        np.stack([outer, foot + (height - foot) * at], -1),
    ])  # fmt: skip
    rim = arc((outer[-1] - wall / 2, height), wall / 2, 0, 180, 5)
    inside = np.concatenate([rim, np.stack([outer[::-1] - wall, wall * 2 + (height - 2 * wall) * at[::-1]], -1),
                             [(0, wall * 1.6)]])  # fmt: skip
    glaze = colours.any_colour(draw)
    if draw.chance(0.3):
        picture = prints.wrap(draw, materials.TEXTURE_SIZE, materials.TEXTURE_SIZE * 2)
        body = materials.printed(picture, draw)
    else:
        body = materials.ceramic(draw, glaze)
    lining = materials.plastic(draw, colours.white(draw) if draw.chance(0.6) else glaze)
    grip = materials.plastic(draw, glaze if draw.chance(0.8) else colours.any_colour(draw))
    top, bottom = height * draw.uniform(0.78, 0.93), height * draw.uniform(0.12, 0.35)
    reach, thick = draw.uniform(0.022, 0.036), draw.uniform(0.0035, 0.0065)
    r_top, r_low = (np.interp(z / height, at, outer) - wall * 0.7 for z in (top, bottom))
    bulge = draw.uniform(0.15, 0.4)
    path = [
        (r_top, 0, top), (r_top + reach * 0.75, 0, top - bulge * 0.1 * (top - bottom)),
        (max(r_top, r_low) + reach, 0, bottom + (top - bottom) * 0.6),
        (r_low + reach * 0.85, 0, bottom + (top - bottom) * bulge), (r_low, 0, bottom),
    ]  # fmt: skip
    handle = sweep(smooth_path(path, 18), (thick * draw.uniform(1, 1.8), thick), 2.6, up=(0, 1, 0.001), segments=10)
    handle_out = max(r_top, r_low) + reach
    mean = float(outer.mean())
    lean = float(np.rad2deg(np.arctan2(outer[-1] - outer[0], height)))
    solids = (
        Solid("cylinder", (outer[0], 0.003), (0, 0, 0.003)),
        *ring_of_boxes(mean, max(wall, 0.004), 0, height, tilt=lean),
        rod((handle_out, 0, bottom), (handle_out, 0, top), thick * 1.3),
    )
    surfaces = (Surface(lathe(outside), body), Surface(lathe(inside), lining), Surface(handle, grip))
    return ObjectShape(surfaces, solids, density=900, upright=0.7)


def bottle(draw: Draw) -> ObjectShape:
    """From a dressing bottle to a wine bottle or a flat shampoo bottle, with cap and label."""
    height, radius = draw.uniform(0.11, 0.27), draw.uniform(0.022, 0.042)
    radius = min(radius, height / 4)
    neck = radius * draw.uniform(0.28, 0.62)
    shoulder, neck_low = height * draw.uniform(0.5, 0.7), height * draw.uniform(0.74, 0.86)
    cap_low = height * draw.uniform(0.87, 0.93)
    waist = draw.uniform(0.82, 1.05)
    label_low, label_high = height * draw.uniform(0.08, 0.2), shoulder * draw.uniform(0.75, 0.96)
    edge = min(0.006, radius / 4)
    body_line = curve(
        [(radius, edge), (radius * (waist + 1) / 2, shoulder * 0.3), (radius * waist, shoulder * 0.55),
         (radius, shoulder), (neck * draw.uniform(1, 1.35), neck_low), (neck, cap_low)], 26,
    )  # fmt: skip
    outline = np.concatenate([[(0, 0.002), (radius * 0.75, 0)], arc((radius - edge, edge), edge, -90, 0, 4), body_line])
    flat = draw.uniform(0.5, 0.75) if draw.chance(0.35) else 1.0
    squash = np.diag([1.0, flat, 1.0])
    tint = colours.any_colour(draw)
    if draw.chance(0.25):  # glass or PET
        body = materials.Material(colours.vivid(draw) * draw.uniform(0.3, 1), None, 0.9, 0.9, draw.uniform(0.55, 0.8))
    elif draw.chance(0.5):
        body = materials.plastic(draw, tint)
    else:
        body = materials.Material(np.ones(3), patterns.gradient(draw, 96, tint), draw.uniform(0.2, 0.9), 0.7)
    surfaces = [Surface(_squashed(lathe(outline), squash), body)]
    cap_radius = neck * draw.uniform(1.05, 1.5)
    cap = np.array([(neck * 0.9, cap_low), (cap_radius, cap_low), (cap_radius, height * 0.985),
                    (cap_radius * 0.9, height), (0, height)])  # fmt: skip
    if draw.chance(0.25):  # pump or nozzle
        cap = np.array(
            [
                (neck * 0.9, cap_low),
                (cap_radius, cap_low),
                (cap_radius * 0.8, height * 0.96),
                (cap_radius * 0.25, height * 0.97),
                (cap_radius * 0.2, height * 1.08),
                (0, height * 1.08),
            ]
        )
    surfaces.append(Surface(lathe(cap, 20), materials.plastic(draw, colours.contrasting(draw, tint))))
    if draw.chance(0.85):
        levels = np.linspace(label_low, label_high, 8)
        band = np.stack([np.interp(levels, outline[6:, 1], outline[6:, 0]) + 0.0004, levels], -1)
        picture = prints.wrap(draw, materials.TEXTURE_SIZE, materials.TEXTURE_SIZE * 2)
        surfaces.append(Surface(_squashed(lathe(band, crease=180), squash), materials.printed(picture, draw)))
    spin = rotation("z", draw.uniform(0, 360))
    surfaces = tuple(s.moved(rotation=spin) for s in surfaces)
    half = shoulder / 2
    if flat < 1:
        trunk = Solid("box", (radius * 0.92, radius * flat * 0.92, half), (0, 0, half), spin)
    else:
        trunk = Solid("cylinder", (radius, half), (0, 0, half))
    top = Solid("cylinder", (cap_radius, (height - neck_low) / 2), (0, 0, (height + neck_low) / 2))
    cone = Solid("cylinder", ((radius + neck) / 2 * flat, (neck_low - shoulder) / 2), (0, 0, (neck_low + shoulder) / 2))
    return ObjectShape(surfaces, (trunk, cone, top), density=500, upright=0.5)


def _squashed(mesh, squash):
    normals = mesh.normals @ np.linalg.inv(squash)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return type(mesh)(mesh.vertices @ squash, mesh.faces, normals, mesh.uv)
