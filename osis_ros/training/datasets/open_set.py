"""Any COCO-format annotations -> an open-set training set or test set."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from osis_ros.errors import OsisError
from osis_ros.files.atomic import write_whole

NUMBER, TEXT = (int, float), str
REQUIRED = {
    "images": {"id": NUMBER, "file_name": TEXT},
    "annotations": {"image_id": NUMBER, "category_id": NUMBER},
    "categories": {"id": NUMBER, "name": TEXT},
}


class DatasetError(OsisError):
    """Data that cannot be used; the message is one sentence for the user."""


def read_annotations(path: Path) -> dict[str, Any]:
    """A COCO-format JSON file.

    Raises:
        DatasetError: the file is missing, is not JSON, or lacks images, annotations, categories or their ids and names.
    """
    try:
        tree = json.loads(path.read_text("utf-8"))
    except OSError as err:
        raise DatasetError(f"{path}: cannot be read ({err.strerror})") from None
    except (ValueError, RecursionError) as err:
        raise DatasetError(f"{path}: not a JSON file ({err})") from None
    for key, fields in REQUIRED.items():
        if not isinstance(tree, dict) or not isinstance(tree.get(key), list):
            raise DatasetError(f"{path}: no list '{key}', expected COCO-format annotations")
        for number, entry in enumerate(tree[key]):
            missing = fields.keys() - entry.keys() if isinstance(entry, dict) else fields.keys()
            if missing:
                raise DatasetError(f"{path}: entry {number} of '{key}' has no {', '.join(sorted(missing))}")
            for name, kind in fields.items():
                if not isinstance(entry[name], kind):
                    expected = "a text" if kind is TEXT else "a number"
                    raise DatasetError(f"{path}: entry {number} of '{key}': {name} is {entry[name]!r:.40}, "
                                       f"expected {expected}")  # fmt: skip
    return tree


def write_annotations(tree: dict[str, Any], path: Path) -> None:
    """Write whole or not at all. Raises DatasetError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(tree))
    except OSError as err:
        raise DatasetError(f"{path}: cannot be written ({err.strerror})") from None


def is_open_set(path: Path) -> bool:
    """Whether a file holds annotations that mark every category as known or unknown, as those that are written here."""
    try:
        tree = read_annotations(path)
    except DatasetError:
        return False
    return all(category.get("open_set") in ("known", "unknown") for category in tree["categories"])


def category_ids(tree: dict[str, Any], names: Sequence[str | int], path: Path) -> tuple[int, ...]:
    """The ids of categories given by name or id, in the order given.

    Raises:
        DatasetError: a name that no category has, or that several have.
    """
    ids = []
    for name in names:
        found = [c["id"] for c in tree["categories"] if c["name"] == name]
        found = found or [c["id"] for c in tree["categories"] if str(c["id"]) == str(name).strip()]
        if len(found) != 1:
            known = ", ".join(c["name"] for c in tree["categories"][:12])
            what = "no category is" if not found else f"{len(found)} categories are"
            raise DatasetError(f"{path}: {what} called '{name}'; there are {known}"
                               f"{', …' if len(tree['categories']) > 12 else ''}")  # fmt: skip
        ids += found
    return tuple(ids)


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
    """Everything, with every category marked known or unknown."""
    known = set(known)
    marked = [{**c, "open_set": "known" if c["id"] in known else "unknown"} for c in tree["categories"]]
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
