"""Lanterns, folded umbrellas, pocket knives, shuttlecocks and seashells."""

import numpy as np

from osis_ros.simulation import colours, materials, patterns
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.lathe import curve, cylinder, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import ALONG_X, Mesh, around, grid, join, rotation
from osis_ros.simulation.shape import ObjectShape, Parts, Solid, Surface, bar, rod, rods
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def lantern(draw: Draw) -> ObjectShape:
    """A candle, storm or camp lantern, round or angular; clear or frosted, in posts or hoops, capped, with a bail."""
    radius, columns = draw.uniform(0.017, 0.034), draw.choice((4, 4, 6, 8, 32, 32, 32))
    tall, foot = radius * draw.uniform(1.3, 2.4), radius * draw.uniform(0.15, 0.7)
    colour, low = colours.any_colour(draw), draw.uniform(0.72, 1)
    stuff = draw.choice((materials.metal, materials.metal, materials.plastic, materials.wooden))
    frame = stuff(draw) if draw.chance(0.3) else stuff(draw, colour)
    trim = frame if draw.chance(0.5) else materials.plastic(draw, colours.contrasting(draw, colour))
    base = np.array([(0, -1), (draw.uniform(1.05, 1.25), -1), (draw.uniform(0.9, 1.2), -0.3), (1.06, 0), (0, 0)])
    roof = _roof(draw) * (radius, radius * draw.uniform(0.45, 1.1)) + (0, tall)
    parts = [(base * (radius * low, foot), frame), (roof, trim), *_lit_body(draw, radius, tall, low, columns)]
    surfaces = [Surface(_turned(profile, columns), finish) for profile, finish in parts]
    girth = radius * draw.uniform(0.04, 0.1)
    posts = columns if columns < 9 else draw.choice((0, 2, 2, 3, 4, 6))
    path = line((radius * low * 1.02, 0, -foot * 0.3), (radius * 1.02, 0, tall))
    post = sweep(path, (girth, girth), draw.choice((2, 6)), up=(1, 0, 0), segments=10)
    surfaces += [Surface(post.moved(rotation=rotation("z", 360 * i / posts)), frame) for i in range(posts)]
    if columns > 8:
        for share in draw.uniform(0.25, 0.75, draw.integer(0, 3)):
            hoop = radius * (low + (1 - low) * share) * 1.03
            ring = sweep(bow((0, 0, tall * share), (hoop, hoop), 0, 360, 33), (girth * 0.7, girth * 0.7), segments=8)
            surfaces.append(Surface(ring, frame))
    handle, held = _bail(draw, radius, tall, roof[-1, 1], trim)
    spans = ((low, -foot, 0), ((low + 1) / 2, 0, tall), (1.05, tall, tall + (roof[-1, 1] - tall) * 0.25),
             (0.5, tall, roof[-1, 1]))  # fmt: skip
    solids = [_drum(columns, radius * share, bottom, top) for share, bottom, top in spans]
    return ObjectShape((*surfaces, *handle), (*solids, *held), density=500, upright=0.75)


def _turned(profile: np.ndarray, columns: int) -> Mesh:
    """A profile turned about z: smooth if it has many columns, else with flat sides that meet at edges."""
    mesh = lathe(profile, columns)
    if columns > 8:
        return mesh
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.repeat(normals / np.linalg.norm(normals, axis=1, keepdims=True), 3, 0)
    faces = np.arange(len(normals), dtype=np.int32).reshape(-1, 3)
    return Mesh(corners.reshape(-1, 3), faces, normals, mesh.uv[mesh.faces].reshape(-1, 2))


def _drum(columns: int, radius: float, low: float, high: float) -> Solid:
    """What stands in for a turned prism of so many columns between two heights."""
    place, half = (0, 0, (low + high) / 2), (high - low) / 2
    if columns == 4:
        return Solid("box", (radius * 0.72, radius * 0.72, half), place, rotation("z", 45))
    return Solid("cylinder", (radius * (0.93 if columns < 9 else 1), half), place)


def _roof(draw: Draw) -> np.ndarray:
    """[N, 2] profile of a lantern's cap, from its middle below (0, 0) to its top (0, 1): hat, dome, chimney or drum."""
    brim = draw.uniform(1.08, 1.3)
    kind = draw.choice(("hat", "dome", "chimney", "drum"))
    if kind == "hat":
        return np.array([(0, 0), (brim, 0), (brim, 0.1), (0.25, 0.85), (0.2, 1), (0, 1)])
    if kind == "dome":
        return np.concatenate([[(0, 0)], curve([(brim, 0), (1.05, 0.35), (0.6, 0.85), (0, 1)], 16)])
    if kind == "chimney":
        neck = draw.uniform(0.35, 0.6)
        rise = [(neck, 0.4), (neck, 0.72), (neck + 0.18, 0.78), (neck + 0.1, 0.88), (0.1, 1), (0, 1)]
        return np.array([(0, 0), (brim, 0), (brim, 0.08), *rise])
    return np.array([(0, 0), (brim - 0.05, 0), (brim - 0.05, 0.75), (brim - 0.2, 1), (0, 1)])


def _lit_body(draw: Draw, radius: float, tall: float, low: float, columns: int) -> list[tuple[np.ndarray, Material]]:
    """What is between a lantern's base and its cap: a bright frosted body, or clear glass and a candle behind it."""
    glow = colours.hsv(draw.uniform(0.07, 0.17), draw.uniform(0.02, 0.5), draw.uniform(0.9, 1))
    belly = [(low * 0.8, 0), (draw.uniform(0.85, 0.97), draw.uniform(0.3, 0.6)), (draw.uniform(0.55, 0.9), 1)]
    straight = columns < 9 or draw.chance(0.4)
    wall = np.array([(low * 0.93, 0), (0.93, 1)]) if straight else curve(belly, 20)
    wall = wall * (radius, tall)
    if draw.chance(0.35):
        return [(wall, Material(glow, None, draw.uniform(0.1, 0.8), draw.uniform(0.3, 0.9)))]
    pale = 1 - (1 - colours.pastel(draw)) * draw.uniform(0, 1)
    pane = Material(pale, None, draw.uniform(0.4, 1), 0.95, draw.uniform(0.18, 0.4))
    wick = draw.uniform(0.3, 0.6)
    candle = np.array([(0.4, 0), (0.4, wick), (0.05, wick + 0.01), (0, wick + 0.01)]) * (radius, tall)
    flame = curve([(0.02, wick), (0.13, wick + 0.07), (0, wick + 0.25)], 10) * (radius, tall)
    wax = materials.plastic(draw, draw.choice((colours.white, colours.white, colours.any_colour))(draw))
    return [(candle, wax), (flame, Material(glow, None, 0, 0)), (wall, pane)]


def _bail(draw: Draw, radius: float, tall: float, top: float, finish: Material) -> Parts:
    """A ring on the cap, or an arch from side to side over it, upright or swung aside."""
    girth = radius * draw.uniform(0.04, 0.09)
    if draw.chance(0.4):
        eye = radius * draw.uniform(0.25, 0.5)
        path, place, turn = bow((0, 0, 0), (eye, eye), 0, 360, 25)[:, [0, 2, 1]], (0, 0, top + eye * 0.85), np.eye(3)
    else:
        reach, swing = radius * draw.uniform(1.12, 1.3), draw.choice((0, 0, draw.uniform(-65, 65)))
        arch = (reach, (top - tall) * 1.1 + radius * draw.uniform(0.3, 0.9))
        path, turn = bow((0, 0, 0), arch, 0, 180, 25)[:, [0, 2, 1]], rotation("x", swing)
        place = (0, 0, tall + radius * 0.06)
    mesh = sweep(path, (girth, girth * draw.uniform(1, 2.5)), up=(0, 1, 0), segments=10)
    return [Surface(mesh.moved(place, turn), finish)], [part.moved(place, turn) for part in rods(path, girth, 6)]


def umbrella(draw: Draw) -> ObjectShape:
    """A folded umbrella: furled slim or loose, folds straight or wound, a strap about it; knob, bar, hook or loop."""
    long = draw.uniform(0.08, 0.125)
    girth, ribs, tie = long * draw.uniform(0.07, 0.16), draw.integer(6, 10), draw.uniform(0.25, 0.7)
    canopy, wide = _canopy(draw, long, girth, tie, ribs)
    colour = colours.any_colour(draw)
    if draw.chance(0.3):
        cloth = materials.woven(draw, colour)
    else:
        picture = patterns.decor(draw, materials.TEXTURE_SIZE, colour)
        cloth = Material(np.ones(3), picture, draw.uniform(0, 0.4), draw.uniform(0.1, 0.6))
    waist = float(wide[round(tie * 39)]) * 1.02
    band = np.array([(0.95, -1), (1, -1), (1, 1), (0.95, 1)]) * (waist, draw.uniform(0.002, 0.006))
    strap = lathe(band, 30).moved((0, 0, tie * long))
    other = materials.plastic(draw, colours.contrasting(draw, colour))
    button = cylinder(girth * 0.2, 0, girth * 0.12, 14).moved((0, waist * 0.97, tie * long), rotation("x", -90))
    spire = curve([(0.3, 0.96), (0.14, 1.02), (0.11, draw.uniform(1.05, 1.11)), (0, 1.12)], 14)
    spike = lathe(spire * (girth, long), 16)
    point = ellipsoid((girth * 0.07, girth * 0.07, girth * 0.16), segments=8).moved((wide[0], 0, 0))
    points, steel, same = around(point, ribs), materials.metal(draw), draw.chance(0.6)
    parts = ((canopy, cloth), (strap, cloth if same else other), (button, other), (spike, other), (points, steel))
    handle, held = _umbrella_handle(draw, girth, long, other if draw.chance(0.4) else materials.held(draw))
    surfaces = [*(Surface(mesh, finish) for mesh, finish in parts), *handle]
    solids = [Solid("cylinder", (wide[k], long / 8), (0, 0, long * (k / 40 + 0.02))) for k in (4, 14, 24, 34)]
    return ObjectShape(tuple(surfaces), (*solids, *held), density=400).turned(ALONG_X)


def _canopy(draw: Draw, long: float, girth: float, tie: float, ribs: int) -> tuple[Mesh, np.ndarray]:
    """A furled canopy that stands on z = 0, tied at this share of its length, and its radius at 40 levels."""
    at, turn = np.linspace(0, 1, 40), np.linspace(0, 2 * np.pi, ribs * 8, endpoint=False)
    wide = np.interp(at, [0, 0.04, tie, 1], [0.85, 1, draw.uniform(0.7, 1), draw.uniform(0.25, 0.75)])
    wide *= girth * (1 - draw.uniform(0, 0.2) * np.exp(-(((at - tie) / 0.08) ** 2)))
    phase = (ribs * turn / (2 * np.pi) + draw.choice((0, draw.uniform(0.3, 2.5))) * at[:, None]) % 1
    fold = phase if draw.chance(0.5) else np.abs(2 * phase - 1)
    profile = np.concatenate([[(0, long * 0.03)], np.stack([wide, at * long], -1), [(0, long)]])
    return _pleated(profile, np.pad(1 - draw.uniform(0.1, 0.35) * fold, ((1, 1), (0, 0)), "edge")), wide


def _pleated(profile: np.ndarray, folds: np.ndarray) -> Mesh:
    """A profile [N, 2] turned about z, its radius multiplied by folds [N, C] on the way round."""
    turn = np.linspace(0, 2 * np.pi, folds.shape[1] + 1)
    wide = profile[:, :1] * np.c_[folds, folds[:, :1]]
    points = np.stack([wide * np.cos(turn), wide * np.sin(turn), np.broadcast_to(profile[:, 1:], wide.shape)], -1)
    points[:, -1] = points[:, 0]
    return grid(points, turn / (2 * np.pi), np.linspace(1, 0, len(profile)))


def _umbrella_handle(draw: Draw, girth: float, long: float, finish: Material) -> Parts:
    """Below z = 0: a shaft, and a knob, a straight grip, one with a wrist loop, or a hook that bends towards y."""
    gap, thick = -long * draw.uniform(0.03, 0.1), girth * draw.uniform(0.45, 0.8)
    shaft = Surface(cylinder(thick * 0.4, gap * 1.1, long * 0.1, 14), materials.metal(draw))
    kind = draw.choice(("knob", "straight", "loop", "hook", "hook"))
    if kind == "hook":
        stem, slim = long * draw.uniform(0.1, 0.25), thick * 0.5
        eye = max(long * draw.uniform(0.06, 0.1), slim * 1.5)
        bend = bow((eye, 0, 0), (eye, eye), 180, draw.uniform(320, 370), 18)[:, [2, 0, 1]] + (0, 0, gap - stem)
        path = np.concatenate([[(0, 0, gap), (0, 0, gap - stem / 2)], bend])
        return [shaft, Surface(sweep(path, (slim, slim), up=(1, 0, 0)), finish)], rods(path, slim, 6)
    tall = girth * draw.uniform(0.9, 1.6) if kind == "knob" else long * draw.uniform(0.15, 0.35)
    waist = draw.uniform(0.55, 0.95)
    outline = [(0, 1), (0.85, 0.97), (1, 0.8), (waist, 0.45), (0.9, 0)]
    if kind == "knob":
        outline = [(0, 1), (0.75, 0.9), (1, 0.5), (0.5, 0)]
    profile = curve(outline, 22) * (thick * (1.5 if kind == "knob" else 1), -tall) + (0, gap)
    surfaces = [shaft, Surface(lathe(profile, draw.choice((6, 8, 22, 22)), 60), finish)]
    solids = [rod((0, 0, 0), (0, 0, gap - tall), profile[:, 0].max() * 0.9)]
    if kind == "loop":
        far, side = gap - tall - long * draw.uniform(0.1, 0.25), long * draw.uniform(0.03, 0.07)
        end = (0, 0, gap - tall * 0.9)
        path = smooth_path([end, (0, side, (far + end[2]) / 2), (0, 0, far), (0, -side, (far + end[2]) / 2), end], 24)
        surfaces.append(Surface(sweep(path, (0.0022, 0.0009), 3, up=(1, 0, 0), segments=8), materials.rubber(draw)))
        solids += rods(path, 0.001, 4)
    return surfaces, solids


def pocket_knife(draw: Draw) -> ObjectShape:
    """A pocket knife: straight or bent scales of any stuff, pins and bolsters, one to five tools open at any angle."""
    long, at = draw.uniform(0.055, 0.086), np.linspace(0, 1, 24)
    wide = long * draw.uniform(0.085, 0.14)
    thick = wide * draw.uniform(0.45, 0.85)
    bend = draw.choice((0, draw.uniform(-0.08, 0.08))) * long
    path = smooth_path([(-long / 2, 0, 0), (0, bend, 0), (long / 2, 0, 0)], 24)
    ends = np.clip(1 - np.abs(2 * at - 1) ** draw.uniform(5, 16), 0.12, 1) ** 0.5
    sizes = np.stack([wide * ends * np.interp(at, [0, 0.35, 0.7, 1], draw.uniform(0.75, 1, 4)), thick * ends**0.4], -1)
    exponent = draw.uniform(2.2, 6)
    steel = materials.metal(draw, colours.black(draw) * 1.5 if draw.chance(0.15) else None)
    surfaces = [
        Surface(sweep(path, sizes, exponent, segments=24), materials.held(draw)),
        Surface(sweep(path, sizes * (1.04, draw.uniform(0.2, 0.5)), 6, segments=20), steel),
    ]
    surfaces += _fittings(draw, path, sizes, exponent, steel)
    solids = [bar(tuple(path[a]), tuple(path[b]), wide * 1.7, thick * 2) for a, b in ((0, 12), (11, 23))]
    for i in range(count := draw.choice((1, 1, 1, 2, 3, 4, 5))):
        level = (2 * (i + 0.5) / count - 1) * thick * 0.45
        kind = draw.choice(("spear", "clip", "sheep") if i < 2 else ("saw", "file", "hook", "screw"))
        tool, solid = _tool(draw, kind, long * draw.uniform(0.5, 0.85), wide, thick / (count + 1))
        place, turn = _hinge(draw, long, wide, level, min(i, 1))  # one on the nose: two blades on it would be scissors
        surfaces.append(Surface(tool.moved(place, turn), steel))
        solids.append(solid.moved(place, turn))
    if draw.chance(0.3):
        eye = bow((-long / 2 - wide * 0.5, 0, 0), (wide * 0.8, wide * 0.8), 0, 360, 18)
        surfaces.append(Surface(sweep(eye, (0.0009, 0.0009), segments=8), materials.metal(draw)))
    return ObjectShape(tuple(surfaces), tuple(solids), density=1500, upright=0.9)


def _fittings(draw: Draw, path: np.ndarray, sizes: np.ndarray, exponent: float, steel: Material) -> list[Surface]:
    """Bolsters over one or both ends of a knife's scales, perhaps, and one to three pins through them."""
    surfaces, (wide, thick) = [], sizes.max(0)
    if draw.chance(0.4):
        cut = draw.integer(4, 7)
        for part in (slice(0, cut), slice(24 - cut, 24))[draw.integer(0, 1) :]:
            surfaces.append(Surface(sweep(path[part], sizes[part] * 1.03, exponent, segments=24), steel))
    pin = cylinder(wide * draw.uniform(0.1, 0.22), -thick * 1.04, thick * 1.04, 14)
    heads = [pin.moved(tuple(path[k])) for k in (4, 12, 19)[draw.integer(0, 2) :]]
    return [*surfaces, Surface(join(*heads), materials.metal(draw))]


def _hinge(draw: Draw, long: float, wide: float, level: float, end: int) -> tuple[tuple[float, ...], np.ndarray]:
    """Place and turn of a tool on the nose (end 0) or the heel (1) of a knife: wide, half or hardly open."""
    opening = draw.choice((0, 0, 0, draw.uniform(0, 150))) if end == 0 else 180 - draw.choice((0, draw.uniform(0, 150)))
    return ((0.43 - 0.86 * end) * long, wide * 0.25, level), rotation("z", opening)


def _tool(draw: Draw, kind: str, long: float, wide: float, thin: float) -> tuple[Mesh, Solid]:
    """One of a knife's tools along x, hinged at the origin: a blade (spear, clip, sheep), saw, file, hook or screw."""
    at = np.linspace(0, 1, 30)
    thin, half = min(thin, 0.0013), wide * draw.uniform(0.55, 0.85)
    solid = Solid("box", (long / 2, half * 0.6, max(thin, 0.001)), (long / 2, 0, 0))
    if kind == "screw":
        angle, reach = at * draw.uniform(4, 6) * 2 * np.pi, half * 0.5 * np.interp(at, [0, 0.3, 0.9, 1], [0, 1, 1, 0.4])
        path = np.stack([at * long * 0.75, reach * np.cos(angle), reach * np.sin(angle)], -1)
        path = np.stack([np.interp(np.linspace(0, 1, 120), at, path[:, i]) for i in range(3)], -1)
        return sweep(path, (0.001, 0.001), up=(1, 0, 0), segments=7), solid
    tip = np.clip((1 - at) / draw.uniform(0.15, 0.5), 0, 1)
    edge, spine = {
        "spear": (tip**0.6, tip**0.6),
        "clip": (tip**0.5, np.interp(at, [0, 0.6, 1], [1, 1, -0.4])),
        "sheep": (0.9 + 0 * at, np.interp(at, [0, 0.7, 0.9, 1], [1, 1, 0.5, -0.7])),
        "saw": (0.75 - 0.2 * (np.arange(30) % 2), 0.8 + 0 * at),
        "file": (np.interp(at, [0, 0.2, 1], [0.9, 0.55, 0.45]), np.interp(at, [0, 0.2, 1], [0.9, 0.55, 0.45])),
        "hook": (np.interp(at, [0, 0.45, 0.6, 0.7, 1], [0.8, 0.7, 0.0, 0.7, 0.2]), np.interp(at, [0, 1], [0.8, 0.3])),
    }[kind]
    short = 0.6 if kind in ("file", "hook") else 1.0
    path = np.stack([at * long * short, half * (edge - spine) / 2, 0 * at], -1)
    sizes = np.stack([np.maximum(half * (edge + spine) / 2, 0.0004), np.full(30, thin)], -1)
    flat = draw.uniform(1.2, 1.8) if kind in ("spear", "clip", "sheep") else 5
    return sweep(path, sizes, flat, segments=14), solid


def shuttlecock(draw: Draw) -> ObjectShape:
    """A shuttlecock on its skirt: a cork or plastic head with a band, feathers that overlap or a moulded net."""
    head, tall = draw.uniform(0.009, 0.015), draw.uniform(0.04, 0.075)
    reach, flare = head * draw.uniform(1.9, 2.7), draw.uniform(0.8, 1.5)
    at = np.linspace(0, 1, 16)
    cone = np.stack([head * 0.8 + (reach - head * 0.8) * at**flare, tall * (1 - at)], -1)  # from the head down
    colour = draw.choice((colours.white, colours.white, colours.timber, colours.any_colour))(draw)
    dome = curve([(1, 0), (1, 0.55), (draw.uniform(0.65, 0.8), draw.uniform(1.2, 1.5)), (0, 1.6)], 18)
    cork = lathe(np.concatenate([[(0, 0)], dome]) * head + (0, tall), 26)
    stuff = draw.choice((materials.matt, materials.plastic, materials.woven))
    ring = np.array([(1, 0.1), (1.05, 0.15), (1.05, 0.55), (1, 0.6)]) * head + (0, tall)
    band = materials.plastic(draw, draw.choice((colours.vivid, colours.vivid, colours.any_colour))(draw))
    surfaces = [Surface(cork, stuff(draw, colour)), Surface(lathe(ring, 26), band)]
    surfaces += _feathers(draw, cone) if draw.chance(0.55) else _net(draw, cone)
    solids = [Solid("cylinder", (head, head * 0.5), (0, 0, tall + head * 0.5)),
              Solid("sphere", (head * 0.85,), (0, 0, tall + head * 0.75))]  # fmt: skip
    solids += [Solid("cylinder", (cone[k, 0] * 0.98, tall / 8), (0, 0, max(cone[k, 1], tall / 8))) for k in (4, 9, 15)]
    return ObjectShape(tuple(surfaces), tuple(solids), density=200, upright=0.35)


def _feathers(draw: Draw, cone: np.ndarray) -> list[Surface]:
    """Vanes that overlap below bare quills, and the threads that hold these; cone [16, 2]: radius, height."""
    count, bare = draw.integer(12, 16), draw.integer(5, 8)
    path = np.stack([cone[:, 0], np.zeros(16), cone[:, 1]], -1)
    span = 2 * np.pi * cone[bare:, 0] / count * draw.uniform(0.5, 0.75)
    trim = np.interp(np.linspace(0, 1, 16 - bare), [0, 0.2, 0.85, 1], [0.3, 0.9, 1, draw.uniform(0.3, 0.8)])
    lean = draw.uniform(0.15, 0.4)
    vane = sweep(path[bare:], np.stack([span * trim, np.full(16 - bare, 0.0004)], -1), 2, (1, lean, 0), 8)
    quill = sweep(path, np.stack([np.linspace(0.0009, 0.0005, 16)] * 2, -1), up=(1, 0, 0), segments=6)
    threads = [
        sweep(bow((0, 0, cone[k, 1]), (cone[k, 0] + 0.0006,) * 2, 0, 360, 33), (0.0006, 0.0006), segments=6)
        for k in (bare // 2, bare - 1)
    ]
    plume = materials.matt(draw, draw.choice((colours.white, colours.white, colours.white, colours.any_colour))(draw))
    return [
        Surface(around(vane, count), plume),
        Surface(around(quill, count), materials.matt(draw, colours.white(draw))),
        Surface(join(*threads), materials.matt(draw, colours.any_colour(draw))),
    ]


def _net(draw: Draw, cone: np.ndarray) -> list[Surface]:
    """Stays and hoops moulded in one, close together towards the rim; cone [16, 2]: radius, height."""
    count, wire = draw.integer(12, 18), draw.uniform(0.0007, 0.0012)
    path = np.stack([cone[:, 0], np.zeros(16), cone[:, 1]], -1)
    stay = sweep(path, (wire, wire), up=(1, 0, 0), segments=6)
    levels = [*range(3, 9, draw.integer(2, 4)), *range(9, 16, draw.integer(1, 2)), 15]
    hoops = [
        sweep(bow((0, 0, cone[k, 1]), (cone[k, 0],) * 2, 0, 360, 33), (wire * 0.9, wire * 1.2), segments=6)
        for k in levels
    ]
    colour = draw.choice((colours.white, colours.white, colours.vivid, colours.any_colour))(draw)
    return [Surface(join(around(stay, count), *hoops), materials.plastic(draw, colour))]


def seashell(draw: Draw) -> ObjectShape:
    """A snail's spiral from flat to turret, a cone with a slit, or ribbed or ringed valves, one or a closed pair."""
    return draw.choice((_snail, _snail, _cone_shell, _scallop, _scallop))(draw)


def _nacre(draw: Draw) -> Material:
    """A shell's outside: white to brown, pink or violet, plain, banded or speckled, dull to polished."""
    hue = draw.choice((draw.uniform(0.02, 0.14), draw.uniform(0.02, 0.14), draw.uniform(-0.3, 0.05)))
    colour = colours.hsv(hue, draw.uniform(0.05, 0.65), draw.uniform(0.4, 0.95))
    family = draw.choice((patterns.plain, patterns.stripes, patterns.speckle, patterns.gradient, patterns.blotches))
    picture = family(draw, materials.TEXTURE_SIZE, colour)
    soft = colour * 255 + (picture.astype(float) - colour * 255) * draw.uniform(0.2, 0.9)
    muted = soft.mean(-1, keepdims=True) * colour / max(colour.mean(), 0.2)  # of the shell's own hue
    picture = np.clip(soft * 0.35 + muted * 0.65, 0, 255).astype(np.uint8)
    return Material(np.ones(3), picture, draw.uniform(0, 0.9), draw.uniform(0.2, 0.9))


def _lining(draw: Draw) -> Material:
    """A shell's inside: pale and pearly."""
    return Material(colours.hsv(draw.uniform(-0.1, 0.14), draw.uniform(0.05, 0.45), draw.uniform(0.6, 0.98)), None, 0.6)


def _snail(draw: Draw) -> ObjectShape:
    """A tube that widens as it winds about an axis (Raup's model), squat or tall, thin or wide; lies on its side."""
    turns, growth = draw.uniform(3.5, 6), draw.uniform(1.35, 2.3)
    apart, tall = draw.uniform(0.75, 1.05), draw.uniform(0.9, 1.6)  # of the tube: from the axis, height; radius is 1
    drop = tall * draw.uniform(0.15, 0.85) * (growth + 1) / (growth - 1)
    turn, across = np.linspace(0, turns, round(turns * 28)), np.linspace(0, 2 * np.pi, 25)
    section, scales = _snail_section(draw, turn, across), growth ** (turn - turns)
    spin = 2 * np.pi * turn[:, None]
    tubes = []
    for factor in (1.0, 0.86):
        wide, high = apart + factor * section * np.cos(across), factor * tall * section * np.sin(across) - drop
        tubes.append(np.stack([wide * np.cos(spin), wide * np.sin(spin), high], -1) * scales[:, None, None])
    outer, inner = tubes
    size = draw.uniform(0.055, 0.1) / np.ptp(outer.reshape(-1, 3), axis=0).max()
    u = across / (2 * np.pi)
    shell = grid(np.concatenate([inner[-1:], outer[::-1]]) * size, u, np.linspace(0, turns, len(turn) + 1))
    mouth = grid(inner[-12:] * size, u, np.linspace(0, 1, 12))
    solids = []
    for k in range(len(turn) - 1, len(turn) - 62, -5):
        radius, about = size * scales[k], rotation("z", 360 * turn[k])
        half = np.array((1, 1, tall)) * radius * section[k].mean()
        solids.append(Solid("ellipsoid", tuple(half), tuple(about @ (apart * radius, 0, -drop * radius)), about))
    solids.append(rod((0, 0, -drop * size / growth), (0, 0, -drop * size * scales[0]), size * growth**-2.2))
    lie = rotation("y", draw.uniform(75, 110)) if drop > 1.5 else np.eye(3)
    surfaces = [Surface(shell, _nacre(draw)), Surface(mouth, _lining(draw))]
    return ObjectShape(tuple(surfaces), tuple(solids), density=1800, upright=0.6).turned(lie)


def _snail_section(draw: Draw, turn: np.ndarray, across: np.ndarray) -> np.ndarray:
    """[turn, across] radius of a snail's tube, 1 where it is smooth: ridges along it, ribs or knobs on it, a lip."""
    ridges = draw.choice((0, draw.uniform(0.02, 0.05))) * np.cos(draw.integer(5, 8) * across)
    ribs = draw.choice((0, draw.uniform(0.03, 0.1))) * np.cos(draw.integer(6, 10) * 2 * np.pi * turn)[:, None]
    knobs = ribs * draw.choice((0, 1.5)) * np.exp(-(((across - 0.8) / 0.35) ** 2))
    lip = np.interp(turn, [turn[-1] - 0.15, turn[-1]], [1, draw.uniform(1, 1.25)])[:, None]
    section = (1 + ridges + ribs + knobs) * lip
    section[:, -1] = section[:, 0]
    return section


def _cone_shell(draw: Draw) -> ObjectShape:
    """A cone, olive or cowrie along x: rolled up, so that its lip stands over a slit; a low spire at the wide end."""
    long = draw.uniform(0.052, 0.095)
    wide, broad, blunt = long * draw.uniform(0.2, 0.33), draw.uniform(0.5, 0.85), draw.uniform(0.1, 0.4)
    outline = [(0, 0), (blunt, 0.02), (draw.uniform(0.6, 0.85), broad * 0.5), (1, broad), (blunt, 0.95), (0, 1)]
    profile = curve(outline, 36) * (wide, long)
    rolled = np.linspace(1, draw.uniform(1.1, 1.22), 48)
    ridges = 1 + draw.choice((0, 0.012)) * (np.arange(36) % 3 == 0)[:, None]
    body = _pleated(profile, rolled * ridges)
    edge = 2 * np.pi * 47.4 / 48
    slit = profile[4:29:2, :1] * (np.cos(edge), np.sin(edge), 0) * 1.03 + profile[4:29:2, 1:] * (0, 0, 1)
    strip = sweep(slit, (wide * 0.04, wide * 0.03), up=(1, 0, 0), segments=8)
    surfaces = [Surface(body, _nacre(draw)), Surface(strip, Material(colours.black(draw) + 0.1, None, 0.1))]
    solids = [Solid("cylinder", (profile[k, 0] * 1.08, long / 10), (0, 0, profile[k, 1])) for k in (5, 11, 17, 23, 28)]
    lie = rotation("x", draw.uniform(0, 360)) @ ALONG_X
    return ObjectShape(tuple(surfaces), tuple(solids), density=1800).turned(lie)


def _scallop(draw: Draw) -> ObjectShape:
    """A fan of ribs or a rounded valve of rings about a hinge, with or without ears, dome up; or two of them closed."""
    long, spread = draw.uniform(0.052, 0.09), np.deg2rad(draw.uniform(48, 80))
    dome, count = long * draw.uniform(0.12, 0.3), draw.integer(7, 18)
    fan, reach = np.linspace(-1, 1, count * 6 + 1), np.linspace(0, 1, 18)[:, None]
    rounds, ribs = draw.uniform(0.1, 0.4), draw.choice((0, 1, 1))
    wave = np.cos(fan * count * np.pi) * ribs
    edge = long * (1 - rounds * np.abs(fan) ** draw.uniform(1.8, 3)) * (1 + 0.02 * wave)
    rings = (1 - ribs * 0.8) * 0.012 * np.sin(reach * draw.uniform(25, 45)) * reach
    height = dome * 1.9 * reach**0.6 * (1 - reach**2.5) * (1 - np.abs(fan) ** 4) + long * rings * (1 - fan**4)
    height = height + long * draw.uniform(0.012, 0.025) * (wave + ribs) * reach * (1 - 0.6 * fan**4)
    plan = np.stack(np.broadcast_arrays(reach * edge * np.cos(fan * spread), reach * edge * np.sin(fan * spread)), -1)
    under = height - 0.0012 * (1 - reach**8) * (1 - np.abs(fan) ** 9)
    u, v = (fan + 1) / 2, np.linspace(1, 0, 18)
    top = grid(np.dstack([plan, height])[:, ::-1], u, v)
    below = grid(np.dstack([plan, under]), u, v)
    skin, half = _nacre(draw), plan.reshape(-1, 2).max(0)
    surfaces = [Surface(top, skin), Surface(below, _lining(draw))]
    if draw.chance(0.6):
        ear = sweep(line((0, -long * 0.22, 0), (0, long * 0.22, 0)), (long * draw.uniform(0.05, 0.1), 0.001), 4)
        surfaces.append(Surface(ear.moved((long * 0.03, 0, 0.001)), skin))
    middle, wide = long * 0.52, half[1]
    if draw.chance(0.3):
        surfaces += [surface.moved(rotation=rotation("x", 180)) for surface in surfaces]
        solids = [Solid("ellipsoid", (long * 0.48, wide * 0.95, dome), (middle, 0, 0))]
    else:
        levels = ((0.75, dome * 0.3), (0.6, dome * 0.65), (0.35, height.max()))
        solids = [Solid("box", (long / 2 * s, wide * s, h / 2), (middle, 0, h / 2)) for s, h in levels]
    return ObjectShape(tuple(surfaces), tuple(solids), density=1800, upright=0.65)
