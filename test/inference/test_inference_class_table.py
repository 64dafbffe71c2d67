"""The table of classes: a class is a row, which can be added and removed, and lies beside the graph."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_cells import write_colour_cells, write_colour_table
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.inference.bundle import Bundle, BundleError, load_bundle
from osis_ros.inference.class_table import UNSEEN, ClassTable, ClassTableError
from osis_ros.inference.segmenter import Segmenter

RED, CYAN = (255, 0, 0), (0, 250, 250)


def scene() -> np.ndarray:
    rgb = np.zeros((224, 224, 3), np.uint8)
    rgb[16:96, 16:96], rgb[120:200, 120:200] = RED, CYAN
    return rgb


def names(bundle: Bundle) -> list[str]:
    found = Segmenter(bundle, threads=1).segment(scene())
    return sorted(found.class_name(i) for i in range(len(found)))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_colour_table(tmp_path / "colours")


def two_looks() -> ClassTable:
    """Two classes, embeddings of 2 and 2 numbers, of which the second look counts 0.36; its temperature is 0.1."""
    centres = np.array([[0.8, 0, 0.6, 0], [0, 0.8, 0, 0.6]], np.float32)
    weights = np.array([[3, 0], [0, 1]], np.float32)
    return ClassTable(("cup", "can"), centres, weights, np.array([-1, -2], np.float32), np.full(2, 0.1, np.float32),
                      np.zeros(2, np.float32))  # fmt: skip


def test_the_objects_of_a_class_whose_row_is_removed_are_unknown_and_an_added_row_is_a_class(bundle):
    assert bundle.classes.names == ("red", "green", "blue")
    assert names(bundle) == ["red", "unknown"]
    assert names(bundle.with_classes(bundle.classes.without("red"))) == ["unknown", "unknown"]
    found = Segmenter(bundle, threads=1).segment(scene())
    table = bundle.classes.with_class("sea", found.embeddings[found.unknown])
    assert names(bundle.with_classes(table)) == ["red", "sea"]
    assert names(bundle) == ["red", "unknown"]


def logit(table: ClassTable, row: int, cosine: float) -> float:
    """Of a class whose first look has no weights, at a cosine of the second look."""
    assert not table.weights[row].any()
    second = cosine / table.temperatures[row] + table.offsets[row]
    return (1 - table.share) * table.biases[row] + table.share * second


def test_with_a_second_look_a_class_ends_half_way_to_the_most_similar_other_object():
    """Half way from cosine 1 to 0.6 is 0.8, at which the logit must be 0.5, and 2 / 0.1 × 0.36 × 0.1 higher at 0.9."""
    own, other = np.array([[0.8, 0, 0, 0.6]]), np.array([[0, 0.8, 0.48, 0.36], [1, 0, 0, 0]])
    table = two_looks().with_class("jug", own, other, boundary=0.5)
    assert table.names == ("cup", "can", "jug")
    np.testing.assert_allclose(table.centres[2], own[0], atol=1e-6)
    assert table.share == pytest.approx(0.36)
    assert logit(table, 2, 0.8) == pytest.approx(0.5, abs=1e-6)
    assert logit(table, 2, 0.9) == pytest.approx(0.5 + 0.36, abs=1e-6)
    alone = two_looks().with_class("jug", own)  # half way to a cosine of 0.5
    assert logit(alone, 2, 0.75) == pytest.approx(0, abs=1e-6)


def test_what_the_second_look_has_not_seen_is_not_of_an_added_class():
    """Its logit is that of the first look, whatever that sees; also where T_u was raised from 0.5 to 0.8."""
    table = two_looks().with_class("jug", np.array([[0.8, 0, 0, 0.6]]), boundary=0.5)
    assert not table.weights[2].any()
    assert table.biases[2] == 0.5 - UNSEEN
    assert UNSEEN > np.log(0.8 / 0.2)


def test_where_distances_decide_the_first_look_parts_an_added_class_from_the_centres():
    """So that what lies at a centre is not of it, and what lies at its own is. The weights of the others are 3 and 1
    long, on average 2."""
    own = np.array([[0.48, 0.64, 0, 0.6]])  # between the centres, nearer to the second
    table = two_looks().with_class("jug", own, boundary=None)
    assert np.linalg.norm(table.weights[2]) == pytest.approx(2)
    three = ClassTable(("cup",), np.array([[0.8, 0, 0.6]]), np.array([[3.0, 0]]), *np.float32([[-1], [0.1], [0]]))
    table = three.with_class("jug", np.array([[0.48, 0.64, 0.6]]), boundary=None)
    assert table.weights[1] @ [0.6, 0.8] == pytest.approx(-table.weights[1] @ [1, 0])
    assert table.weights[1] @ [0.6, 0.8] > 0.5
    assert table.biases[1] == 0
    assert 0.75 / 0.1 + table.offsets[1] == pytest.approx(0, abs=1e-5)


def test_without_a_second_look_the_weights_point_to_the_centre_at_the_mean_length():
    table = ClassTable(("cup", "can"), np.eye(2, 3), np.array([[3, 0, 0], [0, 1, 0]]), np.array([-1, -2]), np.ones(2),
                       np.zeros(2))  # fmt: skip
    more = table.with_class("jug", np.array([[0, 0, 1], [0, 0, 1]]))
    assert more.weights[2].tolist() == [0, 0, 2]
    assert more.biases[2] == -1.5
    assert list(more.inputs) == ["centres", "weights", "biases"]
    assert list(two_looks().inputs) == ["centres", "weights", "biases", "temperatures", "offsets"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: table.without("jug"), "the model has no class 'jug', it has cup, can"),
        (lambda table: table.without("cup", "can"), "no class would be left"),
        (lambda table: table.with_class("cup", np.eye(1, 4)), "has a class 'cup' already"),
        (lambda table: table.with_class("jug", np.eye(1, 3)), r"views of 'jug' are \[1, 3\], expected embeddings"),
        (lambda table: table.with_class("jug", np.eye(0, 4)), r"views of 'jug' are \[0, 4\]"),
        (lambda table: table.with_class("jug", np.eye(1, 4)), "views of 'jug' are not all of the best objects"),
        (lambda table: ClassTable(("cup",), *list(vars(table).values())[1:]), "expected a row for each class"),
    ],
)
def test_a_change_that_is_not_possible_is_one_sentence(change, reason):
    with pytest.raises(ClassTableError, match=reason):
        change(two_looks())


def test_a_bundle_with_a_broken_table_is_one_sentence(bundle):
    file = bundle.path / "classes.npz"
    content = file.read_bytes()
    for broken, reason in [(content[:200], "is no .npz file with the arrays centres, weights, biases, "),
                           (two_looks().packed(), r"classes.npz: 3 classes have centres \[2, 4\]")]:  # fmt: skip
        file.write_bytes(broken)
        with pytest.raises(BundleError, match=reason):
            load_bundle(bundle.path)
    file.unlink()
    with pytest.raises(BundleError, match="is missing; copy the bundle again"):
        load_bundle(bundle.path)


def test_a_bundle_of_earlier_releases_has_no_table_and_says_so(tmp_path):
    old = write_colour_cells(tmp_path / "old")
    assert old.classes is None
    assert names(old) == ["red", "unknown"]
    with pytest.raises(ClassTableError, match="the classes of the model 'old' are part of its graph"):
        old.with_classes(two_looks())


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return result.output + str(result.exit_code)


def test_the_command_lists_classes_and_makes_a_taught_name_one(bundle, tmp_path):
    cv2.imwrite(str(tmp_path / "scene.png"), scene()[..., ::-1])
    gallery, output = tmp_path / "gallery", tmp_path / "mine"
    teach = ("teach", tmp_path / "scene.png", "--name", "sea", "--gallery", gallery, "--model", bundle.path)
    assert "sea" in run(*teach, "--region", 120, 120, 200, 200)
    listed = run("classes", bundle.path, "--output", output, "--remove", "green", "--add", "sea", "--gallery", gallery)
    assert [line.split() for line in listed.splitlines()[:3]] == [["0", "red"], ["1", "blue"], ["2", "sea"]]
    assert names(load_bundle(output)) == ["red", "sea"]
    assert (
        "The classes were changed after training: without green; with sea, taught."
        in (output / "README.md").read_text()
    )
    assert names(load_bundle(bundle.path)) == ["red", "unknown"]


def test_what_the_command_cannot_do_is_one_sentence(bundle, tmp_path):
    for options, reason in [
        (("--remove", "red"), "expected --output"),
        (("--output", tmp_path / "new", "--add", "sea"), "expected --gallery"),
        (("--output", tmp_path / "new", "--add", "sea", "--gallery", tmp_path / "gone"), "no name 'sea' was taught"),
        (("--output", bundle.path, "--remove", "red"), "is the model itself"),
        (("--output", tmp_path / "new", "--remove", "mug"), "the model has no class 'mug'"),
    ]:
        output = run("classes", bundle.path, *options)
        assert reason in " ".join(output.split())
        assert output.endswith("1")
    assert not (tmp_path / "new").exists()
