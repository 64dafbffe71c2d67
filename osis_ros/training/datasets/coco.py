"""COCO 2017 -> COCO-OSIS: the 20 PASCAL VOC classes known, the other 60 unknown (SemSeg, section IV-C)."""

from pathlib import Path

from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.datasets.open_set import (
    evaluation_set,
    in_folder,
    read_annotations,
    training_set,
    write_annotations,
)

ANNOTATIONS = "annotations/instances_{}.json"
FOLDERS = ("train2017", "val2017")
IMAGES = {"train2017": 118_287, "val2017": 5_000}


def coco_osis(root: Path, output: Path) -> dict[str, dict]:
    """Write output/train.json (known annotations only, empty images dropped) and output/val.json (all, marked).

    Image file names become relative to `root`: train2017/000000000009.jpg.

    Args:
        root: a copy of COCO 2017: annotations/instances_train2017.json, …_val2017.json, train2017/, val2017/.
    Returns:
        What was written, by file name.
    Raises:
        DatasetError: a missing or broken annotation file, or one without the 20 classes.
    """
    written = {}
    for folder, name, reduce in zip(FOLDERS, ("train.json", "val.json"), (training_set, evaluation_set), strict=True):
        path = root / ANNOTATIONS.format(folder)
        tree, truth = read_annotations(path)
        known = [truth.category_id(name) for name in COCO_KNOWN]
        written[name] = in_folder(reduce(tree, known), folder)
        write_annotations(written[name], output / name)
    return written
