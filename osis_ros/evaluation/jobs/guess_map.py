"""`osis guess-map`: fit a map from a model's embeddings to the vectors of names, on objects whose names are known."""

from pathlib import Path

import numpy as np

from osis_ros.coco.annotations import EvaluationError, GroundTruth, read_ground_truth
from osis_ros.coco.masks import mask_iou
from osis_ros.coco.rle import encode_instances
from osis_ros.evaluation.jobs.evaluate import first_images
from osis_ros.evaluation.jobs.predict import image_paths, read_images
from osis_ros.evaluation.metrics.open_set_errors import IOU, greedy_matches
from osis_ros.inference.segmenter import Segmenter
from osis_ros.progress import track
from osis_ros.words.embedding_map import EmbeddingMap, Fit, fit_map
from osis_ros.words.word_vectors import read_word_vectors


def make_guess_map(
    segmenter: Segmenter, ground_truth: Path, images: Path, vectors: Path, score: float, first: int | None = None
) -> tuple[EmbeddingMap, Fit]:
    """Find the objects of a data set, and fit the map to those whose mask the model finds (IoU ≥ 0.5).

    Args:
        ground_truth: COCO-format annotations; each category is a name, known class or not.
        vectors: of these names, as in `read_word_vectors`.
        score: the lowest score of an instance.
        first: only the first so many images.
    Raises:
        EvaluationError: data that cannot be used. WordVectorsError: a category without a vector.
        GuessError: too few objects or names.
    """
    if segmenter.bundle.manifest.word_dim is not None:
        raise EvaluationError(f"the zero-shot model '{segmenter.bundle.name}' looks for names itself, it needs no map")
    truth = first_images(read_ground_truth(ground_truth), first)
    paths = image_paths(truth, images)
    names = tuple(category.name for category in truth.categories)
    named = read_word_vectors(vectors, names)
    embeddings, labels = _objects(segmenter, truth, paths, score)
    return fit_map(embeddings, labels, names, named.vectors, segmenter.bundle.manifest.sha256, named.source)


def _objects(
    segmenter: Segmenter, truth: GroundTruth, paths: list[Path], score: float
) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings [N, E] of the objects that are found, and the places [N] of their categories."""
    objects, places = truth.objects.take(~truth.objects.crowd), [category.id for category in truth.categories]
    here, embeddings, labels = objects.rows_by_image(), [], []
    frames = read_images(truth.images, paths)
    for number, rgb in enumerate(track(frames, "segmenting", len(paths))):
        found, rows = segmenter.segment(rgb, score), here.get(number, np.zeros(0, int))
        iou = mask_iou(encode_instances(found), [objects.rles[row] for row in rows], np.zeros(len(rows), bool))
        match = greedy_matches(iou, IOU)
        embeddings.append(found.embeddings[match >= 0])
        labels += [places.index(category) for category in objects.category[rows[match[match >= 0]]].tolist()]
    return np.concatenate(embeddings), np.array(labels, np.int64)
