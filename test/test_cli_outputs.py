"""No command replaces a file of the user's: neither one that it reads, nor one that it did not write."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from osis_ros.cli import app

TREE = {
    "images": [{"id": 1, "file_name": "a.png", "height": 20, "width": 20}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[1, 1, 9, 1, 9, 9]]}],
    "categories": [{"id": 1, "name": "cup"}],
}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """What a user may have lying about, as the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "truth.json").write_text(json.dumps(TREE))
    (tmp_path / "weights.safetensors").write_bytes(b"weights of a week")
    (tmp_path / "last.ckpt").write_bytes(b"another checkpoint")
    (tmp_path / "original.pth").write_bytes(b"an official checkpoint")
    (tmp_path / "runs" / "tabletop").mkdir(parents=True)
    (tmp_path / "runs" / "tabletop" / "last.ckpt").write_bytes(b"a run of days")
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "train.json").write_text(json.dumps(TREE))
    cv2.imwrite(str(tmp_path / "holiday.png"), np.zeros((40, 60, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((1200, 1600, 3), np.uint8))  # as wide as a preview
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.yaml").write_text("backbone: resnet\n")
    return tmp_path


GROUND_TRUTH = ["--ground-truth", "truth.json", "--images", "."]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["data", "open-set", "truth.json", "truth.json", "--known", "cup"], "truth.json is also an input"),
        (["data", "open-set", "truth.json", "annotations/train.json", "--known", "cup"], "is not an earlier open-set"),
        (["data", "open-set", "truth.json", "out.json", "--known", ", "], "--known names no class"),
        (["data", "coco", "coco", "annotations"], "annotations/train.json exists and is not an earlier open-set"),
        (["data", "graspnet", "graspnet", "annotations"], "annotations/train.json exists and is not"),
        (["data", "graspnet-json", "authors", "annotations"], "annotations/train.json exists and is not"),
        (["detect", "last.ckpt", *GROUND_TRUTH, "--output", "truth.json"], "truth.json is also an input"),
        (["detect", "last.ckpt", *GROUND_TRUTH, "--output", "last.ckpt"], "last.ckpt is also an input"),
        (["detect", "last.ckpt", *GROUND_TRUTH, "--output", "holiday.png"], "holiday.png exists and is not an earlier"),
        (["mask-quality", "last.ckpt", *GROUND_TRUTH, "--json", "truth.json"], "truth.json is also an input"),
        (["compare", "tabletop", "tabletop", *GROUND_TRUTH, "--json", "truth.json"], "truth.json is also an input"),
        (["average", "last.ckpt", "weights.safetensors", "--output", "weights.safetensors"], "is also an input"),
        (["average", "last.ckpt", "original.pth", "--output", "weights.safetensors"], "weights.safetensors exists"),
        (["import-checkpoint", "original.pth"], "weights.safetensors exists; choose another file"),
        (["train", "--init", "runs/tabletop/last.ckpt"], "runs/tabletop/last.ckpt is also an input"),
        (["scenes", "out", "--preview", "holiday.png"], "holiday.png exists and is not an earlier preview"),
        (["scenes", "out", "--preview", "wide.png"], "wide.png exists and is not an earlier preview"),
        (["segment", "holiday.png", "--output", "holiday.png"], "holiday.png is a file, expected a folder"),
        (["scenes", "out", "--preview", "out/train/images/1.png"], "lies in the data set itself"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_nothing_of_the_users_is_replaced(arguments, sentence, folder):
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, sentence in result.stderr) == (1, True), (result.output, result.exception)
    assert len(result.stderr.splitlines()) == 1
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def test_what_an_earlier_run_wrote_is_replaced(folder):
    for _ in range(2):
        result = CliRunner().invoke(app, ["data", "open-set", "truth.json", "out.json", "--known", "cup"])
        assert result.exit_code == 0, result.output
