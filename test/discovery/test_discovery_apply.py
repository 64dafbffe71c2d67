"""A named discovery becomes labels; `osis discover apply`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from label_readers import read_cvat, read_label_studio, read_labelme
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import read_ground_truth
from osis_ros.inference.image_file import read_image
from osis_ros.inference.segmenter import Segmenter
from osis_ros.teaching.gallery_folder import read_gallery

NAMED = "cluster,things,name,merge,drop\n1,5,plum,,\n2,3,lemon,,\n"


def run(folder: Path) -> tuple[int, str]:
    """Exit status, and what was printed: on stderr where it failed."""
    result = CliRunner().invoke(app, ["discover", "apply", str(folder)])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result.exit_code, result.stderr if result.exit_code else result.stdout


@pytest.fixture
def named(discovered: Path, tmp_path: Path) -> Path:
    folder = shutil.copytree(discovered, tmp_path / "named")
    (folder / "names.csv").write_text(NAMED)
    return folder


def test_every_format_has_every_object(named: Path):
    code, said = run(named)
    assert code == 0
    assert said.splitlines()[0] == f"{named}/labels: 14 objects on 5 pictures; new classes: plum, lemon"
    labels = named / "labels"
    expected = ["lemon"] * 3 + ["plum"] * 5 + ["red"] * 5 + ["unknown"]
    for file in ("coco.json", "coco_polygons.json"):
        truth = read_ground_truth(labels / file)
        names = {category.id: category.name for category in truth.categories}
        assert sorted(names[number] for number in truth.objects.category.tolist()) == expected
        assert all((named / "images" / image.file_name).is_file() for image in truth.images)
    for found in (
        read_cvat(labels / "cvat.xml"),
        read_label_studio(labels / "label_studio.json", labels / "label_studio.xml"),
        read_labelme(labels / "labelme"),
    ):
        assert sorted(name for entries in found.values() for name, _ in entries) == expected
        masks = [mask for entries in found.values() for _, mask in entries]
        assert all(6200 < np.count_nonzero(mask) <= 6400 for mask in masks)  # squares of 80 px
    assert json.loads((labels / "cvat_labels.json").read_text())[0]["name"] == "plum"


def test_the_training_configuration_trains_on_these_labels(named: Path):
    pytest.importorskip("torch", reason="configurations are read with the training part")
    from osis_ros.training.config import load_config
    from osis_ros.training.data import read_source

    assert run(named)[0] == 0
    config = load_config(str(named / "labels" / "train.yaml"))
    assert config.model.class_names == ("red", "green", "blue", "plum", "lemon")
    (source,) = config.train.values()
    records = read_source(source, named, config.model.class_names)
    assert sorted(label for record in records for label in record.labels) == [-1, *[0] * 5, *[3] * 5, *[4] * 3]


def test_the_gallery_names_the_things_that_were_named(named: Path, pictures: Path, colour_cells: Path):
    segmenter = Segmenter(colour_cells)
    code, said = run(named)
    assert (code, said.count("\n")) == (0, 1), said  # both names are in the gallery
    gallery = read_gallery(named / "labels" / "gallery", segmenter.bundle)
    assert gallery.names == ("lemon", "plum")
    rgb = read_image(pictures / "1.png")  # a purple, a red and a yellow square
    found = gallery.name(rgb, segmenter.segment(rgb))
    named_so = {(found.class_name(row), name) for row, name in enumerate(found.taught_names.tolist())}
    assert named_so == {("unknown", "plum"), ("unknown", "lemon"), ("red", "")}


def test_a_name_that_no_gallery_may_hold_is_told_and_the_labels_are_written(named: Path):
    (named / "names.csv").write_text(NAMED.replace("lemon", "lemon: ripe"))
    code, said = run(named)
    assert code == 0
    assert "not in the gallery: lemon: ripe: the name 'lemon: ripe' has the character ':'" in said
    assert [folder.name for folder in (named / "labels" / "gallery").iterdir()] == ["plum"]
    assert '"lemon: ripe"' in (named / "labels" / "coco.json").read_text()


def test_labels_are_replaced_unless_somebody_has_changed_them(named: Path):
    assert run(named)[0] == 0
    first = {file: file.read_bytes() for file in (named / "labels").rglob("*") if file.is_file()}
    assert run(named)[0] == 0
    assert {file: file.read_bytes() for file in (named / "labels").rglob("*") if file.is_file()} == first
    (named / "names.csv").write_text(NAMED.replace("lemon", "plum"))
    assert "new classes: plum\n" in run(named)[1]
    assert not (named / "labels" / "gallery" / "lemon").exists()
    edited = named / "labels" / "labelme" / "000000.json"
    edited.write_text(edited.read_text() + "\n")
    code, said = run(named)
    assert code == 1
    assert f"{named}/labels/labelme/000000.json was changed since osis discover apply wrote it" in said


def test_each_bad_row_is_a_line_with_its_number_and_nothing_is_written(named: Path):
    (named / "names.csv").write_text("cluster,things,name,merge,drop\n1,5,,,\n2,3,lemon,7,\n")
    code, said = run(named)
    assert code == 1
    assert said.splitlines() == [
        f"osis: {named}/names.csv line 2: cluster 1 has no name; give it one, or put yes under drop",
        f"osis: {named}/names.csv line 3: merge is '7', expected the number of another cluster",
    ]
    assert not (named / "labels").exists()


def damage(file: str, old: str, new: str):
    def edit(folder: Path) -> None:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), "utf-8")

    return edit


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda f: (f / "discovery.json").unlink(), "holds no discovery.json, expected a folder that osis discover"),
        (lambda f: (f / "names.csv").unlink(), "names.csv does not exist; osis discover writes it"),
        (lambda f: (f / "images" / "000001.jpg").unlink(), "images/000001.jpg is missing; run osis discover again"),
        (lambda f: (f / "discovery.json").write_bytes(b'{"written_by": "osis'), "discovery.json is not JSON"),
        (lambda f: (f / "embeddings.npy").write_bytes(b"half"), "embeddings.npy is missing or damaged; run osis"),
        (lambda f: np.save(f / "embeddings.npy", np.zeros((2, 3), np.float32)), "npy does not fit discovery.json"),
        (lambda f: (f / "images" / "000001.jpg").write_bytes(b"half"), "images/000001.jpg cannot be decoded"),
        (damage("discovery.json", '"format_version": 1', '"format_version": 9'), "discovery.json: format_version:"),
        (damage("discovery.json", '"picture": 0', '"picture": 77'), "instance 0: picture is 77, there are 5"),
        (damage("discovery.json", '"counts": "', '"counts": "0'), "run osis discover again"),
        (damage("discovery.json", '"000000.jpg"', '"../../etc/passwd"'), "discovery.json: pictures.0.file:"),
        (damage("names.csv", "plum,,\n2,3,lemon,,", ",,yes\n2,3,,,yes"), "names no new class: every cluster is"),
        (damage("names.csv", "plum,,\n2,3,lemon,,", "red,,\n2,3,unknown,,"), "names no new class"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence(edit, sentence: str, named: Path):
    edit(named)
    code, said = run(named)
    assert (code, said.count("\n"), said.startswith("osis: ")) == (1, 1, True), said
    assert sentence in said
    assert not (named / "labels").exists()


def test_a_folder_that_is_none_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    for name in ("nowhere", "file"):
        assert run(tmp_path / name) == (
            1, f"osis: {tmp_path / name} holds no discovery.json, expected a folder that osis discover wrote\n",
        )  # fmt: skip
