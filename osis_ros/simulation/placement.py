"""Where objects start before physics lets them fall: side by side on a table, or in layers above one spot."""

from dataclasses import dataclass

import numpy as np

from osis_ros.simulation.draws import Draw
from osis_ros.simulation.mesh import rotation
from osis_ros.simulation.shape import ObjectShape


@dataclass(frozen=True, eq=False)
class Start:
    """A starting pose: position [3] metres and rotation [3, 3]."""

    position: np.ndarray
    turn: np.ndarray


def random_rotation(draw: Draw) -> np.ndarray:
    """[3, 3], uniform over all rotations (normalised quaternion)."""
    w, x, y, z = (q := draw.rng.standard_normal(4)) / np.linalg.norm(q)
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


def resting_rotation(draw: Draw, shape: ObjectShape) -> np.ndarray:
    """[3, 3]: upright as often as the shape says, else on a side or upside down; any heading."""
    heading = rotation("z", draw.uniform(0, 360))
    if draw.chance(shape.upright):
        return heading
    tipped = rotation(draw.choice("xy"), draw.choice((90, 180, 270, 90, 270)))
    return heading @ tipped @ rotation("z", draw.uniform(0, 360))


def spread(draw: Draw, shapes: list[ObjectShape], half_extent: tuple[float, float]) -> list[Start]:
    """Side by side within ± half_extent metres, just above z = 0; on top of others where no room is left."""
    starts, discs = [], []
    density = draw.uniform(1.15, 2.2)
    for shape in shapes:
        turn = resting_rotation(draw, shape)
        half = np.abs(turn) @ ((shape.bounds()[1] - shape.bounds()[0]) / 2)
        radius = float(np.hypot(*half[:2]) * 0.75)
        room = np.minimum(np.sqrt(sum(r * r for *_, r in discs) + radius**2) * density + 0.02, half_extent)
        for _ in range(25):
            place = draw.rng.uniform(-1, 1, 2) * room
            if all(np.hypot(*(place - (x, y))) > radius + r for x, y, r in discs):
                height = 0.0
                break
        else:
            height = 0.12 + 0.03 * len(starts)
        discs.append((*place, radius))
        starts.append(Start(np.array([*place, half[2] + 0.003 + height]), turn))
    return starts


def heap(draw: Draw, shapes: list[ObjectShape], half_extent: tuple[float, float]) -> list[Start]:
    """In layers of a few above the middle, in any rotation, so that they fall on each other."""
    starts: list[Start] = []
    reach = np.minimum(0.045 * np.sqrt(len(shapes)) * draw.uniform(0.7, 1.5), half_extent)
    layer_low, layer_high, in_layer = 0.01, 0.0, []
    for shape in shapes:
        turn = random_rotation(draw) if draw.chance(0.6) else resting_rotation(draw, shape)
        half = np.abs(turn) @ ((shape.bounds()[1] - shape.bounds()[0]) / 2)
        radius = float(half[:2].max())
        for _ in range(8):
            place = draw.rng.uniform(-1, 1, 2) * reach
            if all(np.hypot(*(place - (x, y))) > radius + r for x, y, r in in_layer):
                break
        else:
            layer_low, in_layer = layer_high + 0.005, []
        in_layer.append((*place, radius))
        layer_high = max(layer_high, layer_low + 2 * half[2])
        starts.append(Start(np.array([*place, layer_low + half[2]]), turn))
    return starts
