"""Class-agnostic scores: all objects and all detections count as one class."""

from typing import Any

from osis_ros.coco.annotations import GroundTruth
from osis_ros.coco.masks import Masks
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED, coco_scores
from osis_ros.evaluation.metrics.open_set_errors import match_known_detections
from osis_ros.evaluation.metrics.split import Split

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


def found_and_false(images: int, objects: Masks, detections: Masks) -> dict[str, float]:
    """What a user of the reported instances sees, whatever their classes.

    Each detection, best score first, is matched to the unmatched object that it overlaps most, if their mask IoU is at
    least 0.5. Detections on crowd regions count neither way.

    Returns:
        recall50: matched objects, in percent; UNDEFINED without objects.
        false_per_image: detections without an object, duplicates among them, divided by the number of `images`.
    """
    one_class = Split((OBJECT,), frozenset(), {OBJECT: "object"})
    matches = match_known_detections(objects.with_category(OBJECT), detections.with_category(OBJECT), one_class)
    right, count = int(matches.right.sum()), int((~objects.crowd).sum())
    return {
        "recall50": 100 * right / count if count else UNDEFINED,
        "false_per_image": (int((~matches.on_crowd).sum()) - right) / max(images, 1),
    }
