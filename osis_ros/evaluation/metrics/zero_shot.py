"""Zero-shot scores (ZSI, section 5.1): Recall@100 and mAP of seen and unseen classes, and their harmonic means."""

from typing import Any

import numpy as np

from osis_ros.coco.annotations import GroundTruth
from osis_ros.coco.masks import Masks
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED, CocoScores, coco_scores
from osis_ros.evaluation.metrics.split import Split

IOUS = (0.4, 0.5, 0.6)
LIMIT = 100  # detections an image, over all classes of a budget together
BUDGETS = ("separate", "joint")


def score_zero_shot(
    ground_truth: GroundTruth, detections: Masks, split: Split, budget: str = "separate"
) -> dict[str, Any]:
    """Score detections that name unseen classes too; seen = known, unseen = every other category but ignored ones.

    Recalls and precisions are means over the classes that have objects.

    Args:
        budget: in GZSI count the best 100 seen and the best 100 unseen detections an image (`separate`, as the
            published code), or the best 100 of all classes (`joint`, stricter).
    Returns:
        budget, and in percent, -100 where undefined:
        ZSI: unseen classes alone, with the best 100 unseen detections an image.
        GZSI: seen, unseen and their harmonic mean HM.
        Each of these holds recall40, recall50, recall60 (Recall@100 at that IoU) and mAP (IoU 0.5).
    """
    categories = [c.id for c in ground_truth.categories if c.id not in split.ignored]
    seen = [c for c in categories if c in split.known]
    unseen = [c for c in categories if c not in split.known]
    alone = _figures(_scores(ground_truth, detections, unseen), unseen)
    if budget == "separate":
        seen_figures, unseen_figures = _figures(_scores(ground_truth, detections, seen), seen), alone
    else:
        of_all = _scores(ground_truth, detections, categories)
        seen_figures, unseen_figures = _figures(of_all, seen), _figures(of_all, unseen)
    means = {name: harmonic_mean(seen_figures[name], unseen_figures[name]) for name in seen_figures}
    return {"budget": budget, "ZSI": alone, "GZSI": {"seen": seen_figures, "unseen": unseen_figures, "HM": means}}


def harmonic_mean(a: float, b: float) -> float:
    """2ab / (a + b); 0 if both are 0, UNDEFINED if either is."""
    if a == UNDEFINED or b == UNDEFINED:
        return UNDEFINED
    return 2 * a * b / (a + b) if a + b else 0.0


def _scores(ground_truth: GroundTruth, detections: Masks, classes: list[int]) -> CocoScores | None:
    if not classes:
        return None
    detections = detections.take(np.isin(detections.category, classes))
    detections = detections.take(detections.best(LIMIT))
    return coco_scores(ground_truth.images, ground_truth.objects, detections, classes, IOUS, (LIMIT,))


def _figures(scores: CocoScores | None, classes: list[int]) -> dict[str, float]:
    if scores is None:
        return dict.fromkeys(("recall40", "recall50", "recall60", "mAP"), UNDEFINED)
    recalls = {f"recall{iou * 100:.0f}": scores.ar(classes, LIMIT, iou) for iou in IOUS}
    return {**recalls, "mAP": scores.ap(classes, iou=0.5)}
