"""COCO-format annotations -> training and test sets of zero-shot instance segmentation (ZSI, section 5.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from osis_ros.coco.annotations import GroundTruth
from osis_ros.errors import DatasetError
from osis_ros.training.datasets.open_set import evaluation_set, training_set


@dataclass(frozen=True)
class ZeroShotSplit:
    """Classes that are never trained, and classes that are neither trained nor asked for; all others are seen."""

    unseen: tuple[str, ...]
    left_out: tuple[str, ...] = ()


SPLITS = {  # of COCO's 80 classes
    "coco-48-17": ZeroShotSplit(
        ("bus", "dog", "cow", "elephant", "umbrella", "tie", "skateboard", "cup", "knife", "cake", "couch", "keyboard",
         "sink", "scissors", "airplane", "cat", "snowboard"),
        ("traffic light", "fire hydrant", "stop sign", "parking meter", "sports ball", "baseball bat", "baseball glove",
         "tennis racket", "wine glass", "hot dog", "potted plant", "dining table", "cell phone", "teddy bear",
         "hair drier"),
    ),
    "coco-65-15": ZeroShotSplit(
        ("airplane", "train", "parking meter", "cat", "bear", "suitcase", "frisbee", "snowboard", "fork", "sandwich",
         "hot dog", "toilet", "mouse", "toaster", "hair drier"),
    ),
}  # fmt: skip


def seen_classes(names: Iterable[str], split: ZeroShotSplit) -> tuple[str, ...]:
    """Those of a data set's class names that are trained, in their order."""
    return tuple(name for name in names if name not in split.unseen and name not in split.left_out)


def zero_shot_training_set(tree: dict[str, Any], truth: GroundTruth, split: ZeroShotSplit) -> dict[str, Any]:
    """Annotations of seen classes, on images that show no object of an unseen class.

    Raises:
        DatasetError: no category of such a name, or nothing left to learn.
    """
    seen, unseen = _ids(truth, split)
    with_unseen = {a["image_id"] for a in tree["annotations"] if a["category_id"] in unseen}
    without = {
        **tree,
        "images": [image for image in tree["images"] if image["id"] not in with_unseen],
        "annotations": [a for a in tree["annotations"] if a["image_id"] not in with_unseen],
    }
    made = training_set(without, seen)
    if not made["images"]:
        raise DatasetError(f"{truth.path}: no image shows a seen class without an unseen one")
    return made


def zero_shot_test_set(tree: dict[str, Any], truth: GroundTruth, split: ZeroShotSplit) -> dict[str, Any]:
    """Images with an object of an unseen class, with all their objects; classes left out are marked ignore.

    Raises:
        DatasetError: no category of such a name, or no object of an unseen class.
    """
    seen, unseen = _ids(truth, split)
    kept = {a["image_id"] for a in tree["annotations"] if a["category_id"] in unseen and not a.get("iscrowd")}
    if not kept:
        raise DatasetError(f"{truth.path}: no object is of an unseen class")
    marked = [
        {**c, "open_set": "unknown" if c["id"] in seen | unseen else "ignore"} for c in tree["categories"]
    ]  # fmt: skip
    return evaluation_set(
        {
            **tree,
            "images": [image for image in tree["images"] if image["id"] in kept],
            "annotations": [a for a in tree["annotations"] if a["image_id"] in kept],
            "categories": marked,
        },
        seen,
    )


def _ids(truth: GroundTruth, split: ZeroShotSplit) -> tuple[set[int], set[int]]:
    """Category ids of the seen and of the unseen classes."""
    unseen, left_out = ({truth.category_id(name) for name in names} for names in (split.unseen, split.left_out))
    return {c.id for c in truth.categories} - unseen - left_out, unseen
