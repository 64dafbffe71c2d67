"""A settled scene: objects on a table, and the views that can be taken of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from osis_ros.simulation.camera import Camera, look_at, pinhole, robot_view
from osis_ros.simulation.categories import KNOWN, build, shown_in
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lights import Lighting, lighting
from osis_ros.simulation.model import compile_scene
from osis_ros.simulation.physics import hide_lost, settle
from osis_ros.simulation.placement import heap, spread
from osis_ros.simulation.sensor import Sensor, sensor
from osis_ros.simulation.shape import ObjectShape
from osis_ros.simulation.surroundings import surroundings

MAX_OBJECTS = 20


@dataclass(frozen=True, eq=False)
class SceneObject:
    """An object that lies in the scene: category, its body in the MuJoCo model, pose [4, 4] object to world."""

    category: str
    body: int
    pose: np.ndarray

    @property
    def known(self) -> bool:
        return self.category in KNOWN


@dataclass(frozen=True, eq=False)
class View:
    """Everything that one picture of a scene needs: camera, light, sensor, which table top, the seed of the noise."""

    camera: Camera
    lighting: Lighting
    sensor: Sensor
    table: int
    noise_seed: int


@dataclass(frozen=True, eq=False)
class Scene:
    """Objects at rest.

    Attributes:
        seed, split: what it was made from.
        objects: those that lie on the table or in the bin.
        centre, radius: metres, where they are and how far they reach.
        front_only: a wall stands at +y, so views are from -y.
        cast: category and shape of its bodies 1, 2, …, those that fell off the table too; `make_scene` takes it again.
    """

    seed: int
    split: str
    objects: tuple[SceneObject, ...]
    model: mujoco.MjModel
    data: mujoco.MjData
    table_count: int
    centre: np.ndarray
    radius: float
    front_only: bool
    cast: tuple[tuple[str, ObjectShape], ...] = ()

    def view(self, index: int, width: int = 640, height: int = 480, attempt: int = 0) -> View:
        """View `index` of the scene: random camera, light and sensor; another `attempt` gives another."""
        draw = Draw(self.split, self.seed, "view", index, attempt)
        camera = robot_view(draw.child("camera"), width, height, self.centre, self.radius, self.front_only)
        taken = sensor(draw.child("sensor"))
        if self.split == "demo":  # a camera in good order
            taken = replace(taken, blur=min(taken.blur, 0.5), motion=(0.0, 0.0), quality=None,
                            exposure=float(np.clip(taken.exposure, 0.16, 0.3)))  # fmt: skip
        return View(camera, lighting(draw.child("light")), taken,
                    draw.integer(0, self.table_count - 1), draw.integer(0, 2**31))  # fmt: skip

    def orbit(self, seconds: float, width: int = 640, height: int = 480, period: float = 40.0) -> Camera:
        """A camera that slowly circles the objects, looking down at about 50 degrees, once in `period` seconds.

        Where a wall is in the way it swings to and fro before the objects instead.
        """
        turn = 2 * math.pi * seconds / period
        heading = -math.pi / 2 + math.sin(turn) if self.front_only else turn
        fov = 45.0
        away = min(max(0.95 * (self.radius + 0.05) / math.tan(math.radians(fov) / 2), 0.45), 1.2)
        up = math.radians(50 + 10 * math.sin(2 * turn))
        offset = away * np.array([math.cos(up) * math.cos(heading), math.cos(up) * math.sin(heading), math.sin(up)])
        return Camera(width, height, pinhole(width, height, fov), look_at(self.centre + offset, self.centre))


def make_scene(
    seed: int,
    split: str = "demo",
    object_count: int | None = None,
    more: Callable[[mujoco.MjSpec], None] | None = None,
    cast: Sequence[tuple[str, ObjectShape]] = (),
) -> Scene:
    """Build a scene and let it settle.

    Args:
        seed: same seed and split, same scene.
        split: train (known categories only), outliers (those, and others), val, test or demo.
        object_count: 1..20, those of the cast included, or None for a random number.
        more: adds to the MuJoCo model what else the scene holds, a gripper for example; the objects lie alike.
        cast: categories and shapes of given objects. They are bodies 1, 2, … of the scene, so that the same objects
            can be met in several scenes. The other objects are random.
    Raises:
        ValueError: a split or count that does not exist, or more in the cast than objects.
    """
    if object_count is not None and not 1 <= object_count <= MAX_OBJECTS:
        raise ValueError(f"object_count is {object_count}, expected 1..{MAX_OBJECTS}")
    most = object_count or MAX_OBJECTS
    if len(cast) > most:
        raise ValueError(f"cast has {len(cast)} objects, expected at most {most}")
    draw = Draw(split, seed, "scene")
    place = surroundings(draw.child("place"))
    count = object_count or max(_object_count(draw, place.rim), len(cast))
    others = _categories(draw, _pool(split), count - len(cast))
    categories = [category for category, _ in cast] + others
    shapes = [shape for _, shape in cast]
    shapes += [build(category, draw.child("object", i, category)) for i, category in enumerate(others, len(cast))]
    heaped = draw.chance(0.75 if place.rim > 0.05 else 0.35)
    room = place.room if place.rim or heaped else (min(place.room[0], 0.32), min(place.room[1], 0.3))
    starts = (heap if heaped else spread)(draw.child("start"), shapes, (room[0] * 0.8, room[1] * 0.8))
    model = compile_scene(place, shapes, starts, more)
    data = settle(model, 400 if heaped else 200, count)
    reach = (
        (place.room[0] + 0.02, place.room[1] + 0.02) if place.rim > 0.05 else (place.room[0] + 0.2, place.room[1] + 0.2)
    )
    kept = hide_lost(model, data, reach, count)
    objects = tuple(
        SceneObject(category, body, _pose(data, body)) for body, category in enumerate(categories, 1) if kept[body - 1]
    )
    positions = np.array([item.pose[:3, 3] for item in objects] or [np.zeros(3)])
    centre = (positions.min(0) + positions.max(0)) / 2
    radius = float(np.linalg.norm(positions - centre, axis=1).max()) + 0.05
    whole = tuple(zip(categories, shapes, strict=True))
    return Scene(seed, split, objects, model, data, len(place.table_materials), centre, radius, place.shut, whole)


def _object_count(draw: Draw, rim: float) -> int:
    if rim > 0.05:
        return draw.integer(3, MAX_OBJECTS)
    return draw.choice((draw.integer(1, 3), draw.integer(3, 9), draw.integer(8, MAX_OBJECTS)), (0.15, 0.45, 0.4))


def _pool(split: str) -> tuple[str, ...]:
    """The split's categories; among its many outliers the known ones four times each, three to four."""
    return KNOWN * 3 + shown_in(split) if split == "outliers" else shown_in(split)


def _categories(draw: Draw, pool: tuple[str, ...], count: int) -> list[str]:
    """Mostly any of the pool; in one scene of five only a few kinds, so that equals touch each other."""
    if draw.chance(0.2):
        pool = tuple(draw.choice(pool) for _ in range(draw.integer(1, 3)))
    return [draw.choice(pool) for _ in range(count)]


def _pose(data: mujoco.MjData, body: int) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = data.xmat[body].reshape(3, 3), data.xpos[body]
    return pose
