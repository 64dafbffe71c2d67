"""Decides which categories are known, unknown or ignored, and converts data accordingly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osis_ros.coco.annotations import EvaluationError, GroundTruth
from osis_ros.coco.masks import Masks, mask_iou

MERGED_UNKNOWN = -1  # the one class that all unknown categories become
SAME_OBJECT_IOU = 0.5


@dataclass(frozen=True)
class Split:
    """The known category ids in id order, and the ignored ones; every other category is unknown.

    `names` holds the name of each known id: the category's, made unique by its id where two share one.
    """

    known: tuple[int, ...]
    ignored: frozenset[int]
    names: dict[int, str]

    def merge_unknown(self, masks: Masks) -> Masks:
        """Every category that is not known becomes `MERGED_UNKNOWN`."""
        return masks.with_category(np.where(np.isin(masks.category, self.known), masks.category, MERGED_UNKNOWN))


def open_set_split(
    ground_truth: GroundTruth, known: Sequence[str | int] | None = None, model_classes: Sequence[str] = ()
) -> Split:
    """Decide what is known. The first of these that says anything counts:

    1. `known`: names or ids of categories;
    2. `known_ids` of the ground truth file;
    3. categories that the file marks `"open_set": "known"`;
    4. `model_classes` that exist as categories.

    Categories marked `"open_set": "ignore"` are neither known nor unknown, unless `known` names them.

    Raises:
        EvaluationError: a name or id that no category has, a name that two have, or nothing known at all.
    """
    categories = {c.id: c for c in ground_truth.categories}
    if known is not None:
        ids = {ground_truth.category_id(entry) for entry in known}
    elif ground_truth.known_ids is not None:
        ids = {ground_truth.category_id(entry) for entry in ground_truth.known_ids}
    else:
        ids = {c.id for c in categories.values() if c.open_set == "known"}
        ids = ids or {c.id for c in categories.values() if c.name in model_classes and c.open_set is None}
    if not ids:
        raise EvaluationError(
            f"{ground_truth.path}: nothing says which classes are known; name them with --known NAME,…, or count "
            "every object as one class with --class-agnostic"
        )
    names = {i: categories[i].name for i in sorted(ids)}
    if len(set(names.values())) < len(names):
        names = {i: f"{name} ({i})" for i, name in names.items()}
    ignored = frozenset(c.id for c in categories.values() if c.open_set == "ignore" and c.id not in ids)
    return Split(tuple(sorted(ids)), ignored, names)


def with_model_classes(
    split: Split, ground_truth: GroundTruth, class_names: Sequence[str], unknown_id: int
) -> tuple[Split, tuple[int, ...]]:
    """The category ids of a model's K classes and of its `unknown`, and the split that counts them.

    A class that the ground truth lacks becomes a further known class without objects. It does not change AP_k, but an
    unknown object that is detected as this class counts as an open-set error. If the ground truth already has a
    category with the id `unknown_id`, another id is used for `unknown`.

    Raises:
        EvaluationError: several known categories have the name of a class.
    """
    named: dict[str, list[int]] = {}
    for category in ground_truth.categories:
        named.setdefault(category.name, []).append(category.id)
    present = {c.id for c in ground_truth.categories}
    free = max([unknown_id, *present]) + 1
    if unknown_id in present:
        unknown_id, free = free, free + 1
    extra = {free + i: name for i, name in enumerate(n for n in class_names if n not in named)}
    grown = Split((*split.known, *extra), split.ignored, {**split.names, **extra})
    of_class = {name: i for i, name in extra.items()}
    for name in class_names:
        if name in named:
            of_class[name] = _one_category(named[name], split, name, ground_truth)
    return grown, (*(of_class[name] for name in class_names), unknown_id)


def _one_category(ids: list[int], split: Split, name: str, ground_truth: GroundTruth) -> int:
    """Of categories of one name the known one, else the one that counts, whose detections are unknown all the same."""
    known = [i for i in ids if i in split.known]
    if len(known) > 1:
        raise EvaluationError(
            f"{ground_truth.path}: categories {' and '.join(map(str, known))} are both called '{name}', and a model "
            f"has one class of that name; give them one id, or name one of them with --known {known[0]},…"
        )
    return (known or [i for i in ids if i not in split.ignored] or ids)[0]


def without_ignored(objects: Masks, detections: Masks, ignored: frozenset[int]) -> tuple[Masks, Masks]:
    """Take out the objects of ignored categories, and the detections that found one of them.

    A detection is left out if its IoU with an ignored object is at least 0.5 and that with every counted object is
    lower, or if it names an ignored category. (COCO's rule for crowds, the share of the detection inside the region,
    would also leave out every detection on a person's shirt, for example.)
    """
    is_ignored = np.isin(objects.category, list(ignored))
    excused = np.isin(detections.category, list(ignored))
    detections_on = detections.rows_by_image()
    for image, objects_here in objects.rows_by_image().items():
        ignored_here = is_ignored[objects_here]
        rows = detections_on.get(image)
        if rows is None or not ignored_here.any():
            continue
        iou = mask_iou(
            [detections.rles[i] for i in rows],
            [objects.rles[i] for i in objects_here],
            objects.crowd[objects_here],
        )
        hit = iou >= SAME_OBJECT_IOU
        excused[rows] |= hit[:, ignored_here].any(axis=1) & ~hit[:, ~ignored_here].any(axis=1)
    return objects.take(~is_ignored), detections.take(~excused)
