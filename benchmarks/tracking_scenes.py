"""The recordings of benchmarks/tracking.py: simulated cameras that circle tables, true masks, and what a model finds.

A recording is a file of arrays, so that the tracker can be judged again without rendering.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.film import truth
from osis_ros.simulation.rearrangement import CASES, RearrangedTable
from osis_ros.simulation.render import Frame, Renderer
from osis_ros.simulation.scene import Scene, make_scene

ORBITS = {"orbit": 40.0, "fast orbit": 10.0}  # s for a circle round a cluttered table
ALL = (*CASES, *ORBITS)
RATE = 10.0  # Hz; the lower rates leave images out
SIZE = 640, 480


@dataclass(frozen=True, eq=False)
class Shot:
    """One image: its time in seconds, the true instances (`ids` are the objects'), the model's, depth [H, W] in metres,
    K [3, 3] and the camera's pose [4, 4]."""

    seconds: float
    true: Instances
    found: Instances
    depth: np.ndarray
    intrinsics: np.ndarray
    pose: np.ndarray


def recorded(case: str, seed: int, split: str, seconds: float, segmenter: Segmenter, folder: Path) -> list[Shot]:
    """The shots of a case, from the folder if they are there, else rendered and put there."""
    name = f"{segmenter.bundle.name}-{segmenter.bundle.manifest.sha256[:8]}"
    file = folder / f"{name}-{split}-{seed}-{case.replace(' ', '-')}-{seconds:g}s.npz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shots = list(_taken(case, seed, split, seconds, segmenter))
        part = file.with_suffix(".part.npz")
        np.savez_compressed(
            part, **{f"{n}/{key}": value for n, shot in enumerate(shots) for key, value in _arrays(shot)}
        )
        part.replace(file)
    with np.load(file) as arrays:
        count = 1 + max(int(key.split("/")[0]) for key in arrays.files)
        return [_shot(arrays, n) for n in range(count)]


def _taken(case: str, seed: int, split: str, seconds: float, segmenter: Segmenter) -> Iterator[Shot]:
    with Renderer(*SIZE) as renderer:
        table = None if case in ORBITS else RearrangedTable(case, seed, split)
        scene = table.scene if table else _open_scene(seed, split)
        for number in range(round(seconds * RATE)):
            moment = number / RATE
            if table:
                frame = table.frame(renderer, moment, number)
            else:
                view = scene.view(0, *SIZE)
                view = replace(
                    view, camera=scene.orbit(moment, *SIZE, ORBITS[case]), noise_seed=view.noise_seed + number
                )
                frame = renderer.frame(scene, view)
            yield Shot(moment, named(frame), segmenter.segment(frame.rgb), frame.depth,
                       frame.camera.intrinsics, frame.camera.pose)  # fmt: skip


def _open_scene(seed: int, split: str) -> Scene:
    """The first scene of at least ten objects that is seen from all sides."""
    scenes = (make_scene(number, split, 12) for number in range(seed, seed + 100))
    return next(scene for scene in scenes if not scene.front_only and len(scene.objects) >= 10)


def named(frame: Frame) -> Instances:
    """The true instances; `ids` are the bodies of the scene, the same in every image."""
    return truth(frame).replaced(ids=np.array([item.body for item in frame.objects], np.int64))


COLUMNS = ("boxes", "scores", "class_ids", "distances", "embeddings", "rois", "ids")


def _arrays(shot: Shot) -> Iterator[tuple[str, np.ndarray]]:
    yield "seconds", np.array(shot.seconds)
    yield "depth", np.round(shot.depth * 1e4).astype(np.uint16)  # a tenth of a millimetre
    yield "intrinsics", shot.intrinsics
    yield "pose", shot.pose
    for name, instances in (("true", shot.true), ("found", shot.found)):
        for column in COLUMNS:
            yield f"{name}/{column}", getattr(instances, column)
        yield f"{name}/class_names", np.array(instances.class_names)
        pixels = [mask.ravel() for mask in instances.masks]
        yield f"{name}/masks", np.packbits(np.concatenate([*pixels, np.zeros(0, bool)]))


def _shot(arrays: np.lib.npyio.NpzFile, number: int) -> Shot:
    depth = arrays[f"{number}/depth"].astype(np.float32) * np.float32(1e-4)
    both = [_instances(arrays, f"{number}/{name}", depth.shape) for name in ("true", "found")]
    return Shot(
        float(arrays[f"{number}/seconds"]), *both, depth, arrays[f"{number}/intrinsics"], arrays[f"{number}/pose"]
    )


def _instances(arrays: np.lib.npyio.NpzFile, prefix: str, size: tuple[int, int]) -> Instances:
    values = {column: arrays[f"{prefix}/{column}"] for column in COLUMNS}
    sides = [(height, width) for _, _, width, height in values["rois"].tolist()]
    areas = [height * width for height, width in sides]
    pixels = np.unpackbits(arrays[f"{prefix}/masks"], count=sum(areas)).astype(bool)
    masks = tuple(part.reshape(side) for part, side in zip(np.split(pixels, np.cumsum(areas)[:-1]), sides))
    return Instances(
        **values,
        masks=masks,
        height=size[0],
        width=size[1],
        class_names=tuple(arrays[f"{prefix}/class_names"].tolist()),
    )
