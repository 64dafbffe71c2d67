"""The frames of the simulated camera over time: one scene after the other, seen by a camera that circles it.

Call a `Film` from one thread alone, because the OpenGL context belongs to one thread.
"""

from dataclasses import replace

import numpy as np

from osis_ros.geometry.objects import Objects
from osis_ros.instances import Instances
from osis_ros.simulation.categories import KNOWN
from osis_ros.simulation.depth_sensor import SENSORS, measure
from osis_ros.simulation.render import Frame, Renderer
from osis_ros.simulation.scene import Scene, make_scene
from osis_ros.simulation.truth3d import as_objects, object_truths
from osis_ros.tracking.states import TrackState


class Film:
    """Frames of a series of scenes, a function of the settings and of time alone but for the noise."""

    def __init__(
        self,
        width: int,
        height: int,
        seed: int,
        split: str,
        object_count: int | None,
        scene_seconds: float,
        orbit: bool,
        depth_noise: str = "none",
        objects_seed: int | None = None,
    ) -> None:
        """Open the renderer.

        Args:
            width, height: px.
            seed: of the first scene; the next one has the next seed.
            split: whose textures and categories the scenes have: demo, train, val or test.
            object_count: objects of a scene, None for a random number.
            scene_seconds: how long a scene lasts.
            depth_noise: the depth sensor, one of `SENSORS`; "none" for perfect depth.
            objects_seed: of the scene whose objects all scenes show, each time in other places; None for other objects
                in each scene.
            orbit: whether the camera circles the scene; else it stands still, and where there is a wall it does anyway.
        Raises:
            osis_ros.simulation.gl.RenderError: no usable OpenGL.
            ValueError: an image size that cannot be rendered.
        """
        self._size = width, height
        self._seed, self._split, self._object_count = seed, split, object_count
        self._scene_seconds, self._orbit = scene_seconds, orbit
        self._depth_sensor = SENSORS[depth_noise]
        self._cast = () if objects_seed is None else make_scene(objects_seed, split, object_count).cast
        self._renderer = Renderer(width, height)
        self._scene: Scene | None = None
        self._count = 0

    @property
    def scene(self) -> Scene | None:
        """What the last frame shows; None before the first one."""
        return self._scene

    def frame(self, seconds: float) -> Frame:
        """The picture at a moment of the film, with noise of its own."""
        number, moment = divmod(seconds, self._scene_seconds)
        seed = self._seed + int(number)
        if self._scene is None or self._scene.seed != seed:
            self._scene = make_scene(seed, self._split, self._object_count or len(self._cast) or None, cast=self._cast)
        view = self._scene.view(0, *self._size)
        camera = view.camera
        if self._orbit and not self._scene.front_only:
            camera = self._scene.orbit(moment, *self._size)
        self._count += 1
        noise_seed = view.noise_seed + self._count
        frame = self._renderer.frame(self._scene, replace(view, camera=camera, noise_seed=noise_seed))
        if self._depth_sensor is None:
            return frame
        rng = np.random.default_rng(noise_seed)
        return replace(frame, depth=measure(frame.depth, camera.intrinsics[0, 0], self._depth_sensor, rng))

    def close(self) -> None:
        self._renderer.close()


def space(frame: Frame, scene: Scene) -> Objects:
    """The true boxes of the objects in a frame of a scene, in its optical frame. Any thread may ask."""
    return as_objects(object_truths(scene, frame), frame)


def truth(frame: Frame) -> Instances:
    """The visible objects of a frame as `Instances`: score 1, distance 0, no embedding, in the order of their ids. The
    track of an object is its body, the same in every frame of its scene."""
    objects, count = frame.objects, len(frame.objects)
    boxes = np.array([item.box for item in objects], np.int32).reshape(-1, 4)
    masks = (frame.instance_ids[y0:y1, x0:x1] for x0, y0, x1, y1 in boxes)
    return Instances(
        boxes=boxes,
        scores=np.ones(count),
        class_ids=np.array([KNOWN.index(item.category) if item.known else len(KNOWN) for item in objects]),
        distances=np.zeros(count),
        embeddings=np.zeros((count, 0)),
        rois=np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1),
        masks=tuple(ids == item.instance_id for ids, item in zip(masks, objects, strict=True)),
        height=frame.instance_ids.shape[0],
        width=frame.instance_ids.shape[1],
        class_names=KNOWN,
        track_ids=[item.body for item in objects],
        track_states=np.full(count, TrackState.CONFIRMED),
    )
