"""Our outputs held against the authors' for the same weights and picture.

A fixture is an .npz of the authors' outputs: FPN features, proposals, embeddings, results, masks on given boxes and the
contrastive loss. The arrays are listed in `ARRAYS`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.model.embedding import contrastive_loss
from osis_ros.training.model.pooling import with_image_index
from osis_ros.training.model.proposals import Proposals
from osis_ros.training.model.semseg import Semantics, SemSeg
from osis_ros.training.model.weights_file import listed
from osis_ros.training.reference.alignment import align, relative_difference
from osis_ros.training.reference.import_checkpoint import import_checkpoint

UNKNOWN_OBJECT = 1000
ARRAYS = (
    "image_bgr", "class_object_ids", "p3", "p6", "proposal_boxes", "proposal_centerness", "proposal_embedding_head",
    "proposal_min_distance", "boxes", "scores", "classes", "embeddings", "masks", "given_boxes", "given_embeddings",
    "given_masks", "loss_labels", "loss_ious", "loss_contrastive",
)  # fmt: skip
WIDER = 4  # times as many of our results as are reported: one of theirs may tie with our last


class FixtureError(Exception):
    """A fixture that cannot be compared with; the message is one sentence."""


class Difference(NamedTuple):
    """The largest difference of one array: absolute, and relative (see `relative_difference`)."""

    name: str
    shape: tuple[int, ...]
    absolute: float
    relative: float


def read_fixture(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a fixture.

    Raises:
        FixtureError: no such file, not an .npz of plain arrays, or one of `ARRAYS` is not in it.
    """
    path = Path(path)
    if not path.is_file():
        raise FixtureError(f"{path}: no such file, expected an .npz of reference outputs")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as err:  # numpy, zipfile and zlib each raise their own for a damaged file
        raise FixtureError(f"{path}: not an .npz of plain arrays ({err})") from None
    missing = [name for name in ARRAYS if name not in arrays]
    if missing:
        raise FixtureError(f"{path}: missing {listed(missing)}")
    return arrays


def read_model(path: Path) -> SemSeg:
    """An official checkpoint, or one of ours (.safetensors, .ckpt), in eval mode.

    Raises:
        WeightsError, CheckpointError: it cannot be used, and why.
    """
    if Path(path).suffix in (".safetensors", ".ckpt"):
        return load_checkpoint(path)[0]
    return import_checkpoint(path)[0]


@torch.no_grad()
def compare(model: SemSeg, fixture: dict[str, np.ndarray], tolerance: float = 1e-3) -> list[Difference]:
    """The largest difference of every array, rows of tied scores put in the fixture's order.

    Args:
        model: faithful, with the fixture's weights, in eval mode.
        fixture: as `read_fixture` gives it.
        tolerance: relative difference within which two scores tie.
    Raises:
        FixtureError: the fixture has another number of classes than the model.
    """
    classes = len(fixture["class_object_ids"])
    if classes != model.config.num_classes:
        raise FixtureError(f"the fixture has {classes} known classes, the checkpoint {model.config.num_classes}")
    image = torch.from_numpy(np.ascontiguousarray(fixture["image_bgr"][..., ::-1])).permute(2, 0, 1)[None]
    size = (image.shape[2], image.shape[3])
    levels = model.pyramid(image, [size])
    proposals = model.proposals.select(model.proposals(levels), [size])[0]
    ours = {
        "p3": levels[3 - model.config.min_level][0, : len(fixture["p3"])],
        "p6": levels[6 - model.config.min_level][0, : len(fixture["p6"])],
        **_proposals(model, levels, proposals, fixture, tolerance),
        **_results(model, levels, proposals, size, fixture, tolerance),
        **_on_given_boxes(model, image, size, fixture),
    }
    return [_difference(name, np.asarray(ours[name]), fixture[name]) for name in ARRAYS if name in ours]


def _difference(name: str, ours: np.ndarray, theirs: np.ndarray) -> Difference:
    if ours.shape != theirs.shape or not np.isfinite(ours).all():
        return Difference(name, ours.shape, np.inf, np.inf)
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    absolute = np.abs(ours - theirs).max(initial=0)
    return Difference(name, ours.shape, float(absolute), float(relative_difference(ours, theirs).max(initial=0)))


def _proposals(
    model: SemSeg, levels: list[Tensor], proposals: Proposals, fixture: dict[str, np.ndarray], tolerance: float
) -> dict[str, np.ndarray]:
    boxes, centerness = proposals.boxes.numpy(), proposals.centerness.numpy()
    semantics = model.describe(model.pool_boxes(levels, with_image_index([proposals.boxes])))
    nearest = semantics.distances.amin(1).numpy()
    ours = {"proposal_boxes": boxes, "proposal_centerness": centerness, "proposal_min_distance": nearest}
    if len(boxes) != len(fixture["proposal_boxes"]):
        return {**ours, "proposal_embedding_head": semantics.z.numpy(), "loss_contrastive": np.array(np.nan)}
    order = align([boxes, centerness], [fixture["proposal_boxes"], fixture["proposal_centerness"]], tolerance)
    labels = torch.from_numpy(fixture["loss_labels"])
    known = (labels < model.config.num_classes) & (
        torch.from_numpy(fixture["loss_ious"]) > model.config.embedding.positive_iou
    )
    distances = semantics.distances[order[: len(labels)]]
    loss = contrastive_loss(
        distances[known], labels[known], model.embedding.centres, len(labels), model.config.embedding
    )
    return {
        "proposal_boxes": boxes[order],
        # In our own order: a tie may swap rows but never change the sequence of scores.
        "proposal_centerness": centerness,
        "proposal_min_distance": nearest[order],
        "proposal_embedding_head": semantics.z.numpy()[order[: len(fixture["proposal_embedding_head"])]],
        "loss_contrastive": loss.numpy(),
    }


def _results(
    model: SemSeg,
    levels: list[Tensor],
    proposals: Proposals,
    size: tuple[int, int],
    fixture: dict[str, np.ndarray],
    tolerance: float,
) -> dict[str, np.ndarray]:
    """Known and unknown results in the fixture's rows. `scores` stay in our order, as those of proposals do."""
    decision = model.config.decision
    wider = {"max_known": decision.max_known * WIDER, "max_unknown": decision.max_unknown * WIDER}
    found = model.recognise(levels, proposals, size, model.thresholds, decision.model_copy(update=wider))
    ours = {
        "boxes": found.boxes.numpy(),
        "scores": found.scores.numpy(),
        "embeddings": found.semantics.z.numpy(),
        "classes": np.append(fixture["class_object_ids"], UNKNOWN_OBJECT)[found.class_ids.numpy()],
    }
    rows_of_ours = np.zeros(len(fixture["boxes"]), np.int64)
    scores = np.zeros_like(fixture["scores"])
    for unknown, limit in ((False, decision.max_known), (True, decision.max_unknown)):
        mine = np.flatnonzero((ours["classes"] == UNKNOWN_OBJECT) == unknown)
        rows = np.flatnonzero((fixture["classes"] == UNKNOWN_OBJECT) == unknown)
        if len(rows) != min(len(mine), limit):  # another number of results: no row can agree
            return {name: value[:0] for name, value in ours.items()} | {"masks": np.zeros((0, 28, 28), np.float32)}
        order = align([value[mine] for value in ours.values()], [fixture[name][rows] for name in ours], tolerance)
        rows_of_ours[rows] = mine[order]
        scores[rows] = ours["scores"][mine[: len(rows)]]
    # Masks on the fixture's boxes: where a box is a hundredth of a pixel wide, its own rounding error, which `boxes`
    # shows, moves the mask by far more than the mask head's.
    rois = with_image_index([torch.from_numpy(fixture["boxes"])])
    semantics = Semantics(*(part[torch.from_numpy(rows_of_ours)] for part in found.semantics))
    masks = model.masks(levels, rois, semantics).sigmoid().numpy()
    return {**{name: value[rows_of_ours] for name, value in ours.items()}, "scores": scores, "masks": masks}


def _on_given_boxes(
    model: SemSeg, image: Tensor, size: tuple[int, int], fixture: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    boxes = torch.from_numpy(fixture["given_boxes"])
    unknown = torch.full((len(boxes),), model.config.num_classes)
    found = model.segment_boxes(image, [size], [boxes], [unknown])[0]
    return {"given_embeddings": found.embeddings.numpy(), "given_masks": found.masks.numpy()}


def report(differences: list[Difference], tolerance: float) -> Iterator[str]:
    """One line an array."""
    for name, shape, absolute, relative in differences:
        verdict = "" if relative <= tolerance else f"  past {tolerance:g}"
        size = "x".join(map(str, shape)) or "scalar"
        yield f"{name:24} {size:>10}  {absolute:9.2e}  relative {relative:9.2e}{verdict}"
