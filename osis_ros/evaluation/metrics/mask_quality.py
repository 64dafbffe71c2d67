"""Mask quality alone (SemSeg, section IV-E, Table IV): boxes and labels are given, only masks are predicted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import faster_coco_eval.core.mask as rle_api
import numpy as np

from osis_ros.coco.annotations import GroundTruth
from osis_ros.coco.masks import Masks
from osis_ros.coco.rle import encode
from osis_ros.evaluation.jobs.predict import image_paths, read_images
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.split import Split


class SegmentBoxes(Protocol):
    """A network that is told where and what the objects are.

    Args:
        rgb: uint8 [H, W, 3].
        boxes: float32 [G, 4], x0 y0 x1 y1 in pixels of the image.
        class_ids: int64 [G], 0..K-1 the known classes in the split's order, K unknown.
    Returns:
        G bool masks [H, W], in the order of the boxes.
    """

    def __call__(self, rgb: np.ndarray, boxes: np.ndarray, class_ids: np.ndarray) -> Sequence[np.ndarray]: ...


def score_given_boxes(
    ground_truth: GroundTruth, split: Split, folder: Path, segment_boxes: SegmentBoxes
) -> dict[str, Any]:
    """The figures of `score_open_set` if the true box and label of every object are given, and every score is 1.

    Boxes are the bounding boxes of the annotated masks. Crowds, ignored categories and objects without pixels are left
    out. AP_k and AP_unk then measure the masks alone.

    Raises:
        EvaluationError: images that are missing, broken or of another size.
    """
    objects = ground_truth.objects
    asked = ~objects.crowd & ~np.isin(objects.category, list(split.ignored)) & (objects.pixels > 0)
    given = objects.take(asked)
    frames = read_images(ground_truth.images, image_paths(ground_truth, folder))
    rows_on, rles = given.rows_by_image(), [{}] * len(given)
    for image, rgb in enumerate(frames):
        rows = rows_on.get(image)
        if rows is None:
            continue
        boxes, class_ids = _boxes(given, rows), _class_ids(given, rows, split)
        for row, mask in zip(rows, segment_boxes(rgb, boxes, class_ids), strict=True):
            rles[row] = encode(mask)
    found = replace(given, rles=tuple(rles))
    return score_open_set(ground_truth, replace(found, area=found.pixels), split)


def _boxes(masks: Masks, rows: np.ndarray) -> np.ndarray:
    boxes = np.asarray(rle_api.toBbox([masks.rles[i] for i in rows]), np.float32).reshape(-1, 4)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def _class_ids(masks: Masks, rows: np.ndarray, split: Split) -> np.ndarray:
    position = {category: i for i, category in enumerate(split.known)}
    return np.array([position.get(c, len(split.known)) for c in masks.category[rows].tolist()], np.int64)
