"""PROSER's three losses and its bias, worked out by hand."""

import pytest
import torch

from osis_ros.training.model.baselines.placeholder import (
    PlaceholderClassifier,
    calibrated_bias,
    classification_loss,
    mixed_loss,
    mixtures,
    placeholder_loss,
)


def test_the_three_losses():
    known, zero = torch.tensor([[2.0, 0]]), torch.tensor([0])
    mixed = mixed_loss(torch.tensor([[1.0, 1]]), torch.tensor([0.0]))
    assert mixed.item() == pytest.approx(1.861995, abs=1e-6)
    classification = classification_loss(known, torch.tensor([1.0]), zero)
    assert classification.item() == pytest.approx(0.407606, abs=1e-6)
    placeholder = placeholder_loss(known, torch.tensor([1.0]), zero)
    assert placeholder.item() == pytest.approx(0.313262, abs=1e-6)
    assert (0.1 * mixed + classification + placeholder).item() == pytest.approx(0.907067, abs=1e-6)
    nothing = torch.zeros(0, 2), torch.zeros(0)
    assert mixed_loss(*nothing) == classification_loss(*nothing, zero[:0]) == placeholder_loss(*nothing, zero[:0]) == 0


def test_with_the_bias_19_of_20_known_samples_stay_known():
    differences = torch.arange(20.0, 0, -1)
    bias = calibrated_bias(differences, 0.95)
    assert bias == 2
    assert (differences >= bias).sum() == 19
    assert calibrated_bias(differences, 1.0) == 1
    assert calibrated_bias(differences, 0.0) == 20


def test_only_features_of_two_classes_are_mixed():
    torch.manual_seed(0)
    features = torch.randn(50, 3)
    assert len(mixtures(features, torch.zeros(50, dtype=torch.int64))) == 0
    labels = torch.arange(50) % 2
    mixed = mixtures(torch.stack((labels == 0, labels == 1), 1).float(), labels)
    assert 10 < len(mixed) < 40
    torch.testing.assert_close(mixed.sum(1), torch.ones(len(mixed)))
    assert len(mixed.unique()) == 2  # one share for all


def test_the_last_output_is_the_greatest_placeholder_with_the_bias():
    classifier = PlaceholderClassifier(2, 3, placeholders=2, stay_known=0.95)
    classifier.placeholders.weight.data[:] = torch.tensor([[1.0, 0], [0, 1]])
    classifier.bias.fill_(-0.5)
    logits = classifier(torch.tensor([[2.0, 7.0]]))
    assert logits.shape == (1, 4)
    assert logits[0, -1] == 6.5
    assert classifier.raw(torch.tensor([[2.0, 7.0]]))[1] == 7


def test_the_bias_is_made_of_the_last_known_samples():
    classifier = PlaceholderClassifier(2, 1, placeholders=1, stay_known=0.95)
    classifier.remember(torch.full((3000, 1), 100.0), torch.zeros(3000))
    for value in range(1, 21):
        classifier.remember(torch.full((250, 1), float(value)), torch.zeros(250))
    assert classifier.differences.max() < 100
    assert classifier.bias == 5  # 204 of 4096 may be dropped: 96 of 4, and 108 of 5
    assert classifier.seen == 8000


def test_without_placeholders_nothing_is_unknown_and_there_is_nothing_to_learn_of_it():
    classifier = PlaceholderClassifier(2, 3, placeholders=0, stay_known=0.95)
    assert set(classifier.state_dict()) == {"output.weight", "output.bias"}
    assert classifier(torch.randn(4, 2)).softmax(1)[:, -1].max() == 0
