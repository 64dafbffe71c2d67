"""Our outputs equal the authors' implementation's, and the comparison notices when they do not."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.reference import compare as compare_module
from osis_ros.training.reference.alignment import align, relative_difference
from osis_ros.training.reference.compare import ARRAYS, FixtureError, compare, observe, read_fixture
from osis_ros.training.reference.import_checkpoint import import_tensors

TOLERANCE = 1e-3
COMPARED = {
    "p3", "p6", "proposal_boxes", "proposal_centerness", "proposal_embedding_head", "proposal_min_distance", "boxes",
    "scores", "classes", "embeddings", "masks", "given_embeddings", "given_masks", "loss_contrastive",
}  # fmt: skip


@pytest.fixture(scope="module")
def fixture(reference) -> dict[str, np.ndarray]:
    return read_fixture(reference / "parity_graspnet.npz")


@pytest.fixture(scope="module")
def checkpoint(reference, fixture, tmp_path_factory) -> Path:
    """The official checkpoint that the fixture was made with."""
    spec = importlib.util.spec_from_file_location("parity_weights", reference / "parity_weights.py")
    weights = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(weights)
    shapes = json.loads((reference / "keys_graspnet.json").read_text())
    tensors = {name: torch.from_numpy(weights.parity_tensor(name, tuple(shape))) for name, shape in shapes.items()}
    tensors["roi_heads.dml.representatives"] = torch.from_numpy(fixture["centres"])
    path = tmp_path_factory.mktemp("parity") / "official.pth"
    torch.save({"model": tensors}, path)
    return path


@pytest.fixture(scope="module")
def model(checkpoint) -> SemSeg:
    return import_tensors(torch.load(checkpoint, weights_only=True)["model"], checkpoint)


@pytest.fixture(scope="module")
def ours(model, fixture) -> dict[str, np.ndarray]:
    return observe(model, fixture)


def past(model: SemSeg, ours: dict[str, np.ndarray], fixture: dict[str, np.ndarray]) -> set[str]:
    return {d.name for d in compare(model, ours, fixture, TOLERANCE) if not d.relative <= TOLERANCE}


def test_every_array_equals_the_authors_to_a_thousandth(model, ours, fixture):
    differences = compare(model, ours, fixture, TOLERANCE)
    assert {difference.name for difference in differences} == COMPARED
    for difference in differences:
        assert difference.relative <= TOLERANCE, difference
    assert next(d for d in differences if d.name == "classes").absolute == 0


@torch.no_grad()
def test_the_whole_network_gives_the_authors_masks_on_its_own_boxes(model, fixture):
    image = torch.from_numpy(np.ascontiguousarray(fixture["image_bgr"][..., ::-1])).permute(2, 0, 1)[None]
    (found,) = model(image, [image.shape[2:]])
    classes = np.append(fixture["class_object_ids"], 1000)[found.class_ids.numpy()]
    ours = [found.boxes.numpy(), found.scores.numpy(), found.embeddings.numpy(), classes]
    order = align(ours, [fixture[name] for name in ("boxes", "scores", "embeddings", "classes")], TOLERANCE)
    # Some boxes are hundredths of a pixel wide, and their rounding moves the samples in them: hence not a thousandth.
    assert np.abs(found.masks.numpy()[order] - fixture["masks"]).max() < 5 * TOLERANCE


def test_a_tie_may_be_listed_in_another_order(model, ours, fixture):
    swapped = dict(fixture)
    tied = int(np.flatnonzero(np.abs(np.diff(fixture["proposal_centerness"])) < 1e-6)[-1])
    for name in ("proposal_boxes", "proposal_min_distance"):
        swapped[name] = fixture[name].copy()
        swapped[name][[tied, tied + 1]] = fixture[name][[tied + 1, tied]]
    assert past(model, ours, swapped) == set()


def test_proposals_in_another_order_of_scores_are_noticed(model, ours, fixture):
    wrong = dict(fixture)
    for name in ("proposal_boxes", "proposal_centerness", "proposal_min_distance"):
        wrong[name] = np.roll(fixture[name], 500, axis=0)
    assert "proposal_centerness" in past(model, ours, wrong)


@pytest.mark.parametrize(
    ("name", "change"),
    [("boxes", 2.0), ("scores", 0.01), ("embeddings", 0.01), ("masks", 0.01), ("p3", 5.0), ("given_masks", 0.01)],
)
def test_one_wrong_value_is_noticed(model, ours, fixture, name, change):
    wrong = {**fixture, name: fixture[name].copy()}
    wrong[name].reshape(len(wrong[name]), -1)[7 % len(wrong[name]), 0] += change
    assert past(model, ours, wrong) == {name}


def test_a_missing_proposal_or_result_is_noticed(model, ours, fixture):
    fewer = {**fixture, **{name: fixture[name][:-1] for name in ("proposal_boxes", "proposal_centerness")}}
    assert {"proposal_boxes", "proposal_centerness"} <= past(model, ours, fewer)
    fewer = {**fixture, **{name: fixture[name][:-1] for name in ("boxes", "scores", "classes", "embeddings")}}
    assert {"boxes", "scores", "classes", "embeddings"} <= past(model, ours, fewer)


@pytest.mark.parametrize(("tolerance", "status"), [("1e-3", 0), ("1e-9", 1)])
def test_the_command_prints_every_array_and_fails_past_the_tolerance(
    checkpoint, reference, ours, monkeypatch, tolerance, status
):
    monkeypatch.setattr(compare_module, "observe", lambda *_: ours)  # it has just run on the same weights and picture
    command = ["compare-reference", str(checkpoint), str(reference / "parity_graspnet.npz"), "--tolerance", tolerance]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == status, result.output
    assert {line.split()[0] for line in result.stdout.splitlines()} == COMPARED
    assert ("past the tolerance of 1e-09" in result.stderr) == (status == 1)


def test_a_fixture_that_cannot_be_used_is_one_sentence(tmp_path):
    with pytest.raises(FixtureError, match="no such file"):
        read_fixture(tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(FixtureError, match=r"text\.npz: damaged, or not an \.npz of plain arrays$"):  # no numpy advice
        read_fixture(tmp_path / "text.npz")
    np.savez(tmp_path / "short.npz", **{name: np.zeros(1) for name in ARRAYS if name != "masks"})
    with pytest.raises(FixtureError, match="missing masks"):
        read_fixture(tmp_path / "short.npz")
    np.savez(tmp_path / "objects.npz", image_bgr=np.array([{}], dtype=object))
    with pytest.raises(FixtureError, match=r"objects\.npz"):
        read_fixture(tmp_path / "objects.npz")


def test_differences_are_relative_to_a_rows_largest_value_and_absolute_below_one():
    found = relative_difference(np.array([[100.0, 0.1], [0.5, 0.2]]), np.array([[100.0, 0.0], [0.4, 0.2]]))
    assert found.round(6).tolist() == [[0.0, 0.001], [0.1, 0.0]]


def test_rows_are_matched_by_all_that_is_known_of_them():
    theirs = [np.array([1.0, 1.0, 0.5]), np.array([[5.0], [6.0], [7.0]])]
    ours = [np.array([1.0, 1.0, 0.9, 0.5]), np.array([[6.0], [5.0], [1.0], [7.0]])]
    assert align(ours, theirs, 1e-3).tolist() == [1, 0, 3]
