"""The only reader of COCO-format files, for ground truth and detections. Each error is one sentence.

Training, `osis data` and evaluation all read files with it, so that they accept the same files.
"""

import gzip
import json
import zlib
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from osis_ros.coco.masks import Masks
from osis_ros.coco.segmentation import first_broken, rectangle, to_rle
from osis_ros.errors import DatasetError, OsisError

UNKNOWN_ID = 1000  # the category id by which the authors' result files mean "unknown"


class EvaluationError(OsisError):
    """Input that cannot be scored; the message is one sentence for the user."""


@dataclass(frozen=True)
class Image:
    id: int
    file_name: str
    height: int
    width: int


@dataclass(frozen=True)
class Category:
    id: int
    name: str
    open_set: str | None = None  # "known", "unknown", "ignore", or not said
    thing: bool = True  # countable; else stuff, such as a wall (`isthing` 0, as in COCO's panoptic files)


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """A data set: images in id order, categories in id order, and every annotated mask.

    `known_ids` are the known category ids if the file itself names them; `notes` are sentences about oddities
    that do not stop an evaluation.
    """

    path: Path
    images: tuple[Image, ...]
    categories: tuple[Category, ...]
    objects: Masks
    known_ids: tuple[int, ...] | None = None
    notes: list[str] = field(default_factory=list)

    def category_id(self, entry: str | int) -> int:
        """The id of the category of that name, or failing that of that id.

        Raises:
            DatasetError: no category has it, or several have.
        """
        by_name = [c.id for c in self.categories if c.name == entry]
        if len(by_name) > 1:
            raise DatasetError(f"{self.path}: {len(by_name)} categories are called '{entry}' "
                               f"(ids {', '.join(map(str, by_name))}); give the id")  # fmt: skip
        if by_name:
            return by_name[0]
        if any(str(c.id) == str(entry).strip() for c in self.categories):
            return int(entry)
        names = ", ".join(c.name for c in self.categories[:12])
        more = ", …" if len(self.categories) > 12 else ""
        raise DatasetError(f"{self.path}: no category is called '{entry}'; there are {names}{more}")


def read_json(path: Path) -> Any:
    """The content of a .json or .json.gz file.

    Raises:
        DatasetError: the file is missing or is not JSON.
    """
    try:
        raw = path.read_bytes()
        return json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except OSError as err:
        raise DatasetError(f"{path}: cannot be read ({err.strerror or err})") from None
    except UnicodeDecodeError as err:
        raise DatasetError(f"{path}: byte {err.start + 1} is not UTF-8; save the file as UTF-8") from None
    except (ValueError, EOFError, RecursionError, zlib.error) as err:
        raise DatasetError(f"{path}: not a JSON file ({err})") from None


def read_ground_truth(path: Path, boxes: bool = False) -> GroundTruth:
    """COCO-format ground truth: `images`, `annotations`, `categories`, and optionally `known_ids`.

    The three lists may also be nested under `ground_truth`, as in an evaluation fixture. Polygons and both kinds of
    run-length encoding are read. Annotation ids are not used, so repeated ids are no error; an annotation that is
    repeated exactly, including its id, counts once.

    Args:
        boxes: also read annotations that have a `bbox` and no segmentation (none, or an empty list).
    Raises:
        DatasetError: a file, field or mask that does not fit.
    """
    return ground_truth_of(read_tree(path), path, boxes)


def read_tree(path: Path) -> dict[str, Any]:
    """The content of a COCO-format file as it is, for `ground_truth_of` or for writing it anew.

    Raises:
        DatasetError: the file cannot be read, or lacks one of the three lists.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise DatasetError(f"{path}: ground truth is a {type(content).__name__}, expected a JSON object")
    known_ids = content.get("known_ids")
    tree = content.get("ground_truth", content)
    if not isinstance(tree, dict):
        raise DatasetError(f"{path}: its ground_truth is a {type(tree).__name__}, expected a JSON object")
    for key in ("images", "annotations", "categories"):
        if not isinstance(tree.get(key), list):
            raise DatasetError(f"{path}: no list '{key}', expected COCO-format ground truth")
    return tree if known_ids is None else {"known_ids": known_ids, **tree}


def ground_truth_of(tree: dict[str, Any], path: Path, boxes: bool = False) -> GroundTruth:
    """`read_ground_truth` of what `read_tree` has read from `path`."""
    known_ids = tree.get("known_ids")
    if known_ids is not None and not isinstance(known_ids, list):
        raise DatasetError(f"{path}: known_ids is {known_ids!r:.80}, expected a list of category ids")
    notes: list[str] = []
    entries = _without_repeats(tree["annotations"], notes)
    images = _images(path, tree["images"], entries)
    categories = _categories(path, tree["categories"])
    objects = _masks(f"{path}: annotation", entries, images, {c.id for c in categories}, False, boxes)
    empty = int((objects.pixels == 0).sum())
    if empty:
        notes.append(f"{empty} annotations have no pixels; they count as objects that nobody can find, as in COCO")
    for name, count in Counter(c.name for c in categories).items():
        if count > 1:
            ids = ", ".join(str(c.id) for c in categories if c.name == name)
            notes.append(f"{count} categories are called {name} (ids {ids}); training takes them for one class")
    files = Counter(image.file_name for image in images if image.file_name)
    if shared := [name for name, count in files.items() if count > 1]:
        notes.append(f"{len(shared)} files are named by several images, the first is {shared[0]}")
    return GroundTruth(path, images, categories, objects, tuple(known_ids) if known_ids is not None else None, notes)


def read_detections(
    path: Path, ground_truth: GroundTruth, unknown_id: int = UNKNOWN_ID
) -> tuple[Masks, dict[int, str]]:
    """COCO-format results: a list of {image_id, category_id, segmentation, score}.

    The list may also be nested under `detections`, beside `categories` ({id, name}) that the ground truth lacks. Boxes
    are not needed and not used.

    Returns:
        The detections, and the names of those further categories by their ids.
    Raises:
        DatasetError: a file, field or mask that does not fit, or an image or category id that neither the ground
            truth nor the file has.
    """
    content = read_json(path)
    for category in ground_truth.categories:
        if category.id == unknown_id and category.open_set in ("known", "ignore"):
            raise DatasetError(f"{ground_truth.path}: category {unknown_id} ({category.name}) is marked "
                               f"{category.open_set}, and {unknown_id} means unknown in detections; say with "
                               "--unknown-id which id they use for it")  # fmt: skip
    more: dict[int, str] = {}
    if isinstance(content, dict):
        listed = content.get("categories", [])
        if not isinstance(listed, list):
            raise DatasetError(f"{path}: categories is {listed!r:.80}, expected a list")
        present = {unknown_id, *(c.id for c in ground_truth.categories)}
        more = {c.id: c.name for c in _categories(path, listed) if c.id not in present}
        if strange := [i for i, name in more.items() if name == "unknown"]:
            raise DatasetError(
                f"{path}: category {strange[0]} is called unknown; say so with --unknown-id {strange[0]}"
            )
        content = content.get("detections")
    return detections_from(content, path, ground_truth, unknown_id, *more), more


def detections_from(entries: Any, path: Path, ground_truth: GroundTruth, *more_ids: int) -> Masks:
    """As `read_detections`, from a list in memory; `more_ids` are category ids beside those of the ground truth."""
    if not isinstance(entries, list):
        raise DatasetError(
            f"{path}: no list of detections, expected [{{image_id, category_id, segmentation, score}}, …]"
        )
    category_ids = {c.id for c in ground_truth.categories} | set(more_ids)
    return _masks(f"{path}: detection", entries, ground_truth.images, category_ids, is_detection=True)


def _without_repeats(annotations: list, notes: list[str]) -> list:
    ids = Counter(str(a["id"]) for a in annotations if isinstance(a, dict) and "id" in a)
    repeated = {i for i, count in ids.items() if count > 1}
    if not repeated:
        return annotations
    seen: set[str] = set()
    kept = []
    for annotation in annotations:
        if isinstance(annotation, dict) and str(annotation.get("id")) in repeated:
            text = json.dumps(annotation, sort_keys=True)
            if text in seen:
                continue
            seen.add(text)
        kept.append(annotation)
    dropped = len(annotations) - len(kept)
    if dropped:
        notes.append(f"{dropped} annotations are repeated whole (same id, same content); each counts once")
    if len(seen) > len(repeated):
        notes.append(f"{len(repeated)} annotation ids are used for different objects; each object counts")
    return kept


def _integer(entry: dict, key: str, where: str) -> int:
    value = entry.get(key)
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or abs(value) > 2**53:
        raise DatasetError(f"{where}: {key} is {value!r:.80}, expected a whole number")
    return int(value)


def _text(entry: dict, key: str, default: str, where: str) -> str:
    value = entry.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise DatasetError(f"{where}: {key} is {value!r:.80}, expected a text")
    return str(value)


def _images(path: Path, entries: list, annotations: list) -> tuple[Image, ...]:
    sizes: dict[Any, list] = {}  # from run-length encodings, for files whose images do not tell their size
    if any(isinstance(e, dict) and ("height" not in e or "width" not in e) for e in entries):
        for a in annotations:
            if isinstance(a, dict) and isinstance(a.get("segmentation"), dict) and isinstance(a.get("image_id"), int):
                size = a["segmentation"].get("size")
                sizes.setdefault(a["image_id"], size if isinstance(size, list) else None)
    images: dict[int, Image] = {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise DatasetError(f"{path}: image {number} of the list is {entry!r:.80}, expected an object")
        image_id = _integer(entry, "id", f"{path}: image {number} of the list")
        size = entry
        if entry.get("height") is None or entry.get("width") is None:  # an image without masks needs no size
            size = dict(zip(("height", "width"), sizes.get(image_id) or (0, 0), strict=False))
        height, width = (_integer(size, side, f"{path}: image {image_id}") for side in ("height", "width"))
        if height < 0 or width < 0:
            raise DatasetError(f"{path}: image {image_id} is {width}x{height} pixels")
        image = Image(image_id, _text(entry, "file_name", "", f"{path}: image {image_id}"), height, width)
        if images.setdefault(image_id, image) != image:
            raise DatasetError(
                f"{path}: image id {image_id} is used for two different images; give each an id of its own"
            )
    return tuple(images[i] for i in sorted(images))


def _categories(path: Path, entries: list) -> tuple[Category, ...]:
    categories: dict[int, Category] = {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise DatasetError(f"{path}: category {number} of the list is {entry!r:.80}, expected an object")
        category_id = _integer(entry, "id", f"{path}: category {number} of the list")
        open_set = entry.get("open_set")
        if open_set not in (None, "known", "unknown", "ignore"):
            raise DatasetError(f"{path}: category {category_id}: open_set is {open_set!r:.80}, "
                                  "expected known, unknown or ignore")  # fmt: skip
        is_thing = entry.get("isthing", 1)
        if is_thing not in (0, 1):
            raise DatasetError(f"{path}: category {category_id}: isthing is {is_thing!r:.80}, expected 0 or 1")
        name = _text(entry, "name", str(category_id), f"{path}: category {category_id}")
        category = Category(category_id, name, open_set, bool(is_thing))
        if categories.setdefault(category_id, category) != category:
            raise DatasetError(
                f"{path}: category id {category_id} is used for two different categories; give each an id of its own"
            )
    return tuple(categories[i] for i in sorted(categories))


def _masks(
    where: str, entries: list, images: tuple[Image, ...], category_ids: set[int], is_detection: bool,
    boxes: bool = False,
) -> Masks:  # fmt: skip
    index_of = {image.id: index for index, image in enumerate(images)}
    count = len(entries)
    image, category = np.zeros(count, np.int64), np.zeros(count, np.int64)
    score, crowd, given_area = np.ones(count), np.zeros(count, bool), np.full(count, np.nan)
    box_only = np.zeros(count, bool)
    rles: list[dict] = []
    for n, entry in enumerate(entries):
        here = f"{where} {entry.get('id', n) if isinstance(entry, dict) else n}"
        if not isinstance(entry, dict):
            raise DatasetError(f"{here} is {entry!r:.80}, expected an object")
        image_id, category[n] = _integer(entry, "image_id", here), _integer(entry, "category_id", here)
        if image_id not in index_of:
            raise DatasetError(f"{here}: image_id {image_id} is not among the ground truth's {len(images)} images")
        if category[n] not in category_ids:
            raise DatasetError(f"{here}: category_id {category[n]} is not among the ground truth's categories"
                                  f"{' nor the id for unknown' if is_detection else ''}")  # fmt: skip
        image[n] = index_of[image_id]
        size, segmentation = images[image[n]], entry.get("segmentation")
        box_only[n] = boxes and not segmentation and entry.get("bbox") is not None
        try:
            outline = rectangle(entry["bbox"]) if box_only[n] else segmentation
            rles.append(to_rle(outline, size.height, size.width))
        except ValueError as err:
            raise DatasetError(f"{here} (image {size.id}): {err}") from None
        if is_detection:
            score[n] = _score(entry, here)
        else:
            if entry.get("iscrowd") not in (None, 0, 1):
                raise DatasetError(f"{here}: iscrowd is {entry['iscrowd']!r:.80}, expected 0 or 1")
            crowd[n] = bool(entry.get("iscrowd"))
            if entry.get("area") is not None:
                given_area[n] = _area(entry, here)
    broken, why = first_broken(rles)
    if broken is not None:
        raise DatasetError(f"{where} {entries[broken].get('id', broken)}: {why}")
    masks = Masks(image, category, score, given_area, crowd, tuple(rles), box_only)
    return replace(masks, area=np.where(np.isnan(given_area), masks.pixels, given_area))


def _score(entry: dict, here: str) -> float:
    score = entry.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not abs(score) < 1e308:
        raise DatasetError(f"{here}: score is {score!r:.80}, expected a finite number")
    return float(score)


def _area(entry: dict, here: str) -> float:
    area = entry["area"]
    if isinstance(area, bool) or not isinstance(area, int | float) or not 0 <= area < np.inf:
        raise DatasetError(f"{here}: area is {area!r:.80}, expected a number of pixels ≥ 0")
    return float(area)
