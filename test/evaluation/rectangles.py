"""Tiny data sets of rectangles, whose overlaps can be worked out by hand. Images are 100 × 100 px."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from osis_ros.evaluation.coco_json import GroundTruth, detections_from, read_ground_truth
from osis_ros.evaluation.masks import Masks
from osis_ros.inference.rle import encode

SIZE = 100
NAMES = {1: "cup", 3: "bowl", 7: "toy", 9: "tool"}  # ids with holes; cup and bowl are known by custom
KNOWN = ("cup", "bowl")


def rectangle(x: int, y: int, width: int, height: int) -> dict:
    """COCO run-length encoding of a rectangle."""
    return encode(np.ones((height, width), bool), (x, y), (SIZE, SIZE))


def annotation(image: int, category: int, box: tuple[int, int, int, int], **more: object) -> dict:
    return {"image_id": image, "category_id": category, "segmentation": rectangle(*box), **more}


def detection(image: int, category: int, box: tuple[int, int, int, int], score: float) -> dict:
    return {**annotation(image, category, box), "score": score}


def content(annotations: Iterable[dict], images: int = 1, open_set: dict[int, str] | None = None) -> dict:
    """COCO-format ground truth; annotations get ids from 1 unless they have one."""
    marks = open_set or {}
    return {
        "images": [
            {"id": i, "file_name": f"{i}.png", "height": SIZE, "width": SIZE} for i in range(1, images + 1)
        ],
        "categories": [
            {"id": i, "name": name, **({"open_set": marks[i]} if i in marks else {})} for i, name in NAMES.items()
        ],
        "annotations": [{"id": n, "iscrowd": 0, **a} for n, a in enumerate(annotations, 1)],
    }  # fmt: skip


def write(folder: Path, name: str, tree: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(tree))
    return path


def data(folder: Path, annotations: list[dict], detections: list[dict], **more: object) -> tuple[GroundTruth, Masks]:
    """Both sides, read as the command reads them."""
    ground_truth = read_ground_truth(write(folder, "truth.json", content(annotations, **more)))
    return ground_truth, detections_from(detections, folder / "detections.json", ground_truth, 1000)
