"""The figures of a run that needs true masks, the same for a replay and for a running node."""

from osis_ros.evaluation.metrics.agreement import NOTHING, Agreement
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.metrics.referee import Verdict
from osis_ros.instances import UNKNOWN_NAME

# Each figure and what it says.
FOUND_FIGURES = {
    "truth_quality": "needs true masks: agreement of the results with them, 0 to 1",
    "recall": "needs true masks: share of the true objects that were found (mask IoU 0.5 or more, any class)",
    "precision": "needs true masks: share of the instances that match a true object",
    "class_accuracy": "needs true masks: share of the found objects that have the right class; unknown is one",
    "false_per_image": "needs true masks: instances that match no true object, mean",
    "missed_per_image": "needs true masks: true objects that were not found, mean",
    "unknown_named_known": "needs true masks: unknown objects that got the name of a known class",
    "known_named_unknown": "needs true masks: objects of known classes that were called unknown",
}
TRUTH_FIGURES = {
    **FOUND_FIGURES,
    "ap_known": "needs true masks: AP of known classes, in percent",
    "ap_unknown": "needs true masks: AP of unknown objects, in percent",
    "ar_unknown": "needs true masks: AR of unknown objects, in percent",
    "images_judged": "images that have true masks",
}


def truth_figures(agreement: Agreement | None, verdict: Verdict | None) -> dict[str, float | None]:
    """Every figure of `TRUTH_FIGURES`; None where there is no truth, or where one is not defined.

    Args:
        agreement: of the results (A) with the truth (B).
        verdict: the scores of the same images.
    """
    scores = {name: getattr(verdict, name, UNDEFINED) for name in ("ap_known", "ap_unknown", "ar_unknown")}
    return {
        **found_figures(agreement),
        **{name: None if score == UNDEFINED else score for name, score in scores.items()},
        "images_judged": verdict.judged if verdict else 0,
    }


def found_figures(agreement: Agreement | None) -> dict[str, float | None]:
    """Those of `FOUND_FIGURES`, which are cheap: they are summed up image by image."""
    if agreement is None or not agreement.images:
        return dict.fromkeys(FOUND_FIGURES)
    found, matrix = agreement.figures(), agreement.matrix
    both = found["same"] + found["class_differs"]
    named = [count for (a, b), count in matrix.items() if b == UNKNOWN_NAME and a not in (UNKNOWN_NAME, NOTHING)]
    called = [count for (a, b), count in matrix.items() if a == UNKNOWN_NAME and b not in (UNKNOWN_NAME, NOTHING)]
    images = found["images"]
    values = (
        found["agreement"], _ratio(both, both + found["only_b"]), _ratio(both, both + found["only_a"]),
        _ratio(found["same"], both), _ratio(found["only_a"], images), _ratio(found["only_b"], images),
        sum(named), sum(called),
    )  # fmt: skip
    return dict(zip(FOUND_FIGURES, values, strict=True))


def _ratio(value: float, of: float) -> float | None:
    return value / of if of else None
