"""A zero-shot network as a bundle: names are an input of its graph, so that a user's list needs no export."""

import json

import cv2
import numpy as np
import pytest
import torch
from narrow_network import narrow
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.inference.segmenter import Segmenter
from osis_ros.training.checkpoint import save_checkpoint
from osis_ros.training.detect import image_segmenter
from osis_ros.training.export import export_bundle
from osis_ros.training.model.build import build_detector
from osis_ros.training.model.systems import SYSTEMS
from osis_ros.words.names_file import NamedVectors, NamesError, write_names_file

SEEN = NamedVectors(("mug", "bowl"), np.eye(2, 4, dtype=np.float32), "test")
CUP_AND_NAIL = NamedVectors(("cup", "nail"), np.array([[0.8, 0.6, 0, 0], [0, 0, 1, 0]], np.float32), "test")
SIDE = 64


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    base = narrow(SEEN.names).replace(
        channels=8, proposals={"test_top_k": 20}, roi={"hidden": 16}, mask={"channels": 8, "convs": 1}
    )
    made = build_detector(SYSTEMS["zsi"].network(base).replace(words={"dim": 4})).eval()
    made.learn_words(SEEN)
    with torch.no_grad():
        made.classifier.encoder.weight.mul_(100)
    return made


@pytest.fixture(scope="module")
def bundle(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zero_shot")
    save_checkpoint(folder / "weights.safetensors", model, {}, torch.float32)
    return export_bundle(folder / "weights.safetensors", folder / "bundle", height=SIDE, width=SIDE, half=False)


@pytest.fixture(scope="module")
def picture():
    coarse = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    return cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)


def test_the_graph_finds_any_names_as_the_network_does(model, bundle, picture):
    """No names, two, one: with the same graph."""
    assert (bundle.manifest.word_dim, bundle.manifest.embedding_dim) == (4, 4)
    assert "names that were never trained" in (bundle.path / "README.md").read_text()
    segmenter = Segmenter(bundle)
    only_cup = NamedVectors(("cup",), CUP_AND_NAIL.vectors[:1], "test")
    for asked in (None, CUP_AND_NAIL, only_cup):
        if asked:
            segmenter.ask(asked)
            model.ask(asked)
        expected = image_segmenter(model, SIDE, SIDE)(picture)
        found = segmenter.segment(picture, score_threshold=0.05)
        assert found.class_names == expected.class_names == (*SEEN.names, *(asked.names if asked else ()))
        assert len(found) == len(expected) > 0
        assert not found.unknown.any()
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
        assert sorted(found.class_ids.tolist()) == sorted(expected.class_ids.tolist())
    assert (found.class_ids == 2).any()


def test_osis_segment_looks_for_the_names_of_a_file(bundle, picture, tmp_path):
    write_names_file(tmp_path / "names.npz", CUP_AND_NAIL)
    cv2.imwrite(str(tmp_path / "picture.png"), picture)
    done = CliRunner().invoke(app, [
        "segment", str(tmp_path / "picture.png"), "--model", str(bundle.path), "--output", str(tmp_path / "out"),
        "--names", str(tmp_path / "names.npz"), "--score-threshold", "0.05",
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "out" / "picture.json").read_text())
    assert record["class_names"] == ["mug", "bowl", "cup", "nail"]


def test_names_that_do_not_fit_are_refused(bundle):
    segmenter = Segmenter(bundle, warm_up=False)
    with pytest.raises(NamesError, match="vectors have 3 numbers, but the network was trained with vectors of 4"):
        segmenter.ask(NamedVectors(("cup",), np.eye(1, 3, dtype=np.float32), "test"))
    with pytest.raises(NamesError, match=r"'tabletop' takes no names, .*give a guess map"):
        Segmenter("tabletop", warm_up=False).ask(CUP_AND_NAIL)
