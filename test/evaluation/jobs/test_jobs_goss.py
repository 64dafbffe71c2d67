"""`osis goss`: detections or a model, to the figures on the terminal and in the report."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_model import colour_bundle
from rectangles import content, detection, rectangle, write
from typer.testing import CliRunner

from osis_ros.cli import app

CUP, TOY, TABLE, UNKNOWN = 1, 7, 20, 1000
LEFT, RIGHT = (0, 0, 40, 100), (40, 0, 60, 100)


def run(folder: Path, *more: object):
    out = folder / "report.json"
    result = CliRunner().invoke(
        app, ["goss", "--ground-truth", str(folder / "truth.json"), "--json", str(out), *map(str, more)]
    )
    return result, json.loads(out.read_text()) if out.is_file() else None


@pytest.fixture
def strip(tmp_path) -> Path:
    """Two toys side by side on the left, table on the right. Found: one unknown over both; a cup of score .3."""
    tree = content(
        [
            {"image_id": 1, "category_id": TOY, "segmentation": rectangle(0, 0, 20, 100)},
            {"image_id": 1, "category_id": TOY, "segmentation": rectangle(20, 0, 20, 100)},
            {"image_id": 1, "category_id": TABLE, "segmentation": rectangle(*RIGHT)},
        ],
        open_set={CUP: "known", TOY: "unknown"},
    )
    tree["categories"].append({"id": TABLE, "name": "table", "open_set": "known", "isthing": 0})
    write(tmp_path, "truth.json", tree)
    write(
        tmp_path,
        "found.json",
        [detection(1, UNKNOWN, LEFT, 0.9), {**detection(1, CUP, (40, 0, 12, 100), 0.3), "distance": 0.1}],
    )
    return tmp_path


def test_a_result_without_stuff_is_scored_with_ground(strip):
    """The cup takes 12 of 60 columns of the ground: IoU .8; nothing is a cup. So GQ_known = .4; the toys are one."""
    result, report = run(strip, "--detections", strip / "found.json", "--per-class")
    assert result.exit_code == 0, result.output
    assert report["goss"]["GQ_known"] == pytest.approx(40)
    assert report["goss"]["GQ_unknown"] == 100
    assert report["goss"]["per_class"]["ground"]["quality"] == pytest.approx(80)
    assert report["settings"] == {"score": 0, "unknown_truth": "components", "smallest_known": 0, "one_ground": False}
    assert "so the known stuff (table) is one class, ground" in " ".join(report["notes"])
    for text in ("GQ_known", "40.0", "ground", "80.0", "scores ≥ 0"):
        assert text in result.output


def test_options_reach_the_metric(strip):
    found = ("--detections", strip / "found.json")
    assert run(strip, *found, "--score-threshold", "0.5")[1]["goss"]["GQ_known"] == 100
    assert run(strip, *found, "--unknown-truth", "instances")[1]["goss"]["GQ_unknown"] == 0
    _, report = run(strip, *found, "--smallest-known", "1201")
    assert report["goss"]["per_class"]["cup"]["invented"] == 0


def test_a_scene_segmenter_can_be_scored_with_one_ground(strip):
    """A result that says wall where the table is: as published both classes have 0, with one ground it is right."""
    tree = json.loads((strip / "truth.json").read_text())
    tree["categories"].append({"id": 21, "name": "wall", "open_set": "known", "isthing": 0})
    write(strip, "truth.json", tree)
    write(strip, "found.json", [detection(1, UNKNOWN, LEFT, 0.9), detection(1, 21, RIGHT, 0.8)])
    found = ("--detections", strip / "found.json", "--per-class")
    _, report = run(strip, *found)
    assert (report["goss"]["GQ_known"], report["goss"]["GQ_unknown"]) == (0, 100)
    result, report = run(strip, *found, "--one-ground")
    assert (report["goss"]["GQ_known"], report["goss"]["GQ_unknown"]) == (100, 100)
    assert "the known stuff (table, wall) is one class, ground, as asked for" in " ".join(result.output.split())


def test_a_sweep_scores_each_lowest_score(strip):
    """From .35 on the cup of score .3 is not painted, from .95 on the unknown of .9 is not."""
    result, report = run(strip, "--detections", strip / "found.json", "--sweep")
    assert result.exit_code == 0, result.output
    assert [row["score"] for row in report["by_score"]] == [round(0.05 * i, 2) for i in range(1, 20)]
    assert [row["GQ_known"] == 100 for row in report["by_score"]] == [False] * 6 + [True] * 12 + [False]
    assert [row["GQ_unknown"] for row in report["by_score"]] == [100] * 18 + [0]


def test_a_model_runs_at_its_own_score(tmp_path):
    """The bundle finds red as red, blue as unknown; the rest of the picture is table."""
    bundle = colour_bundle(tmp_path / "colour", height=96, width=96)
    rgb = np.zeros((96, 96, 3), np.uint8)
    rgb[10:42, 10:42], rgb[52:84, 52:84] = (255, 0, 0), (0, 0, 255)
    cv2.imwrite(str(tmp_path / "1.png"), rgb[..., ::-1])
    boxes = {1: [10, 10, 32, 32], 5: [52, 52, 32, 32], TABLE: [0, 0, 96, 96]}
    corners = {c: [x, y, x + w, y, x + w, y + h, x, y + h] for c, (x, y, w, h) in boxes.items()}
    truth = {
        "images": [{"id": 1, "file_name": "1.png", "height": 96, "width": 96}],
        "categories": [{"id": 1, "name": "red", "open_set": "known"}, {"id": 5, "name": "toy", "open_set": "unknown"},
                       {"id": TABLE, "name": "table", "open_set": "known", "isthing": 0}],
        "annotations": [{"id": c, "image_id": 1, "category_id": c, "segmentation": [corners[c]]} for c in boxes],
    }  # fmt: skip
    write(tmp_path, "truth.json", truth)
    result, report = run(tmp_path, "--model", bundle.path, "--images", tmp_path)
    assert result.exit_code == 0, result.output
    assert report["settings"]["score"] == report["run"]["score_threshold"] == bundle.manifest.thresholds.score
    figures = report["goss"]["per_class"]
    assert {name: row["matched"] for name, row in figures.items() if name != "green"} == {
        "red": 1, "ground": 1, "unknown": 1,
    }  # fmt: skip
    assert report["goss"]["GQ"] > 60
    everything_known, _ = run(tmp_path, "--model", bundle.path, "--images", tmp_path, "--unknown-threshold", "2")
    assert everything_known.exit_code == 0, everything_known.output
    assert json.loads((tmp_path / "report.json").read_text())["goss"]["GQ_unknown"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--unknown-truth", "areas"], "--unknown-truth is 'areas', expected instances or components"),
        ([], "give either --detections FILE, or --model BUNDLE with --images FOLDER"),
        (["--detections", "found.json", "--unknown-threshold", "1"], "--unknown-threshold: of no effect with"),
    ],
)
def test_a_bad_option_gets_one_sentence(strip, arguments, sentence, monkeypatch):
    monkeypatch.chdir(strip)
    result, report = run(strip, *arguments)
    assert (result.exit_code, report) == (1, None)
    assert sentence in " ".join(result.output.split())


def test_osis_evaluate_says_that_stuff_counts_as_objects_there(strip):
    arguments = ["evaluate", "--ground-truth", strip / "truth.json", "--detections", strip / "found.json"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert "stuff (table) counts as objects here; osis goss scores it by its pixels" in " ".join(result.output.split())
