"""Compares two replays of one recording, image by image."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from osis_ros.bags.replayed import Answer, ReplayedError, ReplayedRun
from osis_ros.evaluation.metrics.agreement import Agreement, FrameAgreement, frame_agreement
from osis_ros.evaluation.reports.compare_page import ComparedFrame, Comparison, Mark, Side, compare_page
from osis_ros.instances import Instances
from osis_ros.progress import track

Place = tuple[int, Answer]


def compare_runs(
    a: Path, b: Path, pictures: int, console: Console, camera: str | None = None
) -> tuple[Comparison, str]:
    """Compare two folders of `osis replay`. Images belong together if they were recorded at the same time.

    Args:
        pictures: how many images the page shows, those first on which the two agree least.
        camera: one of several, by its name.
    Returns:
        the comparison, and its page.
    Raises:
        OsisError: a folder that is no replay, or two that have no image in common.
    """
    with ReplayedRun(a, camera) as one, ReplayedRun(b, camera) as other:
        frames, agreement, start = [], Agreement(), None
        pairs = _pairs(one.answers(), other.answers())
        for (place, answer), (other_place, other_answer) in track(
            pairs, "comparing", total=min(one.count, other.count), console=console
        ):
            start = answer.time if start is None else start
            found = _agreement(a, b, answer, other_answer)
            agreement.saw(answer.instances, other_answer.instances, found)
            frames.append(_frame(answer, other_answer, (place, other_place), found, start))
        if not frames:
            raise ReplayedError(
                f"{a} and {b} have no image in common: one is of {one.setup['bag']}, {one.setup['image_topic']}, the "
                f"other of {other.setup['bag']}, {other.setup['image_topic']}"
            )
        frames.sort(key=lambda frame: (frame.quality, frame.places))
        sides = [Side(str(run.folder), run.setup, run.figures) for run in (one, other)]
        comparison = Comparison(*sides, frames, agreement, (one.count - len(frames), other.count - len(frames)))
        shown = frames[:pictures]
        jpegs = [run.overlays({frame.places[side] for frame in shown}) for side, run in enumerate((one, other))]
        return comparison, compare_page(
            comparison, [tuple(jpegs[side][frame.places[side]] for side in (0, 1)) for frame in shown]
        )


def _pairs(one: Iterator[Answer], other: Iterator[Answer]) -> Iterator[tuple[Place, Place]]:
    """The answers of one time, with their numbers. Both come in the order of their times."""
    numbered, other_numbered = enumerate(one), enumerate(other)
    left, right = next(numbered, None), next(other_numbered, None)
    while left is not None and right is not None:
        if left[1].time == right[1].time:
            yield left, right
            left, right = next(numbered, None), next(other_numbered, None)
        elif left[1].time < right[1].time:
            left = next(numbered, None)
        else:
            right = next(other_numbered, None)


def _agreement(a: Path, b: Path, one: Answer, other: Answer) -> FrameAgreement:
    sizes = [(found.instances.width, found.instances.height) for found in (one, other)]
    if sizes[0] != sizes[1]:
        shown = [f"{width}x{height}" for width, height in sizes]
        raise ReplayedError(f"an image is of {shown[0]} pixels in {a} and of {shown[1]} in {b}, expected one recording")
    return frame_agreement(one.instances, other.instances)


def _frame(one: Answer, other: Answer, places: tuple[int, int], found: FrameAgreement, start: int) -> ComparedFrame:
    differing = found.pairs[~found.same].tolist()
    marks = [
        *(_mark("a", one.instances, row, "only A: ") for row in found.only_a.tolist()),
        *(_mark("b", other.instances, row, "only B: ") for row in found.only_b.tolist()),
        *(_mark("a", one.instances, row) for row, _ in differing),
        *(_mark("b", other.instances, row) for _, row in differing),
    ]
    return ComparedFrame(
        (one.time - start) * 1e-9, one.stamp, places, (one.instances.width, one.instances.height), found.quality,
        int(found.same.sum()), found.differ, len(found.only_a), len(found.only_b), marks,
    )  # fmt: skip


def _mark(side: str, instances: Instances, row: int, before: str = "") -> Mark:
    text = f"{before}{instances.class_name(row)} {instances.scores[row]:.2f}"
    return Mark(side, tuple(instances.rois[row].tolist()), text)
