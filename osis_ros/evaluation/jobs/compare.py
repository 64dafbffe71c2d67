"""`osis compare`: speed and quality of a second bundle relative to a first, on the same images."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from osis_ros.coco.annotations import UNKNOWN_ID, detections_from, read_ground_truth
from osis_ros.evaluation.jobs.evaluate import first_images
from osis_ros.evaluation.jobs.predict import coco_results, image_paths, read_images
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.split import open_set_split, with_model_classes
from osis_ros.evaluation.reports.terminal import shown
from osis_ros.inference.segmenter import Segmenter
from osis_ros.progress import track

FIGURES = {
    "AP_k": ("known", "AP"), "AP_unk": ("unknown", "AP"), "AR_unk^10": ("unknown", "AR10"),
    "AR_unk^30": ("unknown", "AR30"), "AR_unk^100": ("unknown", "AR100"),
}  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Two bundles on the same images.

    Attributes:
        names: of the two.
        reports: of `score_open_set`.
        seconds: the median time from image to instances.
    """

    names: tuple[str, str]
    reports: tuple[dict[str, Any], dict[str, Any]]
    seconds: tuple[float, float]

    @property
    def speed_ratio(self) -> float:
        """How many times as fast the second is."""
        return self.seconds[0] / self.seconds[1]

    @property
    def losses(self) -> dict[str, float]:
        """Points of AP and AR that the second loses, negative where it gains; figures that both have."""
        values = {name: [report[group][key] for report in self.reports] for name, (group, key) in FIGURES.items()}
        return {name: first - second for name, (first, second) in values.items() if UNDEFINED not in (first, second)}

    def figures(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        keys = ("known", "unknown", "AOSE", "AOSE_per_1000_images")
        both = {
            name: {**{key: report[key] for key in keys}, "median_seconds": seconds}
            for name, report, seconds in zip(("first", "second"), self.reports, self.seconds, strict=True)
        }
        more_errors = self.reports[1]["AOSE"] - self.reports[0]["AOSE"]
        return {"names": self.names, **both, "losses": self.losses, "AOSE_increase": more_errors,
                "speed_ratio": self.speed_ratio}  # fmt: skip


def compare(
    models: tuple[str, str],
    images: Path,
    ground_truth: Path,
    known: Sequence[str] | None = None,
    score_threshold: float = 0.05,
    provider: str = "cpu",
    first: int | None = None,
) -> Comparison:
    """Run both bundles alternately, image by image, so that a busy machine slows both equally.

    Raises:
        OsisError: input that does not fit, in one sentence.
    """
    truth = first_images(read_ground_truth(ground_truth), first)
    segmenters = [Segmenter(model, provider) for model in models]
    paths = image_paths(truth, images)
    sides = []
    for segmenter in segmenters:
        class_names = segmenter.bundle.class_names
        sides.append(with_model_classes(open_set_split(truth, known, class_names), truth, class_names, UNKNOWN_ID))
    found: tuple[list, list] = ([], [])
    seconds: tuple[list, list] = ([], [])
    frames = track(read_images(truth.images, paths), "comparing", total=len(paths))
    for image, rgb in zip(truth.images, frames, strict=True):
        for segmenter, (_, category_ids), entries, times in zip(segmenters, sides, found, seconds, strict=True):
            start = time.perf_counter()
            instances = segmenter.segment(rgb, score_threshold)
            times.append(time.perf_counter() - start)
            entries += coco_results(image, instances, category_ids)
    reports = tuple(
        score_open_set(truth, detections_from(entries, Path(model), truth, *category_ids), split)
        for model, entries, (split, category_ids) in zip(models, found, sides, strict=True)
    )
    return Comparison(models, reports, tuple(map(statistics.median, seconds)))


def comparison_table(comparison: Comparison) -> Table:
    """The figures side by side, and the difference."""
    table = Table("", *comparison.names, "difference", title="Two bundles on the same images, masks, %")
    for name, (group, key) in FIGURES.items():
        first, second = (report[group][key] for report in comparison.reports)
        difference = f"{second - first:+.2f}" if name in comparison.losses else "–"
        table.add_row(name, shown(first, 2), shown(second, 2), difference)
    first, second = (report["AOSE"] for report in comparison.reports)
    table.add_row("AOSE", str(first), str(second), f"{second - first:+d}")
    times = [f"{seconds * 1000:.1f}" for seconds in comparison.seconds]
    table.add_row("median ms an image", *times, f"{comparison.speed_ratio:.2f} times as fast")
    return table
