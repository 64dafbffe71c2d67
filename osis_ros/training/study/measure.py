"""What one run of a study scores, and what it shows: figures, pictures and embeddings."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from osis_ros.coco.annotations import UNKNOWN_ID, GroundTruth, detections_from, read_ground_truth
from osis_ros.coco.masks import mask_iou
from osis_ros.evaluation.jobs.evaluate import Options, evaluate, first_images
from osis_ros.evaluation.jobs.predict import coco_results, image_paths, read_images
from osis_ros.evaluation.metrics.open_set_errors import IOU, greedy_matches
from osis_ros.evaluation.metrics.split import open_set_split, with_model_classes
from osis_ros.files.atomic import write_whole
from osis_ros.inference.overlay import draw_overlay
from osis_ros.progress import track
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.detect import detect, image_segmenter
from osis_ros.training.mask_quality import mask_quality
from osis_ros.training.study.config import StudyConfig, TestSet

SHOWN_WIDTH = 400  # px, of a picture on the page
SHOWN_SCORE = 0.3  # lowest score of an instance in a picture


def score_run(checkpoint: Path, study: StudyConfig, data_root: Path, folder: Path) -> dict[str, Any]:
    """Score a checkpoint on every data set: `open_set`, with the GOSS quality, and `given_boxes`, by data set.

    Detections are kept in `folder`; where it breaks off, it goes on image by image.
    """
    scores = {}
    for name, test in study.tests.items():
        truth, images = data_root / test.ground_truth, data_root / test.images
        found = folder / f"found-{name}.json"
        if not found.is_file():
            detect(checkpoint, truth, images, found, study.short_side, study.long_side, test.first)
        report = evaluate(Options(truth, found, known=test.known, goss=True, first=test.first))
        given = mask_quality(checkpoint, truth, images, test.known, study.short_side, study.long_side, test.first)
        kept = ("known", "unknown", "AOSE", "WI", "goss", "images", "objects")
        scores[name] = {
            "open_set": {key: report[key] for key in kept},
            "given_boxes": {key: given[key] for key in ("known", "unknown")},
        }
    return scores


def show_run(checkpoint: Path, study: StudyConfig, data_root: Path, folder: Path) -> None:
    """Write `picture-N.jpg`, results on the first images of the first data set, and `embeddings.npz`: of the objects
    that were found on it, `embeddings` [N, D] and `categories` [N], of `names`, whose last is unknown."""
    test = next(iter(study.tests.values()))
    truth = first_images(read_ground_truth(data_root / test.ground_truth), test.first)
    truth = first_images(truth, max(study.pictures, study.map_images))
    paths = image_paths(truth, data_root / test.images)
    model = load_checkpoint(checkpoint)[0].to("cuda" if torch.cuda.is_available() else "cpu")
    segment = image_segmenter(model, study.short_side, study.long_side)
    instances = []
    frames = track(read_images(truth.images, paths), "pictures and embeddings", len(paths))
    for number, rgb in enumerate(frames):
        instances.append(segment(rgb))
        if number < study.pictures:
            shown = instances[-1].take(np.flatnonzero(instances[-1].scores >= SHOWN_SCORE))
            _write_picture(folder / f"picture-{number}.jpg", draw_overlay(rgb, shown))
    _write_embeddings(folder / "embeddings.npz", model.config.class_names, instances, truth, test)


def _write_picture(path: Path, rgb: np.ndarray) -> None:
    size = (SHOWN_WIDTH, max(1, round(SHOWN_WIDTH * rgb.shape[0] / rgb.shape[1])))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    write_whole(path, jpeg.tobytes())


def _write_embeddings(
    path: Path, class_names: tuple[str, ...], instances: list, truth: GroundTruth, test: TestSet
) -> None:
    split = open_set_split(truth, test.known, class_names)
    split, ids = with_model_classes(split, truth, class_names, UNKNOWN_ID)
    results = [r for image, found in zip(truth.images, instances, strict=True) for r in coco_results(image, found, ids)]
    detections = detections_from(results, path, truth, *ids)
    objects = truth.objects.take(~truth.objects.crowd & ~np.isin(truth.objects.category, list(split.ignored)))
    on, names = (
        objects.rows_by_image(),
        {category: class_names.index(n) for category, n in split.names.items() if n in class_names},
    )
    rows, categories = [], []
    for image, own in detections.rows_by_image().items():
        own = own[np.argsort(-detections.score[own], kind="stable")]
        here = on.get(image, np.zeros(0, int))
        iou = mask_iou([detections.rles[i] for i in own], [objects.rles[i] for i in here], objects.crowd[here])
        match = greedy_matches(iou, IOU)
        rows += own[match >= 0].tolist()
        categories += [names.get(c, len(class_names)) for c in objects.category[here[match[match >= 0]]].tolist()]
    embeddings = np.concatenate([found.embeddings for found in instances])[rows]
    with path.open("wb") as file:
        np.savez_compressed(file, embeddings=embeddings.astype(np.float16), categories=np.array(categories, int),
                            names=np.array([*class_names, "unknown"]))  # fmt: skip
