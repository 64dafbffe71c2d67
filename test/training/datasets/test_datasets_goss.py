"""COCO-Stuff-GOSS and Cityscapes-GOSS, from tiny copies in the data sets' own layout."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import read_ground_truth
from osis_ros.coco.rle import decode
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.config import Source, load_config
from osis_ros.training.data import NO_CLASS, read_source
from osis_ros.training.datasets import cityscapes, coco_stuff

PERSON, BEAR, WALL_WOOD, GRASS = 0, 22, 176, 123  # numbers in the pixel maps of COCO-Stuff
ROAD, POLE_GROUP, CAR, RIDER = 7, 18, 26, 25  # of Cityscapes


def run(*arguments: object):
    return CliRunner().invoke(app, ["data", *map(str, arguments)])


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def columns(*numbers: int) -> np.ndarray:
    """A label map with two columns of pixels for each number."""
    return np.tile(np.repeat(np.array(numbers, np.uint8), 2), (3, 1))


@pytest.fixture
def stuff(tmp_path) -> Path:
    """Two training pictures, one of which shows a bear; two test pictures, one of which shows one."""
    for folder, name, labels in (
        ("train2017", "000000000009", columns(PERSON, 255, GRASS)),
        ("train2017", "000000000025", columns(PERSON, BEAR)),
        ("val2017", "000000000139", columns(BEAR, 255, WALL_WOOD)),
        ("val2017", "000000000285", columns(PERSON)),
    ):  # fmt: skip
        write(tmp_path / "coco" / "stuffthingmaps" / folder / f"{name}.png", labels)
        write(tmp_path / "coco" / folder / f"{name}.jpg", np.zeros((*labels.shape, 3), np.uint8))
    return tmp_path


def test_coco_stuff_is_split_by_what_a_picture_shows(stuff):
    """Bears are unknown: no training picture may show one, each test picture must."""
    done = run("coco-stuff", stuff / "coco", stuff / "goss", "--split", "voc")
    assert done.exit_code == 0, done.output
    assert "train.json: 1 images, 3 annotations, 111 known and 61 unknown classes" in done.output
    assert "val.json: 1 images, 2 annotations, 111 known and 60 unknown classes" in done.output
    train, val = (json.loads((stuff / "goss" / f"{part}.json").read_text()) for part in ("train", "val"))
    assert train["images"][0] == {"id": 1, "file_name": "train2017/000000000009.jpg", "height": 3, "width": 6}
    names = {c["id"]: c["name"] for c in train["categories"]}
    shown = {names[a["category_id"]]: decode(a["segmentation"])[0].tolist() for a in train["annotations"]}
    assert shown == {"person": [1, 1, 0, 0, 0, 0], "unlabelled": [0, 0, 1, 1, 0, 0], "grass": [0, 0, 0, 0, 1, 1]}
    assert [(a["category_id"], a["area"]) for a in val["annotations"]] == [(BEAR + 1, 6), (WALL_WOOD + 1, 6)]


def test_coco_stuff_files_train_and_score(stuff):
    """Pixels without a label have no class in training; the test knows 91 kinds of stuff."""
    run("coco-stuff", stuff / "coco", stuff / "goss", "--split", "voc")
    source = Source(annotations=Path("goss/train.json"), images=Path("coco"))
    (record,) = read_source(source, stuff, coco_stuff.known_classes("voc"))
    grass = coco_stuff.known_classes("voc").index("grass")
    assert sorted(record.labels) == [NO_CLASS, 0, grass]
    truth = read_ground_truth(stuff / "goss" / "val.json")
    assert len(open_set_split(truth).known) == 111
    assert sum(not c.thing for c in truth.categories) == 91


@pytest.mark.parametrize(
    ("split", "known", "unknown"),
    [("voc", (20, 91), (60, 0)), ("manual", (20, 91), (60, 0)), ("random", (51, 60), (29, 31))],
)  # fmt: skip
def test_splits_have_the_papers_numbers_of_things_and_stuff(split, known, unknown):
    things = {c.name: c.thing for c in coco_stuff.CLASSES}
    for names, counts in ((coco_stuff.known_classes(split), known), (coco_stuff.UNKNOWN[split], unknown)):
        assert len(set(names)) == len(names)
        assert (sum(things[n] for n in names), sum(not things[n] for n in names)) == counts


def test_class_numbers_are_those_of_the_pixel_maps():
    """COCO's own category ids less one for things; of stuff the first is 91 and the last 181."""
    numbers = {c.name: c.number for c in coco_stuff.CLASSES}
    assert (numbers["person"], numbers["toothbrush"], numbers["bear"]) == (0, 89, BEAR)
    assert (numbers["banner"], numbers["grass"], numbers["wall-wood"], numbers["wood"]) == (91, GRASS, WALL_WOOD, 181)
    assert len(numbers) == 171
    assert set(COCO_KNOWN) <= set(numbers)


@pytest.fixture
def city(tmp_path) -> Path:
    """A street with a car, a rider, and a group of poles, which has no class."""
    for part, name in (("train", "aachen_000000_000019"), ("val", "lindau_000001_000019")):
        place = tmp_path / "city" / "gtFine" / part / name.split("_")[0]
        write(place / f"{name}_gtFine_labelIds.png", columns(ROAD, CAR, RIDER, POLE_GROUP))
    return tmp_path


def test_cityscapes_leaves_unknown_pixels_out_of_training_alone(city):
    done = run("cityscapes", city / "city", city / "goss")
    assert done.exit_code == 0, done.output
    assert "train.json: 1 images, 2 annotations, 16 known and 0 unknown classes" in done.output
    assert "val.json: 1 images, 3 annotations, 16 known and 3 unknown classes" in done.output
    val = json.loads((city / "goss" / "val.json").read_text())
    assert val["images"][0]["file_name"] == "leftImg8bit/val/lindau/lindau_000001_000019_leftImg8bit.png"
    marks = {c["name"]: (c["open_set"], c["isthing"]) for c in val["categories"]}
    assert (marks["car"], marks["rider"], marks["road"]) == (("unknown", 1), ("known", 1), ("known", 0))
    run("cityscapes", city / "city", city / "other", "--split", "manual-13-6")
    marks = [c["open_set"] for c in json.loads((city / "other" / "val.json").read_text())["categories"]]
    assert (marks.count("known"), marks.count("unknown")) == (13, 6)


def test_what_is_not_there_is_named(city, stuff):
    for arguments, sentence in (
        (("coco-stuff", stuff / "city", stuff / "goss", "--split", "voc"), "train2017 has no *.png, expected the"),
        (("coco-stuff", stuff / "coco", stuff / "goss", "--split", "vok"), "--split is 'vok', expected one of voc,"),
        (("cityscapes", stuff / "coco", stuff / "goss"), "expected the fine annotations of Cityscapes"),
        (("cityscapes", city / "city", city / "goss", "--split", "16-3"), "expected one of manual-16-3, manual-13-6"),
    ):  # fmt: skip
        done = run(*arguments)
        assert done.exit_code == 1
        assert sentence in " ".join(done.output.split())
    write(city / "city" / "gtFine" / "val" / "lindau" / "a_gtFine_labelIds.png", np.zeros((2, 2, 3), np.uint8))
    output = run("cityscapes", city / "city", city / "coloured").output
    assert "has 3 channels, expected a label image of one" in " ".join(output.split())


@pytest.mark.parametrize(
    ("preset", "known"),
    [*((f"paper-goss-{split}", coco_stuff.known_classes(split)) for split in coco_stuff.UNKNOWN),
     ("paper-goss-cityscapes", cityscapes.known_classes("manual-16-3"))],
)  # fmt: skip
def test_presets_know_the_classes_of_their_split(preset, known):
    model = load_config(preset).model
    assert model.class_names == known
    assert model.scene.unknown_by == ("msp" if preset == "paper-goss-cityscapes" else "class")
    assert model.decision.unknown_threshold == pytest.approx(0.25 if preset == "paper-goss-cityscapes" else 1 / 6)
