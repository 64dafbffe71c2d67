"""Scenes that a training configuration names are rendered as it says."""

import json

import cv2

from osis_ros.training.config import load_config
from osis_ros.training.prepare import prepare_scenes


def test_scenes_have_the_configured_size(tmp_path):
    config = load_config("tabletop", ["scenes={small: {val: {count: 1, width: 96, height: 72}}}"])
    prepare_scenes(config, tmp_path)
    folder = tmp_path / "small" / "val"
    (image,) = json.loads((folder / "instances.json").read_text())["images"]
    assert (image["width"], image["height"]) == (96, 72)
    assert cv2.imread(str(folder / "images" / image["file_name"])).shape == (72, 96, 3)
