"""`osis goss`: the label image of known classes and groups of unknown pixels, scored against a truth for each pixel."""

from dataclasses import replace
from typing import Any

import numpy as np

from osis_ros.evaluation.jobs.evaluate import Gathered, Options, gather, refuse_without_effect
from osis_ros.evaluation.metrics.goss import UnknownTruth, score_goss

SCORES = tuple(np.round(np.arange(0.05, 1, 0.05), 2).tolist())  # of a sweep


def goss(
    options: Options,
    score: float | None = None,
    unknown_truth: UnknownTruth = "components",
    smallest_known: int = 0,
    one_ground: bool = False,
    sweep: bool = False,
) -> dict[str, Any]:
    """Score as the options say.

    Args:
        options: where ground truth and results come from; what concerns other figures is not read.
        score: lowest score that is painted; None: the model's own, and 0 for detections from a file.
        unknown_truth, smallest_known, one_ground: as in `score_goss`.
        sweep: score at each of `SCORES` too.
    Returns:
        `goss` (what `score_goss` returns), `images`, `known_classes`, `settings`, `inputs`, `run`, `notes` as
        `evaluate`; with `sweep` also `by_score`, a list of figures with their `score`.
    Raises:
        OsisError: anything that does not fit, in one sentence.
    """
    refuse_without_effect(options)
    lowest = min(SCORES[0], 1.0 if score is None else score) if sweep else score
    data = gather(replace(options, score_threshold=lowest))
    if score is None:
        score = max(data.own_score, lowest or 0.0)
    rules = {"unknown_truth": unknown_truth, "smallest_known": smallest_known, "one_ground": one_ground}

    def quality(at_least: float) -> dict[str, Any]:
        return score_goss(data.ground_truth, data.detections, data.split, at_least, **rules)

    report: dict[str, Any] = {
        "images": len(data.ground_truth.images),
        "known_classes": data.known_names,
        "goss": quality(score),
        "settings": {"score": score, **rules},
    }
    if sweep:
        report["by_score"] = [{"score": s, **_without_classes(quality(s))} for s in SCORES]
    return {**report, "inputs": data.inputs, "run": data.run, "notes": [*data.notes, *_notes(data, one_ground)]}


def _without_classes(figures: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if name != "per_class"}


def _notes(data: Gathered, one_ground: bool) -> list[str]:
    """How the pixels without an object were counted, which decides what the figures may be compared with."""
    stuff = [c.name for c in data.ground_truth.categories if not c.thing and c.id in data.split.known]
    if not stuff:
        return ["the ground truth has no known stuff (categories with isthing 0), so pixels without an object are no "
                "segment; figures of the GOSS paper count stuff too"]  # fmt: skip
    ids = [c.id for c in data.ground_truth.categories if not c.thing]
    names_stuff = np.isin(data.detections.category, ids).any()
    if names_stuff and not one_ground:
        return []
    if names_stuff:
        return [f"the known stuff ({', '.join(stuff)}) is one class, ground, as asked for"]
    return [f"the result names no stuff, so the known stuff ({', '.join(stuff)}) is one class, ground: the pixels "
            "without an object"]  # fmt: skip
