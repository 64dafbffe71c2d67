"""A file for each metric, whose answers were worked out by hand (its `why` says how), through the command."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from osis_ros.cli import app

FILES = sorted((Path(__file__).parent / "known_answers").glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_answers_are_those_worked_out_by_hand(file, tmp_path):
    content = json.loads(file.read_text())
    arguments = ["evaluate", "--ground-truth", str(file), "--detections", str(file), "--json", str(tmp_path / "o.json")]
    result = CliRunner().invoke(app, [*arguments, *content["options"]])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "o.json").read_text())
    for place, answer in content["answers"].items():
        value = report
        for key in place.split("."):
            value = value[key]
        assert value == pytest.approx(answer, abs=1e-9), place


def test_there_is_a_file_for_each_metric():
    assert len(FILES) == 9
    assert all(len(json.loads(file.read_text())["answers"]) >= 2 for file in FILES)
