"""Run a model on the images of a data set and return its detections as COCO-format results."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from osis_ros.coco.annotations import EvaluationError, GroundTruth, Image
from osis_ros.coco.pictures import read_picture
from osis_ros.coco.rle import encode_instances
from osis_ros.evaluation.jobs.result_journal import ResultJournal
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances


def image_paths(ground_truth: GroundTruth, folder: Path) -> list[Path]:
    """The file of every image: `folder`/file_name, or else the file of that name directly in `folder`.

    Raises:
        EvaluationError: files are missing, or one would stand for several images.
    """
    if not folder.is_dir():
        raise EvaluationError(f"{folder}: no such folder of images")
    paths = []
    for image in ground_truth.images:
        path = folder / image.file_name
        paths.append(path if path.is_file() else folder / Path(image.file_name).name)
    missing = [p for p in paths if not p.is_file()]
    if missing:
        raise EvaluationError(f"{len(missing)} of the {len(paths)} images of {ground_truth.path} are not in {folder}, "
                              f"the first is {missing[0].name}")  # fmt: skip
    if len(set(paths)) < len(paths):
        twice = next(path for path, count in Counter(paths).items() if count > 1)
        raise EvaluationError(f"{twice} would stand for several images of {ground_truth.path}; give the folder at "
                              "which its file names start")  # fmt: skip
    return paths


def read_images(images: Sequence[Image], paths: Sequence[Path]) -> Iterator[np.ndarray]:
    """Decode images one ahead of their use, uint8 [H, W, 3] RGB, upright.

    Raises:
        ImageError, DatasetError: a file that cannot be decoded, or of another size than its entry says.
    """

    def read(image: Image, path: Path) -> np.ndarray:
        return read_picture(path, image.height, image.width)

    pairs = iter(zip(images, paths, strict=True))
    with ThreadPoolExecutor(1) as reader:
        waiting = [reader.submit(read, *pair) for pair in islice(pairs, 2)]
        while waiting:
            rgb = waiting.pop(0).result()
            waiting += [reader.submit(read, *pair) for pair in islice(pairs, 1)]
            yield rgb


def coco_results(image: Image, found: Instances, category_ids: Sequence[int]) -> list[dict[str, Any]]:
    """COCO-format results of one image, with distances; `category_ids` are those of the K classes and of unknown."""
    columns = (found.class_ids.tolist(), found.scores.tolist(), found.distances.tolist(), encode_instances(found))
    return [
        {"image_id": image.id, "category_id": category_ids[class_id], "segmentation": rle, "score": score,
         "distance": distance}
        for class_id, score, distance, rle in zip(*columns, strict=True)
    ]  # fmt: skip


def segment_images(
    segment: Callable[[np.ndarray], Instances],
    ground_truth: GroundTruth,
    paths: Sequence[Path],
    category_ids: Sequence[int],
    journal: ResultJournal | None = None,
) -> tuple[list[dict[str, Any]], float]:
    """Segment every image of a data set, showing progress.

    Args:
        segment: uint8 [H, W, 3] RGB to instances.
        category_ids: of the K classes and of unknown.
        journal: where the results of each image go as they come; those that it has are not made again.
    Returns:
        COCO-format results, each with its distance from the known classes; and images per second, decoding included.
    Raises:
        EvaluationError: an image that does not fit.
        ThresholdError: a threshold out of range.
    """
    done = {} if journal is None else journal.done
    keep = done.__setitem__ if journal is None else journal.add
    waiting = [(image, path) for image, path in zip(ground_truth.images, paths, strict=True) if image.id not in done]
    columns = ("segmenting", BarColumn(), MofNCompleteColumn(),
               TextColumn("{task.fields[rate]:.1f} images/s"), TimeRemainingColumn())  # fmt: skip
    start = time.perf_counter()
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=len(paths), completed=len(done), rate=0.0)
        frames = read_images([image for image, _ in waiting], [path for _, path in waiting])
        for count, ((image, _), rgb) in enumerate(zip(waiting, frames, strict=True), 1):
            keep(image.id, coco_results(image, segment(rgb), category_ids))
            progress.update(task, advance=1, rate=count / (time.perf_counter() - start))
    rate = len(waiting) / (time.perf_counter() - start)
    return [result for image in ground_truth.images for result in done[image.id]], rate


def run_settings(
    segmenter: Segmenter, score_threshold: float, unknown_threshold: float | None, max_overlap: float | None
) -> dict[str, Any]:
    """How a bundle runs: provider, score_threshold, unknown_threshold (the bundle's when None), max_overlap."""
    default = segmenter.bundle.manifest.thresholds.unknown
    return {
        "provider": segmenter.provider,
        "score_threshold": score_threshold,
        "unknown_threshold": default if unknown_threshold is None else unknown_threshold,
        "max_overlap": max_overlap,
    }


def run_bundle(
    segmenter: Segmenter,
    ground_truth: GroundTruth,
    paths: Sequence[Path],
    category_ids: Sequence[int],
    score_threshold: float,
    unknown_threshold: float | None = None,
    max_overlap: float | None = None,
    journal: ResultJournal | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """`segment_images` by a bundle.

    Args:
        unknown_threshold: T_u; the bundle's when None.
        max_overlap: as in `Segmenter.segment`.
        journal: as in `segment_images`.
    Returns:
        COCO-format results; and how it ran: images_per_second, and `run_settings`.
    Raises:
        EvaluationError: an image that does not fit.
        ThresholdError: a threshold out of range.
    """

    def segment(rgb: np.ndarray) -> Instances:
        return segmenter.segment(rgb, score_threshold, unknown_threshold, max_overlap=max_overlap)

    found, rate = segment_images(segment, ground_truth, paths, category_ids, journal)
    settings = run_settings(segmenter, score_threshold, unknown_threshold, max_overlap)
    return found, {"images_per_second": rate, **settings}


def result_journal(
    results: Path | None,
    ground_truth: GroundTruth,
    paths: Sequence[Path],
    category_ids: Sequence[int],
    run: dict[str, Any],
) -> AbstractContextManager[ResultJournal | None]:
    """The journal of a run whose results go to the file `results`; None where they go to no file.

    Args:
        run: what decides the results, beside the images and the categories.
    Raises:
        JournalError, OSError: as `ResultJournal`.
    """
    if results is None or (results.exists() and not results.is_file()):
        return nullcontext()
    images = [[image.id, str(path.resolve())] for image, path in zip(ground_truth.images, paths, strict=True)]
    return ResultJournal(results, {**run, "images": images, "category_ids": list(category_ids)})
