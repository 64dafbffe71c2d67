"""Mask quality on given boxes with a checkpoint (SemSeg, section IV-E, Table IV)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from osis_ros.coco.annotations import read_ground_truth
from osis_ros.evaluation.jobs.evaluate import first_images
from osis_ros.evaluation.metrics.mask_quality import SegmentBoxes, score_given_boxes
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.inference.paste import paste_masks
from osis_ros.progress import progress_bar
from osis_ros.training.checkpoint import CheckpointError, load_checkpoint
from osis_ros.training.model.detector import Detector
from osis_ros.training.scaled_input import LONG_SIDE, SHORT_SIDE, scaled_input


def mask_quality(
    checkpoint: Path,
    ground_truth: Path,
    images: Path,
    known: Sequence[str] | None = None,
    short_side: int = SHORT_SIDE,
    long_side: int = LONG_SIDE,
    first: int | None = None,
) -> dict[str, Any]:
    """The report of `score_given_boxes` for a checkpoint, on the GPU if there is one.

    Args:
        first: only the first so many images, in id order.

    Raises:
        CheckpointError, EvaluationError: input that does not fit, in one sentence.
    """
    truth = first_images(read_ground_truth(ground_truth), first)
    model = load_checkpoint(checkpoint)[0].to("cuda" if torch.cuda.is_available() else "cpu")
    if model.config.scene:
        raise CheckpointError(f"{checkpoint}: this network labels pixels and finds no boxes; score it with `osis goss`")
    split = open_set_split(truth, known, model.config.class_names)
    class_ids = [_class_id(model, name) for name in split.names.values()]
    segment = box_segmenter(model, class_ids, short_side, long_side)
    with progress_bar("masks in given boxes", len(truth.images)) as done:
        report = score_given_boxes(truth, split, images, counted(segment, done))
    inputs = {"ground_truth": str(ground_truth), "scored": f"{checkpoint}, boxes and labels given"}
    return {**report, "known_classes": list(split.names.values()), "inputs": inputs, "run": {}, "notes": truth.notes}


def _class_id(model: Detector, name: str) -> int:
    names = model.config.class_names
    return names.index(name) if name in names else len(names)


def counted(segment: SegmentBoxes, done: Callable[[], None]) -> SegmentBoxes:
    """The same, and `done` is called after each image."""

    def segment_and_count(rgb: np.ndarray, boxes: np.ndarray, class_ids: np.ndarray) -> Sequence[np.ndarray]:
        masks = segment(rgb, boxes, class_ids)
        done()
        return masks

    return segment_and_count


def box_segmenter(model: Detector, class_ids: Sequence[int], short_side: int, long_side: int) -> SegmentBoxes:
    """A network as a function of image, boxes and classes.

    Args:
        class_ids: the network's class id of each known class of the split; unknown stays unknown.
        short_side, long_side: the image is scaled so that its short side has the one length and its long side at most
            the other, in pixels; boxes go with it, and masks are pasted in the image as it came.
    """
    to_model = np.array([*class_ids, model.config.num_classes])

    def segment(rgb: np.ndarray, boxes: np.ndarray, given: np.ndarray) -> list[np.ndarray]:
        return drawn_in_boxes(model, rgb, boxes, to_model[given], short_side=short_side, long_side=long_side)[0]

    return segment


@torch.no_grad()
def drawn_in_boxes(
    model: Detector,
    rgb: np.ndarray,
    boxes: np.ndarray,
    class_ids: np.ndarray,
    by_class: np.ndarray | None = None,
    *,
    short_side: int,
    long_side: int,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Masks of the objects in given boxes of an image.

    Args:
        rgb: uint8 [H, W, 3].
        boxes: float32 [G, 4], x0 y0 x1 y1 in pixels of the image.
        class_ids: int64 [G], the network's; K unknown.
        by_class: bool [G], as in `SemSeg.segment_boxes`.
        short_side, long_side: as in `box_segmenter`.
    Returns:
        G bool masks [H, W]; and float32 [G], the estimated IoU of each with its object, 1 where the network makes none.
    """
    device, (height, width) = next(model.parameters()).device, rgb.shape[:2]
    image, (rows, columns) = scaled_input(rgb, short_side, long_side)
    scaled = torch.from_numpy(boxes * np.float32([columns / width, rows / height] * 2)).to(device)
    given, chosen = torch.from_numpy(class_ids).to(device), None
    if by_class is not None:
        chosen = [torch.from_numpy(by_class).to(device)]
    (found,) = model.segment_boxes(image.to(device), [(rows, columns)], [scaled], [given], chosen)
    rois, crops = paste_masks(found.masks.float().cpu().numpy(), boxes, height, width)
    masks = np.zeros((len(boxes), height, width), bool)
    for mask, crop, (x, y, w, h) in zip(masks, crops, rois.tolist(), strict=True):
        mask[y : y + h, x : x + w] = crop
    return list(masks), found.scores.float().cpu().numpy()
