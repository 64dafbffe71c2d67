"""Unknown objects taken for known ones: AOSE and Wilderness Impact."""

from dataclasses import dataclass

import numpy as np

from osis_ros.coco.masks import Masks, mask_iou
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.metrics.split import MERGED_UNKNOWN, Split

IOU = 0.5
WI_RECALL = 0.8
LIMIT = 100  # detections an image and class that count, as everywhere in COCO


def greedy_matches(iou: np.ndarray, threshold: float, reusable: np.ndarray | None = None) -> np.ndarray:
    """Match each detection to the unmatched object that it overlaps most, if their IoU reaches the threshold.

    Args:
        iou: [D, G], detections best score first.
        threshold: the least IoU, inclusive.
        reusable: [G] bool, objects that any number of detections may take (crowds), after all others.
    Returns:
        [D] int64, the object's column or -1.
    """
    matches = np.full(len(iou), -1)
    reusable = np.zeros(iou.shape[1], bool) if reusable is None else reusable
    free = ~reusable
    for row in np.flatnonzero((iou >= threshold).any(axis=1)):
        for allowed in (free, reusable):
            candidates = np.where(allowed, iou[row], -1.0)
            best = len(candidates) - 1 - int(candidates[::-1].argmax())  # the later one on a tie, as in COCO
            if candidates[best] >= threshold:
                matches[row] = best
                free[best] = False
                break
    return matches


@dataclass(frozen=True, eq=False)
class KnownDetections:
    """Detections of known classes, matched at IoU 0.5; the rows are the best 100 of each class and image.

    Attributes:
        category: [N] int64; score: [N] float64.
        right: [N] bool, they found an object of their class.
        on_crowd: [N] bool, they lie on a crowd of their class and count neither way.
        on_unknown: [N] bool, they took an unknown object; one detection an object and class at most.
    """

    category: np.ndarray
    score: np.ndarray
    right: np.ndarray
    on_crowd: np.ndarray
    on_unknown: np.ndarray


def match_known_detections(objects: Masks, detections: Masks, split: Split) -> KnownDetections:
    """Match each known class's detections to its own objects, and apart from that to unknown objects.

    Crowds of unknown objects are no object that could be mistaken, and are left out.
    """
    detections = detections.take(np.isin(detections.category, split.known))
    detections = detections.take(np.argsort(-detections.score, kind="stable"))
    objects = split.merge_unknown(objects)
    objects = objects.take(~((objects.category == MERGED_UNKNOWN) & objects.crowd))
    kept, right, on_crowd, on_unknown = (np.zeros(len(detections), bool) for _ in range(4))
    objects_on = objects.rows_by_image()
    for image, rows in detections.rows_by_image().items():
        rows = np.concatenate([r[:LIMIT] for r in _by_value(rows, detections.category[rows])])
        kept[rows] = True
        truth = objects_on.get(image, np.zeros(0, int))
        crowd, truth_class = objects.crowd[truth], objects.category[truth]
        iou = mask_iou([detections.rles[i] for i in rows], [objects.rles[i] for i in truth], crowd)
        for category in np.unique(detections.category[rows]):
            mine = detections.category[rows] == category
            own = truth_class == category
            match = greedy_matches(iou[np.ix_(mine, own)], IOU, crowd[own])
            matched_crowd = (match >= 0) & crowd[own][match] if own.any() else np.zeros(len(match), bool)
            right[rows[mine]] = (match >= 0) & ~matched_crowd
            on_crowd[rows[mine]] = matched_crowd
            on_unknown[rows[mine]] = greedy_matches(iou[np.ix_(mine, truth_class == MERGED_UNKNOWN)], IOU) >= 0
    return KnownDetections(
        detections.category[kept], detections.score[kept], right[kept], on_crowd[kept], on_unknown[kept]
    )


def _by_value(rows: np.ndarray, values: np.ndarray) -> list[np.ndarray]:
    return [rows[values == value] for value in np.unique(values)]


def aose(matches: KnownDetections) -> int:
    """Absolute Open-Set Error: number of unknown objects detected as a known class, summed over the known classes.

    IoU 0.5, objects of every size, no score threshold beyond that of the detections (Miller et al. 2018; SemSeg,
    section IV-C).
    """
    return int(matches.on_unknown.sum())


def wilderness_impact(matches: KnownDetections, objects: Masks, split: Split, recall: float = WI_RECALL) -> dict:
    """Wilderness Impact in percent: how much unknown objects cost in precision (Dhamija et al. 2020, eq. 3).

    For each known class, its detections from the best score down to where its recall comes nearest to `recall` are
    counted: TP, FP_open (wrong, and on an unknown object), FP_closed (wrong otherwise).

    Returns:
        "WI": mean FP_open / mean (TP + FP_closed) over the classes that have objects and detections.
        "WI_of_all": the same with all detections, FP_open included, in the denominator, as in the published code.
        UNDEFINED where there is no such class.
    """
    open_, closed, every = [], [], []
    for category in split.known:
        count = int(((objects.category == category) & ~objects.crowd).sum())
        mine = (matches.category == category) & ~matches.on_crowd
        if not count or not mine.any():
            continue
        order = np.argsort(-matches.score[mine], kind="stable")
        right = np.cumsum(matches.right[mine][order])
        wrong_open = np.cumsum((matches.on_unknown & ~matches.right)[mine][order])
        cut = int(np.abs(right / count - recall).argmin())
        open_.append(wrong_open[cut])
        every.append(cut + 1)
        closed.append(cut + 1 - wrong_open[cut])
    return {
        "WI": float(np.mean(open_) / np.mean(closed) * 100) if sum(closed) else UNDEFINED,
        "WI_of_all": float(np.mean(open_) / np.mean(every) * 100) if every else UNDEFINED,
    }
