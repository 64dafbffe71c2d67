"""COCO-Stuff -> COCO-Stuff-GOSS: 111 known classes and 60 unknown ones, in three splits (GOSS, section 5, Table 2)."""

from collections.abc import Callable
from pathlib import Path

from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.datasets.label_maps import LabelClass, LabelledPicture, labelled_pictures, scene_tree
from osis_ros.training.datasets.open_set import write_annotations

FOLDERS = {"train": "train2017", "val": "val2017"}
UNLABELLED = LabelClass(255, "unlabelled", False)

# In the order of their numbers in the pixel maps, 0 to 90; 11 of them were never annotated.
THINGS = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "street sign", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep",
    "cow", "elephant", "bear", "zebra", "giraffe", "hat", "backpack", "umbrella", "shoe", "eye glasses",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat",
    "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle", "plate", "wine glass", "cup", "fork",
    "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza",
    "donut", "cake", "chair", "couch", "potted plant", "bed", "mirror", "dining table", "window", "desk", "toilet",
    "door", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink",
    "refrigerator", "blender", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
    "hair brush",
)  # fmt: skip
NEVER_ANNOTATED = (
    "street sign", "hat", "shoe", "eye glasses", "plate", "mirror", "window", "desk", "door", "blender", "hair brush",
)  # fmt: skip
# 91 to 181.
STUFF = (
    "banner", "blanket", "branch", "bridge", "building-other", "bush", "cabinet", "cage", "cardboard", "carpet",
    "ceiling-other", "ceiling-tile", "cloth", "clothes", "clouds", "counter", "cupboard", "curtain", "desk-stuff",
    "dirt", "door-stuff", "fence", "floor-marble", "floor-other", "floor-stone", "floor-tile", "floor-wood", "flower",
    "fog", "food-other", "fruit", "furniture-other", "grass", "gravel", "ground-other", "hill", "house", "leaves",
    "light", "mat", "metal", "mirror-stuff", "moss", "mountain", "mud", "napkin", "net", "paper", "pavement",
    "pillow", "plant-other", "plastic", "platform", "playingfield", "railing", "railroad", "river", "road", "rock",
    "roof", "rug", "salad", "sand", "sea", "shelf", "sky-other", "skyscraper", "snow", "solid-other", "stairs",
    "stone", "straw", "structural-other", "table", "tent", "textile-other", "towel", "tree", "vegetable",
    "wall-brick", "wall-concrete", "wall-other", "wall-panel", "wall-stone", "wall-tile", "wall-wood", "water-other",
    "waterdrops", "window-blind", "window-other", "wood",
)  # fmt: skip
CLASSES = [
    LabelClass(number, name, number < len(THINGS))
    for number, name in enumerate((*THINGS, *STUFF))
    if name not in NEVER_ANNOTATED
]

MANUAL_KNOWN = (
    "person", "car", "truck", "traffic light", "bench", "cat", "dog", "backpack", "handbag", "sports ball", "bottle",
    "cup", "pizza", "chair", "dining table", "tv", "cell phone", "sink", "book", "clock",
)  # fmt: skip
RANDOM_UNKNOWN = (
    "bus", "truck", "boat", "fire hydrant", "cat", "dog", "cow", "giraffe", "umbrella", "handbag", "frisbee",
    "snowboard", "kite", "skateboard", "bottle", "wine glass", "fork", "bowl", "apple", "pizza", "couch", "toilet",
    "laptop", "mouse", "cell phone", "microwave", "oven", "toaster", "refrigerator",
    "blanket", "cage", "cardboard", "ceiling-tile", "cloth", "clouds", "cupboard", "desk-stuff", "floor-wood",
    "flower", "fog", "grass", "ground-other", "house", "leaves", "moss", "mountain", "mud", "paper", "pillow", "river",
    "road", "rock", "snow", "solid-other", "tent", "towel", "waterdrops", "window-blind", "window-other", "wood",
)  # fmt: skip


def _other_things(known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(c.name for c in CLASSES if c.thing and c.name not in known)


UNKNOWN = {  # of each split
    "voc": _other_things(COCO_KNOWN),
    "manual": _other_things(MANUAL_KNOWN),
    "random": RANDOM_UNKNOWN,
}


def known_classes(split: str) -> tuple[str, ...]:
    """Of a split, things first."""
    return tuple(c.name for c in CLASSES if c.name not in UNKNOWN[split])


def pictures_of(root: Path, maps: Path, part: str) -> list[LabelledPicture]:
    """The labelled pictures of `train` or `val`. Raises DatasetError where there are none."""
    folder = FOLDERS[part]
    return labelled_pictures(
        maps / folder, lambda file: f"{folder}/{file.stem}.jpg", "*.png",
        f"the pixel maps of COCO-Stuff (stuffthingmaps_trainval2017.zip: train2017 and val2017), for {root / folder}",
    )  # fmt: skip


def coco_stuff_goss(
    pictures: dict[str, list[LabelledPicture]], split: str, output: Path, done: Callable[[], None]
) -> dict[str, dict]:
    """Write output/train.json, pictures without an unknown class, and output/val.json, pictures with one.

    Pixels without a label become objects of the class `unlabelled` for training: it is none of the known classes, so
    these teach what unknown is. In the test they are not scored.

    Args:
        pictures: of `train` and `val`.
        split: voc, manual or random.
        done: called after each picture.
    Returns:
        What was written, by file name.
    Raises:
        DatasetError: no picture belongs to a set. ImageError: a file that cannot be read.
    """
    trees = {
        "train.json": scene_tree(
            pictures["train"], CLASSES, UNKNOWN[split], done, keep=lambda shows_unknown: not shows_unknown,
            unlabelled=[UNLABELLED],
        ),
        "val.json": scene_tree(pictures["val"], CLASSES, UNKNOWN[split], done, keep=bool),
    }  # fmt: skip
    for name, tree in trees.items():
        write_annotations(tree, output / name)
    return trees
