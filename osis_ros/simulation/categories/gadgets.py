"""Power drills, game controllers and light bulbs."""

import numpy as np

from osis_ros.simulation import colours, materials, prints
from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.mesh import ALONG_X
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rod
from osis_ros.simulation.sweep import line, smooth_path, sweep


def power_drill(draw: Draw) -> ObjectShape:
    """A cordless drill on its side: motor body, chuck, bit, raked grip, trigger, battery."""
    body, girth = draw.uniform(0.1, 0.14), draw.uniform(0.022, 0.028)
    grip, rake = draw.uniform(0.085, 0.115), draw.uniform(0.0, 0.03)
    shell, accent = materials.plastic(draw, colours.vivid(draw)), materials.rubber(draw)
    at = np.linspace(0, 1, 8)
    hull = girth * np.interp(at, [0, 0.1, 0.3, 0.8, 1], [0.7, 0.95, 1, 0.95, 0.75])
    motor = sweep(line((0, 0, 0), (body, 0, 0), 8), np.stack([hull, hull * 0.88], -1), 2.8)
    chuck = lathe(np.array([(girth * 0.72, 0), (girth * 0.75, 0.02), (girth * 0.45, 0.038), (0.004, 0.042)]), 20)
    x = body * draw.uniform(0.3, 0.42)
    handle = smooth_path(
        [(x, -girth * 0.5, 0), (x - rake * 0.5, -girth * 0.5 - grip * 0.5, 0), (x - rake, -girth - grip, 0)], 10
    )
    sizes = np.stack(
        [np.interp(np.linspace(0, 1, 10), [0, 0.3, 1], [0.024, 0.018, 0.022]), np.full(10, girth * 0.6)], -1
    )
    foot = (x - rake, -girth - grip - 0.008, 0)
    pack = (draw.uniform(0.07, 0.1), draw.uniform(0.028, 0.045), draw.uniform(0.045, 0.06))
    trigger = rounded_box((0.014, 0.026, 0.014), 0.005).moved((x + 0.026, -girth - 0.012, 0))
    surfaces = [
        Surface(motor, shell),
        Surface(chuck.moved((body - 0.002, 0, 0), ALONG_X), materials.metal(draw, colours.black(draw) * 2)),
        Surface(sweep(handle, sizes, 2.8), accent if draw.chance(0.5) else shell),
        Surface(rounded_box(pack, 0.008).moved(foot), accent if draw.chance(0.6) else shell),
        Surface(trigger, materials.plastic(draw, colours.black(draw))),
    ]
    band = sweep(line((body * 0.78, 0, 0), (body * 0.97, 0, 0), 3), np.array((girth, girth * 0.92)), 2.6)
    surfaces.append(Surface(band, accent))
    if draw.chance(0.6):
        badge = rounded_box((body * 0.4, girth * 0.7, girth * 1.79), 0.002).moved((body * 0.45, girth * 0.1, 0))
        picture = prints.label(draw, 48, 96)
        surfaces.append(Surface(badge, materials.printed(np.ascontiguousarray(np.tile(picture, (2, 3, 1))), draw)))
    tip = body + 0.042
    if draw.chance(0.6):
        drill = sweep(
            line((tip - 0.003, 0, 0), (tip + draw.uniform(0.03, 0.08), 0, 0), 3), (0.0025, 0.0025), segments=8
        )
        surfaces.append(Surface(drill, materials.metal(draw)))
    solids = (
        rod((0, 0, 0), (tip, 0, 0), girth * 0.85),
        Solid("box", (0.017, grip / 2, girth * 0.55), (x - rake / 2, -girth * 0.6 - grip / 2, 0)),
        Solid("box", tuple(np.array(pack) / 2), foot),
    )
    return ObjectShape(tuple(surfaces), solids, density=900, upright=1.0)


def game_controller(draw: Draw) -> ObjectShape:
    """A gamepad: flat body, two grips, sticks, a cross and buttons."""
    wide, deep, thick = draw.uniform(0.05, 0.062), draw.uniform(0.022, 0.03), draw.uniform(0.011, 0.016)
    drop, splay = draw.uniform(0.035, 0.055), draw.uniform(0.0, 0.02)
    shell = materials.plastic(draw)
    at = np.linspace(-1, 1, 11)
    profile = np.sqrt(np.clip(1 - np.abs(at) ** 4, 0.03, 1))
    core = sweep(
        np.stack([at * wide, np.zeros(11), np.zeros(11)], -1), np.stack([deep * profile, thick * profile], -1), 2.8
    )
    surfaces = [Surface(core, shell)]
    solids = [Solid("box", (wide * 0.9, deep * 0.85, thick * 0.85))]
    for side in (1, -1):
        path = smooth_path([(side * wide * 0.72, deep * 0.35, 0), (side * wide * 0.95, -deep * 0.4, -0.002),
                            (side * (wide + splay), -deep - drop, -0.006)], 10)  # fmt: skip
        taper = np.interp(np.linspace(0, 1, 10), [0, 0.15, 0.5, 0.9, 1], [0.4, 0.9, 1, 0.75, 0.15])
        surfaces.append(Surface(sweep(path, np.stack([0.021 * taper, thick * 1.15 * taper], -1), 2.2), shell))
        solids.append(rod(path[1], path[-1], 0.013))
    dark = materials.rubber(draw, colours.contrasting(draw, shell.colour))
    post = [
        (0.006, 0),
        (0.006, thick + 0.004),
        (0.0085, thick + 0.005),
        (0.0085, thick + 0.008),
        (0.006, thick + 0.0075),
        (0, thick + 0.007),
    ]
    low, high = -deep * 0.45, deep * 0.3
    left, right = ((-0.4, low), (0.4, low)) if draw.chance(0.5) else ((-0.68, high), (0.4, low))
    for x, y in (left, right):
        surfaces.append(Surface(lathe(np.array(post), 14).moved((x * wide, y, 0)), dark))
    cross_at = (-0.68 * wide, high, thick * 0.95) if left[1] < 0 else (-0.4 * wide, low, thick * 0.95)
    for size in ((0.018, 0.006, 0.007), (0.006, 0.018, 0.007)):
        surfaces.append(Surface(rounded_box(size, 0.001).moved(cross_at), dark))
    for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        button = lathe(
            np.array([(0.0042, 0), (0.0042, thick + 0.003), (0.003, thick + 0.004), (0, thick + 0.0042)]), 10
        )
        place = (0.68 * wide + x * 0.0085, high + y * 0.0085, 0)
        surfaces.append(Surface(button.moved(place), materials.plastic(draw, colours.any_colour(draw))))
    return ObjectShape(tuple(surfaces), tuple(solids), density=600, upright=0.9)


def light_bulb(draw: Draw) -> ObjectShape:
    """Pear, globe or candle glass (frosted, clear or tinted) on a screw base."""
    kind = draw.choice(("pear", "globe", "candle"))
    radius = draw.uniform(0.024, 0.034) * {"pear": 1.0, "globe": 1.35, "candle": 0.62}[kind]
    long = radius * {"pear": 2.6, "globe": 2.1, "candle": 3.6}[kind] * draw.uniform(0.92, 1.08)
    base, screw = min(0.0135, radius * 0.72), draw.uniform(0.02, 0.028)
    neck = screw + 0.004
    glass = curve(
        [
            (base, neck),
            (base * 1.12, neck + long * 0.12),
            (radius * 0.95, neck + long * 0.5),
            (radius, neck + long * 0.65),
            (radius * 0.72, neck + long * 0.92),
            (0, neck + long),
        ],
        26,
    )
    tint = draw.choice((colours.white, colours.pastel, colours.vivid), (6, 2, 1))(draw)
    alpha = 1.0 if draw.chance(0.7) else draw.uniform(0.45, 0.7)
    frosted = materials.Material(tint, None, draw.uniform(0.2, 1), draw.uniform(0.3, 1), alpha)
    turns = np.linspace(0.006, screw, 16)
    thread = np.stack([base * (0.93 + 0.06 * np.cos(np.arange(16) * np.pi)), turns], -1)
    plug = np.concatenate(
        [[(0, 0), (base * 0.35, 0), (base * 0.7, 0.005)], thread, [(base, neck), (base * 0.9, neck + 0.002)]]
    )
    surfaces = [Surface(lathe(plug, 18, 60), materials.metal(draw)), Surface(lathe(glass, 24, 180), frosted)]
    if draw.chance(0.45):  # the ballast of an LED lamp
        skirt = np.array(
            [(base * 1.05, neck - 0.001), (radius * 0.86, neck + long * 0.4), (radius * 0.9, neck + long * 0.46)]
        )
        surfaces.append(Surface(lathe(skirt * (1.03, 1), 24), materials.plastic(draw, colours.white(draw))))
    centre = neck + long - radius
    solids = (
        Solid("sphere", (radius,), (0, 0, centre)),
        Solid("cylinder", (base, screw / 2), (0, 0, screw / 2)),
        Solid("cylinder", ((base + radius) / 2, (centre - screw) / 2), (0, 0, (centre + screw) / 2)),
    )
    return ObjectShape(tuple(surfaces), solids, density=250, upright=0.1)
