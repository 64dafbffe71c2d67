"""Masks for objects that have only a box (conditioned mask decoding, as OpenSeeD has it for its detection data)."""

import copy
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from osis_ros.coco.annotations import GroundTruth, Image, ground_truth_of, read_json, read_tree
from osis_ros.coco.rle import encode
from osis_ros.coco.segmentation import rectangle
from osis_ros.errors import DatasetError
from osis_ros.evaluation.jobs.evaluate import write_json
from osis_ros.evaluation.jobs.predict import image_paths, read_images
from osis_ros.evaluation.jobs.result_journal import ResultJournal
from osis_ros.progress import progress_bar
from osis_ros.training.checkpoint import CheckpointError, load_checkpoint
from osis_ros.training.mask_quality import drawn_in_boxes
from osis_ros.training.model.detector import Detector
from osis_ros.training.scaled_input import LONG_SIDE, SHORT_SIDE

SCORE = "mask_score"  # what an annotation has beside its mask, if the mask was drawn here
DRAWN_BY = "masks_drawn_by"  # the entry of the file's `info` that names the checkpoint


class Boxes(NamedTuple):
    """Of one image, the annotations that want a mask: numbers [G] in the file, boxes float32 [G, 4] (x0 y0 x1 y1 in
    pixels, clipped to the image) and the names of their categories, None where they have none."""

    numbers: list[int]
    boxes: np.ndarray
    names: list[str | None]


class Drawn(NamedTuple):
    """How many masks were drawn, and in how many boxes nothing was found."""

    masks: int
    empty: int


def draw_masks(
    checkpoint: Path,
    boxes: Path,
    images: Path,
    output: Path,
    by_name: Sequence[str] = (),
    redraw: bool = False,
    short_side: int = SHORT_SIDE,
    long_side: int = LONG_SIDE,
) -> Drawn:
    """Draw the masks of a COCO-format file's boxes with a network, on the GPU if there is one, and write it with them.

    Everything else in the file stays as it is. A drawn mask is a run-length encoding and has a `mask_score`: the
    network's estimate of its IoU with the object, 1 where it makes none. A run that breaks off leaves what it has done
    in OUTPUT.part, and the same run goes on from there.

    Args:
        by_name: classes whose masks are drawn by the class's centre instead of the object's own embedding.
        redraw: also in place of the masks that the file has.
        short_side, long_side: as in `scaled_input`.
    Raises:
        DatasetError, EvaluationError, CheckpointError, JournalError: input that does not fit, in one sentence.
    """
    tree = read_tree(boxes)
    truth = ground_truth_of({**tree, "annotations": []}, boxes)
    wanted = boxes_by_image(tree["annotations"], truth, redraw)
    asked = [image for image in truth.images if image.id in wanted]
    paths = image_paths(replace(truth, images=tuple(asked)), images)
    model = load_checkpoint(checkpoint)[0].to("cuda" if torch.cuda.is_available() else "cpu")
    require_drawable(model, checkpoint, {name for own in wanted.values() for name in own.names}, by_name)
    run = {
        "model": str(checkpoint.resolve()), "modified": checkpoint.stat().st_mtime_ns, "by_name": sorted(by_name),
        "sides": [short_side, long_side],
        "boxes": [[str(path.resolve()), wanted[image.id].numbers, wanted[image.id].boxes.tolist(),
                   wanted[image.id].names] for image, path in zip(asked, paths, strict=True)],
    }  # fmt: skip
    with ResultJournal(output, run) as journal, progress_bar("masks", len(asked)) as done:
        waiting = [(image, path) for image, path in zip(asked, paths, strict=True) if image.id not in journal.done]
        for _ in range(len(asked) - len(waiting)):
            done()
        frames = read_images([image for image, _ in waiting], [path for _, path in waiting])
        for (image, _), rgb in zip(waiting, frames, strict=True):
            own = wanted[image.id]
            ids = np.array([class_id(model, name) for name in own.names])
            named = np.array([name in by_name for name in own.names]) if by_name else None
            masks, scores = drawn_in_boxes(
                model, rgb, own.boxes, ids, named, short_side=short_side, long_side=long_side
            )
            journal.add(image.id, [
                {"number": number, "segmentation": encode(mask), "area": int(mask.sum()), SCORE: round(score, 4)}
                for number, mask, score in zip(own.numbers, masks, scores.tolist(), strict=True)
            ])  # fmt: skip
            done()
        found = [result for image in asked for result in journal.done[image.id]]
        write_json(with_masks(tree, found, checkpoint), output)
    empty = sum(not result["area"] for result in found)
    return Drawn(len(found) - empty, empty)


def boxes_by_image(annotations: list, truth: GroundTruth, redraw: bool) -> dict[int, Boxes]:
    """By image id, the annotations with a box and no mask, or with `redraw` all that have a box; never crowds.

    Raises:
        DatasetError: an annotation that does not fit.
    """
    images = {image.id: image for image in truth.images}
    names: dict[int | None, str | None] = {category.id: category.name for category in truth.categories} | {None: None}
    found: dict[int, list[tuple[int, list[float], str | None]]] = {}
    for number, entry in enumerate(annotations):
        here = f"{truth.path}: annotation {entry.get('id', number) if isinstance(entry, dict) else number}"
        if not isinstance(entry, dict):
            raise DatasetError(f"{here} is {entry!r:.80}, expected an object")
        if entry.get("iscrowd") or (entry.get("segmentation") and not redraw):
            continue
        image_id, category = entry.get("image_id"), entry.get("category_id")
        if not isinstance(image_id, Hashable) or image_id not in images:
            raise DatasetError(f"{here}: image_id {image_id!r:.80} is not among the file's {len(images)} images")
        if not isinstance(category, Hashable) or category not in names:
            raise DatasetError(f"{here}: category_id {category!r:.80} is not among the file's categories; leave it out "
                               "for an object of no category")  # fmt: skip
        box = clipped(entry.get("bbox"), images[image_id], here)
        found.setdefault(int(image_id), []).append((number, box, names[category]))
    return {key: Boxes(*_columns(own)) for key, own in found.items()}


def _columns(rows: list[tuple[int, list[float], str | None]]) -> tuple[list[int], np.ndarray, list[str | None]]:
    numbers, boxes, names = zip(*rows, strict=True)
    return list(numbers), np.array(boxes, np.float32), list(names)


def clipped(bbox: Any, image: Image, here: str) -> list[float]:
    """A COCO `bbox` as x0, y0, x1, y1 in its image.

    Raises:
        DatasetError: no box, or one without pixels of the image.
    """
    try:
        x0, y0, _, _, x1, y1, *_ = rectangle(bbox)[0]
    except ValueError as err:
        raise DatasetError(f"{here} (image {image.id}): {err}") from None
    if not image.height or not image.width:
        raise DatasetError(f"{here}: its image {image.id} has no height and width")
    box = [max(x0, 0.0), max(y0, 0.0), min(x1, float(image.width)), min(y1, float(image.height))]
    if box[0] >= box[2] or box[1] >= box[3]:
        raise DatasetError(f"{here}: bbox {bbox} has no pixel of its {image.width}x{image.height} image {image.id}")
    return box


def class_id(model: Detector, name: str | None) -> int:
    """The network's class id of a name; K, unknown, where it has no such class."""
    names = model.config.class_names
    return names.index(name) if name in names else len(names)


def require_drawable(model: Detector, checkpoint: Path, names: set[str | None], by_name: Sequence[str]) -> None:
    """Check that a network draws masks in boxes of these names.

    Raises:
        CheckpointError: it does not; the message is one sentence.
    """
    classes, output = model.config.class_names, model.config.mask.output
    if model.config.scene:
        raise CheckpointError(f"{checkpoint}: this network labels pixels and draws no masks in boxes; choose another")
    if by_name and output not in ("modulated", "blended"):
        raise CheckpointError(f"{checkpoint}: its masks do not depend on a name (mask.output: {output}); leave out "
                              "--by-name")  # fmt: skip
    if strange := [name for name in by_name if name not in classes]:
        raise CheckpointError(f"{checkpoint}: the network has no class '{strange[0]}', it has {', '.join(classes)}")
    if absent := [name for name in by_name if name not in names]:
        raise CheckpointError(f"--by-name {absent[0]}: no box that wants a mask is of that category")
    if output == "class_specific" and (strange := [name for name in names if name not in classes]):
        raise CheckpointError(f"{checkpoint}: the network draws masks of its own classes only (mask.output: {output}), "
                              f"and there are boxes of {strange[0] or 'no category'}")  # fmt: skip


def with_masks(tree: dict[str, Any], drawn: list[dict[str, Any]], checkpoint: Path) -> dict[str, Any]:
    """A COCO-format file's content with masks; boxes in which nothing was found stay boxes."""
    annotations = [copy.copy(entry) for entry in tree["annotations"]]
    for result in drawn:
        mask = {key: value for key, value in result.items() if key != "number"}
        if mask["area"]:
            annotations[result["number"]] |= {"iscrowd": 0, **mask}
    info = tree["info"] if isinstance(tree.get("info"), dict) else {}
    return {**tree, "info": {**info, DRAWN_BY: str(checkpoint)}, "annotations": annotations}


def is_with_masks(path: Path) -> bool:
    """Whether a file is what `draw_masks` has written."""
    try:
        content = read_json(path)
    except DatasetError:
        return False
    info = content.get("info") if isinstance(content, dict) else None
    return isinstance(info, dict) and DRAWN_BY in info
