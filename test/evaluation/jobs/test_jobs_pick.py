"""`osis pick-benchmark`: real scenes, real contact, and figures that add up."""

import json

import pytest
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.evaluation.jobs.pick import Attempt, summary, wilson


def test_true_masks_lift_things_and_every_object_has_its_result(tmp_path):
    file = tmp_path / "picks.json"
    arguments = ["pick-benchmark", "--scenes", "2", "--objects", "2", "--split", "val", "--model", "none", "--json"]
    result = CliRunner().invoke(app, [*arguments, str(file)])
    assert result.exit_code == 0, result.output
    report = json.loads(file.read_text())
    assert set(report["masks"]) == {"true masks", "depth clusters"}
    for source in report["masks"].values():
        every = source["strata"]["all"]
        assert every["lifted"] + sum(source["failures"].values()) == every["objects"] > 0
    assert report["masks"]["true masks"]["strata"]["all"]["lifted"] >= 1
    assert "lifted, % (95 % interval)" in result.output
    for option, choices in (("--sensor", "none, stereo, structured"), ("--split", "train, val, test, demo, outliers")):
        again = CliRunner().invoke(app, [*arguments, str(tmp_path / "none" / "x.json"), option, "sonar"])
        assert (again.exit_code, again.stderr) == (1, f"osis: {option} is 'sonar', expected one of {choices}\n")


def test_shares_and_intervals():
    done = [Attempt(0, "mug", True, 0.9, "m", "lifted"), Attempt(0, "wrench", False, 0.5, "m", "slipped"),
            Attempt(1, "can", True, 0.9, "m", "lifted"), Attempt(1, "book", True, 0.9, "m", "no grasp")]  # fmt: skip
    strata = summary(done)["masks"]["m"]["strata"]
    assert (strata["all"]["lifted"], strata["all"]["objects"]) == (2, 4)
    assert (strata["known"]["lifted"], strata["unknown"]["lifted"]) == (2, 0)
    assert summary(done)["masks"]["m"]["failures"] == {"slipped": 1, "no grasp": 1}
    # Wilson's own interval of 81 of 263: 0.2553 to 0.3662 (Newcombe 1998, table I)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)
