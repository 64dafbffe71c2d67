"""Cityscapes -> Cityscapes-GOSS: 16 known classes and 3 unknown ones, or 13 and 6 (GOSS, section 5, Table 2)."""

from collections.abc import Callable
from pathlib import Path

from osis_ros.training.datasets.label_maps import LabelClass, LabelledPicture, labelled_pictures, scene_tree
from osis_ros.training.datasets.open_set import write_annotations

PARTS = ("train", "val")
LABELS, PICTURE = "_gtFine_labelIds.png", "_leftImg8bit.png"
CLASSES = [
    LabelClass(number, name, number >= 24)
    for number, name in {
        7: "road", 8: "sidewalk", 11: "building", 12: "wall", 13: "fence", 17: "pole", 19: "traffic light",
        20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky", 24: "person", 25: "rider", 26: "car",
        27: "truck", 28: "bus", 31: "train", 32: "motorcycle", 33: "bicycle",
    }.items()
]  # fmt: skip
UNKNOWN = {
    "manual-16-3": ("car", "truck", "bus"),
    "manual-13-6": ("car", "truck", "bus", "building", "traffic sign", "vegetation"),
}


def known_classes(split: str) -> tuple[str, ...]:
    """Of a split, stuff first."""
    return tuple(c.name for c in CLASSES if c.name not in UNKNOWN[split])


def pictures_of(root: Path, part: str) -> list[LabelledPicture]:
    """The labelled pictures of `train` or `val`. Raises DatasetError where there are none."""

    def picture(labels: Path) -> str:
        return f"leftImg8bit/{part}/{labels.parent.name}/{labels.name.removesuffix(LABELS)}{PICTURE}"

    return labelled_pictures(
        root / "gtFine" / part, picture, f"*/*{LABELS}",
        "the fine annotations of Cityscapes (gtFine_trainvaltest.zip)",
    )  # fmt: skip


def cityscapes_goss(
    pictures: dict[str, list[LabelledPicture]], split: str, output: Path, done: Callable[[], None]
) -> dict[str, dict]:
    """Write output/train.json and output/val.json, with all pictures; unknown pixels have no label in training, so
    they teach nothing.

    Args:
        pictures: of `train` and `val`.
        split: manual-16-3 or manual-13-6.
        done: called after each picture.
    Returns:
        What was written, by file name.
    Raises:
        DatasetError: no picture has a known class. ImageError: a file that cannot be read.
    """
    unknown = UNKNOWN[split]
    trees = {
        "train.json": scene_tree(pictures["train"], CLASSES, unknown, done, leave_out=unknown),
        "val.json": scene_tree(pictures["val"], CLASSES, unknown, done),
    }
    for name, tree in trees.items():
        write_annotations(tree, output / name)
    return trees
