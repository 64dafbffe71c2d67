"""A run trains, can be stopped and resumed at any step, and says in one sentence why it will not go on."""

import json

import cv2
import numpy as np
import pytest
import torch

from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.config import ConfigError, TrainConfig
from osis_ros.training.fit import TrainingDiverged, fit

NAMES = ("square", "disc")


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Eight 96 x 128 pictures of one bright square and one dark disc each, with exact polygons."""
    root = tmp_path_factory.mktemp("shapes")
    rng = np.random.default_rng(0)
    images, annotations = [], []
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    for i in range(8):
        picture = rng.integers(90, 130, (96, 128, 3), dtype=np.uint8)
        x, y = rng.integers(4, 30, 2).tolist()
        square = np.array([[x, y], [x + 34, y], [x + 34, y + 34], [x, y + 34]])
        disc = np.stack([95 + 20 * np.cos(angles), 60 + 20 * np.sin(angles)], 1).round()
        cv2.fillPoly(picture, [square.astype(np.int32)], (40, 220, 240))
        cv2.fillPoly(picture, [disc.astype(np.int32)], (160, 30, 20))
        cv2.imwrite(str(root / f"{i}.png"), picture)
        images.append({"id": i, "file_name": f"{i}.png", "height": 96, "width": 128})
        for category, polygon in ((1, square), (2, disc)):
            annotations.append(
                {"id": len(annotations), "image_id": i, "category_id": category, "iscrowd": 0,
                 "segmentation": [polygon.ravel().astype(float).tolist()]}
            )  # fmt: skip
    categories = [{"id": 1, "name": "square"}, {"id": 2, "name": "disc"}]
    (root / "a.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return root


def run(**changes) -> TrainConfig:
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


def tensors(path):
    return load_checkpoint(path)[0].state_dict()


def test_a_run_leaves_a_checkpoint_that_loads_as_a_model(shapes, tmp_path, capsys):
    last = fit(run(), shapes, tmp_path)
    model, _ = load_checkpoint(last)
    assert model.config.class_names == NAMES
    assert "step 4/4" in capsys.readouterr().out


def test_a_stopped_run_goes_on_to_the_same_weights(shapes, tmp_path):
    """Three steps and one more, in another process life, equal four in one go: data, schedule, momenta, averages."""
    whole = tensors(fit(run(), shapes, tmp_path / "whole"))
    config = run(checkpoint_every=3)

    class Stopped(Exception):
        pass

    def stop_after_three(callback, trainer, *_):
        if trainer.global_step == 3:
            raise Stopped

    from osis_ros.training import progress

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress.ProgressLines, "on_train_batch_start", stop_after_three)
        with pytest.raises(Stopped):
            fit(config, shapes, tmp_path / "parts")
    resumed = tensors(fit(config, shapes, tmp_path / "parts"))
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=1e-4, atol=1e-5, msg=name)


def test_a_run_that_diverges_says_where_and_what_to_try(shapes, tmp_path):
    config = run(optimiser={"name": "sgd", "learning_rate": 1e18, "warmup_steps": 0})
    with pytest.raises(TrainingDiverged, match=r"is not finite at step \d; lower optimiser.learning_rate"):
        fit(config, shapes, tmp_path)


def test_data_without_a_known_class_is_refused(shapes, tmp_path):
    source = {"shapes": {"annotations": "a.json", "images": ".", "classes": "none"}}
    with pytest.raises(ConfigError, match="no annotation belongs to a known class"):
        fit(run(train=source), shapes, tmp_path)


def test_starting_from_an_earlier_model_takes_what_fits(shapes, tmp_path):
    first = fit(run(), shapes, tmp_path / "first")
    more_classes = {**run().model.model_dump(), "class_names": (*NAMES, "ring")}
    config = run(model=more_classes, steps=1, optimiser={"learning_rate": 1e-12})
    second, before = tensors(fit(config, shapes, tmp_path / "second", init=first)), tensors(first)
    torch.testing.assert_close(second["mask_head.pixel.weight"], before["mask_head.pixel.weight"])
    assert second["embedding.centres"].shape[0] == 3


def test_a_checkpoint_of_something_else_is_no_start(shapes, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(ConfigError, match="--init: "):
        fit(run(), shapes, tmp_path, init=path)
