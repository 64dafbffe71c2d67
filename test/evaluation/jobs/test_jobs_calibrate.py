"""Choosing T_u and the score threshold. The bundle finds red (distance .01), green (.02) and blue (.5) things."""

import json

import cv2
import numpy as np
import pytest
import yaml
from colour_model import colour_bundle
from rectangles import KNOWN, annotation, content, data, detection, rectangle, write
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import EvaluationError
from osis_ros.evaluation.jobs.calibrate import Calibration, best_score, candidates, f1_curve, merged, write_thresholds
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.inference.bundle import load_bundle

ALIKE = np.ones(1)
CUP, BOWL, TOY, UNKNOWN = 1, 3, 7, 1000
A, B, C = (0, 0, 20, 20), (40, 0, 20, 20), (0, 40, 20, 20)


def test_the_best_score_has_the_greatest_f1(tmp_path):
    """3 objects. From the top: .9 right (F1 2/4), .8 wrong (2/5), .7 unknown, right (4/6), .6 wrong class (4/7), .5
    wrong (4/8): the best is .7 with 66.7 %."""
    truth = [annotation(1, CUP, A), annotation(1, TOY, B), annotation(1, BOWL, C)]
    found = [detection(1, CUP, A, 0.9), detection(1, CUP, A, 0.8), detection(1, UNKNOWN, B, 0.7),
             detection(1, CUP, C, 0.6), detection(1, UNKNOWN, (70, 70, 9, 9), 0.5)]  # fmt: skip
    assert best_score([curve(tmp_path, truth, found)], ALIKE) == pytest.approx((0.7, 200 / 3))


def test_equal_scores_stand_or_fall_together(tmp_path):
    """At .8 one is right and two are wrong, which one threshold cannot tell apart: 2·1 / (3 + 1)."""
    found = [detection(1, CUP, A, 0.8), detection(1, CUP, B, 0.8), detection(1, CUP, C, 0.8)]
    assert best_score([curve(tmp_path, [annotation(1, CUP, A)], found)], ALIKE) == pytest.approx((0.8, 50))


def test_nothing_right_gives_the_highest_threshold(tmp_path):
    assert best_score([curve(tmp_path, [annotation(1, CUP, A)], [])], ALIKE) == (1, 0)


def test_the_best_score_of_several_sets_follows_their_weights(tmp_path):
    """The first set is best at .9 (F1 1; 2/3 from .4 on), the second at .4 (F1 1; 0 before). Weighted 1 to 1, .9 has
    a mean of 1/2 and .4 of 5/6; weighted 3 to 1, 3/4 and 3/4, of which the higher threshold is taken; 5 to 1 it is .9.
    """
    high, low = tmp_path / "high", tmp_path / "low"
    high.mkdir()
    low.mkdir()
    curves = [
        curve(high, [annotation(1, CUP, A)], [detection(1, CUP, A, 0.9), detection(1, CUP, B, 0.4)]),
        curve(low, [annotation(1, CUP, A)], [detection(1, CUP, A, 0.4)]),
    ]
    assert best_score(curves, np.array([1, 1])) == pytest.approx((0.4, 250 / 3))
    assert best_score(curves, np.array([5, 1])) == pytest.approx((0.9, 250 / 3))


def curve(folder, truth, found):
    ground_truth, masks = data(folder, truth, found)
    return f1_curve(ground_truth, masks, open_set_split(ground_truth, KNOWN))


def test_a_threshold_takes_known_up_to_it_and_unknown_beyond():
    known = [{"distance": d, "is": "known"} for d in (0.1, 0.3)]
    unknown = [{"distance": d, "is": "unknown"} for d in (0.1, 0.3)]
    assert merged(known, unknown, 0.1) == [known[0], unknown[1]]
    assert merged(known, unknown, 0.05) == unknown
    assert candidates([(known, unknown)], ALIKE)[0] == 0.1


def test_the_thresholds_to_try_lie_between_those_of_the_sets():
    """Distances of one set are .1, those of another .5: weighted 3 to 1 their mean is .2."""
    near, far = ([{"distance": d}] for d in (0.1, 0.5))
    assert candidates([(near, near), (far, far)], np.array([3, 1])) == [0.2]


@pytest.fixture
def scene(tmp_path):
    """A red, a green and a blue thing; red and green are classes, blue is a toy that was never taught."""
    colours = {(255, 0, 0): (10, 10, 30, 30), (0, 255, 0): (50, 10, 30, 30), (0, 0, 255): (10, 60, 30, 30)}
    rgb = np.zeros((100, 100, 3), np.uint8)
    for colour, (x, y, width, height) in colours.items():
        rgb[y : y + height, x : x + width] = colour
    cv2.imwrite(str(tmp_path / "1.png"), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    truth = content([])
    truth["categories"] = [{"id": i, "name": n} for i, n in ((1, "red"), (2, "green"), (7, "toy"))]
    truth["annotations"] = [
        {"id": i, "image_id": 1, "category_id": i, "segmentation": rectangle(*box)}
        for i, box in zip((1, 2, 7), colours.values(), strict=True)
    ]
    write(tmp_path, "truth.json", truth)
    colour_bundle(tmp_path / "models" / "colour", height=96, width=96)
    return tmp_path


def run(folder, *more):
    arguments = ["calibrate", "--model", str(folder / "models" / "colour"), "--images", str(folder)]
    return CliRunner().invoke(app, [*arguments, "--ground-truth", str(folder / "truth.json"), *more])


def test_t_u_is_put_between_known_and_unknown_and_written_to_the_bundle(scene):
    result = run(scene, "--write")
    assert result.exit_code == 0, result.output
    thresholds = load_bundle(scene / "models" / "colour").manifest.thresholds
    assert 0.02 <= thresholds.unknown < 0.5
    assert thresholds.max_instances == 100
    manifest = yaml.safe_load((scene / "models" / "colour" / "model.yaml").read_text())
    assert manifest["class_names"] == ["red", "green"]
    assert "T_u" in result.output


def test_every_set_is_printed_at_the_chosen_thresholds(scene):
    """The second set lacks the toy, which is found all the same: one false instance on its one image."""
    truth = json.loads((scene / "truth.json").read_text())
    truth["annotations"][2] |= {"segmentation": rectangle(90, 90, 5, 5)}
    write(scene, "other.json", truth)
    result = run(scene, "--ground-truth", str(scene / "other.json"), "--images", str(scene), "--weight", "1",
                 "--weight", "0.5")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "truth.json: F1 100.0 %, recall at IoU 0.5 100.0 %, 0.00 false instances per image" in result.output
    assert "other.json: F1 66.7 %, recall at IoU 0.5 66.7 %, 1.00 false instances per image" in result.output
    assert "(F1 88.9 %)" in result.output


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--ground-truth", "other.json"], "2 --ground-truth but 1 --images; give one for each set"),
        (["--weight", "1", "--weight", "2"], "1 --ground-truth but 2 --weight; give one for each set"),
        (["--weight", "0"], "--weight is 0, expected a number above 0"),
        (["--weight", "nan"], "--weight is nan, expected a number above 0"),
    ],
)
def test_sets_that_are_half_given_are_one_sentence(scene, more, sentence):
    result = run(scene, *more)
    assert result.exit_code == 1
    assert sentence in result.output


def test_without_write_the_bundle_stays(scene):
    before = (scene / "models" / "colour" / "model.yaml").read_bytes()
    assert run(scene).exit_code == 0
    assert (scene / "models" / "colour" / "model.yaml").read_bytes() == before


def test_a_set_without_unknown_objects_is_one_sentence(scene):
    result = run(scene, "--known", "red,green,toy")
    assert result.exit_code == 1
    assert "calibration needs objects of known and of unknown classes, there are 3 and 0" in result.output


def test_a_model_that_finds_nothing_is_one_sentence(scene):
    cv2.imwrite(str(scene / "1.png"), np.zeros((100, 100, 3), np.uint8))
    result = run(scene)
    assert result.exit_code == 1
    assert "colour finds nothing in" in result.output
    assert issubclass(EvaluationError, Exception)


@pytest.mark.parametrize(("chosen", "written"), [(0.8996, 0.899), (0.5, 0.5), (0.0004, 0.0), (1.0, 1.0)])
def test_the_score_is_rounded_down_so_that_the_instance_that_has_it_is_kept(chosen, written, tmp_path):
    bundle = colour_bundle(tmp_path / "colour")
    write_thresholds(bundle, Calibration(0.00002, chosen, 80.0, (), ()))
    thresholds = load_bundle(bundle.path).manifest.thresholds
    assert (thresholds.score, thresholds.unknown) == (written, 0.00002)


def test_only_the_thresholds_of_the_manifest_change(tmp_path):
    bundle = colour_bundle(tmp_path / "colour")
    manifest = bundle.path / "model.yaml"
    text = "# of the robot in hall 3\n" + manifest.read_text().replace("  score: 0.3", "  score: 0.3  # by hand")
    manifest.write_text(text)
    write_thresholds(bundle, Calibration(0.25, 0.7, 80.0, (), ()))
    assert manifest.read_text() == text.replace("score: 0.3 ", "score: 0.7 ").replace("unknown: 0.085", "unknown: 0.25")
