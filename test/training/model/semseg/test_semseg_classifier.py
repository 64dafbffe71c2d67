"""Cross-entropy over known classes and background."""

import math

import pytest
import torch

from osis_ros.training.model.semseg.classifier import Classifier, classification_loss


def test_background_is_one_more_class():
    assert Classifier(8, 16, 5)(torch.randn(3, 8)).shape == (3, 6)


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    loss = classification_loss(torch.zeros(4, 6), torch.tensor([0, 4, 5, 5]))
    assert loss.item() == pytest.approx(math.log(6))


def test_unlabelled_objects_are_left_out_of_sum_and_count():
    logits = torch.tensor([[math.log(3), 0.0], [50.0, -50.0], [0.0, 0.0]])
    loss = classification_loss(logits, torch.tensor([0, -1, 1]))
    assert loss.item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)


def test_nothing_labelled_costs_nothing():
    assert classification_loss(torch.randn(2, 3), torch.tensor([-1, -1])).item() == 0
    assert classification_loss(torch.randn(0, 3), torch.zeros(0, dtype=torch.int64)).item() == 0
