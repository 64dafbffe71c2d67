"""Class-agnostic scores: all objects and all detections count as one class."""

from typing import Any

from osis_ros.coco.annotations import GroundTruth
from osis_ros.coco.masks import Masks
from osis_ros.evaluation.metrics.coco_scores import coco_scores

OBJECT = 1


def score_class_agnostic(ground_truth: GroundTruth, detections: Masks) -> dict[str, Any]:
    """COCO figures of the single class "object". Ignored categories count too; crowd regions are still ignored.

    Returns a JSON-ready dict, percentages, -100 where undefined:
        object: AP, AP50, AP75, APs, APm, APl, AR10, AR20, AR30, AR50, AR100, ARs, ARm, ARl, and
            recall50: the share of objects found at IoU 0.5 by the best 100 detections of each image.
        images, objects, detections: how many of each.
    """
    objects = ground_truth.objects.with_category(OBJECT)
    scores = coco_scores(ground_truth.images, objects, detections.with_category(OBJECT), [OBJECT])
    return {
        "object": {**scores.figures(), "recall50": scores.ar(iou=0.5)},
        "images": len(ground_truth.images),
        "objects": int((~objects.crowd).sum()),
        "detections": len(detections),
    }
