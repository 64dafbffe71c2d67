"""Known answers of box voting."""

import torch

from osis_ros.training.model.additions.box_voting import vote_boxes


def test_boxes_that_overlap_enough_meet_at_their_weighted_mean_and_others_stay():
    boxes = torch.tensor([[0.0, 0, 100, 100], [10, 0, 110, 100], [0, 0, 50, 100], [300, 0, 400, 100]])
    voted = vote_boxes(boxes, torch.tensor([0.9, 0.3, 0.9, 0.1]), 0.8)  # the first two overlap by 90 / 110
    torch.testing.assert_close(voted, torch.tensor([[2.5, 0, 102.5, 100]] * 2 + boxes[2:].tolist()))


def test_nothing_is_divided_by_zero():
    boxes = torch.tensor([[5.0, 5, 5, 9], [0, 0, 10, 10]])
    assert vote_boxes(boxes, torch.tensor([0.5, 0.0]), 0.8).tolist() == boxes.tolist()
    assert vote_boxes(boxes[:0], torch.zeros(0), 0.8).shape == (0, 4)
