"""`osis evaluate`: ground truth and detections, from a file or from a bundle run now, to a report."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from osis_ros.coco.annotations import (
    UNKNOWN_ID,
    EvaluationError,
    GroundTruth,
    detections_from,
    read_detections,
    read_ground_truth,
    read_json,
)
from osis_ros.coco.masks import Masks
from osis_ros.errors import DatasetError
from osis_ros.evaluation.jobs.predict import image_paths, result_journal, run_bundle, run_settings
from osis_ros.evaluation.metrics.class_agnostic import found_and_false, score_class_agnostic
from osis_ros.evaluation.metrics.goss import score_goss
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.split import Split, open_set_split, with_model_classes, without_ignored
from osis_ros.evaluation.metrics.zero_shot import BUDGETS, score_zero_shot
from osis_ros.files.atomic import write_whole
from osis_ros.inference.segmenter import Segmenter

# Options that are of no effect on detections from a file, and where all objects are one class.
OF_THE_RUN = ("score_threshold", "unknown_threshold", "max_overlap", "softmax_baseline", "provider", "save_detections")
OF_THE_CLASSES = ("known", "goss", "zero_shot", "budget", "limit_known", "limit_unknown", "softmax_baseline")


@dataclass(frozen=True)
class Options:
    """What to score, and how. Give either `detections`, or `model` and `images`.

    Attributes:
        ground_truth: COCO-format JSON, plain or gzip.
        detections: COCO-format results; `unknown_id` is the category id that means unknown.
        model, images: a bundle, and the folder that the file names of the ground truth are relative to.
        known: names or ids of the known classes; None: as the ground truth marks them, else the model's classes.
        class_agnostic: count every object and every detection as one class.
        goss, goss_score: also the GOSS quality of the label image; detections below the score are not painted.
        zero_shot: also the zero-shot figures, for detections that name unseen classes.
        budget: of the zero-shot figures, as in `score_zero_shot`.
        limit_known, limit_unknown: keep only that many known and unknown detections an image, best scores first.
        score_threshold: lowest score that the bundle reports; None: its own. SemSeg is evaluated at 0.05, lower than a
            robot needs.
        unknown_threshold: T_u; the bundle's when None.
        max_overlap: as in `Segmenter.segment`: drop the lower-scoring of two instances whose mask IoU exceeds this.
        softmax_baseline: also run the bundle as a plain softmax classifier that calls nothing unknown.
        provider: what runs the bundle.
        first: score only the first so many images (in id order); all when None.
        save_detections: file for the bundle's detections, as COCO-format results. An interrupted run keeps its progress
            in NAME.part beside it; the same run resumes from there.
    """

    ground_truth: Path
    detections: Path | None = None
    model: str | None = None
    images: Path | None = None
    known: tuple[str, ...] | None = None
    class_agnostic: bool = False
    goss: bool = False
    goss_score: float = 0.0
    zero_shot: bool = False
    budget: str = "separate"
    limit_known: int | None = None
    limit_unknown: int | None = None
    unknown_id: int = UNKNOWN_ID
    score_threshold: float | None = 0.05
    unknown_threshold: float | None = None
    max_overlap: float | None = None
    softmax_baseline: bool = False
    provider: str = "cpu"
    first: int | None = None
    save_detections: Path | None = None


def evaluate(options: Options) -> dict[str, Any]:
    """Score as the options say.

    Returns:
        What `score_open_set` or `score_class_agnostic` returns, and `inputs` (what was scored), `known_classes`,
        `limits`, `notes` (sentences), and where a bundle ran `run` (images per second, thresholds) and `at_own_score`
        (`found_and_false` at the bundle's own score threshold, or at the option's if that is higher); and `goss`,
        `zero_shot` and `softmax_baseline` (AOSE, AOSE_per_1000_images, AP_k) where asked for.
    Raises:
        OsisError: anything that does not fit, in one sentence.
    """
    refuse_without_effect(options)
    data = gather(options)
    ground_truth, split, detections, notes = data.ground_truth, data.split, data.detections, list(data.notes)
    if options.class_agnostic:
        report = score_class_agnostic(ground_truth, detections)
    else:
        detections = limited(detections, split, options.limit_known, options.limit_unknown)
        report = {"known_classes": data.known_names, **score_open_set(ground_truth, detections, split)}
        report["limits"] = {"known": options.limit_known, "unknown": options.limit_unknown}
        if options.goss:
            report["goss"] = score_goss(ground_truth, detections, split, options.goss_score)
        if options.softmax_baseline and data.rerun:
            figures = score_open_set(ground_truth, data.rerun(), split)
            report["softmax_baseline"] = {
                "AOSE": figures["AOSE"], "AOSE_per_1000_images": figures["AOSE_per_1000_images"],
                "AP_k": figures["known"]["AP"],
            }  # fmt: skip
        if options.zero_shot:
            report["zero_shot"] = score_zero_shot(ground_truth, detections, split, options.budget)
    if data.run:
        own = max(options.score_threshold or 0.0, data.own_score)
        objects, shown = without_ignored(
            ground_truth.objects, data.detections.take(data.detections.score >= own), data.split.ignored
        )
        figures = found_and_false(len(ground_truth.images), objects, shown)
        report["at_own_score"] = {"score_threshold": own, **figures}
    if stuff := [c.name for c in ground_truth.categories if not c.thing]:
        notes.append(f"stuff ({', '.join(stuff)}) counts as objects here; osis goss scores it by its pixels")
    return {**report, "inputs": data.inputs, "run": data.run, "notes": notes}


@dataclass(frozen=True, eq=False)
class Gathered:
    """Ground truth, and what a model or a file of detections found on its images.

    Attributes:
        split: which categories are known; the classes of the model that the ground truth lacks are further known ones.
        known_names: of the known classes of the ground truth alone.
        inputs: what was read, for the report.
        run: how the bundle ran; empty for a file of detections.
        own_score: the bundle's own score threshold; 0 for a file of detections.
        rerun: the detections of the same bundle where it calls nothing unknown; None for a file of detections.
    """

    ground_truth: GroundTruth
    split: Split
    detections: Masks
    known_names: list[str]
    inputs: dict[str, str]
    run: dict[str, Any]
    notes: list[str]
    own_score: float = 0.0
    rerun: Callable[[], Masks] | None = None


def gather(options: Options) -> Gathered:
    """Read the ground truth, and run the model or read the detections.

    Raises:
        OsisError: anything that does not fit, in one sentence.
    """
    if (options.detections is None) == (options.model is None):
        raise EvaluationError("give either --detections FILE, or --model BUNDLE with --images FOLDER")
    if options.model is not None and options.images is None:
        raise EvaluationError("--model needs --images, the folder that the ground truth's file names start at")
    everything = read_ground_truth(options.ground_truth)
    ground_truth = first_images(everything, options.first)
    if not ground_truth.images:
        raise EvaluationError(f"{options.ground_truth}: there is no image to score")
    segmenter = Segmenter(options.model, options.provider) if options.model is not None else None
    split = Split((), frozenset(), {})
    if not options.class_agnostic:
        split = open_set_split(ground_truth, options.known, segmenter.bundle.class_names if segmenter else ())
        _refuse_taken_unknown_id(options, split)
    known_names = list(split.names.values())
    notes = list(ground_truth.notes)
    inputs = {"ground_truth": str(options.ground_truth), "scored": str(options.detections or options.model)}
    if segmenter:
        return _from_bundle(options, segmenter, ground_truth, split, known_names, inputs, notes)
    detections, more = read_detections(options.detections, everything, options.unknown_id)
    detections = detections.take(detections.image < len(ground_truth.images))
    if not options.class_agnostic:
        notes += _absent_note(list(more.values()))
    split = Split((*split.known, *more), split.ignored, {**split.names, **more})
    return Gathered(ground_truth, split, detections, known_names, inputs, {}, notes)


def _refuse_taken_unknown_id(options: Options, split: Split) -> None:
    said = options.detections or options.unknown_id != UNKNOWN_ID  # a model's detections else get a free id
    if said and options.unknown_id in {*split.known, *split.ignored}:
        kind = "a known class" if options.unknown_id in split.known else "an ignored category"
        raise EvaluationError(f"id {options.unknown_id} is {kind} here; say with --unknown-id which id the "
                              "detections use for unknown")  # fmt: skip


def _from_bundle(
    options: Options,
    segmenter: Segmenter,
    ground_truth: GroundTruth,
    split: Split,
    known_names: list[str],
    inputs: dict[str, str],
    notes: list[str],
) -> Gathered:
    """Run the bundle; with `save_detections` the results go to that file too."""
    class_names = segmenter.bundle.class_names
    split, category_ids = with_model_classes(split, ground_truth, class_names, options.unknown_id)
    frames = image_paths(ground_truth, options.images)
    own_score = segmenter.bundle.manifest.thresholds.score
    score = own_score if options.score_threshold is None else options.score_threshold
    thresholds = (score, options.unknown_threshold, options.max_overlap)
    decisive = {"model": segmenter.bundle.manifest.sha256, **run_settings(segmenter, *thresholds)}
    with result_journal(options.save_detections, ground_truth, frames, category_ids, decisive) as journal:
        found, run = run_bundle(segmenter, ground_truth, frames, category_ids, *thresholds, journal)
        if options.save_detections:
            write_json(with_categories(found, split, ground_truth, category_ids[-1]), options.save_detections)

    def masks(results: list[dict[str, Any]]) -> Masks:
        return detections_from(results, segmenter.bundle.path, ground_truth, *category_ids)

    def rerun() -> Masks:
        nothing_unknown = segmenter.bundle.manifest.highest_unknown
        settings = (score, nothing_unknown, options.max_overlap)
        return masks(run_bundle(segmenter, ground_truth, frames, category_ids, *settings)[0])

    if not options.class_agnostic:
        notes = notes + _model_notes(ground_truth, split, class_names, known_names)
    return Gathered(ground_truth, split, masks(found), known_names, inputs, run, notes, own_score, rerun)


def refuse_without_effect(options: Options) -> None:
    """Who sets what changes nothing would take the figures for what they are not."""
    plain = Options(options.ground_truth)
    for given, reason, names in (
        (options.detections is not None, "--detections, which were made before", OF_THE_RUN),
        (options.class_agnostic, "--class-agnostic", OF_THE_CLASSES),
        (not options.goss, "no --goss", ("goss_score",)),
        (not options.zero_shot, "no --zero-shot", ("budget",)),
    ):
        idle = [f"--{n.replace('_', '-')}" for n in names if getattr(options, n) != getattr(plain, n)]
        if given and idle:
            raise EvaluationError(f"{', '.join(idle)}: of no effect with {reason}; leave it out")
    if options.budget not in BUDGETS:
        raise EvaluationError(f"--budget is {options.budget!r}, expected {' or '.join(BUDGETS)}")
    if not 0 <= options.goss_score <= 1:  # NaN too: nothing at all would be painted
        raise EvaluationError(f"--goss-score is {options.goss_score:g}, expected 0..1")


def with_categories(
    found: list[dict], split: Split, ground_truth: GroundTruth, unknown_id: int
) -> dict[str, Any] | list[dict]:
    """What `read_detections` reads: the list alone where the ground truth has all its categories, as COCO's files.

    An id for unknown that is not the usual one is listed, too, so that whoever reads the file is told of it.
    """
    present = {c.id for c in ground_truth.categories}
    more = [{"id": i, "name": name} for i, name in split.names.items() if i not in present]
    if unknown_id != UNKNOWN_ID:
        more.append({"id": unknown_id, "name": "unknown"})
    return {"categories": more, "detections": found} if more else found


def write_json(report: dict[str, Any] | list, path: Path) -> None:
    """Write JSON, and the folder for it where there is none. Raises OSError where the file cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def is_report(path: Path) -> bool:
    """Whether a file is a report that `osis evaluate`, `goss`, `compare` or `mask-quality` wrote."""
    content = _content(path)
    return isinstance(content, dict) and ({"inputs", "notes"} <= content.keys() or "speed_ratio" in content)


def is_results(path: Path) -> bool:
    """Whether a file holds detections that `osis evaluate` or `detect` wrote: each has its distance."""
    content = _content(path)
    found = content.get("detections") if isinstance(content, dict) and len(content) == 2 else content
    return isinstance(found, list) and all(isinstance(entry, dict) and "distance" in entry for entry in found)


def _content(path: Path) -> Any:
    try:
        return read_json(path)
    except DatasetError:
        return None


def first_images(ground_truth: GroundTruth, count: int | None) -> GroundTruth:
    """The first `count` images in id order, with their objects; everything when None."""
    if count is None:
        return ground_truth
    objects = ground_truth.objects.take(ground_truth.objects.image < count)
    return replace(ground_truth, images=ground_truth.images[:count], objects=objects)


def limited(detections: Masks, split: Split, known: int | None, unknown: int | None) -> Masks:
    """The best `known` and the best `unknown` detections of each image; all where None."""
    is_known = np.isin(detections.category, split.known)
    kept = []
    for rows, limit in ((np.flatnonzero(is_known), known), (np.flatnonzero(~is_known), unknown)):
        kept.append(rows if limit is None else rows[detections.take(rows).best(limit)])
    return detections.take(np.sort(np.concatenate(kept)))


def _absent_note(names: list[str]) -> list[str]:
    if not names:
        return []
    missing = ", ".join(names)
    return [
        f"the model's {missing} do not exist in the ground truth: they leave AP_k alone, and count in AOSE where they "
        "claim an unknown object"
    ]


def _model_notes(
    ground_truth: GroundTruth, split: Split, class_names: tuple[str, ...], known_names: list[str]
) -> list[str]:
    """What a reader must know where the model's classes and the known ones differ."""
    open_sets = {c.name: c.id for c in ground_truth.categories}
    notes = _absent_note([n for n in class_names if n not in open_sets])
    unknown = [n for n in class_names if n in open_sets and n not in known_names and open_sets[n] not in split.ignored]
    ignored = [n for n in class_names if open_sets.get(n) in split.ignored]
    stuff = [c.name for c in ground_truth.categories if not c.thing]
    untaught = [n for n in known_names if n not in class_names and n not in stuff]
    if unknown:
        notes.append(f"the model's {', '.join(unknown)} are not among the known classes: found as such, they count "
                     "as unknown detections")  # fmt: skip
    if ignored:
        notes.append(f"the model's {', '.join(ignored)} are ignored in the ground truth: found as such, they count "
                     "neither way")  # fmt: skip
    if untaught:
        notes.append(f"the model was not taught {', '.join(untaught)}: their AP is 0, and AP_k suffers")
    return notes
