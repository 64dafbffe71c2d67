"""Ours against the authors' own figures on their evaluator's fixture."""

import gzip
import json

import pytest
from typer.testing import CliRunner

from osis_ros.cli import app


@pytest.fixture(scope="module")
def fixture(reference):
    return json.loads(gzip.decompress((reference / "evaluation_fixture.json.gz").read_bytes()))


def _assert_equals_authors(report: dict, authors: dict) -> None:
    compared = 0
    for group in ("known", "unknown", "AP_per_known_class"):
        for name, value in authors[group].items():
            assert report[group][name] == pytest.approx(value, abs=1e-6), (group, name)
            compared += 1
    assert report["AOSE"] == authors["AOSE"]
    assert compared == 28 + len(authors["AP_per_known_class"])


@pytest.mark.parametrize("by_name", [True, False])
def test_split_into_two_files_every_figure_of_the_authors_is_met(fixture, tmp_path, by_name):
    truth, found = tmp_path / "truth.json", tmp_path / "found.json.gz"
    truth.write_text(json.dumps(fixture["ground_truth"]))
    found.write_bytes(gzip.compress(json.dumps(fixture["detections"]).encode()))
    names = {c["id"]: c["name"] for c in fixture["ground_truth"]["categories"]}
    known = ",".join(names[i] if by_name else str(i) for i in fixture["known_ids"])
    out = tmp_path / "figures.json"
    arguments = ["--ground-truth", str(truth), "--detections", str(found), "--known", known, "--json", str(out)]
    result = CliRunner().invoke(app, ["evaluate", *arguments])
    assert result.exit_code == 0, result.output
    _assert_equals_authors(json.loads(out.read_text()), fixture["authors_results"])


def test_the_fixture_file_itself_serves_as_ground_truth_and_detections(fixture, reference, tmp_path):
    file, out = str(reference / "evaluation_fixture.json.gz"), tmp_path / "figures.json"
    result = CliRunner().invoke(app, ["evaluate", "--ground-truth", file, "--detections", file, "--json", str(out)])
    assert result.exit_code == 0, result.output
    _assert_equals_authors(json.loads(out.read_text()), fixture["authors_results"])
