"""Reading COCO-format ground truth and detections, with one clear sentence for each fault."""

import gzip
import json
import zlib
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from osis_ros.coco.masks import Masks
from osis_ros.coco.segmentation import first_broken, to_rle
from osis_ros.errors import OsisError

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


def read_json(path: Path) -> Any:
    """The content of a .json or .json.gz file.

    Raises:
        EvaluationError: the file is missing or is not JSON.
    """
    try:
        raw = path.read_bytes()
        return json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except FileNotFoundError:
        raise EvaluationError(f"{path}: no such file") from None
    except OSError as err:
        raise EvaluationError(f"{path}: cannot be read ({err.strerror or err})") from None
    except (ValueError, EOFError, RecursionError, zlib.error) as err:
        raise EvaluationError(f"{path}: not a JSON file ({err})") from None


def read_ground_truth(path: Path) -> GroundTruth:
    """COCO-format ground truth: `images`, `annotations`, `categories`, and optionally `known_ids`.

    The three lists may also be nested under `ground_truth`, as in an evaluation fixture. Polygons and both kinds of
    run-length encoding are read. Annotation ids carry no meaning here, so repeated ids are no error; an annotation
    that is repeated whole, id included, counts once.

    Raises:
        EvaluationError: a file, field or mask that does not fit.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise EvaluationError(f"{path}: ground truth is a {type(content).__name__}, expected a JSON object")
    known_ids = content.get("known_ids")
    content = content.get("ground_truth", content)
    if not isinstance(content, dict):
        raise EvaluationError(f"{path}: its ground_truth is a {type(content).__name__}, expected a JSON object")
    known_ids = content.get("known_ids", known_ids)
    for key in ("images", "annotations", "categories"):
        if not isinstance(content.get(key), list):
            raise EvaluationError(f"{path}: no list '{key}', expected COCO-format ground truth")
    if known_ids is not None and not isinstance(known_ids, list):
        raise EvaluationError(f"{path}: known_ids is {known_ids!r}, expected a list of category ids")
    notes: list[str] = []
    entries = _without_repeats(content["annotations"], notes)
    images = _images(path, content["images"], entries)
    categories = _categories(path, content["categories"])
    objects = _masks(f"{path}: annotation", entries, images, {c.id for c in categories}, is_detection=False)
    empty = int((objects.pixels == 0).sum())
    if empty:
        notes.append(f"{empty} annotations have no pixels; they count as objects that nobody can find, as in COCO")
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
        EvaluationError: a file, field or mask that does not fit, or an image or category id that neither the ground
            truth nor the file has.
    """
    content = read_json(path)
    more: dict[int, str] = {}
    if isinstance(content, dict):
        listed = content.get("categories", [])
        if not isinstance(listed, list):
            raise EvaluationError(f"{path}: categories is {listed!r}, expected a list")
        present = {unknown_id, *(c.id for c in ground_truth.categories)}
        more = {c.id: c.name for c in _categories(path, listed) if c.id not in present}
        if strange := [i for i, name in more.items() if name == "unknown"]:
            raise EvaluationError(
                f"{path}: category {strange[0]} is called unknown; say so with --unknown-id {strange[0]}"
            )
        content = content.get("detections")
    return detections_from(content, path, ground_truth, unknown_id, *more), more


def detections_from(entries: Any, path: Path, ground_truth: GroundTruth, *more_ids: int) -> Masks:
    """As `read_detections`, from a list in memory; `more_ids` are category ids beside those of the ground truth."""
    if not isinstance(entries, list):
        raise EvaluationError(
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
        raise EvaluationError(f"{where}: {key} is {value!r}, expected a whole number")
    return int(value)


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
            raise EvaluationError(f"{path}: image {number} of the list is {entry!r}, expected an object")
        image_id = _integer(entry, "id", f"{path}: image {number} of the list")
        size = entry
        if entry.get("height") is None or entry.get("width") is None:  # an image without masks needs no size
            size = dict(zip(("height", "width"), sizes.get(image_id) or (0, 0), strict=False))
        height, width = (_integer(size, side, f"{path}: image {image_id}") for side in ("height", "width"))
        if height < 0 or width < 0:
            raise EvaluationError(f"{path}: image {image_id} is {width}x{height} pixels")
        image = Image(image_id, str(entry.get("file_name", "")), height, width)
        if images.setdefault(image_id, image) != image:
            raise EvaluationError(f"{path}: image id {image_id} is used for two different images")
    return tuple(images[i] for i in sorted(images))


def _categories(path: Path, entries: list) -> tuple[Category, ...]:
    categories: dict[int, Category] = {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise EvaluationError(f"{path}: category {number} of the list is {entry!r}, expected an object")
        category_id = _integer(entry, "id", f"{path}: category {number} of the list")
        open_set = entry.get("open_set")
        if open_set not in (None, "known", "unknown", "ignore"):
            raise EvaluationError(f"{path}: category {category_id}: open_set is {open_set!r}, "
                                  "expected known, unknown or ignore")  # fmt: skip
        category = Category(category_id, str(entry.get("name", category_id)), open_set)
        if categories.setdefault(category_id, category) != category:
            raise EvaluationError(f"{path}: category id {category_id} is used for two different categories")
    return tuple(categories[i] for i in sorted(categories))


def _masks(where: str, entries: list, images: tuple[Image, ...], category_ids: set[int], is_detection: bool) -> Masks:
    index_of = {image.id: index for index, image in enumerate(images)}
    count = len(entries)
    image, category = np.zeros(count, np.int64), np.zeros(count, np.int64)
    score, crowd, given_area = np.ones(count), np.zeros(count, bool), np.full(count, np.nan)
    rles: list[dict] = []
    for n, entry in enumerate(entries):
        here = f"{where} {entry.get('id', n) if isinstance(entry, dict) else n}"
        if not isinstance(entry, dict):
            raise EvaluationError(f"{here} is {entry!r}, expected an object")
        image_id, category[n] = _integer(entry, "image_id", here), _integer(entry, "category_id", here)
        if image_id not in index_of:
            raise EvaluationError(f"{here}: image_id {image_id} is not among the ground truth's {len(images)} images")
        if category[n] not in category_ids:
            raise EvaluationError(f"{here}: category_id {category[n]} is not among the ground truth's categories"
                                  f"{' nor the id for unknown' if is_detection else ''}")  # fmt: skip
        image[n] = index_of[image_id]
        size = images[image[n]]
        try:
            rles.append(to_rle(entry.get("segmentation"), size.height, size.width))
        except ValueError as err:
            raise EvaluationError(f"{here} (image {size.id}): {err}") from None
        if is_detection:
            score[n] = _score(entry, here)
        else:
            crowd[n] = bool(entry.get("iscrowd", 0))
            if entry.get("area") is not None:
                given_area[n] = _area(entry, here)
    broken, why = first_broken(rles)
    if broken is not None:
        raise EvaluationError(f"{where} {entries[broken].get('id', broken)}: {why}")
    masks = Masks(image, category, score, given_area, crowd, tuple(rles))
    return replace(masks, area=np.where(np.isnan(given_area), masks.pixels, given_area))


def _score(entry: dict, here: str) -> float:
    score = entry.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not abs(score) < 1e308:
        raise EvaluationError(f"{here}: score is {score!r}, expected a finite number")
    return float(score)


def _area(entry: dict, here: str) -> float:
    area = entry["area"]
    if isinstance(area, bool) or not isinstance(area, int | float) or not 0 <= area < np.inf:
        raise EvaluationError(f"{here}: area is {area!r}, expected a number of pixels ≥ 0")
    return float(area)
