"""Any COCO-format annotations -> an open-set training set or test set."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from osis_ros.coco.annotations import GroundTruth, ground_truth_of, read_tree
from osis_ros.errors import DatasetError
from osis_ros.files.atomic import write_whole


def read_annotations(path: Path, boxes: bool = False) -> tuple[dict[str, Any], GroundTruth]:
    """A COCO-format file as it is, to be written anew, and as evaluation reads it; with `boxes` as training does.

    Raises:
        DatasetError: the file cannot be read, or something in it does not fit.
    """
    tree = read_tree(path)
    return tree, ground_truth_of(tree, path, boxes)


def write_annotations(tree: dict[str, Any], path: Path) -> None:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(tree))


def is_open_set(path: Path) -> bool:
    """Whether a file holds annotations that mark every category, as those that are written here."""
    try:
        categories = read_tree(path)["categories"]
    except DatasetError:
        return False
    marks = ("known", "unknown", "ignore")
    return all(isinstance(category, dict) and category.get("open_set") in marks for category in categories)


def training_set(tree: dict[str, Any], known: Iterable[int]) -> dict[str, Any]:
    """Only what may be learnt: annotations of known categories, and images that have one that is no crowd.

    Known categories keep their ids. (SemSeg, section IV-C: unknown annotations deleted, empty images dropped.)
    """
    known = set(known)
    annotations = [a for a in tree["annotations"] if a["category_id"] in known]
    with_object = {a["image_id"] for a in annotations if not a.get("iscrowd")}
    return {
        **_without_split(tree),
        "images": [i for i in tree["images"] if i["id"] in with_object],
        "annotations": [a for a in annotations if a["image_id"] in with_object],
        "categories": [{**c, "open_set": "known"} for c in tree["categories"] if c["id"] in known],
    }


def evaluation_set(tree: dict[str, Any], known: Iterable[int]) -> dict[str, Any]:
    """Everything, with every category marked known or unknown; what is marked ignore, and not known now, stays so."""
    known = set(known)
    marked = []
    for category in tree["categories"]:
        ignored = category.get("open_set") == "ignore"
        mark = "known" if category["id"] in known else "ignore" if ignored else "unknown"
        marked.append({**category, "open_set": mark})
    return {**_without_split(tree), "categories": marked}


def _without_split(tree: dict[str, Any]) -> dict[str, Any]:
    """An earlier split's `known_ids` would count more than the marks of this one."""
    return {key: value for key, value in tree.items() if key != "known_ids"}


def in_folder(tree: dict[str, Any], folder: str) -> dict[str, Any]:
    """The same with every image's file name inside `folder`."""
    return {**tree, "images": [{**i, "file_name": f"{folder}/{i['file_name']}"} for i in tree["images"]]}


def summary(tree: dict[str, Any]) -> str:
    """How much there is, in a sentence's end."""
    marks = [c.get("open_set") for c in tree["categories"]]
    return (f"{len(tree['images'])} images, {len(tree['annotations'])} annotations, {marks.count('known')} known and "
            f"{marks.count('unknown')} unknown classes")  # fmt: skip
