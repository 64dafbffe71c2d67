"""`osis teach`, `forget`, `taught`, and `osis segment --gallery`, on image files."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_model import colour_bundle
from coloured_things import BLUE, RED, picture
from typer.testing import CliRunner

from osis_ros.cli import app

ALONE = (("disc", RED, 60, 30, 44),)
BOTH = (("disc", RED, 5, 5, 40), ("square", BLUE, 90, 60, 44))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command")
    colour_bundle(folder / "model", 120 // 32 * 32, 160)
    colour_bundle(folder / "later", 64, 96)
    for name, things in {"alone": ALONE, "both": BOTH, "none": ()}.items():
        rgb, _ = picture(*things)
        cv2.imwrite(str(folder / f"{name}.png"), np.ascontiguousarray(rgb[..., ::-1]))
    return folder


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch):
    monkeypatch.chdir(folder)


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in arguments], env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result.exit_code, " ".join(result.output.split())


def teach(*arguments: object) -> tuple[int, str]:
    return run("teach", *arguments, "--model", "model")


def test_an_object_is_taught_found_again_listed_and_forgotten(folder: Path, tmp_path: Path):
    gallery = ["--gallery", tmp_path]
    status, said = teach("both.png", "--name", "block", "--region", 88, 58, 136, 106, *gallery)
    assert status == 0
    assert said.startswith("'block' is taught with 1 view, threshold 0.70; the nearest other thing is 'red 2' at 0.")
    assert said.endswith(f" ({tmp_path / 'block'})")
    status, said = teach("alone.png", "none.png", "--name", "ball", *gallery)
    assert status == 0
    assert "none.png: the object was not found in it" in said
    assert "threshold" in said
    status, said = run("segment", "both.png", "--model", "model", "--output", tmp_path / "out", *gallery)
    assert status == 0
    assert "both.png: 1 known, 1 unknown; by name: ball, block" in said
    found = json.loads((tmp_path / "out" / "both.json").read_text())["instances"]
    assert [(one["class_name"], one["taught_name"]) for one in found] == [("unknown", "block"), ("red", "ball")]
    status, said = run("taught", "--model", "model", *gallery)
    assert status == 0
    assert "ball" in said
    assert "block" in said
    assert run("forget", "ball", "--model", "model", *gallery) == (0, "'ball' is forgotten")
    assert [file.name for file in tmp_path.iterdir() if (file / "name.json").exists()] == ["block"]


def test_a_gallery_of_another_model_is_refused_until_it_is_embedded_again(tmp_path: Path):
    teach("both.png", "--name", "block", "--instance", 1, "--gallery", tmp_path)
    status, said = run("segment", "both.png", "--model", "later", "--gallery", tmp_path)
    assert status == 1
    assert "was taught with the model 'model'" in said
    assert "run osis teach --again" in said
    status, said = run("teach", "--again", "--model", "later", "--gallery", tmp_path)
    assert (status, said) == (0, f"{tmp_path}: 1 names embedded again by 'later'")
    assert run("taught", "--model", "later", "--gallery", tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "expected images or a bag, and --name"),
        (["alone.png"], "expected images or a bag, and --name"),
        (["both.png", "--name", "block"], "both.png: 2 things were found in it: say which one"),
        (["none.png", "--name", "block"], "none.png: nothing was found in it"),
        (["alone.png", "--name", "red"], "the name 'red' is a class that the model knows already"),
        (["alone.png", "--name", "a/b"], "has the character '/'"),
        (["both.png", "--name", "block", "--instance", "7"], "there is no instance 7 in the image"),
        (["both.png", "--name", "block", "--region", "0", "0", "9", "9"], "no instance fits the region"),
        (["both.png", "--name", "b", "--region", "0", "0", "9", "9", "--instance", "1"], "give one of them"),
        (["gone.png", "--name", "block"], "gone.png does not exist"),
        (["alone.png", "--again"], "--again embeds a whole gallery"),
        (["--again"], "holds no taught name"),
    ],
)
def test_what_cannot_be_taught_is_one_sentence_and_nothing_is_written(arguments: list, sentence: str, tmp_path: Path):
    status, said = teach(*arguments, "--gallery", tmp_path / "gallery")
    assert status == 1
    assert said.startswith("osis: ")
    assert sentence in said
    assert not (tmp_path / "gallery").exists()


def test_an_unknown_gallery_or_name_is_refused(tmp_path: Path):
    assert "is no folder" in run("segment", "both.png", "--model", "model", "--gallery", "nowhere")[1]
    assert run("forget", "cube", "--model", "model", "--gallery", tmp_path) == (
        1, "osis: no name 'cube' was taught; there is none yet"
    )  # fmt: skip
