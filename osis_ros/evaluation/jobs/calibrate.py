"""`osis calibrate`: choose T_u and the score threshold of a bundle on validation sets.

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
from osis_ros.evaluation.metrics.class_agnostic import found_and_false
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
class ValidationSet:
    """Labelled images: COCO-format ground truth, the folder of its images, and how much the set counts."""

    ground_truth: Path
    images: Path
    weight: float = 1.0


@dataclass(frozen=True)
class OperatingPoint:
    """Scores at one T_u, in percent, of one set or the weighted mean over several; AOSE is the sum.

    The criterion is the harmonic mean of AP_k and AP_unk.
    """

    unknown_threshold: float
    ap_known: float
    ap_unknown: float
    ar_unknown: float
    aose: int

    @property
    def criterion(self) -> float:
        return harmonic_mean(self.ap_known, self.ap_unknown)


@dataclass(frozen=True)
class AtChosen:
    """One set at the chosen thresholds: the F1 in percent, and what `found_and_false` returns."""

    ground_truth: Path
    f1: float
    recall50: float
    false_per_image: float


@dataclass(frozen=True)
class Calibration:
    """The chosen thresholds, the F1 in percent at that score (the mean over the sets), every estimated point and the
    confirmed ones, and every set at the chosen thresholds."""

    unknown_threshold: float
    score_threshold: float
    f1: float
    estimated: tuple[OperatingPoint, ...]
    confirmed: tuple[OperatingPoint, ...]
    sets: tuple[AtChosen, ...] = ()


@dataclass(frozen=True, eq=False)
class F1Curve:
    """score [N] descending, each once; f1 [N] in percent if every instance of at least that score is reported."""

    score: np.ndarray
    f1: np.ndarray

    def at(self, thresholds: np.ndarray) -> np.ndarray:
        """F1 at score thresholds; 0 above the best score, where nothing is reported."""
        return np.append(0.0, self.f1)[np.searchsorted(-self.score, -thresholds, side="right")]


class _SetRun:
    """A model on one validation set."""

    def __init__(
        self,
        segmenter: Segmenter,
        given: ValidationSet,
        known: Sequence[str] | None,
        lowest_score: float,
        first: int | None,
    ) -> None:
        self.segmenter, self.given, self.lowest_score = segmenter, given, lowest_score
        self.truth = truth = first_images(read_ground_truth(given.ground_truth), first)
        class_names = segmenter.bundle.class_names
        split = open_set_split(truth, known, class_names)
        self.split, self.category_ids = with_model_classes(split, truth, class_names, UNKNOWN_ID)
        counted = truth.objects.category[~np.isin(truth.objects.category, list(self.split.ignored))]
        known_count = int(np.isin(counted, self.split.known).sum())
        if known_count in (0, len(counted)):
            raise EvaluationError(f"{given.ground_truth}: calibration needs objects of known and of unknown classes, "
                                  f"there are {known_count} and {len(counted) - known_count}")  # fmt: skip
        self.paths = image_paths(truth, given.images)

    def run_both_ways(self) -> None:
        """With everything known, and with everything unknown.

        Raises:
            EvaluationError: the model finds nothing.
        """
        self.as_known = self.run(self.segmenter.bundle.manifest.highest_unknown)
        self.as_unknown = self.run(ALL_UNKNOWN)
        if not self.as_known and not self.as_unknown:
            raise EvaluationError(
                f"{self.segmenter.bundle.path.name} finds nothing in {self.given.ground_truth} at scores ≥ "
                f"{self.lowest_score:g}"
            )

    def run(self, threshold: float) -> list[dict[str, Any]]:
        return run_bundle(self.segmenter, self.truth, self.paths, self.category_ids, self.lowest_score, threshold)[0]

    def masks(self, found: list[dict[str, Any]]) -> Masks:
        return detections_from(found, self.segmenter.bundle.path, self.truth, *self.category_ids)

    def estimate(self, threshold: float) -> OperatingPoint:
        found = self.masks(merged(self.as_known, self.as_unknown, threshold))
        return operating_point(self.truth, found, self.split, threshold)

    def at(self, threshold: float, score: float, found: Masks) -> AtChosen:
        """Figures of instances `found` at a T_u that score at least `score`."""
        f1 = f1_curve(self.truth, found, self.split).at(np.array([score]))
        objects, found = without_ignored(self.truth.objects, found.take(found.score >= score), self.split.ignored)
        return AtChosen(
            self.given.ground_truth, float(f1[0]), **found_and_false(len(self.truth.images), objects, found)
        )


def calibrate(
    model: str | Path,
    sets: Sequence[ValidationSet],
    known: Sequence[str] | None = None,
    lowest_score: float = 0.05,
    provider: str = "cpu",
    first: int | None = None,
) -> Calibration:
    """Choose T_u with the greatest harmonic mean of AP_k and AP_unk; then the score with the greatest F1 at IoU 0.5.

    For F1, an instance is right if it has a mask IoU of at least 0.5 with an object of its class that no instance with
    a higher score was matched to. All unknown objects are one class. Over several sets AP_k, AP_unk and F1 are
    weighted means; how many images a set has does not count.

    Args:
        first: use only that many images of each set.
    Raises:
        EvaluationError: input that does not fit, or a validation set without known or without unknown objects.
    """
    segmenter = Segmenter(model, provider)
    runs = [_SetRun(segmenter, given, known, lowest_score, first) for given in sets]
    weights = np.array([given.weight for given in sets])
    for run in runs:
        run.run_both_ways()
    estimated = tuple(
        mean_point([run.estimate(threshold) for run in runs], weights)
        for threshold in candidates([(run.as_known, run.as_unknown) for run in runs], weights)
    )
    confirmed, found = [], {}
    for estimate in sorted(estimated, key=lambda p: p.criterion, reverse=True)[:CONFIRMED]:
        t_u = estimate.unknown_threshold
        found[t_u] = [run.masks(run.run(t_u)) for run in runs]
        points = [
            operating_point(run.truth, masks, run.split, t_u) for run, masks in zip(runs, found[t_u], strict=True)
        ]
        confirmed.append(mean_point(points, weights))
    chosen = max(confirmed, key=lambda p: p.criterion).unknown_threshold
    own = list(zip(runs, found[chosen], strict=True))
    score, f1 = best_score([f1_curve(run.truth, masks, run.split) for run, masks in own], weights)
    at_chosen = tuple(run.at(chosen, score, masks) for run, masks in own)
    return Calibration(chosen, score, f1, estimated, tuple(confirmed), at_chosen)


def candidates(found: Sequence[tuple[Sequence[dict], Sequence[dict]]], weights: np.ndarray) -> list[float]:
    """Thresholds to try, to four digits: evenly spread quantiles of the distances found, their mean over the sets.

    Args:
        found: of every set, what was found with everything known and with everything unknown.
    """
    levels = np.linspace(0, 1, CANDIDATES + 2)[1:-1]
    quantiles = [np.quantile([d["distance"] for d in (*known, *unknown)], levels) for known, unknown in found]
    return sorted({float(f"{q:.4g}") for q in np.average(quantiles, axis=0, weights=weights)})


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


def mean_point(points: Sequence[OperatingPoint], weights: np.ndarray) -> OperatingPoint:
    """The weighted mean over the sets at one T_u."""
    figures = np.average([(p.ap_known, p.ap_unknown, p.ar_unknown) for p in points], axis=0, weights=weights)
    return OperatingPoint(points[0].unknown_threshold, *figures.tolist(), sum(p.aose for p in points))


def f1_curve(truth: GroundTruth, found: Masks, split: Split) -> F1Curve:
    """F1 = 2 TP / (detections + objects) over the score threshold."""
    objects, found = without_ignored(truth.objects, found, split.ignored)
    every_class = replace(split, known=(*split.known, MERGED_UNKNOWN))
    matches = match_known_detections(split.merge_unknown(objects), split.merge_unknown(found), every_class)
    counts = ~matches.on_crowd
    order = np.argsort(-matches.score[counts], kind="stable")
    score, right = matches.score[counts][order], matches.right[counts][order]
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True)[: len(score)])  # equal scores stay together
    return F1Curve(score[last], 200 * np.cumsum(right)[last] / (last + 1 + (~objects.crowd).sum()))


def best_score(curves: Sequence[F1Curve], weights: np.ndarray) -> tuple[float, float]:
    """The score threshold with the greatest weighted mean of the sets' F1, and that mean in percent.

    The first of equals, from the top, so that nothing is kept that does not help. (1, 0) where nothing is right.
    """
    scores = np.unique(np.concatenate([curve.score for curve in curves]))[::-1]
    f1 = np.average([curve.at(scores) for curve in curves], axis=0, weights=weights)
    if not f1.any():
        return 1.0, 0.0
    best = int(f1.argmax())
    return float(scores[best]), float(f1[best])


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
