"""GOSS quality (Hong et al., "GOSS", section 3.2): how well the segments of the label image match the truth."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from osis_ros.coco.annotations import GroundTruth, Image
from osis_ros.coco.masks import Masks
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.metrics.segment_map import SegmentMap, overlap, painted
from osis_ros.evaluation.metrics.split import MERGED_UNKNOWN, Split

IOU = 0.5  # exclusive: then no segment can have two partners
VOID = -2  # pixels of ignored objects and crowds: no prediction there is right or wrong
GROUND = -3  # the one known class of all known stuff, for results that name no stuff: where no object is

UnknownTruth = Literal["instances", "components"]
UNKNOWN_TRUTHS: tuple[UnknownTruth, ...] = get_args(UnknownTruth)


@dataclass
class Quality:
    """Σ IoU of matched segments, over matches + ½ unmatched predictions + ½ unmatched ground truth."""

    iou: float = 0.0
    matched: int = 0
    missed: int = 0
    invented: int = 0

    @property
    def percent(self) -> float:
        weight = self.matched + (self.missed + self.invented) / 2
        return 100 * self.iou / weight if weight else UNDEFINED


class GossQuality:
    """Counts picture by picture; the figures are of all pictures together.

    The segments' categories are known classes, `MERGED_UNKNOWN` for a cluster of unknown pixels, and `VOID`.
    """

    def __init__(self, known: Sequence[int]) -> None:
        self.known = tuple(known)
        self.by_class: dict[int, Quality] = defaultdict(Quality)
        self.clusters = Quality()

    def add(self, truth: SegmentMap, found: SegmentMap) -> None:
        """Count one picture. In it, all segments of a known class are one segment."""
        table = overlap(truth, found)
        _count(self.clusters, table, truth.categories == VOID)
        for category in np.unique([*truth.categories[truth.categories != VOID], *found.categories]):
            segments = _segments_of(table, truth.categories, found.categories, category)
            _count(self.by_class[int(category)], *segments)

    def figures(self) -> dict[str, float]:
        """Percentages, -100 where undefined; `score_goss` says which."""
        of_known = np.array([self.by_class[c].percent for c in self.known])
        defined = of_known != UNDEFINED
        unknown = self.by_class[MERGED_UNKNOWN].percent
        known = float(of_known[defined].mean()) if defined.any() else UNDEFINED
        known_of_all = float(np.where(defined, of_known, 0).mean()) if defined.any() else UNDEFINED
        return {
            "GQ_known": known,
            "GQ_unknown": unknown,
            "GQ": _mean(known, unknown),
            "GQ_clu": self.clusters.percent,
            "GQ_known_of_all": known_of_all,
            "GQ_of_all": _mean(known_of_all, unknown),
        }


def score_goss(
    ground_truth: GroundTruth,
    detections: Masks,
    split: Split,
    score: float = 0.0,
    unknown_truth: UnknownTruth = "instances",
    smallest_known: int = 0,
    one_ground: bool = False,
) -> dict[str, Any]:
    """GQ of the label image that the detections give: low scores painted first, those below `score` not at all.

    GOSS labels a pixel with a known class, or with the cluster of unknown pixels that it belongs to. So the instances
    of one known class in an image form one segment, and each unknown instance is one. Ground truth is painted with the
    large objects first, on the stuff. Ignored objects and crowds are void, as in panoptic quality.

    Where the ground truth has stuff categories, each of its pixels has a label, and those without one are void. If no
    detection names stuff (no instance segmenter does), all known stuff is one known class, `ground`, and the pixels
    that no detection covers are found as ground. Without stuff categories the background is no segment.

    Args:
        unknown_truth: what a true segment of unknown pixels is. `instances`: each annotation. `components`, as
            published: each connected component of a category, so touching objects of one category are one segment.
        smallest_known: known classes with fewer pixels in a result's image are taken out of it; published: 4096.
        one_ground: all known stuff is the class `ground` even if the detections name it, so that a scene segmenter is
            scored as an instance segmenter is.
    Returns:
        Percentages, -100 where undefined:
        GQ_known: mean of the quality of each known class that has a segment, true or found, in some image;
        GQ_unknown (equation 2); GQ: their mean (equation 3 with λ = ½); GQ_clu: the quality of all instances, those of
        known classes too, as segments of one class. GQ_known_of_all, GQ_of_all: equation 1 to the letter, where a known
        class without any segment counts as 0. And per_class: quality, matched, missed, invented of each known class
        by its name, and of unknown.
    """
    roles = _roles_of(ground_truth, detections, split, one_ground)
    quality = GossQuality(tuple(roles.names))
    detections = split.merge_unknown(detections.take(detections.score >= score))
    objects_on, detections_on = ground_truth.objects.rows_by_image(), detections.rows_by_image()
    for index in sorted(objects_on.keys() | detections_on.keys()):
        image, nothing = ground_truth.images[index], np.zeros(0, int)
        truth = _true_segments(ground_truth.objects, objects_on.get(index, nothing), image, roles, unknown_truth)
        found = _found_segments(detections, detections_on.get(index, nothing), image, roles)
        quality.add(truth, found.without_small(roles.known, smallest_known))
    per_class = {name: quality.by_class[c] for c, name in {**roles.names, MERGED_UNKNOWN: "unknown"}.items()}
    return {**quality.figures(), "per_class": {name: _counts(q) for name, q in per_class.items()}}


@dataclass(frozen=True, eq=False)
class _Roles:
    """What the categories of a data set are in GOSS; `names` are those of the known classes, `GROUND` among them."""

    names: dict[int, str]
    ignored: np.ndarray
    unknown: np.ndarray
    stuff: np.ndarray
    ground: np.ndarray

    @property
    def known(self) -> np.ndarray:
        return np.array(list(self.names))


def _roles_of(ground_truth: GroundTruth, detections: Masks, split: Split, one_ground: bool) -> _Roles:
    ids = np.array([c.id for c in ground_truth.categories], np.int64)
    stuff = np.array([c.id for c in ground_truth.categories if not c.thing], np.int64)
    ground = stuff[np.isin(stuff, split.known)]
    if not one_ground and np.isin(detections.category, ground).any():  # the result names stuff itself
        ground = ground[:0]
    names = {c: split.names[c] for c in split.known if c not in ground} | ({GROUND: "ground"} if len(ground) else {})
    ignored = np.array(sorted(split.ignored), np.int64)
    return _Roles(names, ignored, np.setdiff1d(ids, [*split.known, *ignored]), stuff, ground)


def _true_segments(
    objects: Masks, rows: np.ndarray, image: Image, roles: _Roles, unknown_truth: UnknownTruth
) -> SegmentMap:
    is_void = np.isin(objects.category[rows], roles.ignored) | objects.crowd[rows]
    is_stuff = np.isin(objects.category[rows], roles.stuff)
    order = np.lexsort((-objects.area[rows], ~is_stuff, ~is_void))  # void first, then stuff, then large to small
    truth = painted(objects, rows[order], image)
    truth = replace(truth, categories=np.where(is_void[order], VOID, truth.categories))
    truth = truth.renamed(roles.ground, GROUND).united(GROUND)
    if unknown_truth == "components":
        truth = truth.components(roles.unknown)
    truth = truth.renamed(roles.unknown, MERGED_UNKNOWN)
    return truth.filled(VOID) if len(roles.stuff) else truth


def _found_segments(detections: Masks, rows: np.ndarray, image: Image, roles: _Roles) -> SegmentMap:
    ascending = rows[np.argsort(-detections.score[rows], kind="stable")[::-1]]
    found = painted(detections, ascending, image).renamed(roles.ground, GROUND)
    return found.filled(GROUND).united(GROUND) if len(roles.ground) else found


def _counts(quality: Quality) -> dict[str, float]:
    return {"quality": quality.percent, "matched": quality.matched, "missed": quality.missed,
            "invented": quality.invented}  # fmt: skip


def _mean(known: float, unknown: float) -> float:
    return UNDEFINED if UNDEFINED in (known, unknown) else (known + unknown) / 2


def _segments_of(
    overlap: np.ndarray, truth_class: np.ndarray, found_class: np.ndarray, category: int
) -> tuple[np.ndarray, np.ndarray]:
    """The overlap table of one class's segments, everything else merged into row and column 0; void rows stay.

    The instances of a known class merge into one segment; unknown ones stay apart.
    """
    rows, columns = np.flatnonzero(truth_class == category) + 1, np.flatnonzero(found_class == category) + 1
    void = np.flatnonzero(truth_class == VOID) + 1
    truth_groups = [[r] for r in rows] if category == MERGED_UNKNOWN else [rows] if len(rows) else []
    found_groups = [[c] for c in columns] if category == MERGED_UNKNOWN else [columns] if len(columns) else []
    truth_groups = [*truth_groups, *([v] for v in void)]
    table = np.zeros((1 + len(truth_groups), 1 + len(found_groups)), np.int64)
    by_row = np.stack([overlap[g].sum(axis=0) for g in truth_groups]) if truth_groups else overlap[:0]
    by_row = np.vstack([overlap.sum(axis=0) - by_row.sum(axis=0), by_row])
    for j, group in enumerate(found_groups, 1):
        table[:, j] = by_row[:, group].sum(axis=1)
    table[:, 0] = by_row.sum(axis=1) - table[:, 1:].sum(axis=1)
    return table, np.arange(len(truth_groups)) >= len(truth_groups) - len(void)


def _count(quality: Quality, overlap: np.ndarray, is_void: np.ndarray) -> None:
    """Count one image's segments. Segments without a visible pixel do not exist in a label image."""
    void_pixels = overlap[1:][is_void].sum(axis=0)[1:]
    both = overlap[1:][~is_void][:, 1:]
    truth_area = overlap[1:][~is_void].sum(axis=1)
    found_area = overlap[:, 1:].sum(axis=0)
    union = truth_area[:, None] + (found_area - void_pixels)[None] - both
    iou = both / np.maximum(union, 1)
    matched = iou > IOU
    quality.iou += float(iou[matched].sum())
    quality.matched += int(matched.sum())
    quality.missed += int(((truth_area > 0) & ~matched.any(axis=1)).sum())
    quality.invented += int(((found_area > 0) & ~matched.any(axis=0) & (void_pixels <= found_area / 2)).sum())
