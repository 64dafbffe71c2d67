"""The open-set scores of SemSeg's Tables I–III: AP_k, AP_unk, AR_unk and AOSE, and figures that explain them."""

from typing import Any

import numpy as np

from osis_ros.coco.annotations import GroundTruth
from osis_ros.coco.masks import Masks
from osis_ros.evaluation.metrics.coco_scores import coco_scores
from osis_ros.evaluation.metrics.open_set_errors import aose, match_known_detections, wilderness_impact
from osis_ros.evaluation.metrics.split import MERGED_UNKNOWN, Split, without_ignored


def score_open_set(ground_truth: GroundTruth, detections: Masks, split: Split) -> dict[str, Any]:
    """Score detections against ground truth, on mask IoU; percentages, -100 where undefined.

    Returns a JSON-ready dict:
        known: AP, AP50, AP75, APs, APm, APl, AR10, AR20, AR30, AR50, AR100, ARs, ARm, ARl: means over the known
            classes; AP_k is known.AP.
        unknown: the same of the one class that all unknown categories merge into; AP_unk is unknown.AP and
            AR_unk^{10,30,100} are unknown.AR10, AR30, AR100.
        AOSE, AOSE_per_1000_images: unknown objects that were detected as known classes.
        WI, WI_of_all: Wilderness Impact at recall 0.8, in percent of TP + FP_closed, or of all detections.
        AP_per_known_class: class name -> AP.
        per_class: class name (and "unknown") -> objects, detections, AP, AP50, AR100.
        precision_at_recall: known and unknown -> precision at the recalls 0, 0.01, … 1 and IoU 0.5.
        most_detections_per_image: the most known and the most unknown detections that any image has. A network that
            gives at most 50 unknown ones does not use AR100's budget: report this together with AR_unk^100.
        images, objects: how many of each; objects by known and unknown (crowds left out), and ignored.
    """
    ignored = int(np.isin(ground_truth.objects.category, list(split.ignored)).sum())
    objects, detections = without_ignored(ground_truth.objects, detections, split.ignored)
    objects, detections = split.merge_unknown(objects), split.merge_unknown(detections)
    classes = [*split.known, MERGED_UNKNOWN]
    scores = coco_scores(ground_truth.images, objects, detections, classes)
    matches = match_known_detections(objects, detections, split)
    errors = aose(matches)
    names = {**split.names, MERGED_UNKNOWN: "unknown"}
    per_class = {
        names[c]: {
            "objects": int(((objects.category == c) & ~objects.crowd).sum()),
            "detections": int((detections.category == c).sum()),
            "AP": scores.ap([c]), "AP50": scores.ap([c], iou=0.5), "AR100": scores.ar([c]),
        }
        for c in classes
    }  # fmt: skip
    is_unknown = (objects.category == MERGED_UNKNOWN)[~objects.crowd]
    return {
        "known": scores.figures(split.known),
        "unknown": scores.figures([MERGED_UNKNOWN]),
        "AOSE": errors,
        "AOSE_per_1000_images": errors * 1000 / max(len(ground_truth.images), 1),
        **wilderness_impact(matches, objects, split),
        "AP_per_known_class": {split.names[c]: scores.ap([c]) for c in split.known},
        "per_class": per_class,
        "precision_at_recall": {"known": scores.curve(split.known), "unknown": scores.curve([MERGED_UNKNOWN])},
        "most_detections_per_image": _most_per_image(detections),
        "images": len(ground_truth.images),
        "objects": {"known": int((~is_unknown).sum()), "unknown": int(is_unknown.sum()), "ignored": ignored},
    }


def _most_per_image(detections: Masks) -> dict[str, int]:
    is_unknown = detections.category == MERGED_UNKNOWN
    most = {}
    for name, rows in (("known", ~is_unknown), ("unknown", is_unknown)):
        most[name] = int(np.bincount(detections.image[rows]).max()) if rows.any() else 0
    return most
