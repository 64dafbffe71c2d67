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

from osis_ros.errors import OsisError
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.model.semseg.embedding import contrastive_loss
from osis_ros.training.model.semseg.pooling import FINEST, with_image_index
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.model.semseg.stages import Semantics, View
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


class FixtureError(OsisError):
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
    except Exception:  # numpy, zipfile and zlib each raise their own for a damaged file, some with advice of theirs
        raise FixtureError(f"{path}: damaged, or not an .npz of plain arrays") from None
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
def observe(model: SemSeg, fixture: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run the network on the fixture's picture.

    Args:
        model: faithful, with the fixture's weights, in eval mode.
        fixture: as `read_fixture` gives it.
    Returns:
        our counterpart of every array, in our order, and of `boxes`, `scores`, `classes` and `embeddings` more than the
        limits allow (see `WIDER`). `masks` are on the fixture's boxes and embeddings: where a box is a hundredth of a
        pixel wide its own rounding error, which `boxes` shows, moves its mask by far more than the mask head's does.
    Raises:
        FixtureError: the fixture has another number of classes than the model.
    """
    classes = len(fixture["class_object_ids"])
    if classes != model.config.num_classes:
        raise FixtureError(f"the fixture has {classes} known classes, the checkpoint {model.config.num_classes}")
    image = torch.from_numpy(np.ascontiguousarray(fixture["image_bgr"][..., ::-1])).permute(2, 0, 1)[None]
    size = (image.shape[2], image.shape[3])
    pixels = model.backbone.normalise(image, [size])
    levels = model.pyramid(pixels)
    proposals = model.proposals.select(model.proposals(levels), [size])[0]
    semantics = model.describe(model.pool_boxes(levels, with_image_index([proposals.boxes])))

    decision = model.config.decision
    wider = {"max_known": decision.max_known * WIDER, "max_unknown": decision.max_unknown * WIDER}
    view = View(pixels, levels, size)
    found = model.recognise(view, proposals, model.thresholds, decision.model_copy(update=wider))

    given = with_image_index([torch.from_numpy(fixture["given_boxes"])])
    on_given = model.describe(model.pool_boxes(levels, given))
    theirs = torch.from_numpy(fixture["embeddings"])
    as_found = Semantics(theirs, theirs, model.embedding.distances(theirs), theirs)
    ours = {
        "p3": levels[3 - FINEST][0, : len(fixture["p3"])],
        "p6": levels[6 - FINEST][0, : len(fixture["p6"])],
        "proposal_boxes": proposals.boxes,
        "proposal_centerness": proposals.centerness,
        "proposal_embedding": semantics.z,
        "proposal_distances": semantics.distances,
        "boxes": found.boxes,
        "scores": found.scores,
        "embeddings": found.semantics.z,
        "masks": model.masks(levels, with_image_index([torch.from_numpy(fixture["boxes"])]), as_found).sigmoid(),
        "given_embeddings": on_given.z,
        "given_masks": model.masks(levels, given, on_given).sigmoid(),
    }
    ours = {name: value.numpy() for name, value in ours.items()}
    ours["classes"] = np.append(fixture["class_object_ids"], UNKNOWN_OBJECT)[found.class_ids.numpy()]
    return ours


def compare(
    model: SemSeg, ours: dict[str, np.ndarray], fixture: dict[str, np.ndarray], tolerance: float = 1e-3
) -> list[Difference]:
    """The largest difference of every array, rows of tied scores put in the fixture's order.

    Args:
        model: for its class centres and limits.
        ours: as `observe` gives it.
        tolerance: relative difference within which two scores tie.
    """
    aligned = {
        **{name: ours[name] for name in ("p3", "p6", "masks", "given_embeddings", "given_masks")},
        **_aligned_proposals(model, ours, fixture, tolerance),
        **_aligned_results(model, ours, fixture, tolerance),
    }
    return [_difference(name, aligned[name], fixture[name]) for name in ARRAYS if name in aligned]


def _difference(name: str, ours: np.ndarray, theirs: np.ndarray) -> Difference:
    if ours.shape != theirs.shape or not np.isfinite(ours).all():
        return Difference(name, ours.shape, np.inf, np.inf)
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    absolute = np.abs(ours - theirs).max(initial=0)
    return Difference(name, ours.shape, float(absolute), float(relative_difference(ours, theirs).max(initial=0)))


def _aligned_proposals(
    model: SemSeg, ours: dict[str, np.ndarray], fixture: dict[str, np.ndarray], tolerance: float
) -> dict[str, np.ndarray]:
    """Proposals in the fixture's rows; `proposal_centerness` stays in our order: a tie never changes the sequence."""
    keys = ("proposal_boxes", "proposal_centerness")
    count = len(fixture["proposal_boxes"])
    if len(ours["proposal_boxes"]) == count:
        order = align([ours[key] for key in keys], [fixture[key] for key in keys], tolerance)
    else:  # no row can agree: the shapes tell
        order = np.arange(len(ours["proposal_boxes"]))
    distances = ours["proposal_distances"][order]
    return {
        "proposal_boxes": ours["proposal_boxes"][order],
        "proposal_centerness": ours["proposal_centerness"],
        "proposal_min_distance": distances.min(1),
        "proposal_embedding_head": ours["proposal_embedding"][order][: len(fixture["proposal_embedding_head"])],
        "loss_contrastive": _contrastive_loss(model, torch.from_numpy(distances), fixture),
    }


@torch.no_grad()
def _contrastive_loss(model: SemSeg, distances: Tensor, fixture: dict[str, np.ndarray]) -> np.ndarray:
    labels, iou = torch.from_numpy(fixture["loss_labels"]), torch.from_numpy(fixture["loss_ious"])
    config = model.config.embedding
    known = torch.where((labels < model.config.num_classes) & (iou > config.positive_iou))[0]
    loss = contrastive_loss(distances[known], labels[known], model.embedding.centres, len(labels), config)
    return loss.numpy()


def _aligned_results(
    model: SemSeg, ours: dict[str, np.ndarray], fixture: dict[str, np.ndarray], tolerance: float
) -> dict[str, np.ndarray]:
    """Known and unknown results in the fixture's rows; `scores` stay in our order, as those of proposals do."""
    decision = model.config.decision
    keys = ("boxes", "scores", "classes", "embeddings")
    chosen = np.zeros(len(fixture["boxes"]), np.int64)
    by_rank = chosen.copy()
    for unknown, limit in ((False, decision.max_known), (True, decision.max_unknown)):
        mine = np.flatnonzero((ours["classes"] == UNKNOWN_OBJECT) == unknown)
        rows = np.flatnonzero((fixture["classes"] == UNKNOWN_OBJECT) == unknown)
        if len(rows) != min(len(mine), limit):
            return {key: ours[key][:0] for key in keys}  # another number of results: no row can agree
        order = align([ours[key][mine] for key in keys], [fixture[key][rows] for key in keys], tolerance)
        chosen[rows], by_rank[rows] = mine[order], mine[: len(rows)]
    return {**{key: ours[key][chosen] for key in keys}, "scores": ours["scores"][by_rank]}


def report(differences: list[Difference], tolerance: float) -> Iterator[str]:
    """One line an array."""
    for name, shape, absolute, relative in differences:
        verdict = "" if relative <= tolerance else f"  past {tolerance:g}"
        size = "x".join(map(str, shape)) or "scalar"
        yield f"{name:24} {size:>10}  {absolute:9.2e}  relative {relative:9.2e}{verdict}"
