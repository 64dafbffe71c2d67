"""How fast scenes are rendered, and where the time goes.

    python benchmarks/scenes.py [--scenes 12] [--workers 2]

First the whole of `osis scenes` (meshes, physics, rendering, writing) with several processes into a temporary folder,
then one process stage by stage. Compare figures only with those of an otherwise idle machine.
"""

import os

os.environ.setdefault("LP_NUM_THREADS", "1")  # as in the workers: one process a core

import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.table import Table

from osis_ros.simulation import render, scene
from osis_ros.simulation.dataset import VIEWS_PER_SCENE, Settings, write_dataset

STAGES = (
    (scene, "surroundings", "table, floor, walls: meshes and textures"),
    (scene, "build", "objects: meshes and textures"),
    (scene, "compile_scene", "MuJoCo model"),
    (scene, "settle", "physics"),
    (render.Renderer, "_load", "upload to OpenGL"),
    (render.Renderer, "_draw", "render colour"),
    (render.Renderer, "_draw_truth", "render instances and depth"),
    (render, "expose", "sensor"),
)


def main(
    scenes: Annotated[int, typer.Option(min=2, help="Scenes to render in each part.")] = 12,
    workers: Annotated[int, typer.Option(help="Processes of the first part.")] = 2,
) -> None:
    """Print images/s and a table of CPU milliseconds an image."""
    views = VIEWS_PER_SCENE["train"]
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        steps = write_dataset(Path(folder), Settings("train", 0, 640, 480, views, False), scenes * views, workers)
        next(steps)
        first = next(steps)  # the workers are up
        start = time.perf_counter()
        last = [*steps][-1]
        rate = (last - first) / (time.perf_counter() - start)
    console.print(f"osis scenes: {rate:.1f} images/s, 640x480, {workers} workers, {scenes} scenes of {views} views")

    cv2.setNumThreads(1)
    spent: dict[str, float] = defaultdict(float)
    for owner, name, label in STAGES:
        setattr(owner, name, _timed(getattr(owner, name), label, spent))
    objects, begin = 0, time.process_time()
    with render.Renderer(640, 480) as renderer:
        for seed in range(scenes):
            made = scene.make_scene(seed, "train")
            objects += len(made.objects)
            for index in range(views):
                frame = renderer.frame(made, made.view(index))
                _timed(cv2.imencode, "JPEG", spent)(".jpg", frame.rgb, [cv2.IMWRITE_JPEG_QUALITY, 92])
    total = time.process_time() - begin
    images = scenes * views
    table = Table("stage", "CPU ms/image", title=f"{images} images, {objects / scenes:.1f} objects a scene")
    for _, _, label in (*STAGES, (None, "", "JPEG")):
        table.add_row(label, f"{1000 * spent[label] / images:.1f}")
    table.add_row("all else", f"{1000 * (total - sum(spent.values())) / images:.1f}")
    table.add_row("sum", f"{1000 * total / images:.1f}")
    console.print(table)


def _timed(function, label: str, spent: dict[str, float]):
    def call(*arguments, **named):
        start = time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            spent[label] += time.process_time() - start

    return call


if __name__ == "__main__":
    typer.run(main)
