"""Drops, latency and memory of a running segmenter's score, worked out by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faster_coco_eval", reason="answers are scored with faster-coco-eval")
from osis_ros.evaluation.jobs.criteria import EmptyRegion, FigureBound
from osis_ros.evaluation.reports.live_run import OWN_FIGURES, LiveRun, is_live_report, live_figure_names
from osis_ros.instances import Instances

SECOND = 10**9


def cup(*, known: bool = True) -> Instances:
    return Instances(
        boxes=[[0, 0, 4, 4]], scores=[0.9], class_ids=[0 if known else 1], distances=[0.1],
        embeddings=np.zeros((1, 0)), rois=[[0, 0, 4, 4]], masks=(np.ones((4, 4), bool),), height=8, width=8,
        class_names=("cup",),
    )  # fmt: skip


def run_of(answers: dict[int, float], images: int = 6, criteria: tuple = ()) -> LiveRun:
    """Images at 0 s, 1 s, …; answers by image, each so many seconds after its image."""
    run = LiveRun(answer_timeout=2.0, class_names=("cup",), criteria=criteria)
    for number in range(images):
        run.saw_image(number * SECOND, float(number))
        run.saw_truth(number * SECOND, cup())
    for number, delay in answers.items():
        arrival = number * SECOND + round((delay + 0.5) * SECOND)
        assert run.saw_answer(number * SECOND, cup(), number + delay, arrival) == pytest.approx(delay)
    return run


def test_an_image_is_dropped_once_a_newer_one_is_answered_or_after_the_timeout():
    run = run_of({1: 0.1, 3: 0.3})
    # Image 0 came before the node was ready, 2 was passed over, 4 and 5 may still be answered.
    assert [run.counts(now=5.5)[name] for name in ("images_seen", "images", "images_dropped")] == [3, 2, 1]
    assert [run.counts(now=6.5)[name] for name in ("images_seen", "images", "images_dropped")] == [4, 2, 2]
    assert run.counts(now=9.0)["dropped_share"] == pytest.approx(3 / 5)


def test_latency_counts_from_the_arrival_and_age_from_the_stamp():
    figures = run_of({1: 0.1, 3: 0.3}).figures(now=9.0)
    assert (figures["latency_p50_ms"], figures["age_p50_ms"]) == (pytest.approx(200), pytest.approx(700))
    assert figures["latency_p99_ms"] == pytest.approx(298)  # 0.1 + 0.99 * 0.2
    assert (figures["ap_known"], figures["recall"], figures["images_judged"]) == (pytest.approx(100), 1, 2)
    assert list(figures) == live_figure_names(["cup"])


def test_criteria_are_judged_by_the_answers_and_their_verdicts_are_in_the_report():
    criteria = (
        FigureBound("cups", "seen.cup", 1.0, None), FigureBound("all answered", "dropped_share", None, 0.5),
        EmptyRegion("corner", ((0, 0), (8, 0), (8, 8), (0, 8)), at_most=1),
    )  # fmt: skip
    run = run_of({1: 0.1, 3: 0.3}, criteria=criteria)
    fields = json.loads(run.report(run.figures(now=9.0), {}))
    assert fields["passed"] is False
    assert [(one["name"], one["passed"], one["text"]) for one in fields["criteria"]] == [
        ("cups", True, "seen.cup is 1, expected at least 1"),
        ("all answered", False, "dropped_share is 0.6, expected at most 0.5"),
        ("corner", False, "something is in the region in 2 of 2 images, expected at most 1; first at 0.000 s"),
    ]
    assert json.loads(run_of({1: 0.1}).report({}, {}))["passed"] is None


def test_the_stamps_of_the_images_are_checked_as_those_of_a_recording():
    run = LiveRun(answer_timeout=2.0)
    for number in (0, 1, 2, 5, 6, 6):  # 3 and 4 were lost, 6 came twice
        run.saw_image(number * SECOND, float(number), number * SECOND + SECOND // 4)
    figures = run.figures(now=9.0)
    assert (figures["images_missing"], figures["stamps_repeated"], figures["longest_gap_s"]) == (2, 1, 3)
    assert figures["stamp_delay_ms"] == pytest.approx(250)


def test_a_bag_in_a_loop_counts_once_and_an_image_that_nobody_saw_has_no_latency():
    run = run_of({1: 0.1})
    assert math.isnan(run.saw_answer(1 * SECOND, cup(known=False), 50.0, 50 * SECOND))
    counts = run.counts(now=1.5)
    assert (counts["images"], counts["answers_repeated"]) == (1, 1)
    assert run.found()["class_accuracy"] == 1


def test_before_the_first_answer_nothing_is_defined_and_the_report_says_so(tmp_path: Path):
    run = run_of({})
    figures = run.figures(now=99.0)
    assert {name for name, value in figures.items() if value} == set()
    file = tmp_path / "live.json"
    file.write_text(run.report(figures, {"model": "m"}))
    assert is_live_report(file)
    assert json.loads(file.read_text())["figures"]["recall"] is None
    file.write_text("[]")
    assert not is_live_report(file)


def test_every_figure_is_explained_in_the_guide():
    guide = (Path(__file__).parents[3] / "docs" / "regression.md").read_text()
    for name, meaning in OWN_FIGURES.items():
        assert f"| `{name}` | {meaning} |" in guide
