"""GraspNet-OSIS from tiny folders in GraspNet-1Billion's real layout, and from files like the authors'."""

import json
import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import read_ground_truth
from osis_ros.coco.rle import decode
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.training.datasets import graspnet_scenes
from osis_ros.training.datasets.graspnet import KNOWN, TRAIN_ONLY, scene_sets
from osis_ros.training.datasets.graspnet_scenes import convert_frame

HEIGHT, WIDTH = 72, 128  # a tenth of the camera's 720 × 1280


def write_scene(root: Path, scene: int, objects: list[int], frames: int = 2) -> None:
    """Object k of the list is a 10 × 8 px rectangle at x = 12 k + frame, y = 20; a label is the object's id + 1."""
    folder = root / "scenes" / f"scene_{scene:04d}"
    camera = folder / "realsense"
    for name in ("rgb", "depth", "label", "annotations", "meta", "rect"):
        (camera / name).mkdir(parents=True)
    (folder / "object_id_list.txt").write_text("".join(f"{i}\n" for i in objects))
    np.save(camera / "camK.npy", np.array([[927.2, 0, 651.3], [0, 927.4, 349.6], [0, 0, 1]]))
    np.save(camera / "camera_poses.npy", np.tile(np.eye(4), (frames, 1, 1)))
    for frame in range(frames):
        label = np.zeros((HEIGHT, WIDTH), np.uint8)
        for k, object_id in enumerate(objects):
            label[20:28, 12 * k + frame : 12 * k + frame + 10] = object_id + 1
        cv2.imwrite(str(camera / "label" / f"{frame:04d}.png"), label)
        cv2.imwrite(str(camera / "rgb" / f"{frame:04d}.png"), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        cv2.imwrite(str(camera / "depth" / f"{frame:04d}.png"), np.full((HEIGHT, WIDTH), 600, np.uint16))
        (camera / "annotations" / f"{frame:04d}.xml").write_text("<scene></scene>")


@pytest.fixture
def root(tmp_path) -> Path:
    """One scene of each kind: known only, with train-only objects, seen, similar, novel, and the odd 188 and 189."""
    scenes = {0: [0, 2, 66], 1: [5, 15], 100: [0, 7], 130: [1, 3], 160: [80], 188: [8], 189: [1]}
    for scene, objects in scenes.items():
        write_scene(tmp_path, scene, objects)
    return tmp_path


def run(*arguments: object):
    return CliRunner().invoke(app, ["data", *map(str, arguments)])


def test_a_label_image_becomes_instances_with_their_objects(root):
    image, annotations = convert_frame(root, 1, 1, "realsense", frozenset({5, 15}))
    assert image == {"id": 257, "file_name": "scenes/scene_0001/realsense/rgb/0001.png", "height": 72, "width": 128,
                     "scene": 1, "frame": 1}  # fmt: skip
    assert [(a["category_id"], a["area"], a["bbox"]) for a in annotations] == [
        (5, 80, [1, 20, 10, 8]),
        (15, 80, [13, 20, 10, 8]),
    ]
    mask = decode(annotations[1]["segmentation"])
    assert mask.shape == (72, 128)
    assert mask.sum() == mask[20:28, 13:23].sum() == 80


def test_scenes_are_sorted_as_the_benchmark_wants(root, tmp_path):
    out = tmp_path / "osis"
    result = run("graspnet", root, out, "--workers", 1)
    assert result.exit_code == 0, result.output
    scenes = {}
    for name in ("train", "test_1", "test_2", "test_3"):
        tree = json.loads((out / f"{name}.json").read_text())
        scenes[name] = sorted({i["scene"] for i in tree["images"]})
        assert len({a["id"] for a in tree["annotations"]}) == len(tree["annotations"])
    assert scenes == {
        "train": [0], "test_1": [1, 100, 188], "test_2": [1, 100, 130, 188, 189],
        "test_3": [1, 100, 130, 160, 188, 189],
    }  # fmt: skip
    assert "test_4 is left out: it needs 20 scenes with known and unknown objects" in result.output


def test_the_training_set_knows_28_classes_and_the_test_sets_88(root, tmp_path):
    assert run("graspnet", root, tmp_path / "osis", "--workers", 2, "--sets", "train,test_3").exit_code == 0
    train = json.loads((tmp_path / "osis" / "train.json").read_text())
    assert [c["id"] for c in train["categories"]] == sorted(KNOWN)
    truth = read_ground_truth(tmp_path / "osis" / "test_3.json")
    split = open_set_split(truth)
    assert (len(split.known), len(truth.categories)) == (28, 88)
    assert split.names[0] == "cracker_box"
    assert (root / truth.images[0].file_name).is_file()


def test_converted_scenes_are_kept_and_the_rest_goes_on(root, tmp_path):
    out = tmp_path / "osis"
    assert run("graspnet", root, out, "--sets", "train", "--workers", 1).exit_code == 0
    shard = out / "scenes" / "realsense" / "scene_0000.json"
    before = shard.stat().st_mtime_ns
    assert run("graspnet", root, out, "--workers", 1).exit_code == 0
    assert shard.stat().st_mtime_ns == before
    assert (out / "scenes" / "realsense" / "scene_0160.json").is_file()


def test_tests_four_to_six_have_wilderness_ratios_of_one_to_three():
    """A made-up full copy, step 2: images with unknown objects over images with known ones is 2/2, 4/2 and 6/2."""
    known, other, novel = frozenset({0, 2}), frozenset({0, 15}), frozenset({80})
    objects = {0: known, **dict.fromkeys(range(1, 6), other), 100: known, **dict.fromkeys(range(160, 166), novel)}
    sets = scene_sets(objects, seed=3, step=2).scenes
    for ratio in (1, 2, 3):
        chosen = sets[f"test_{ratio + 3}"]
        with_unknown = sum(bool(objects[s] - KNOWN) for s in chosen)
        with_known = sum(bool(objects[s] & KNOWN) for s in chosen)
        assert (len(chosen), with_unknown / with_known) == (2 * ratio, ratio)
    assert set(sets["test_4"]) < set(sets["test_5"]) < set(sets["test_6"])
    assert scene_sets(objects, seed=3, step=2).scenes == sets
    assert scene_sets(objects, seed=4, step=2).scenes != sets


def test_the_known_objects_and_the_train_only_ones_are_forty():
    assert len(KNOWN) == 28
    assert len(TRAIN_ONLY) == 12
    assert not KNOWN & TRAIN_ONLY


def test_check_says_what_is_missing(root):
    labels = root / "scenes" / "scene_0130" / "realsense" / "label"
    (labels / "0001.png").unlink()
    (root / "scenes" / "scene_0160" / "realsense" / "camK.npy").unlink()
    result = run("check", root)
    text = result.output
    assert result.exit_code == 1
    assert "183 of 190 scenes are missing: 2-99, 101-129, 131-159, 161-187" in text
    assert f"{labels}: 255 of 256 images are missing: 1-255" in text
    assert "scene_0160/realsense/camK.npy is missing" in text
    assert "train: 1 scenes, of 38; 256 images" in text


def test_labels_that_contradict_the_object_list_are_named(root):
    (root / "scenes" / "scene_0100" / "object_id_list.txt").write_text("0\n")
    result = run("graspnet", root, root / "osis", "--workers", 1)
    assert result.exit_code == 1
    assert "label/0000.png: label 8 is object 7, which the scene's object_id_list.txt does not name" in result.output
    assert "which the scene's object_id_list.txt does not name" in run("check", root).output


def test_missing_and_broken_files_are_one_sentence(root, tmp_path):
    rgb = root / "scenes" / "scene_0001" / "realsense" / "rgb" / "0001.png"
    rgb.unlink()
    result = run("graspnet", root, root / "osis", "--workers", 2)
    assert result.exit_code == 1
    assert f"{rgb}: no such file" in result.output
    (root / "scenes" / "scene_0001" / "object_id_list.txt").write_text("five\n")
    assert "object_id_list.txt: not a list of object ids" in run("graspnet", root, root / "osis").output
    (tmp_path / "empty" / "scenes").mkdir(parents=True)
    assert "no scene folders (scene_0000, …)" in run("graspnet", tmp_path / "empty", tmp_path / "o").output
    assert "--camera is 'zed', expected realsense or kinect" in run("graspnet", root, "o", "--camera", "zed").output
    assert "--sets names 'test_7', expected some of train" in run("graspnet", root, "o", "--sets", "test_7").output


class Killed(graspnet_scenes._Converter):
    def __call__(self, scene: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_one_sentence(root, tmp_path, monkeypatch):
    monkeypatch.setattr(graspnet_scenes, "_Converter", Killed)
    result = run("graspnet", root, tmp_path / "osis", "--workers", 2)
    assert result.exit_code == 1
    assert "osis: a worker process died (out of memory?); the same command goes on" in result.output


def test_the_authors_files_are_marked_and_named(tmp_path):
    square = [[0, 0, 9, 0, 9, 9, 0, 9]]
    tree = {
        "images": [{"id": i, "file_name": f"{i}.png", "height": 20, "width": 20} for i in (1, 2)],
        "categories": [{"id": i, "name": str(i)} for i in range(88)],
        "annotations": [
            {"id": i, "image_id": i, "category_id": c, "iscrowd": 0, "segmentation": square}
            for i, c in ((1, 5), (2, 15))
        ],
    }
    for name in ("train", "test_4"):
        (tmp_path / f"graspnet_os_{name}.json").write_text(json.dumps(tree))
    result = run("graspnet-json", tmp_path, tmp_path / "ours")
    assert result.exit_code == 0, result.output
    train = json.loads((tmp_path / "ours" / "train.json").read_text())
    assert [i["id"] for i in train["images"]] == [1]  # object 15 is not known
    truth = read_ground_truth(tmp_path / "ours" / "test_4.json")
    assert len(open_set_split(truth).known) == 28
    assert truth.categories[5].name == "banana"
    tree["annotations"][0]["category_id"] = 88
    (tmp_path / "graspnet_os_train.json").write_text(json.dumps(tree))
    assert "annotation 1: category_id 88 is not among" in run("graspnet-json", tmp_path, tmp_path / "ours").output
    tree["categories"].append({"id": 88, "name": "88"})
    (tmp_path / "graspnet_os_train.json").write_text(json.dumps(tree))
    assert "category ids 88, expected 0..87" in run("graspnet-json", tmp_path, tmp_path / "ours").output
    assert "none of graspnet_os_train.json" in run("graspnet-json", tmp_path / "ours", tmp_path / "o").output
