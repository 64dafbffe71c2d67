"""Known, unknown or nothing, from scores and distances chosen by hand."""

import pytest
import torch

from osis_ros.training.model.config import DecisionConfig
from osis_ros.training.model.open_set import Thresholds, decide

APART = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10]])
T = Thresholds(0.05, 0.085)


def logits(*rows: list[float]) -> torch.Tensor:
    """Of the given probabilities, background last."""
    return torch.tensor(rows).log()


def test_a_box_far_from_every_centre_is_unknown_and_keeps_its_proposal_score():
    scores = torch.tensor([0.5, 0.6])
    found = decide(APART[:2], scores, logits([0.9, 0.05, 0.05], [0.9, 0.05, 0.05]), torch.tensor([0.08, 0.09]),
                   DecisionConfig(multi_class=False), T)  # fmt: skip
    assert found.index.tolist() == [0, 1]
    assert found.class_ids.tolist() == [0, 2]
    assert found.scores.tolist() == pytest.approx([0.9, 0.6])


def test_what_the_second_look_takes_for_none_of_the_classes_ranks_higher_among_the_unknown():
    config = DecisionConfig(multi_class=False, unknown_share=0.5, unknown_scale=0.9)
    rows, strange = logits(*[[0.9, 0.05, 0.05]] * 3), torch.tensor([1.0, 1.0, 0.0])
    found = decide(APART[:3], torch.tensor([0.8, 0.6, 0.4]), rows, strange, config, T, torch.tensor([0.25, 0.81, 0.01]))
    assert found.index.tolist() == [2, 1, 0]  # the known one is as it was
    assert found.scores.tolist() == pytest.approx([0.9, 0.9 * 0.6 * 0.9, 0.9 * 0.8 * 0.5])


def test_a_distance_of_exactly_the_threshold_is_known():
    exact = Thresholds(0.05, 0.25)
    found = decide(
        APART[:1], torch.tensor([0.5]), logits([0.9, 0.05, 0.05]), torch.tensor([0.25]), DecisionConfig(), exact
    )
    assert found.class_ids.tolist() == [0]


def test_every_class_above_the_threshold_is_reported_in_the_papers_preset():
    found = decide(APART[:1], torch.tensor([0.5]), logits([0.6, 0.3, 0.1]), torch.tensor([0.0]), DecisionConfig(), T)
    assert found.class_ids.tolist() == [0, 1]
    assert found.scores.tolist() == pytest.approx([0.6, 0.3])


def test_one_class_a_box_otherwise():
    config = DecisionConfig(multi_class=False)
    found = decide(APART[:1], torch.tensor([0.5]), logits([0.6, 0.3, 0.1]), torch.tensor([0.0]), config, T)
    assert found.class_ids.tolist() == [0]


def test_background_lowers_a_score_but_is_never_a_class():
    found = decide(APART[:1], torch.tensor([0.9]), logits([0.06, 0.02, 0.92]), torch.tensor([0.0]), DecisionConfig(), T)
    assert found.class_ids.tolist() == [0]
    assert found.scores.tolist() == pytest.approx([0.06])


def test_nms_is_within_a_class_and_within_the_unknown():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 8], [0, 0, 10, 10], [0, 0, 10, 9]])
    probabilities = logits([0.8, 0.0, 0.2], [0.7, 0.0, 0.3], [0.0, 0.6, 0.4], [0.5, 0.0, 0.5], [0.5, 0.0, 0.5])
    distances = torch.tensor([0.0, 0.0, 0.0, 0.5, 0.5])
    scores = torch.tensor([0.1, 0.1, 0.1, 0.3, 0.4])
    found = decide(boxes, scores, probabilities, distances, DecisionConfig(), T)
    assert found.index.tolist() == [0, 2, 4]
    assert found.class_ids.tolist() == [0, 1, 2]


def test_known_and_unknown_boxes_of_one_object_both_stay_unless_asked_otherwise():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9]])
    arguments = (boxes, torch.tensor([0.9, 0.4]), logits([0.8, 0.1, 0.1], [0.8, 0.1, 0.1]), torch.tensor([0.0, 0.5]))
    assert decide(*arguments, DecisionConfig(), T).class_ids.tolist() == [0, 2, 1]
    single = decide(*arguments, DecisionConfig(multi_class=False, duplicate_iou=0.7), T)
    assert single.class_ids.tolist() == [0]


def test_known_and_unknown_have_limits_of_their_own():
    config = DecisionConfig(max_known=1, max_unknown=1, multi_class=False)
    rows = [[0.7, 0.1, 0.2], [0.8, 0.1, 0.1], [0.5, 0.2, 0.3], [0.5, 0.2, 0.3]]
    found = decide(APART, torch.tensor([0.5, 0.5, 0.6, 0.9]), logits(*rows), torch.tensor([0.0, 0, 1, 1]), config, T)
    assert found.index.tolist() == [3, 1]


def test_the_score_threshold_holds_for_known_and_unknown():
    thresholds = Thresholds(0.5, 0.085)
    rows = [[0.49, 0.01, 0.5], [0.51, 0.0, 0.49], [0.9, 0.05, 0.05], [0.9, 0.05, 0.05]]
    scores, distances = torch.tensor([0.9, 0.1, 0.49, 0.51]), torch.tensor([0.0, 0, 1, 1])
    found = decide(APART, scores, logits(*rows), distances, DecisionConfig(), thresholds)
    assert sorted(found.index.tolist()) == [1, 3]


@pytest.mark.parametrize(("share", "score"), [(1, 0.9), (0.5, 0.6), (0.25, 0.4898979), (0, 0.4)])
def test_a_known_score_lies_between_that_of_the_proposal_and_that_of_the_class(share, score):
    config = DecisionConfig(class_share=share, multi_class=False)
    found = decide(APART[:1], torch.tensor([0.4]), logits([0.9, 0.05, 0.05]), torch.tensor([0.0]), config, T)
    assert found.scores.item() == pytest.approx(score)


def test_unknown_scores_are_scaled_before_anything_is_ranked_or_left_out_by_them():
    config = DecisionConfig(unknown_scale=0.5, multi_class=False)
    rows = [[0.6, 0.2, 0.2]] * 3
    found = decide(
        APART[:3],
        torch.tensor([0.6, 0.9, 0.7]),
        logits(*rows),
        torch.tensor([0.0, 1, 1]),
        config,
        Thresholds(0.4, 0.085),
    )
    assert found.index.tolist() == [0, 1]
    assert found.scores.tolist() == pytest.approx([0.6, 0.45])


def test_without_distances_nothing_is_unknown():
    found = decide(
        APART[:2], torch.tensor([0.9, 0.9]), logits([0.9, 0.0, 0.1], [0.0, 0.9, 0.1]), None, DecisionConfig(), T
    )
    assert found.class_ids.tolist() == [0, 1]


def test_no_proposals_give_no_instances():
    found = decide(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 3), torch.zeros(0), DecisionConfig(), T)
    assert [len(part) for part in found] == [0, 0, 0]
