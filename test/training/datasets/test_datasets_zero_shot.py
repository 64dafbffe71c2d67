"""The splits of zero-shot instance segmentation, and the sets that are made by them."""

import json

import pytest
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import ground_truth_of
from osis_ros.errors import DatasetError
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.training.config import load_config
from osis_ros.training.datasets.zero_shot import (
    SPLITS,
    ZeroShotSplit,
    seen_classes,
    zero_shot_test_set,
    zero_shot_training_set,
)

SPLIT = ZeroShotSplit(unseen=("toy",), left_out=("pen",))
CUP, TOY, PEN = 1, 7, 8


def tree(*objects: tuple[int, int, int]) -> dict:
    """Of (image, category, crowd)."""
    square = [[0, 0, 9, 0, 9, 9, 0, 9]]
    return {
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": 20, "width": 30} for i in (1, 2, 3, 4)],
        "annotations": [
            {"id": n, "image_id": i, "category_id": c, "iscrowd": crowd, "segmentation": square}
            for n, (i, c, crowd) in enumerate(objects, 1)
        ],
        "categories": [{"id": CUP, "name": "cup"}, {"id": TOY, "name": "toy"}, {"id": PEN, "name": "pen"}],
    }


SOME = tree((1, CUP, 0), (1, PEN, 0), (2, CUP, 0), (2, TOY, 0), (3, PEN, 0), (4, CUP, 0), (4, TOY, 1))


def test_training_images_show_a_seen_object_and_no_unseen_one():
    """2 shows a toy, 3 nothing but a pen, 4 a crowd of toys."""
    made = zero_shot_training_set(SOME, ground_truth_of(SOME, "a.json"), SPLIT)
    assert [image["id"] for image in made["images"]] == [1]
    assert [a["category_id"] for a in made["annotations"]] == [CUP]
    assert made["categories"] == [{"id": CUP, "name": "cup", "open_set": "known"}]


def test_test_images_show_an_unseen_object_that_is_no_crowd():
    made = zero_shot_test_set(SOME, ground_truth_of(SOME, "a.json"), SPLIT)
    assert [image["id"] for image in made["images"]] == [2]
    assert [a["category_id"] for a in made["annotations"]] == [CUP, TOY]
    split = open_set_split(ground_truth_of(made, "a.json"))
    assert (split.known, split.ignored) == ((CUP,), frozenset({PEN}))


@pytest.mark.parametrize("make", [zero_shot_training_set, zero_shot_test_set])
def test_nothing_left_is_an_error(make):
    empty = tree((1, PEN, 0))
    with pytest.raises(DatasetError, match=r"a\.json: no (image|object)"):
        make(empty, ground_truth_of(empty, "a.json"), SPLIT)


def test_a_name_that_no_category_has_is_an_error():
    with pytest.raises(DatasetError, match="no category is called 'robot'"):
        zero_shot_test_set(SOME, ground_truth_of(SOME, "a.json"), ZeroShotSplit(("robot",)))


@pytest.mark.parametrize(("split", "preset"), [("coco-48-17", "paper-zsi-48"), ("coco-65-15", "paper-zsi-65")])
def test_presets_train_the_seen_classes_of_their_split(split, preset):
    seen, unseen, left_out = (int(n) for n in {"coco-48-17": "48 17 15", "coco-65-15": "65 15 0"}[split].split())
    config = load_config(preset)
    names = config.model.class_names
    assert len(names) == len(set(names)) == seen
    assert (len(SPLITS[split].unseen), len(SPLITS[split].left_out)) == (unseen, left_out)
    assert len({*names, *SPLITS[split].unseen, *SPLITS[split].left_out}) == 80
    assert seen_classes(names, SPLITS[split]) == names
    model = config.model
    assert (model.backbone, model.words.sync, model.words.rule, model.words.dim) == ("resnet50", "both", "mean", 300)
    assert (model.proposals.kind, model.mask.output) == ("background_rpn", "words")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "give either --split, or --unseen"),
        (["--split", "coco-1-79"], "expected coco-48-17 or coco-65-15"),
        (["--split", "coco-65-15", "--unseen", "cup"], "give either --split, or --unseen"),
        (["--split", "coco-65-15", "--left-out", "cup"], "give either --split, or --unseen"),
        (["--split", "coco-65-15"], "no category is called"),
    ],
)
def test_the_command_refuses_in_a_sentence(tmp_path, options, sentence):
    (tmp_path / "a.json").write_text(json.dumps(SOME))
    done = CliRunner().invoke(app, ["data", "zero-shot", str(tmp_path / "a.json"), str(tmp_path / "b.json"), *options])
    assert done.exit_code == 1
    assert sentence in done.output
