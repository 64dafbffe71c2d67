"""Faster R-CNN's proposals: anchors, deltas and losses by hand; NMS within a level only."""

import math

import pytest
import torch

from osis_ros.training.model.baselines.rpn import DELTA_WEIGHTS, RPN, AnchorPrediction, cell_anchors
from osis_ros.training.model.semseg.box_coding import boxes_to_deltas, deltas_to_boxes
from osis_ros.training.model.semseg.config import ProposalConfig


def rpn(**entries: object) -> RPN:
    return RPN(ProposalConfig(kind="rpn", **entries), 8)


def prediction(deltas: torch.Tensor, logits: list[float], anchors: torch.Tensor, counts: list[int]) -> AnchorPrediction:
    level = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    return AnchorPrediction(deltas[None], torch.tensor(logits)[None], anchors, level, counts)


def test_the_anchors_of_a_cell_have_one_area_and_the_ratios_of_height_to_width():
    anchors = cell_anchors(32, (0.5, 1.0, 2.0))
    wide = 32 * math.sqrt(2)
    expected = [
        [-wide / 2, -wide / 4, wide / 2, wide / 4],
        [-16, -16, 16, 16],
        [-wide / 4, -wide / 2, wide / 4, wide / 2],
    ]
    torch.testing.assert_close(anchors, torch.tensor(expected))
    assert cell_anchors(32, (0.5,), whole=True).tolist() == [[-23, -11, 23, 11]]


def test_predictions_stand_in_the_order_of_their_anchors():
    """The third anchor of the second cell of the first row is moved by its own channels of the output layer."""
    network = rpn(finest_level=5)
    for layer in (network.conv, network.objectness, network.box):
        torch.nn.init.zeros_(layer.weight)
    network.objectness.bias.data[:] = torch.tensor([1.0, 2.0, 3.0])
    network.box.bias.data[:] = torch.arange(12.0)
    dense = network([torch.zeros(1, 8, 2, 3), torch.zeros(1, 8, 1, 2)])
    assert dense.counts == [18, 6]
    assert dense.logits[0, :6].tolist() == [1, 2, 3, 1, 2, 3]
    assert dense.deltas[0, 5].tolist() == [8, 9, 10, 11]
    side = 8 * 32
    tall = torch.tensor([-side / math.sqrt(8), -side / math.sqrt(2), side / math.sqrt(8), side / math.sqrt(2)])
    torch.testing.assert_close(dense.anchors[5], tall + torch.tensor([32.0, 0, 32, 0]))
    assert dense.level.tolist() == [0] * 18 + [1] * 6


def test_a_delta_is_a_shift_in_sides_and_a_logarithm_of_the_scale():
    anchor, box = torch.tensor([[0.0, 0, 20, 10]]), torch.tensor([[0.0, 0, 10, 10]])
    deltas = boxes_to_deltas(anchor, box, DELTA_WEIGHTS)
    torch.testing.assert_close(deltas, torch.tensor([[-0.25, 0, -0.693147, 0]]))
    torch.testing.assert_close(deltas_to_boxes(anchor, deltas, DELTA_WEIGHTS), box)


def test_equal_boxes_survive_on_two_levels_but_not_on_one():
    anchors = torch.tensor([[0.0, 0, 40, 40]] * 3 + [[0.0, 0, 60, 60]])
    dense = prediction(torch.zeros(4, 4), [1.0, 2.0, 3.0, 0.0], anchors, [2, 2])
    (found,) = rpn(nms_iou=0.7).eval().select(dense, [(100, 100)])
    assert found.boxes.tolist() == [[0, 0, 40, 40], [0, 0, 40, 40], [0, 0, 60, 60]]
    torch.testing.assert_close(found.centerness, torch.tensor([3.0, 2, 0]).sigmoid())
    (best,) = rpn(nms_iou=0.7, max_proposals=1).eval().select(dense, [(100, 100)])
    assert len(best.boxes) == 1
    (cut,) = rpn(nms_iou=0.7).eval().select(dense, [(30, 30)])
    assert cut.boxes.max() == 30


def test_one_object_and_one_background_anchor_of_no_opinion_cost_twice_ln_2():
    anchors = torch.tensor([[0.0, 0, 10, 10], [50.0, 50, 60, 60]])
    objects = [torch.tensor([[0.0, 0, 10, 10]])]
    network = rpn()
    losses = network.losses(prediction(torch.zeros(2, 4), [0.0, 0.0], anchors, [2]), objects)
    assert losses["objectness"].item() == pytest.approx(0.005415, abs=1e-6)
    assert losses["proposal_box"] == 0
    moved = torch.tensor([[0.5, 0, 0, -0.25], [9.0, 9, 9, 9]])  # of background nothing is learnt
    losses = network.losses(prediction(moved, [0.0, 0.0], anchors, [2]), objects)
    assert losses["proposal_box"].item() == pytest.approx(0.75 / 256)


def test_an_anchor_between_the_limits_counts_only_if_it_is_an_objects_best():
    anchors = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 20]])
    deltas = torch.zeros(2, 4)
    half, none = [torch.tensor([[0.0, 0, 10, 20]])], [torch.zeros(0, 4)]
    network = rpn()
    loss = network.losses(prediction(deltas, [5.0, 0.0], anchors, [2]), half)["objectness"].item()
    assert loss == pytest.approx(math.log(2) / 256)  # IoU 0.5 of the first: neither object nor background
    loss = network.losses(prediction(deltas, [0.0, 0.0], anchors, [2]), none)["objectness"].item()
    assert loss == pytest.approx(2 * math.log(2) / 256)
