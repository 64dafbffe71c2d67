"""Pictures of simple shapes with exact outlines, and a network small enough to train on them within a test."""

import json
from pathlib import Path

import cv2
import numpy as np

from osis_ros.training.config import TrainConfig

NAMES = ("square", "disc")


def write_shapes(root: Path, pictures: int, square: int, radius: int) -> Path:
    """96 x 128 pictures of one bright square of `square` pixels' side and one dark disc each; returns `root`."""
    rng = np.random.default_rng(0)
    images, annotations = [], []
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    for i in range(pictures):
        picture = rng.integers(90, 130, (96, 128, 3), dtype=np.uint8)
        x, y = rng.integers(4, 64 - square, 2).tolist()
        corners = np.array([[x, y], [x + square, y], [x + square, y + square], [x, y + square]])
        disc = np.stack([95 + radius * np.cos(angles), 60 + radius * np.sin(angles)], 1).round()
        cv2.fillPoly(picture, [corners.astype(np.int32)], (40, 220, 240))
        cv2.fillPoly(picture, [disc.astype(np.int32)], (160, 30, 20))
        cv2.imwrite(str(root / f"{i}.png"), picture)
        images.append({"id": i, "file_name": f"{i}.png", "height": 96, "width": 128})
        for category, polygon in ((1, corners), (2, disc)):
            annotations.append(
                {"id": len(annotations), "image_id": i, "category_id": category, "iscrowd": 0,
                 "segmentation": [polygon.ravel().astype(float).tolist()]}
            )  # fmt: skip
    categories = [{"id": 1, "name": "square"}, {"id": 2, "name": "disc"}]
    (root / "a.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return root


def tiny_run(**changes) -> TrainConfig:
    model = {
        "preset": "tabletop", "class_names": NAMES, "channels": 16, "frozen_stages": 0,
        "roi": {"hidden": 32, "sampling_ratio": 2, "samples": 16, "positive_fraction": 0.5},
        "mask": {"channels": 16, "convs": 1, "embedding_dim": 8, "sampling_ratio": 2, "rois_per_image": 4},
    }  # fmt: skip
    tree = {
        "name": "shapes",
        "model": model,
        "train": {"shapes": {"annotations": "a.json", "images": "."}},
        "augment": {"mode": "jitter", "size": (96, 128), "scale": (0.9, 1.1)},
        "optimiser": {"name": "adamw", "learning_rate": 1e-3, "reference_batch": 2, "warmup_steps": 2,
                      "schedule": "cosine", "ema_decay": 0.5},
        "steps": 4, "batch": 2, "workers": 0, "checkpoint_every": 2,
    }  # fmt: skip
    return TrainConfig.model_validate({**tree, **changes})
