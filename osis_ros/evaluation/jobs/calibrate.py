"""`osis calibrate`: choose T_u and the score threshold of a bundle on a validation set.

The score threshold only cuts a list that is sorted by score. But T_u decides whether an instance is known or unknown,
and its score depends on this. So the network runs twice: once with everything known, once with everything unknown. The
result for any T_u is then estimated: known instances are those of the first run up to this distance, unknown instances
those of the second run beyond it. This ignores suppression between the two, so the best few T_u are confirmed by runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from osis_ros.coco.annotations import UNKNOWN_ID, EvaluationError, GroundTruth, detections_from, read_ground_truth
from osis_ros.coco.masks import Masks
from osis_ros.evaluation.jobs.evaluate import first_images
from osis_ros.evaluation.jobs.predict import image_paths, run_bundle
from osis_ros.evaluation.metrics.coco_scores import coco_scores
from osis_ros.evaluation.metrics.open_set_errors import aose, match_known_detections
from osis_ros.evaluation.metrics.split import MERGED_UNKNOWN, Split, open_set_split, with_model_classes, without_ignored
from osis_ros.evaluation.metrics.zero_shot import harmonic_mean
from osis_ros.files.atomic import write_whole
from osis_ros.inference.bundle import MANIFEST_FILE, Bundle
from osis_ros.inference.manifest import read_fields, validate_manifest
from osis_ros.inference.segmenter import Segmenter

ALL_UNKNOWN = 0.0
CANDIDATES, CONFIRMED = 15, 3


@dataclass(frozen=True)
class OperatingPoint:
    """Scores at one T_u, in percent. The criterion is the harmonic mean of AP_k and AP_unk."""

    unknown_threshold: float
    ap_known: float
    ap_unknown: float
    ar_unknown: float
    aose: int

    @property
    def criterion(self) -> float:
        return harmonic_mean(self.ap_known, self.ap_unknown)


@dataclass(frozen=True)
class Calibration:
    """The chosen thresholds, the F1 in percent at that score, every estimated point and the confirmed ones."""

    unknown_threshold: float
    score_threshold: float
    f1: float
    estimated: tuple[OperatingPoint, ...]
    confirmed: tuple[OperatingPoint, ...]


def calibrate(
    model: str | Path,
    images: Path,
    ground_truth: Path,
    known: Sequence[str] | None = None,
    lowest_score: float = 0.05,
    provider: str = "cpu",
    first: int | None = None,
) -> Calibration:
    """Choose T_u with the greatest harmonic mean of AP_k and AP_unk; then the score with the greatest F1 at IoU 0.5.

    For F1, an instance is right if it has a mask IoU of at least 0.5 with an object of its class that no instance with
    a higher score was matched to. All unknown objects are one class.

    Raises:
        EvaluationError: input that does not fit, or a validation set without known or without unknown objects.
    """
    truth = first_images(read_ground_truth(ground_truth), first)
    segmenter = Segmenter(model, provider)
    class_names = segmenter.bundle.class_names
    split, category_ids = with_model_classes(open_set_split(truth, known, class_names), truth, class_names, UNKNOWN_ID)
    counted = truth.objects.category[~np.isin(truth.objects.category, list(split.ignored))]
    known_count = int(np.isin(counted, split.known).sum())
    if known_count in (0, len(counted)):
        raise EvaluationError(f"{ground_truth}: calibration needs objects of known and of unknown classes, "
                              f"there are {known_count} and {len(counted) - known_count}")  # fmt: skip
    paths = image_paths(truth, images)

    def run(threshold: float) -> list[dict[str, Any]]:
        return run_bundle(segmenter, truth, paths, category_ids, lowest_score, threshold)[0]

    def masks(found: list[dict[str, Any]]) -> Masks:
        return detections_from(found, segmenter.bundle.path, truth, *category_ids)

    as_known, as_unknown = run(segmenter.bundle.manifest.highest_unknown), run(ALL_UNKNOWN)
    estimated = tuple(
        operating_point(truth, masks(merged(as_known, as_unknown, threshold)), split, threshold)
        for threshold in candidates(as_known, as_unknown)
    )
    best = sorted(estimated, key=lambda p: p.criterion, reverse=True)[:CONFIRMED]
    confirmed, runs = [], {}
    for point in best:
        runs[point.unknown_threshold] = masks(run(point.unknown_threshold))
        confirmed.append(operating_point(truth, runs[point.unknown_threshold], split, point.unknown_threshold))
    if not confirmed:
        raise EvaluationError(
            f"{segmenter.bundle.path.name} finds nothing in {ground_truth} at scores ≥ {lowest_score:g}"
        )
    chosen = max(confirmed, key=lambda p: p.criterion).unknown_threshold
    score, f1 = best_score(truth, runs[chosen], split)
    return Calibration(chosen, score, f1, estimated, tuple(confirmed))


def candidates(as_known: Sequence[dict], as_unknown: Sequence[dict]) -> list[float]:
    """Thresholds to try: evenly spread quantiles of the distances found, to four digits."""
    distances = [d["distance"] for d in (*as_known, *as_unknown)]
    if not distances:
        return []
    levels = np.linspace(0, 1, CANDIDATES + 2)[1:-1]
    return sorted({float(f"{q:.4g}") for q in np.quantile(distances, levels)})


def merged(as_known: Sequence[dict], as_unknown: Sequence[dict], threshold: float) -> list[dict]:
    """The known instances up to a distance and the unknown ones beyond it."""
    return [*(d for d in as_known if d["distance"] <= threshold), *(d for d in as_unknown if d["distance"] > threshold)]


def operating_point(truth: GroundTruth, found: Masks, split: Split, threshold: float) -> OperatingPoint:
    objects, found = without_ignored(truth.objects, found, split.ignored)
    objects, found = split.merge_unknown(objects), split.merge_unknown(found)
    scores = coco_scores(truth.images, objects, found, [*split.known, MERGED_UNKNOWN])
    return OperatingPoint(
        threshold, scores.ap(split.known), scores.ap([MERGED_UNKNOWN]), scores.ar([MERGED_UNKNOWN]),
        aose(match_known_detections(objects, found, split)),
    )  # fmt: skip


def best_score(truth: GroundTruth, found: Masks, split: Split) -> tuple[float, float]:
    """The score threshold with the greatest F1 = 2 TP / (detections + objects), and that F1 in percent.

    The first of equals, from the top, so that nothing is kept that does not help. (1, 0) where nothing is right.
    """
    objects, found = without_ignored(truth.objects, found, split.ignored)
    every_class = replace(split, known=(*split.known, MERGED_UNKNOWN))
    matches = match_known_detections(split.merge_unknown(objects), split.merge_unknown(found), every_class)
    counts = ~matches.on_crowd
    order = np.argsort(-matches.score[counts], kind="stable")
    score, right = matches.score[counts][order], matches.right[counts][order]
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True)[: len(score)])  # equal scores stay together
    if not right.any():
        return 1.0, 0.0
    f1 = 2 * np.cumsum(right)[last] / (last + 1 + (~objects.crowd).sum())
    best = int(f1.argmax())
    return float(score[last[best]]), float(f1[best] * 100)


def write_thresholds(bundle: Bundle, calibration: Calibration) -> None:
    """Put the chosen thresholds into the bundle's manifest; everything else stays, comments too.

    The score is rounded down: graphs keep what lies above it.

    Raises:
        BundleError: the manifest has changed and is no longer valid.
        OSError: the manifest cannot be written.
    """
    path = bundle.path / MANIFEST_FILE
    score = max(0.0, float(np.floor(calibration.score_threshold * 1000) / 1000))
    chosen = {"score": score, "unknown": calibration.unknown_threshold}
    fields = read_fields(path)
    validate_manifest({**fields, "thresholds": {**fields["thresholds"], **chosen}}, path)
    write_whole(path, _with_thresholds(path.read_text("utf-8"), chosen))


def _with_thresholds(manifest: str, chosen: dict[str, float]) -> str:
    """The YAML text with other values in its mapping `thresholds`."""
    thresholds = next(value for key, value in yaml.compose(manifest).value if key.value == "thresholds")
    places = {key.value: (value.start_mark.index, value.end_mark.index) for key, value in thresholds.value}
    for name in sorted(chosen, key=places.__getitem__, reverse=True):  # from the end, so that places stay right
        start, end = places[name]
        manifest = manifest[:start] + yaml.safe_dump(chosen[name]).splitlines()[0] + manifest[end:]
    return manifest
