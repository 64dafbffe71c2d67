"""Tables on which something changes while a camera circles them: what a tracker must tell apart.

The six cases are those of dimensionalOS' protocol for object memory. Call everything from the thread that made the
renderer, because the OpenGL context belongs to one thread.
"""

from dataclasses import dataclass, replace

import mujoco
import numpy as np

from osis_ros.errors import OsisError
from osis_ros.simulation.categories import build, shown_in
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.render import Frame, Renderer
from osis_ros.simulation.scene import Scene, make_scene
from osis_ros.simulation.truth3d import body_mesh

CASES = ("unchanged", "removed", "returned elsewhere", "copy added", "new object", "rearranged")
CHANGE, RETURN = 3.0, 5.0  # s: when something changes, and when what was removed comes back
GAP = 0.01  # m between objects
AWAY = (50.0, 50.0, -50.0)
TRIES = 200


class NoRoomError(OsisError):
    """The objects of the scene lie on each other, or there is no free place on the table."""


@dataclass(frozen=True)
class Move:
    """From `seconds` on, the object `body` lies at `place` (x y in metres), or is away where that is None."""

    seconds: float
    body: int
    place: tuple[float, float] | None


class RearrangedTable:
    """A scene of objects that lie side by side, and what is moved when. A function of the settings and time alone."""

    def __init__(self, case: str, seed: int, split: str, object_count: int = 7) -> None:
        """
        Args:
            case: one of `CASES`.
            seed: the first of the seeds tried, until a scene fits: side by side, seen from all sides.
            split: of the scene's categories and textures.
            object_count: what lies there, the copy or the new object included.
        Raises:
            ValueError: a case that does not exist.
            NoRoomError: no scene of `TRIES` seeds fits.
        """
        if case not in CASES:
            raise ValueError(f"case is {case!r}, expected one of {', '.join(CASES)}")
        for number in range(TRIES):
            self._draw = Draw(split, seed + number, "rearrangement")
            shape_draw = self._draw.child("shape")
            category = shape_draw.choice(shown_in(split))
            shape = build(category, shape_draw)
            scene = make_scene(seed + number, split, object_count, cast=[(category, shape)] * (1 + (case == CASES[3])))
            if len(scene.objects) == object_count and not scene.front_only and self._side_by_side(scene):
                break
        else:
            raise NoRoomError(f"no scene of the seeds {seed}..{seed + TRIES - 1} has its objects side by side")
        self.scene = scene
        self._home = scene.data.qpos.copy()
        self.moves = self._script(case)

    def at(self, seconds: float) -> Scene:
        """The scene as it is at a moment. It is the same object each time, with its bodies moved."""
        data, model = self.scene.data, self.scene.model
        data.qpos[:] = self._home
        for move in sorted((move for move in self.moves if move.seconds <= seconds), key=lambda move: move.seconds):
            start = model.jnt_qposadr[model.body_jntadr[move.body]]
            if move.place is None:
                data.qpos[start : start + 3] = AWAY
            else:
                data.qpos[start : start + 2] = move.place
                data.qpos[start + 2] = self._home[start + 2]
        mujoco.mj_forward(model, data)
        return self.scene

    def frame(self, renderer: Renderer, seconds: float, noise_seed: int = 0, period: float = 40.0) -> Frame:
        """The picture of the circling camera at a moment.

        Args:
            period: seconds of a whole circle.
        """
        scene = self.at(seconds)
        view = scene.view(0, renderer.width, renderer.height)
        camera = scene.orbit(seconds, renderer.width, renderer.height, period)
        return renderer.frame(scene, replace(view, camera=camera, noise_seed=view.noise_seed + noise_seed))

    def _script(self, case: str) -> tuple[Move, ...]:
        first = 1
        if case == "unchanged":
            return ()
        if case == "removed":
            return (Move(CHANGE, first, None),)
        if case == "returned elsewhere":
            return Move(CHANGE, first, None), Move(RETURN, first, self._free([first])[0])
        if case in ("copy added", "new object"):
            return Move(-1.0, first, None), Move(CHANGE, first, self._where(first))
        moved = [item.body for item in self.scene.objects][: (len(self.scene.objects) + 1) // 2]
        return tuple(Move(CHANGE, body, place) for body, place in zip(moved, self._free(moved)))

    def _where(self, body: int) -> tuple[float, float]:
        start = self.scene.model.jnt_qposadr[self.scene.model.body_jntadr[body]]
        return tuple(self._home[start : start + 2].tolist())

    def _free(self, bodies: list[int]) -> list[tuple[float, float]]:
        """A place for each body, away from its own and from all that lies there before and after."""
        discs = _discs(self.scene)
        taken, places = list(discs.values()), []
        for body in bodies:
            _, radius = discs[body]
            for _ in range(TRIES):
                place = self.scene.centre[:2] + self._draw.rng.uniform(-1, 1, 2) * self.scene.radius * 1.2
                if all(np.linalg.norm(place - other) > radius + reach + GAP for other, reach in taken):
                    break
            else:
                raise NoRoomError(f"no free place on the table of seed {self.scene.seed}")
            taken.append((place, radius))
            places.append(tuple(place.tolist()))
        return places

    @staticmethod
    def _side_by_side(scene: Scene) -> bool:
        discs = list(_discs(scene).values())
        return all(
            np.linalg.norm(place - other) > 0.8 * (radius + reach)
            for index, (place, radius) in enumerate(discs) for other, reach in discs[:index]
        )  # fmt: skip


def _discs(scene: Scene) -> dict[int, tuple[np.ndarray, float]]:
    """Of each body, the origin seen from above [2] and the radius round it, metres."""
    discs = {}
    for item in scene.objects:
        vertices, _ = body_mesh(scene, item)
        discs[item.body] = item.pose[:2, 3], float(np.linalg.norm(vertices[:, :2] - item.pose[:2, 3], axis=1).max())
    return discs
