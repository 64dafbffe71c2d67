"""The closed-set decision: the likeliest classes of a box, unknown among them."""

import torch

from osis_ros.training.model.baselines.by_class import decide_by_class


def test_a_box_is_reported_once_for_each_likely_class_unknown_among_them():
    probabilities = torch.tensor([[0.5, 0.4, 0.06, 0.04]])[:, :-1]  # background is left out
    found = decide_by_class(torch.tensor([[0.0, 0, 10, 10]]), probabilities, 0.05, 0.5, 100)
    assert found.class_ids.tolist() == [0, 1, 2]
    assert found.index.tolist() == [0, 0, 0]
    torch.testing.assert_close(found.scores, torch.tensor([0.5, 0.4, 0.06]))


def test_all_classes_share_one_limit():
    boxes = torch.tensor([[0.0, 0, 10, 10], [20.0, 20, 30, 30]])
    found = decide_by_class(boxes, torch.tensor([[0.5, 0.4, 0.06], [0.1, 0.2, 0.3]]), 0.05, 0.5, 3)
    assert list(zip(found.index.tolist(), found.class_ids.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 2)]


def test_overlapping_boxes_of_one_class_are_one_instance_and_of_two_classes_are_two():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 11]])
    found = decide_by_class(boxes, torch.tensor([[0.5, 0.01], [0.6, 0.2]]), 0.05, 0.5, 100)
    assert list(zip(found.index.tolist(), found.class_ids.tolist(), strict=True)) == [(1, 0), (1, 1)]


def test_the_box_of_the_class_counts():
    """The two overlap as the first class has them, not as the second does."""
    boxes = torch.tensor([[[0.0, 0, 10, 10], [0.0, 0, 10, 10]], [[0.0, 0, 10, 10], [50.0, 0, 60, 10]]])
    probabilities = torch.tensor([[0.5, 0.5], [0.4, 0.4]])
    found = decide_by_class(boxes, probabilities, 0.05, 0.5, 100)
    assert sorted(zip(found.index.tolist(), found.class_ids.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 1)]
