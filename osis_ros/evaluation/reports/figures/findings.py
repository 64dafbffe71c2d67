"""What a bundle finds on a data set at its own thresholds, object by object and image by image."""

from dataclasses import dataclass

import numpy as np

from osis_ros.coco.annotations import UNKNOWN_ID, EvaluationError, GroundTruth, detections_from
from osis_ros.coco.masks import Masks, mask_iou
from osis_ros.evaluation.jobs.predict import coco_results, read_images
from osis_ros.evaluation.metrics.open_set_errors import IOU, greedy_matches
from osis_ros.evaluation.metrics.split import Split, with_model_classes, without_ignored
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.progress import track


@dataclass(frozen=True, eq=False)
class Findings:
    """A data set and what a bundle found on it.

    Attributes:
        truth: the data set.
        split: which of its categories are known; the bundle's own classes are among them.
        instances: what was found, an entry an image.
        detections: the same in one table, image by image in the order of the instances.
    """

    truth: GroundTruth
    split: Split
    instances: tuple[Instances, ...]
    detections: Masks

    @property
    def embeddings(self) -> np.ndarray:
        """[N, D] float32, a row a detection."""
        return np.concatenate([found.embeddings for found in self.instances])

    @property
    def distances(self) -> np.ndarray:
        """[N] float32 distances from the known classes, an entry a detection."""
        return np.concatenate([found.distances for found in self.instances])


def find(segmenter: Segmenter, truth: GroundTruth, paths: list, split: Split) -> Findings:
    """Run the bundle over the images, showing progress, with its default thresholds.

    Raises:
        EvaluationError: an image that is broken or of another size.
    """
    bundle = segmenter.bundle
    split, category_ids = with_model_classes(split, truth, bundle.class_names, UNKNOWN_ID)
    instances, results = [], []
    frames = read_images(truth.images, paths)
    for image, rgb in zip(truth.images, track(frames, "segmenting", len(paths)), strict=True):
        instances.append(segmenter.segment(rgb))
        results += coco_results(image, instances[-1], category_ids)
    return Findings(truth, split, tuple(instances), detections_from(results, bundle.path, truth, *category_ids))


@dataclass(frozen=True, eq=False)
class MatchedObjects:
    """Detections that found an object, whatever class they gave it.

    Attributes:
        detection: [M] int64, the row of `Findings.detections`.
        category: [M] int64, the category id of the object, not of the detection.
        known: [M] bool, the object is of a known class.
    """

    detection: np.ndarray
    category: np.ndarray
    known: np.ndarray


def match_objects(findings: Findings) -> MatchedObjects:
    """Pair detections and objects at mask IoU ≥ 0.5, one to one, the best score first, whatever their classes.

    Crowds are not asked for; nor are objects of ignored categories, but they keep their detections from others.

    Raises:
        EvaluationError: no object of a known class was found, or none of an unknown one.
    """
    truth, split, detections = findings.truth, findings.split, findings.detections
    objects = truth.objects.take(~truth.objects.crowd)
    objects_on = objects.rows_by_image()
    pairs = []
    for image, rows in detections.rows_by_image().items():
        rows = rows[np.argsort(-detections.score[rows], kind="stable")]
        here = objects_on.get(image, np.zeros(0, int))
        match = greedy_matches(_iou(detections, rows, objects, here), IOU)
        pairs.append(np.stack((rows[match >= 0], here[match[match >= 0]]), axis=1))
    detection, found = np.concatenate(pairs).T if pairs else np.zeros((2, 0), int)
    counted = ~np.isin(objects.category[found], list(split.ignored))
    category = objects.category[found[counted]]
    known = np.isin(category, split.known)
    if not known.any() or known.all():
        kind = "unknown" if known.any() else "known"
        raise EvaluationError(f"{truth.path}: on {len(truth.images)} images the model found no object of {kind} "
                              "classes, the figures need objects of both kinds")  # fmt: skip
    return MatchedObjects(detection[counted], category, known)


@dataclass(frozen=True, eq=False)
class ImageScores:
    """How right each image is: [images] int64 counts of right instances, of all instances and of objects."""

    right: np.ndarray
    found: np.ndarray
    objects: np.ndarray

    @property
    def f1(self) -> np.ndarray:
        """[images] float64, 2 · right / (found + objects); NaN where there is nothing to find and nothing found."""
        every = self.found + self.objects
        return np.divide(2 * self.right, every, where=every > 0, out=np.full(len(every), np.nan))


def score_images(findings: Findings, class_agnostic: bool = False) -> ImageScores:
    """Count, image by image, the instances that are right: those with a mask IoU ≥ 0.5 with an object of their class.

    All unknown classes are one; with `class_agnostic`, all classes are. An object makes one instance right, the one
    with the best score. Crowds are no objects, and instances on them count neither way; nor do ignored categories,
    but where all classes are one.
    """
    truth, split, detections = findings.truth, findings.split, findings.detections
    if class_agnostic:
        objects, detections = truth.objects.with_category(0), detections.with_category(0)
    else:
        objects, detections = without_ignored(truth.objects, detections, split.ignored)
        objects, detections = split.merge_unknown(objects), split.merge_unknown(detections)
    right, found, wanted = np.zeros((3, len(truth.images)), np.int64)
    objects_on, detections_on = objects.rows_by_image(), detections.rows_by_image()
    nothing = np.zeros(0, int)
    for image in range(len(truth.images)):
        here, rows = objects_on.get(image, nothing), detections_on.get(image, nothing)
        rows = rows[np.argsort(-detections.score[rows], kind="stable")]
        crowd = objects.crowd[here]
        same_class = detections.category[rows][:, None] == objects.category[here]
        match = greedy_matches(_iou(detections, rows, objects, here) * same_class, IOU, crowd)
        on_crowd = int(crowd[match[match >= 0]].sum())
        right[image] = (match >= 0).sum() - on_crowd
        found[image] = len(rows) - on_crowd
        wanted[image] = (~crowd).sum()
    return ImageScores(right, found, wanted)


def _iou(detections: Masks, rows: np.ndarray, objects: Masks, here: np.ndarray) -> np.ndarray:
    return mask_iou([detections.rles[i] for i in rows], [objects.rles[i] for i in here], objects.crowd[here])
