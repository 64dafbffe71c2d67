"""How much slower the segmenter becomes beside other programs, with waiting threads that spin and that sleep.

    python benchmarks/beside_others.py [--model tabletop] [--threads 1 2] [--spin 0 0.0001 1] [--frames 15] [--rounds 3]

Each segmenter is a process of its own. It runs alone, beside one and two processes that keep a core busy, and beside a
second segmenter. All settings are measured in every round, in turns, so that other load of the machine meets all alike.
The table has the median time of an image in milliseconds, the 95th percentile, and the ratio of the median to that of
the first setting in the same situation. `--spin 1` is what ONNX Runtime does by itself: a thread waits for work for up
to a second before it sleeps.
"""

import argparse
import json
import multiprocessing
import time
from dataclasses import asdict, dataclass
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

import numpy as np

from osis_ros.inference.cores import usable_cores
from osis_ros.inference.image_file import read_image
from osis_ros.inference.segment_files import find_images
from osis_ros.inference.segmenter import Segmenter

PHOTOGRAPHS = Path(__file__).parents[1] / "docs" / "photographs"
WARM = 2  # images that are not counted


@dataclass(frozen=True)
class Situation:
    name: str
    segmenters: int = 1
    busy: int = 0


@dataclass(frozen=True)
class Settings:
    threads: int
    spin: float


SITUATIONS = (
    Situation("alone"),
    Situation("one busy process", busy=1),
    Situation("two busy processes", busy=2),
    Situation("two segmenters", segmenters=2),
)
spawned = multiprocessing.get_context("spawn")


def keep_busy(stop: Event) -> None:
    while not stop.is_set():
        sum(range(20_000))


def segment(model: str, files: list[Path], settings: Settings, frames: int, start: Barrier, results) -> None:
    """Send the milliseconds of each image after all segmenters are ready."""
    segmenter = Segmenter(model, threads=settings.threads, spin=settings.spin)
    images = [read_image(file) for file in files]
    taken = []
    for number in range(-WARM, frames):
        if number == 0:
            start.wait()
        begun = time.perf_counter()
        segmenter.segment(images[number % len(images)])
        taken.append(1e3 * (time.perf_counter() - begun))
    results.put(taken[WARM:])


def measure(model: str, files: list[Path], situation: Situation, settings: Settings, frames: int) -> list[float]:
    """Milliseconds of each image, of all segmenters of the situation."""
    stop, start, results = spawned.Event(), spawned.Barrier(situation.segmenters), spawned.Queue()
    others = [spawned.Process(target=keep_busy, args=(stop,), daemon=True) for _ in range(situation.busy)]
    ours = [
        spawned.Process(target=segment, args=(model, files, settings, frames, start, results), daemon=True)
        for _ in range(situation.segmenters)
    ]
    for process in (*others, *ours):
        process.start()
    try:
        return [value for _ in ours for value in results.get(timeout=600)]
    finally:
        stop.set()
        for process in (*ours, *others):
            process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop", help="a bundle's folder, or the name of one of the package")
    parser.add_argument("--images", type=Path, nargs="+", default=[PHOTOGRAPHS], help="image files or folders")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, usable_cores()}))
    parser.add_argument("--spin", type=float, nargs="+", default=[1.0, 100e-6, 0.0], help="seconds")
    parser.add_argument("--frames", type=int, default=15, help="images of each measurement")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write every figure here")
    options = parser.parse_args()
    files = find_images(options.images)
    # A single thread never waits for others, so that its spin makes no difference.
    tried = [Settings(n, spin) for n in options.threads for spin in (options.spin if n > 1 else options.spin[:1])]
    taken = {(situation, settings): [] for situation in SITUATIONS for settings in tried}
    for _ in range(options.rounds):
        for situation, settings in taken:
            taken[situation, settings] += measure(options.model, files, situation, settings, options.frames)
    print(f"{options.model}, {usable_cores()} cores, {options.rounds} rounds of {options.frames} images")
    for situation in SITUATIONS:
        print(f"\n{situation.name:20}{'threads':>9}{'spin, ms':>10}{'p50, ms':>9}{'p95, ms':>9}{'ratio':>7}")
        first = np.median(taken[situation, tried[0]])
        for settings in tried:
            values = taken[situation, settings]
            print(
                f"{'':20}{settings.threads:9}{1e3 * settings.spin:10g}{np.median(values):9.0f}"
                f"{np.percentile(values, 95):9.0f}{np.median(values) / first:7.2f}"
            )
    if options.json:
        rows = [{"situation": s.name, **asdict(settings), "ms": values} for (s, settings), values in taken.items()]
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
