"""Criteria of a replay: bounds on figures, regions that must stay empty, and what is said of a file with mistakes."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from osis_ros.evaluation.jobs.criteria import CriteriaError, EmptyRegion, FigureBound, Outcome, read_criteria
from osis_ros.evaluation.reports.junit import junit_xml
from osis_ros.instances import Instances

FIGURES = ("images", "latency_p95_ms", "seen.mug")


def written(folder: Path, text: str) -> Path:
    path = folder / "criteria.yaml"
    path.write_text(text, "utf-8")
    return path


def found(*rois: tuple[int, int, int, int]) -> Instances:
    """Rectangles in an image of 40x20 pixels."""
    return Instances(
        boxes=[[x, y, x + w, y + h] for x, y, w, h in rois], scores=[0.9] * len(rois), class_ids=[0] * len(rois),
        distances=[0.1] * len(rois), embeddings=np.zeros((len(rois), 0)), rois=list(rois),
        masks=tuple(np.ones((h, w), bool) for _, _, w, h in rois), height=20, width=40, class_names=("mug",),
    )  # fmt: skip


def test_a_file_gives_its_criteria_in_order(tmp_path: Path):
    path = written(tmp_path, """
criteria:
  - {name: fast, figure: latency_p95_ms, at_most: 300}
  - {name: mugs, figure: seen.mug, at_least: 0.9, at_most: 1}
  - {name: bin, region: [[0, 0], [10, 0], [10, 10]], at_most: 2, inside: 0.25}
""")  # fmt: skip
    assert read_criteria(path, FIGURES) == (
        FigureBound("fast", "latency_p95_ms", None, 300.0),
        FigureBound("mugs", "seen.mug", 0.9, 1.0),
        EmptyRegion("bin", ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)), 2, 0.25),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("criteria: {}", "criteria is missing or no list, expected a list of criteria with a name each"),
        ("[1]", "criteria is missing or no list"),
        ("criteria: [", "is no YAML file: while parsing"),
        ("criteria: [{name: a, figure: images, at_least: 1}]\nmore: 1", "more is not known, expected criteria alone"),
        ("criteria: [fast]", "criteria[0] is 'fast', expected a name with a figure and its bounds, or with a region"),
        ("criteria: [{name: a}]", "criteria[0] has neither of figure and region, expected one of them"),
        ("criteria: [{figure: images, at_least: 1}]", "criteria[0].name is missing, expected a text"),
        ("criteria: [{name: a, figure: latency, at_most: 1}]",
         "criteria[0].figure is 'latency', expected a figure of the run, such as latency_p95_ms; "
         "docs/regression.md lists all"),
        ("criteria: [{name: a, figure: [1], at_most: 1}]", "criteria[0].figure is '[1]', expected a figure of the run"),
        ("criteria: [{name: a, figure: images}]", "criteria[0] has no bound, expected at_least, at_most or both"),
        ("criteria: [{name: a, figure: images, at_least: many}]", "criteria[0].at_least is 'many', expected a number"),
        ("criteria: [{name: a, figure: images, at_least: yes}]", "criteria[0].at_least is 'True', expected a number"),
        ("criteria: [{name: a, figure: images, at_least: .nan}]", "criteria[0].at_least is 'nan', expected a number"),
        ("criteria: [{name: a, figure: images, at_least:}]", "criteria[0].at_least is missing, expected a number"),
        ("criteria: [{name: a, figure: images, at_least: 2, at_most: 1}]",
         "criteria[0].at_least is 2, expected no more than at_most, 1"),
        ("criteria: [{name: a, figure: images, at_least: 2, region: [[0, 0], [1, 0], [1, 1]]}]",
         "criteria[0] has both of figure and region"),
        ("criteria: [{name: a, figure: images, atleast: 2}]",
         "criteria[0].atleast is not known, expected one of at_least, at_most, camera, figure, name"),
        ("criteria: [{name: a, region: [[0, 0], [1, 0]]}]",
         "criteria[0].region is '[[0, 0], [1, 0]]', expected a list of at least three corners [x, y] in pixels"),
        ("criteria: [{name: a, region: [[0, 0], [1, 0], [1, 1]], inside: 2}]",
         "criteria[0].inside is 2, expected a share above 0, at most 1"),
        ("criteria: [{name: a, region: [[0, 0], [1, 0], [1, 1]], at_most: 1.5}]",
         "criteria[0].at_most is 1.5, expected a whole number of images, 0 or more"),
        ("criteria: [{name: a, figure: images, at_least: 1}, {name: a, figure: images, at_least: 2}]",
         "two criteria are called 'a', expected each name once"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_with_its_place(tmp_path: Path, text: str, sentence: str):
    path = written(tmp_path, text)
    with pytest.raises(CriteriaError) as caught:
        read_criteria(path, FIGURES)
    (problem,) = caught.value.problems
    assert problem.startswith(str(path))
    assert sentence in problem


def test_every_mistake_of_a_file_is_told_and_a_file_that_is_not_there(tmp_path: Path):
    path = written(tmp_path, "criteria: [{name: a, figure: fast, at_most: 1}, {name: b, region: []}, 7]")
    with pytest.raises(CriteriaError) as caught:
        read_criteria(path, FIGURES)
    assert [problem.partition(".yaml: ")[2][:11] for problem in caught.value.problems] == [
        "criteria[0]", "criteria[1]", "criteria[2]",
    ]  # fmt: skip
    with pytest.raises(CriteriaError, match=r"gone\.yaml cannot be read: No such file or directory"):
        read_criteria(tmp_path / "gone.yaml", FIGURES)


def test_the_ends_of_a_bound_are_within_it():
    bound = FigureBound("fast", "latency_p95_ms", 10.0, 300.0)
    assert bound.outcome({"latency_p95_ms": 300.0}) == Outcome(
        "fast", True, "latency_p95_ms is 300, expected at least 10 and at most 300"
    )
    assert bound.outcome({"latency_p95_ms": 10.0}).passed
    assert not bound.outcome({"latency_p95_ms": 300.5}).passed
    assert not bound.outcome({"latency_p95_ms": 9.0}).passed


def test_a_figure_that_the_recording_does_not_allow_is_not_met_and_says_so():
    outcome = FigureBound("good", "ap_known", 50.0, None).outcome({"ap_known": None})
    assert outcome == Outcome("good", False, "ap_known is not defined for this recording, expected at least 50")


def test_an_instance_counts_by_the_share_of_its_mask_that_lies_in_the_region():
    left = EmptyRegion("left", ((0.0, 0.0), (9.0, 0.0), (9.0, 19.0), (0.0, 19.0)))  # pixels 0..9
    # All, half (10 of 20 columns), and 9 of 20 of the mask are in it; an object without pixels is nowhere.
    hits = left.hits(found((2, 2, 5, 5), (0, 0, 20, 4), (1, 0, 20, 4), (3, 3, 0, 0)))
    assert hits.tolist() == [True, True, False, False]
    assert EmptyRegion("left", left.region, inside=0.45).hits(found((1, 0, 20, 4))).tolist() == [True]


def test_a_region_tells_in_how_many_images_something_was_in_it_and_when_first():
    region = EmptyRegion("bin", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)), at_most=2)
    assert region.outcome(9, []) == Outcome(
        "bin", True, "something is in the region in 0 of 9 images, expected at most 2"
    )
    assert region.outcome(9, [1.0, 0.5]).passed
    assert region.outcome(9, [1.0, 0.5, 2.0]) == Outcome(
        "bin", False, "something is in the region in 3 of 9 images, expected at most 2; first at 0.500 s"
    )


def test_junit_has_a_case_for_each_criterion_and_any_text_is_kept():
    text = junit_xml([Outcome("fast & <good>", False, "1 > 0 \x00\x1b"), Outcome("mugs", True, "fine")], "bag é")
    root = ElementTree.fromstring(text)
    (suite,) = root
    assert (root.tag, suite.get("name"), suite.get("tests"), suite.get("failures")) == ("testsuites", "bag é", "2", "1")
    failed, passed = suite
    assert (failed.get("name"), failed[0].tag, failed[0].get("message")) == ("fast & <good>", "failure", "1 > 0 ��")
    assert (passed.get("name"), passed.find("failure"), passed[0].text) == ("mugs", None, "fine")
