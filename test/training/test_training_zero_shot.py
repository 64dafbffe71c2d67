"""From word vectors to zero-shot scores: train, ask for names, detect, evaluate."""

import json

import numpy as np
import pytest
from shapes import tiny_run, write_shapes
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.config import ConfigError, TrainConfig
from osis_ros.training.fit import fit
from osis_ros.training.prepare import require_files

WORDS = "square 1 0 0\ndisc 0.8 0.6 0\nball 0.6 0.8 0\n"


def zsi_run(**changes) -> TrainConfig:
    small = tiny_run().model.model_dump()
    model = {
        "preset": "tabletop", "system": "zsi", "class_names": ("square",), "words": {"dim": 3, "sync": "both"},
        **{entry: small[entry] for entry in ("channels", "frozen_stages")}, "roi": {"hidden": 32, "samples": 16},
        "mask": {"channels": 16, "convs": 1, "rois_per_image": 4}, "decision": {"score_threshold": 0},
    }  # fmt: skip
    entries = {"train": {"shapes": {"annotations": "train.json", "images": "."}}, "word_vectors": "words.txt"}
    return tiny_run(**{"model": model, "steps": 2, **entries, **changes})


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    root = write_shapes(tmp_path_factory.mktemp("shapes"), pictures=4, square=34, radius=20)
    (root / "words.txt").write_text(WORDS)
    tree = json.loads((root / "a.json").read_text())
    first = {image["id"] for image in tree["images"][:2]}  # these show no disc
    tree["annotations"] = [a for a in tree["annotations"] if a["category_id"] == 1 or a["image_id"] not in first]
    (root / "a.json").write_text(json.dumps(tree))
    return root


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_name_that_was_never_trained_is_detected_and_scored(shapes, tmp_path):
    made = run("data", "zero-shot", shapes / "a.json", shapes / "train.json", "--unseen", "disc", "--train")
    assert "2 images, 2 annotations, 1 known and 0 unknown classes" in made
    run("data", "zero-shot", shapes / "a.json", tmp_path / "test.json", "--unseen", "disc")
    last = fit(zsi_run(), shapes, tmp_path)
    np.testing.assert_allclose(load_checkpoint(last)[0].names.seen, [[1, 0, 0]])
    run("names", shapes / "words.txt", tmp_path / "names.npz", "--names", "disc,ball")
    run("detect", last, "--ground-truth", tmp_path / "test.json", "--images", shapes, "--names", tmp_path / "names.npz",
        "--output", tmp_path / "found.json", "--short-side", 96, "--long-side", 128)  # fmt: skip
    found = json.loads((tmp_path / "found.json").read_text())
    ball = found["categories"][0]
    assert ball["name"] == "ball"
    assert {1, 2, ball["id"]} == {entry["category_id"] for entry in found["detections"]}
    printed = run("evaluate", "--ground-truth", tmp_path / "test.json", "--detections", tmp_path / "found.json",
                  "--zero-shot", "--json", tmp_path / "report.json")  # fmt: skip
    assert "best 100 seen and best 100 unseen detections an image" in printed
    scores = json.loads((tmp_path / "report.json").read_text())["zero_shot"]
    assert scores["budget"] == "separate"
    assert 0 <= scores["GZSI"]["unseen"]["recall40"] <= 100


def test_names_are_for_zero_shot_networks(shapes, tmp_path, model):
    from osis_ros.training.checkpoint import save_checkpoint

    save_checkpoint(tmp_path / "weights.safetensors", model, {})
    run("names", shapes / "words.txt", tmp_path / "names.npz", "--names", "ball")
    done = CliRunner().invoke(app, [
        "detect", str(tmp_path / "weights.safetensors"), "--ground-truth", str(shapes / "a.json"), "--images",
        str(shapes), "--names", str(tmp_path / "names.npz"), "--output", str(tmp_path / "found.json"),
    ])  # fmt: skip
    assert done.exit_code == 1
    assert "names are for classifier.kind words, not semantic" in done.output


def test_a_run_without_vectors_is_refused(shapes, tmp_path):
    with pytest.raises(ConfigError, match=r"classifier\.kind words needs the vectors of the class names"):
        fit(zsi_run(word_vectors=None), shapes, tmp_path)
    with pytest.raises(ConfigError, match=r"not found: word_vectors: .*none\.txt"):
        require_files(zsi_run(word_vectors="none.txt"), shapes)
    with pytest.raises(ValueError, match=r"word_vectors: it is of no effect with model\.classifier"):
        tiny_run(word_vectors="words.txt")


def test_missing_names_are_listed_before_training(shapes, tmp_path):
    config = zsi_run()
    with pytest.raises(Exception, match=r"words\.txt has no vector for wheel, cog"):
        fit(config.model_copy(update={"model": config.model.replace(class_names=("square", "wheel", "cog"))}), shapes,
            tmp_path)  # fmt: skip
