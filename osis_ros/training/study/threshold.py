"""T_u after training: the same share of known objects stays known, however far a short training brought them."""

from pathlib import Path

import torch
from torch import Tensor
from torchvision.ops import masks_to_boxes

from osis_ros.progress import track
from osis_ros.training.checkpoint import load_checkpoint, save_checkpoint
from osis_ros.training.config import TrainConfig
from osis_ros.training.data import Record, decode_masks, read_pixels, read_source
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.pooling import with_image_index
from osis_ros.training.scaled_input import scaled_input
from osis_ros.training.study.config import StudyConfig

IMAGES = 300  # of each training data set: enough for some thousand objects


def with_threshold(checkpoint: Path, study: StudyConfig, training: TrainConfig, data_root: Path, output: Path) -> Path:
    """The same weights with `study.stay_known` as T_u, written to `output` if they are not there yet; networks in which
    T_u bounds no distance, and studies that leave it alone, keep their checkpoint."""
    if output.is_file():
        return output
    model, provenance = load_checkpoint(checkpoint)
    if study.stay_known is None or model.config.unknown_by != "distance" or not model.config.embedding.enabled:
        return checkpoint
    names = training.model.class_names
    records = [record for s in training.train.values() for record in read_source(s, data_root, names)[:IMAGES]]
    distances = known_distances(model, records, study.short_side, study.long_side)
    threshold = float(distances.quantile(study.stay_known))
    tuned = model.reconfigured(model.config.replace(decision={"unknown_threshold": threshold}))
    save_checkpoint(output, tuned, provenance, torch.float32)
    return output


@torch.no_grad()
def known_distances(model: Detector, records: list[Record], short_side: int, long_side: int) -> Tensor:
    """Cosine distances [N] of the known objects of images, in their true boxes, to the nearest class centre."""
    found = []
    for record in track(records, "distances of known objects", len(records)):
        known = [i for i, label in enumerate(record.labels) if label >= 0]
        if not known:
            continue
        image, (rows, columns) = scaled_input(read_pixels(record), short_side, long_side)
        boxes = masks_to_boxes(torch.from_numpy(decode_masks(record)[known]))
        boxes[:, 2:] += 1  # masks_to_boxes gives the last pixel, a box ends behind it
        boxes *= torch.tensor([columns / record.width, rows / record.height] * 2)
        levels = model.pyramid(model.backbone.normalise(image, [(rows, columns)]))
        hidden = model.pool_boxes([level.float().contiguous() for level in levels], with_image_index([boxes]))
        found.append(model.describe(hidden).distances.amin(1))
    return torch.cat(found)
