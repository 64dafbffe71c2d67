"""Known, unknown or nothing, from scores and distances chosen by hand."""

import pytest
import torch

from osis_ros.training.model.semseg.config import DecisionConfig
from osis_ros.training.model.semseg.open_set import Decision, Thresholds, decide
from osis_ros.training.model.semseg.stages import Scored

APART = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10]])
T = Thresholds(0.05, 0.085)


def decided(
    boxes: torch.Tensor, scores: list[float], probabilities: list[list[float]], distances: list[float],
    thresholds: Thresholds = T, **config: object,
) -> Decision:  # fmt: skip
    """Of boxes with a score, the probabilities of two classes, and a distance from both."""
    known = torch.tensor(probabilities).reshape(-1, 2)
    scored = Scored(known, torch.tensor(scores), torch.tensor(distances))
    return decide(boxes, scored, DecisionConfig(**config), thresholds)


def test_a_box_far_from_every_centre_is_unknown_and_has_its_score_as_such():
    found = decided(APART[:2], [0.5, 0.6], [[0.9, 0.05]] * 2, [0.08, 0.09], multi_class=False)
    assert found.index.tolist() == [0, 1]
    assert found.class_ids.tolist() == [0, 2]
    assert found.scores.tolist() == pytest.approx([0.9, 0.6])


def test_a_distance_of_exactly_the_threshold_is_known():
    assert decided(APART[:1], [0.5], [[0.9, 0.05]], [0.25], Thresholds(0.05, 0.25)).class_ids.tolist() == [0]


def test_every_class_above_the_threshold_is_reported_in_the_papers_preset():
    found = decided(APART[:1], [0.5], [[0.6, 0.3]], [0.0])
    assert found.class_ids.tolist() == [0, 1]
    assert found.scores.tolist() == pytest.approx([0.6, 0.3])


def test_one_class_a_box_otherwise():
    assert decided(APART[:1], [0.5], [[0.6, 0.3]], [0.0], multi_class=False).class_ids.tolist() == [0]


def test_nms_is_within_a_class_and_within_the_unknown():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 8], [0, 0, 10, 10], [0, 0, 10, 9]])
    probabilities = [[0.8, 0.0], [0.7, 0.0], [0.0, 0.6], [0.5, 0.0], [0.5, 0.0]]
    found = decided(boxes, [0.1, 0.1, 0.1, 0.3, 0.4], probabilities, [0.0, 0.0, 0.0, 0.5, 0.5])
    assert found.index.tolist() == [0, 2, 4]
    assert found.class_ids.tolist() == [0, 1, 2]


def test_a_known_and_an_unknown_box_of_one_object_both_stay():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9]])
    assert decided(boxes, [0.9, 0.4], [[0.8, 0.1]] * 2, [0.0, 0.5]).class_ids.tolist() == [0, 2, 1]


def test_known_and_unknown_have_limits_of_their_own():
    probabilities = [[0.7, 0.1], [0.8, 0.1], [0.5, 0.2], [0.5, 0.2]]
    limits = {"max_known": 1, "max_unknown": 1, "multi_class": False}
    found = decided(APART, [0.5, 0.5, 0.6, 0.9], probabilities, [0.0, 0, 1, 1], **limits)
    assert found.index.tolist() == [3, 1]


def test_the_score_threshold_holds_for_known_and_unknown():
    probabilities = [[0.49, 0.01], [0.51, 0.0], [0.9, 0.05], [0.9, 0.05]]
    found = decided(APART, [0.9, 0.1, 0.49, 0.51], probabilities, [0.0, 0, 1, 1], Thresholds(0.5, 0.085))
    assert sorted(found.index.tolist()) == [1, 3]


def test_no_proposals_give_no_instances():
    assert [len(part) for part in decided(torch.zeros(0, 4), [], [], [])] == [0, 0, 0]


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_a_score_threshold_is_lowered_and_never_raised(kind):
    assert [float(Thresholds(kind(value), 0.4).scores_from(0.05).score) for value in (0.01, 0.3)] == pytest.approx(
        [0.01, 0.05]
    )
