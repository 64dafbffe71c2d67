"""What a checkpoint finds in a data set at the paper's image size, as COCO-format results (SemSeg, section IV-B).

A bundle has one input size; the paper's 800 × 1333 follows each image's own shape, which no fixed size does.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from osis_ros.coco.annotations import UNKNOWN_ID, read_ground_truth
from osis_ros.evaluation.jobs.evaluate import first_images, with_categories, write_json
from osis_ros.evaluation.jobs.predict import image_paths, result_journal, segment_images
from osis_ros.evaluation.metrics.split import Split, with_model_classes
from osis_ros.inference.letterbox import Letterbox
from osis_ros.inference.manifest import refused_unknown
from osis_ros.inference.paste import paste_masks
from osis_ros.inference.scene_instances import scene_instances
from osis_ros.instances import Instances
from osis_ros.training.checkpoint import CheckpointError, load_checkpoint
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.zero_shot_detector import ZeroShotDetector
from osis_ros.training.scaled_input import LONG_SIDE, SHORT_SIDE, scaled_input
from osis_ros.words.names_file import NamedVectors


def detect(
    checkpoint: Path,
    ground_truth: Path,
    images: Path,
    output: Path,
    short_side: int = SHORT_SIDE,
    long_side: int = LONG_SIDE,
    first: int | None = None,
    names: NamedVectors | None = None,
    **decision: float | None,
) -> tuple[int, float]:
    """Run a checkpoint over the images of a data set, on the GPU if there is one, and write what it finds.

    A run that breaks off leaves what it has done in OUTPUT.part, and the same run goes on from there.

    Args:
        ground_truth: names the images and the categories; its objects are not used.
        images: the folder that its file names start at.
        output: COCO-format results, for `osis evaluate --detections`.
        short_side, long_side: as in `scaled_input`.
        first: only the first so many images, in id order.
        names: a zero-shot network looks for these too.
        decision: entries of the network's decision section to replace; those that are None stay.
    Returns:
        The number of instances found, and images per second.
    Raises:
        CheckpointError, EvaluationError: input that does not fit, in one sentence.
    """
    truth = first_images(read_ground_truth(ground_truth), first)
    paths = image_paths(truth, images)
    model = load_checkpoint(checkpoint)[0].to("cuda" if torch.cuda.is_available() else "cpu")
    threshold, measure = decision.get("unknown_threshold"), model.config.unknown_by
    if threshold is not None and (reason := refused_unknown(measure, threshold)):
        raise CheckpointError(f"unknown_threshold is {reason} ({checkpoint})")
    replaced = {name: value for name, value in decision.items() if value is not None}
    model = model.reconfigured(model.config.replace(decision=replaced))
    if names is not None:
        if not isinstance(model, ZeroShotDetector):
            kind = model.config.classifier.kind
            raise CheckpointError(f"{checkpoint}: names are for classifier.kind words, not {kind}; leave out --names")
        model.ask(names)
    split, category_ids = with_model_classes(Split((), frozenset(), {}), truth, model.class_names, UNKNOWN_ID)
    run = {
        "model": str(checkpoint.resolve()), "modified": checkpoint.stat().st_mtime_ns,
        "sides": [short_side, long_side], "decision": model.config.decision.model_dump(),
        **({} if names is None else {"names": list(names.names), "vectors": float(names.vectors.astype(float).sum())}),
    }  # fmt: skip
    with result_journal(output, truth, paths, category_ids, run) as journal:
        segment = image_segmenter(model, short_side, long_side)
        found, rate = segment_images(segment, truth, paths, category_ids, journal)
        write_json(with_categories(found, split, truth, category_ids[-1]), output)
    return len(found), rate


def image_segmenter(model: Detector, short_side: int, long_side: int) -> Callable[[np.ndarray], Instances]:
    """A network as a function of an image, uint8 [H, W, 3] RGB, which it sees at `scaled_input`'s size."""
    device = next(model.parameters()).device

    def segment(rgb: np.ndarray) -> Instances:
        height, width = rgb.shape[:2]
        image, (rows, columns) = scaled_input(rgb, short_side, long_side)
        with torch.no_grad():
            (found,) = model(image.to(device), [(rows, columns)])
        place = Letterbox(width, height, columns, rows)
        if model.config.scene:
            arrays = {name: value.cpu().numpy() for name, value in found._asdict().items()}
            return scene_instances(arrays, place, model.class_names, model.config.decision.score_threshold)
        arrays = {name: value.float().cpu().numpy() for name, value in found._asdict().items()}
        spans = place.boxes_to_image(arrays["boxes"])
        rois, masks = paste_masks(arrays["masks"], spans, height, width)
        return Instances(
            boxes=place.clip(spans), scores=arrays["scores"], class_ids=arrays["class_ids"],
            distances=arrays["distances"], embeddings=arrays["embeddings"], rois=rois, masks=masks,
            height=height, width=width, class_names=model.class_names,
        )  # fmt: skip

    return segment
