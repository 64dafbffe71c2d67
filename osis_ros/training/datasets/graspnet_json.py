"""The authors' own GraspNet-OSIS files (graspnet_os_train.json, graspnet_os_test_1.json, …) -> ours."""

from pathlib import Path
from typing import Any

from osis_ros.coco.annotations import ground_truth_of, read_tree
from osis_ros.errors import DatasetError
from osis_ros.training.datasets.graspnet import KNOWN, OBJECTS, SETS, categories
from osis_ros.training.datasets.open_set import training_set, write_annotations

NAMES = "graspnet_os_{}.json"


def from_authors(folder: Path, output: Path) -> dict[str, dict[str, Any]]:
    """Check and mark every file of the authors in `folder`, and write it as output/train.json, test_1.json, ….

    Category ids are GraspNet's 0-based object ids; names become ours, so that models and data agree.

    Returns:
        What was written, by file name.
    Raises:
        DatasetError: no such file at all, or one whose categories are not GraspNet's objects.
    """
    written = {}
    for name in SETS:
        path = folder / NAMES.format(name)
        if not path.is_file():
            continue
        tree = read_tree(path)
        listed = ground_truth_of({**tree, "annotations": []}, path).categories
        wrong = sorted(c.id for c in listed if c.id not in range(OBJECTS))
        if wrong:
            raise DatasetError(f"{path}: category ids {', '.join(map(str, wrong[:5]))}, expected 0..{OBJECTS - 1}, "
                               "GraspNet's object ids counted from 0")  # fmt: skip
        marked = {**tree, "categories": categories()}
        ground_truth_of(marked, path)
        written[f"{name}.json"] = training_set(marked, KNOWN) if name == "train" else marked
        write_annotations(written[f"{name}.json"], output / f"{name}.json")
    if not written:
        raise DatasetError(f"{folder}: none of {NAMES.format('train')}, {NAMES.format('test_1')}, … is there")
    return written
