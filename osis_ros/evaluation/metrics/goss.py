"""GOSS quality (Hong et al., "GOSS", section 3.3): how well the segments of the label image match the truth."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from faster_coco_eval.mask_api_new_cpp import toUncompressedRLE

from osis_ros.coco.annotations import GroundTruth, Image
from osis_ros.coco.masks import Masks
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.metrics.split import MERGED_UNKNOWN, Split

IOU = 0.5  # exclusive: then no segment can have two partners
VOID = -2  # pixels of ignored objects and crowds: no prediction there is right or wrong


@dataclass
class Quality:
    """Σ IoU of matched segments, over matches + ½ unmatched predictions + ½ unmatched ground truth."""

    iou: float = 0.0
    matched: int = 0
    unmatched: int = 0

    @property
    def percent(self) -> float:
        weight = self.matched + self.unmatched / 2
        return 100 * self.iou / weight if weight else UNDEFINED


def score_goss(ground_truth: GroundTruth, detections: Masks, split: Split, score: float = 0.0) -> dict[str, Any]:
    """GQ of the label image that the detections give: low scores painted first, those below `score` not at all.

    GOSS labels a pixel with a known class, or with the cluster of unknown pixels that it belongs to. So the instances
    of one known class in an image form one segment, and each unknown instance is one. Ground truth is painted with the
    large objects first. Background is no segment; ignored objects and crowds are void, as in panoptic quality.

    Returns percentages, -100 where undefined:
        GQ_known: mean of the quality of each known class (equation 1); GQ_unknown (equation 2);
        GQ: their mean (equation 3 with λ = ½); GQ_clu: the quality of all instances as segments of one class.
    """
    by_class: dict[int, Quality] = defaultdict(Quality)
    clusters = Quality()
    void_object = np.isin(ground_truth.objects.category, list(split.ignored)) | ground_truth.objects.crowd
    objects, detections = split.merge_unknown(ground_truth.objects), split.merge_unknown(detections)
    detections = detections.take(detections.score >= score)
    objects_on, detections_on = objects.rows_by_image(), detections.rows_by_image()
    for index in sorted(objects_on.keys() | detections_on.keys()):
        image, nothing = ground_truth.images[index], np.zeros(0, int)
        truth, found = objects_on.get(index, nothing), detections_on.get(index, nothing)
        truth = truth[np.lexsort((-objects.area[truth], ~void_object[truth]))]  # void first, then large to small
        found = found[np.argsort(-detections.score[found], kind="stable")[::-1]]
        truth_label, found_label = _painted(objects, truth, image), _painted(detections, found, image)
        truth_class = np.where(void_object[truth], VOID, objects.category[truth])
        overlap = _overlap(truth_label, found_label, len(truth), len(found))
        _add(clusters, overlap, truth_class == VOID)
        found_class = detections.category[found]
        for category in np.unique([*truth_class[truth_class != VOID], *found_class]):
            _add(by_class[int(category)], *_segments_of(overlap, truth_class, found_class, category))
    known = [q.percent for c, q in by_class.items() if c != MERGED_UNKNOWN and q.percent != UNDEFINED]
    gq_known = float(np.mean(known)) if known else UNDEFINED
    gq_unknown = by_class[MERGED_UNKNOWN].percent
    defined = UNDEFINED not in (gq_known, gq_unknown)
    return {
        "GQ_known": gq_known,
        "GQ_unknown": gq_unknown,
        "GQ": (gq_known + gq_unknown) / 2 if defined else UNDEFINED,
        "GQ_clu": clusters.percent,
    }


def _painted(masks: Masks, rows: np.ndarray, image: Image) -> np.ndarray:
    """[width × height] int64, column by column: 1 + the position in `rows` of the last mask on the pixel, or 0.

    Painted from the run lengths, between a mask's first and last pixel: a tenth of the time of decoding it whole.
    """
    label = np.zeros(image.width * image.height, np.int64)
    for number, row in enumerate(rows.tolist(), 1):
        runs = toUncompressedRLE([masks.rles[row]])[0]["counts"]
        runs = runs[: len(runs) // 2 * 2]  # without the zeros behind the last pixel
        if runs:
            inside = np.repeat(np.arange(1, len(runs)) % 2 == 1, runs[1:])
            label[runs[0] : runs[0] + len(inside)][inside] = number
    return label


def _overlap(truth: np.ndarray, found: np.ndarray, truth_count: int, found_count: int) -> np.ndarray:
    """[1 + truth_count, 1 + found_count] int64 px: how many pixels carry each pair of labels; row, column 0: none."""
    pairs = truth * (found_count + 1) + found
    return np.bincount(pairs, minlength=(truth_count + 1) * (found_count + 1)).reshape(truth_count + 1, -1)


def _segments_of(
    overlap: np.ndarray, truth_class: np.ndarray, found_class: np.ndarray, category: int
) -> tuple[np.ndarray, np.ndarray]:
    """The overlap table of one class's segments, everything else merged into row and column 0; void rows stay.

    The instances of a known class merge into one segment; unknown ones stay apart.
    """
    rows, columns = np.flatnonzero(truth_class == category) + 1, np.flatnonzero(found_class == category) + 1
    void = np.flatnonzero(truth_class == VOID) + 1
    truth_groups = [[r] for r in rows] if category == MERGED_UNKNOWN else [rows] if len(rows) else []
    found_groups = [[c] for c in columns] if category == MERGED_UNKNOWN else [columns] if len(columns) else []
    truth_groups = [*truth_groups, *([v] for v in void)]
    table = np.zeros((1 + len(truth_groups), 1 + len(found_groups)), np.int64)
    by_row = np.stack([overlap[g].sum(axis=0) for g in truth_groups]) if truth_groups else overlap[:0]
    by_row = np.vstack([overlap.sum(axis=0) - by_row.sum(axis=0), by_row])
    for j, group in enumerate(found_groups, 1):
        table[:, j] = by_row[:, group].sum(axis=1)
    table[:, 0] = by_row.sum(axis=1) - table[:, 1:].sum(axis=1)
    return table, np.arange(len(truth_groups)) >= len(truth_groups) - len(void)


def _add(quality: Quality, overlap: np.ndarray, is_void: np.ndarray) -> None:
    """Count one image's segments. Segments without a visible pixel do not exist in a label image."""
    void_pixels = overlap[1:][is_void].sum(axis=0)[1:]
    both = overlap[1:][~is_void][:, 1:]
    truth_area = overlap[1:][~is_void].sum(axis=1)
    found_area = overlap[:, 1:].sum(axis=0)
    union = truth_area[:, None] + (found_area - void_pixels)[None] - both
    iou = both / np.maximum(union, 1)
    matched = iou > IOU
    missed = (truth_area > 0) & ~matched.any(axis=1)
    invented = (found_area > 0) & ~matched.any(axis=0) & (void_pixels <= found_area / 2)
    quality.iou += float(iou[matched].sum())
    quality.matched += int(matched.sum())
    quality.unmatched += int(missed.sum() + invented.sum())
