"""Coil springs and chains: round wire, wound or linked."""

import numpy as np

from osis_ros.simulation import materials
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.mesh import ALONG_X, Mesh, join, rotation
from osis_ros.simulation.shape import ObjectShape, Solid, Surface, rod
from osis_ros.simulation.sweep import bow, line, smooth_path, sweep


def coil_spring(draw: Draw) -> ObjectShape:
    """A spring of thick or thin, round or square wire, bare or painted: straight, swollen, waisted, a cone, hooked."""
    hooked, finish = draw.chance(0.3), materials.iron_ware(draw)
    radius, turns = draw.uniform(0.009, 0.026), draw.uniform(4, 11)
    wire, slack, flat = radius * draw.uniform(0.1, 0.24), draw.uniform(2.6, 6), draw.choice((None, None, (1.3, 0.8)))
    if hooked:
        radius, turns, wire, slack, flat = radius * 0.65, turns * 1.7, wire * 0.75, 2.1, None
    turns = float(np.clip(turns, 0.045 / (wire * slack), 0.15 / (wire * slack)))
    path = _helix(draw, radius, turns, turns * wire * slack, hooked)
    coil = sweep(path, wire * np.array(flat or (1, 1)), 5 if flat else 2, segments=10)
    surfaces, solids = [Surface(coil, finish)], _coil_solids(path, wire)
    if hooked:
        hook, core = _spring_hook(draw, radius, wire)
        low, high = ((0, 0, z) for z in path[[0, -1], 2])
        for place, twist in ((low, rotation("x", 180)), (high, rotation("z", 360 * turns))):
            surfaces.append(Surface(hook.moved(place, twist), finish))
            solids.append(core.moved(place, twist))
    lying = hooked or path[-1, 2] > 4 * radius or draw.chance(0.3)
    pose = ALONG_X if lying else np.eye(3)
    return ObjectShape(tuple(surfaces), tuple(solids), density=1000, upright=0.9 if lying else 0.6).turned(pose)


def _helix(draw: Draw, radius: float, turns: float, height: float, plain: bool) -> np.ndarray:
    """[N, 3] path up round the z axis: as wide all the way if plain, else at times swollen, waisted or narrowing."""
    at = np.linspace(0, 1, int(turns * 18) + 1)
    swell = draw.choice((0, 0, 0, draw.uniform(0.15, 0.4), -draw.uniform(0.15, 0.4)))
    narrowing = draw.choice((0, 0, 0, draw.uniform(0.3, 0.7)))
    reach = np.full(len(at), radius) if plain else radius * (1 + swell * np.sin(np.pi * at)) * (1 - narrowing * at)
    steps = np.clip(np.minimum(at, 1 - at) * turns / 0.9, draw.choice((0.15, 0.3, 1)), 1)  # closed or open ends
    turn, rise = at * turns * 2 * np.pi, np.cumsum(steps) / steps.sum() * height
    return np.stack([reach * np.cos(turn), reach * np.sin(turn), rise], -1)


def _coil_solids(path: np.ndarray, wire: float) -> list[Solid]:
    """Four cylinders on each other about the z axis, each as wide as the coil [N, 3] is there."""
    solids = []
    for part in np.array_split(path, 4):
        low, high = part[0, 2] - wire, part[-1, 2] + wire
        radius = np.hypot(part[:, 0], part[:, 1]).mean() + wire
        solids.append(Solid("cylinder", (radius, (high - low) / 2), (0, 0, (low + high) / 2)))
    return solids


def _spring_hook(draw: Draw, radius: float, wire: float) -> tuple[Mesh, Solid]:
    """A loop or open hook above the end of a coil, which is at (radius, 0, 0)."""
    loop, neck = radius * draw.uniform(0.65, 1), radius * draw.choice((0, 0, draw.uniform(0.5, 1.5)))
    middle = wire + neck + loop
    eye = bow((0, 0, 0), (loop, loop), -55, draw.uniform(160, 245), 22)[:, [0, 2, 1]] + (0, 0, middle)
    lead = [(radius, 0, 0), (radius * 0.8, 0, wire * 0.6), (loop * 0.5, 0, (wire + neck) * 0.8 + loop * 0.1)]
    path = smooth_path([*lead, *eye[::3]], 40)
    mesh = join(sweep(path, (wire, wire), up=(0, 1, 0), segments=10),
                ellipsoid((wire * 1.05,) * 3, segments=10).moved((radius, 0, 0)))  # fmt: skip
    return mesh, Solid("box", (loop, wire, middle / 2 + loop / 2), (0, 0, (middle + loop) / 2))


def chain(draw: Draw) -> ObjectShape:
    """Five to fourteen links in a loose arc or over each other: round or long, twisted, with a stud, of two colours."""
    count, broad, slim = draw.integer(5, 14), draw.uniform(2.2, 3.3), draw.uniform(1, 2)
    length = draw.uniform(0.09, 0.24)
    girth = float(np.clip(length / count / (2 * broad * slim - 2), 0.0016, 0.0055))
    half, long = broad * girth, broad * slim * girth
    finish = materials.iron_ware(draw)
    other = materials.plastic(draw) if draw.chance(0.25) else finish
    link = _link(draw, girth, half, long)
    reach = (long - half) + half * 0.4
    cores = [rod((-reach, y, 0), (reach, y, 0), girth) for y in (-half, half)]
    surfaces, solids = [], []
    for i, (place, turn) in enumerate(_lie(draw, count, girth, half, (2 * long - 2 * girth) * draw.uniform(0.93, 1))):
        surfaces.append(Surface(link.moved(tuple(place), turn), (finish, other)[i % 2]))
        solids += [core.moved(tuple(place), turn) for core in cores]
    return ObjectShape(tuple(surfaces), tuple(solids), density=2500)


def _link(draw: Draw, girth: float, half: float, long: float) -> Mesh:
    """A ring or an oval with straight sides in the xy plane, its ends along x; some are twisted, some have a stud."""
    turn = np.linspace(0, 2 * np.pi, 33)
    twist = draw.choice((0, 0, draw.uniform(0.1, 0.35))) * half
    x = half * np.cos(turn) + (long - half) * np.sign(np.round(np.cos(turn), 6))
    ring = np.stack([x, half * np.sin(turn), twist * np.sin(2 * turn)], -1)
    mesh = sweep(ring, girth * np.array((1, draw.uniform(0.75, 1))), draw.choice((2, 2, 4)), segments=10)
    if long > half * 1.4 and draw.chance(0.2):
        mesh = join(mesh, sweep(line((0, -half, 0), (0, half, 0), 3), (girth * 0.7, girth * 0.7), segments=8))
    return mesh


def _lie(draw: Draw, count: int, girth: float, half: float, pitch: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Place [3] and turn [3, 3] of each link: rolled one way and the other in turn, lifted where the chain crosses."""
    at = np.linspace(0, 1, count)
    curl = draw.uniform(60, 420) * np.cos(draw.uniform(0, 3) + at * draw.uniform(0, 5)) * draw.choice((-1, 1))
    heading = np.deg2rad(np.cumsum(np.clip(curl / count + draw.uniform(-14, 14, count), -48, 48)))
    flat = np.cumsum(pitch * np.stack([np.cos(heading), np.sin(heading)], -1), 0)
    roll = draw.uniform(28, 55, count) * (-1) ** np.arange(count)
    lift = np.zeros(count)
    for i in range(3, count):
        under = np.linalg.norm(flat[: i - 2] - flat[i], axis=1) < pitch * 0.85
        lift[i] = max(lift[: i - 2][under] + half + 2 * girth, default=0.0)
    ramp = np.max(lift - np.abs(np.subtract.outer(np.arange(count), np.arange(count))) * half * 0.9, axis=1)
    places = np.c_[flat, np.maximum(ramp, 0) + half * np.sin(np.deg2rad(np.abs(roll))) + girth]
    forward = np.gradient(places * (1, 1, 0) + np.c_[flat * 0, np.maximum(ramp, 0)], axis=0)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    side = np.cross((0, 0, 1), forward)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    frames = np.stack([forward, side, np.cross(forward, side)], -1)
    return [(place, frame @ rotation("x", angle)) for place, frame, angle in zip(places, frames, roll, strict=True)]
