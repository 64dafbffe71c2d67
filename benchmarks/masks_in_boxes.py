"""What a name gives to the masks that `osis masks` draws in true boxes.

    python benchmarks/masks_in_boxes.py CHECKPOINT --ground-truth FILE.json --images DIR [--first 50]

Mean IoU with the true masks, of the objects of the network's classes and of all others: of the box itself; of masks by
the object's own embedding, by the centre of its class (--by-name), and by that of another class. Behind it, the rank
correlation of the true IoU and mask_score, which is the network's own estimate.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.stats import spearmanr

from osis_ros.coco.annotations import read_ground_truth
from osis_ros.coco.rle import decode
from osis_ros.evaluation.jobs.evaluate import first_images
from osis_ros.evaluation.jobs.predict import image_paths, read_images
from osis_ros.training.box_masks import class_id
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.mask_quality import drawn_in_boxes


def box_of(mask: np.ndarray) -> list[int]:
    """x0, y0, x1, y1 around a mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / max((a | b).sum(), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--ground-truth", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--first", type=int, default=50)
    parser.add_argument("--short-side", type=int, default=480)
    parser.add_argument("--long-side", type=int, default=640)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    truth = first_images(read_ground_truth(options.ground_truth), options.first)
    network = load_checkpoint(options.checkpoint)[0]
    names = {category.id: category.name for category in truth.categories}
    sides, rng = {"short_side": options.short_side, "long_side": options.long_side}, np.random.default_rng(0)
    found, scores, count = defaultdict(list), defaultdict(list), network.config.num_classes
    rows_on = truth.objects.take(~truth.objects.crowd & (truth.objects.pixels > 0))
    by_image = rows_on.rows_by_image()
    for number, rgb in enumerate(read_images(truth.images, image_paths(truth, options.images))):
        if number not in by_image:
            continue
        rows = by_image[number]
        masks = [decode(rows_on.rles[row]) for row in rows]
        boxes = np.float32([box_of(mask) for mask in masks])
        own = np.array([class_id(network, names[category]) for category in rows_on.category[rows].tolist()])
        known, other = own < count, (own + rng.integers(1, count, len(own))) % count
        ways = {"own embedding": (own, None), "its name": (own, known), "another name": (other, known)}
        for way, (ids, by_class) in ways.items():
            drawn, estimates = drawn_in_boxes(network, rgb, boxes, ids, by_class, **sides)
            for mask, true, score, is_known in zip(drawn, masks, estimates, known, strict=True):
                found[is_known, way].append(iou(mask, true))
                scores[is_known, way].append(score)
        for (x0, y0, x1, y1), true, is_known in zip(boxes.astype(int), masks, known, strict=True):
            found[is_known, "box"].append(true.sum() / ((x1 - x0) * (y1 - y0)))
    for is_known, kind in ((True, "known"), (False, "other")):
        for way in ("box", "own embedding", "its name", "another name")[: 4 if is_known else 2]:
            if values := found[is_known, way]:
                rank = f", rank correlation {spearmanr(values, scores[is_known, way])[0]:.2f}" if way != "box" else ""
                print(f"{kind} objects ({len(values)}), {way}: mean IoU {100 * np.mean(values):.1f} %{rank}")


if __name__ == "__main__":
    main()
