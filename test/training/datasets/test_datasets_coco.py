"""COCO-OSIS and other COCO-format data, on real annotations and on tiny ones."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import ground_truth_of, read_ground_truth
from osis_ros.errors import DatasetError
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.datasets.open_set import evaluation_set, training_set


def run(*arguments: object):
    return CliRunner().invoke(app, ["data", *map(str, arguments)])


def tiny() -> dict:
    """Image 1: a cup and a toy; 2: a toy; 3: a crowd of cups; 4: nothing."""
    objects = [(1, 1, 0), (1, 7, 0), (2, 7, 0), (3, 1, 1)]
    square = [[0, 0, 9, 0, 9, 9, 0, 9]]
    return {
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": 20, "width": 30} for i in (1, 2, 3, 4)],
        "annotations": [
            {"id": n, "image_id": i, "category_id": c, "iscrowd": crowd, "segmentation": square}
            for n, (i, c, crowd) in enumerate(objects, 1)
        ],
        "categories": [{"id": 1, "name": "cup"}, {"id": 7, "name": "toy"}],
        "licenses": ["kept"],
    }


def test_training_keeps_known_annotations_and_images_that_have_one():
    made = training_set(tiny(), [1])
    assert [i["id"] for i in made["images"]] == [1]  # 2 has a toy, 3 only a crowd, 4 nothing
    assert [a["id"] for a in made["annotations"]] == [1]
    assert made["categories"] == [{"id": 1, "name": "cup", "open_set": "known"}]
    assert made["licenses"] == ["kept"]


def test_the_test_set_keeps_everything_and_marks_the_classes():
    made = evaluation_set(tiny(), [1])
    assert (len(made["images"]), len(made["annotations"])) == (4, 4)
    assert [c["open_set"] for c in made["categories"]] == ["known", "unknown"]


def test_an_earlier_split_does_not_outlive_a_new_one():
    for make in (training_set, evaluation_set):
        assert "known_ids" not in make({**tiny(), "known_ids": [7]}, [1])


def test_classes_are_given_by_name_or_id_and_must_exist():
    truth = ground_truth_of(tiny(), Path("x.json"))
    assert [truth.category_id(name) for name in ("toy", "1")] == [7, 1]
    with pytest.raises(DatasetError, match=r"x.json: no category is called 'dragon'; there are cup, toy"):
        truth.category_id("dragon")


def test_what_is_marked_ignore_stays_so_unless_it_is_known():
    tree = tiny()
    tree["categories"][1]["open_set"] = "ignore"
    assert [c["open_set"] for c in evaluation_set(tree, [1])["categories"]] == ["known", "ignore"]
    assert [c["open_set"] for c in evaluation_set(tree, [1, 7])["categories"]] == ["known", "known"]


@pytest.fixture
def coco_2017(real_data, tmp_path) -> Path:
    """coco_mini laid out as COCO 2017 is."""
    root = tmp_path / "coco"
    (root / "annotations").mkdir(parents=True)
    for name, folder in (("train", "train2017"), ("val", "val2017")):
        tree = json.loads((real_data / "coco_mini" / f"instances_{name}.json").read_text())
        (root / folder).mkdir()
        for image in tree["images"]:
            image["file_name"] = Path(image["file_name"]).name
            (root / folder / image["file_name"]).symlink_to(real_data / "coco_mini" / "images" / image["file_name"])
        for category in tree["categories"]:
            del category["open_set"]
        (root / "annotations" / f"instances_{folder}.json").write_text(json.dumps(tree))
    return root


def test_coco_osis_from_a_copy_in_cocos_layout(coco_2017, tmp_path):
    """Against a count of the raw file: annotations of the 20 VOC classes, and images with one that is no crowd."""
    out = tmp_path / "osis"
    result = run("coco", coco_2017, out)
    assert result.exit_code == 0, result.output
    raw = json.loads((coco_2017 / "annotations" / "instances_train2017.json").read_text())
    name_of = {c["id"]: c["name"] for c in raw["categories"]}
    known = [a for a in raw["annotations"] if name_of[a["category_id"]] in COCO_KNOWN]
    images = {a["image_id"] for a in known if a["iscrowd"] == 0}
    made = json.loads((out / "train.json").read_text())
    assert {i["id"] for i in made["images"]} == images
    assert len(images) < len(raw["images"])
    assert {a["id"] for a in made["annotations"]} == {a["id"] for a in known if a["image_id"] in images}
    assert {c["name"] for c in made["categories"]} == set(COCO_KNOWN)
    assert all((coco_2017 / i["file_name"]).is_file() for i in made["images"])
    truth = read_ground_truth(out / "val.json")
    split = open_set_split(truth)
    assert (len(truth.images), len(split.known), len(truth.categories)) == (56, 20, 80)


def test_the_training_loader_reads_what_was_made(coco_2017, tmp_path):
    from osis_ros.training.config import Source
    from osis_ros.training.data import read_source

    assert run("coco", coco_2017, tmp_path / "osis").exit_code == 0
    made = json.loads((tmp_path / "osis" / "train.json").read_text())
    source = Source(annotations=tmp_path / "osis" / "train.json", images=coco_2017)
    records = read_source(source, tmp_path, COCO_KNOWN)
    labels = [label for record in records for label in record.labels]
    assert len(records) == len(made["images"])
    assert len(labels) == sum(a["iscrowd"] == 0 for a in made["annotations"])
    person = sum(a["category_id"] == 1 and a["iscrowd"] == 0 for a in made["annotations"])
    assert labels.count(COCO_KNOWN.index("person")) == person > 0
    assert set(labels) == set(range(20))


def test_check_of_coco_says_what_is_missing(coco_2017):
    (coco_2017 / "val2017" / "000000032773.jpg").unlink()
    result = run("check", coco_2017)
    text = result.output.replace("\n", " ")
    assert result.exit_code == 1
    assert "instances_train2017.json has 390 images, COCO's has 118287" in text
    assert "1 of 56 images are missing" in text
    assert "000000032773.jpg" in text
    (coco_2017 / "annotations" / "instances_val2017.json").unlink()
    assert "instances_val2017.json is missing" in run("check", coco_2017).output


def test_check_of_a_whole_file_finds_nothing(real_data):
    folder = real_data / "coco_mini"
    result = run("check", folder / "instances_val.json")
    assert result.exit_code == 0, result.output
    assert "56 images, 404 annotations (5 crowds), 80 classes" in result.output
    assert "nothing is missing" in result.output


def test_check_finds_broken_masks_and_wrong_sizes(real_data, tmp_path):
    folder = real_data / "coco_mini"
    tree = json.loads((folder / "instances_val.json").read_text())
    tree["images"][20]["height"] += 1
    (tmp_path / "sizes.json").write_text(json.dumps(tree))
    result = run("check", tmp_path / "sizes.json", "--images", folder)
    assert result.exit_code == 1
    assert ", its annotations say " in result.output.replace("\n", "")
    tree["annotations"][3]["segmentation"] = [[1, 2, 3]]
    (tmp_path / "broken.json").write_text(json.dumps(tree))
    assert "a polygon is not a list" in run("check", tmp_path / "broken.json", "--images", folder).output


def test_any_coco_format_file_with_names(tmp_path):
    (tmp_path / "all.json").write_text(json.dumps(tiny()))
    result = run("open-set", tmp_path / "all.json", tmp_path / "train.json", "--known", "toy", "--train")
    assert result.exit_code == 0, result.output
    assert "2 images, 2 annotations, 1 known and 0 unknown classes" in result.output
    assert run("open-set", tmp_path / "all.json", tmp_path / "test.json", "--known", "toy").exit_code == 0
    marks = {c["name"]: c["open_set"] for c in json.loads((tmp_path / "test.json").read_text())["categories"]}
    assert marks == {"cup": "unknown", "toy": "known"}


def test_boxes_without_masks_make_a_training_file_and_no_test_file(tmp_path):
    tree = tiny()
    tree["annotations"][0] |= {"segmentation": None, "bbox": [0, 0, 9, 9]}
    (tmp_path / "all.json").write_text(json.dumps(tree))
    assert run("open-set", tmp_path / "all.json", tmp_path / "train.json", "--known", "cup", "--train").exit_code == 0
    assert read_ground_truth(tmp_path / "train.json", boxes=True).objects.box_only.tolist() == [True]
    result = run("open-set", tmp_path / "all.json", tmp_path / "test.json", "--known", "cup")
    assert result.exit_code == 1
    assert "annotation 1 (image 1): segmentation is missing" in result.output


def test_bad_input_is_one_sentence(tmp_path):
    broken = tiny()
    del broken["annotations"][2]["category_id"]
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    strange = tiny()
    strange["annotations"][1]["image_id"] = {"a": 1}
    (tmp_path / "strange.json").write_text(json.dumps(strange))
    for arguments, sentence in (
        (("coco", tmp_path, tmp_path / "out"), "instances_train2017.json: no such file"),
        (
            ("check", tmp_path),
            "neither a COCO-format JSON file, nor a folder with annotations/instances_train2017.json",
        ),
        (
            ("open-set", tmp_path / "broken.json", tmp_path / "o.json", "--known", "cup"),
            "broken.json: annotation 3: category_id is None, expected a whole number",
        ),
        (
            ("open-set", tmp_path / "strange.json", tmp_path / "o.json", "--known", "cup"),
            "strange.json: annotation 2: image_id is {'a': 1}, expected a whole number",
        ),
        (("open-set", tmp_path / "absent.json", tmp_path / "o.json", "--known", "cup"), "absent.json: no such file"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert sentence in result.output
        assert len(result.output.strip().splitlines()) == 1
