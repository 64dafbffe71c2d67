"""Centerness target and the summed box losses."""

import math

import pytest
import torch

from osis_ros.training.model.semseg.losses import SCORE_LOSSES, centerness, iou_loss_sum, l1_sum, smooth_l1_sum


def test_centerness_is_the_geometric_mean_of_both_side_ratios():
    sides = torch.tensor([[5.0, 5, 5, 5], [1, 2, 4, 2], [1, 1, 4, 9]])
    assert centerness(sides).tolist() == pytest.approx([1.0, 0.5, math.sqrt(1 / 4 * 1 / 9)])


def test_centerness_is_zero_on_a_side_and_outside():
    assert centerness(torch.tensor([[0.0, 1, 1, 1], [-1.0, 1, 3, 1]])).tolist() == [0.0, 0.0]


def test_iou_loss_is_one_minus_iou_summed():
    predicted = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10]])
    target = torch.tensor([[0.0, 0, 10, 5], [20, 20, 30, 30]])
    assert iou_loss_sum(predicted, target).item() == pytest.approx(0.5 + 1.0)


def test_l1_sums_absolute_differences():
    assert l1_sum(torch.tensor([1.0, -2.0]), torch.tensor([0.5, 1.0])).item() == pytest.approx(3.5)


def test_smooth_l1_is_quadratic_below_beta():
    # below: 0.5 d²/β; above: |d| − β/2
    assert smooth_l1_sum(torch.tensor([0.1, 2.0]), torch.zeros(2), beta=1.0).item() == pytest.approx(0.005 + 1.5)


def test_cross_entropy_is_least_at_the_mean_of_its_targets_and_l1_at_their_median():
    targets = torch.tensor([0.0, 0.0, 0.0, 1.0, 0.9])
    guesses = torch.linspace(0.0, 1.0, 101)
    best = {name: guesses[min(range(101), key=lambda i, loss=loss: loss(guesses[i].expand(5), targets))]
            for name, loss in SCORE_LOSSES.items()}  # fmt: skip
    assert best["l1"] == 0
    assert best["cross_entropy"].item() == pytest.approx(0.38)
