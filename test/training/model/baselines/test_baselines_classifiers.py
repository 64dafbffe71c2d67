"""OpenDet's cosines and its two losses, worked out by hand."""

import pytest
import torch

from osis_ros.training.model.baselines.cosine import CosineClassifier, with_unknown
from osis_ros.training.model.baselines.instance_contrast import InstanceContrast, InstanceContrastConfig, contrast
from osis_ros.training.model.baselines.softmax import SoftmaxClassifier
from osis_ros.training.model.baselines.unknown_probability import unknown_probability_loss


def test_a_softmax_classifier_has_an_output_for_background():
    assert SoftmaxClassifier(4, 3)(torch.zeros(2, 4)).tolist() == [[0] * 4] * 2


@pytest.mark.parametrize("training", [True, False])
def test_cosines_do_not_know_lengths(training):
    classifier = CosineClassifier(2, 0, scale=20).train(training)
    classifier.weight.data[:] = torch.tensor([[1.0, 0], [0, 2]])
    torch.testing.assert_close(classifier(torch.tensor([[3.0, 4]])), torch.tensor([[12.0, 16]]), atol=1e-3, rtol=0)
    assert classifier.weight[1].tolist() == ([0, 1] if training else [0, 2])


def test_background_moves_behind_unknown():
    assert with_unknown(torch.tensor([0, 1, 2, -1]), 2).tolist() == [0, 1, 3, -1]


def test_unknown_is_taught_by_what_remains_without_the_true_class():
    logits = torch.tensor([[2.0, 1, 0, 0], [0, 0, 0, 1]], requires_grad=True)
    assert unknown_probability_loss(logits, torch.tensor([0, 3]), 3).item() == pytest.approx(0.321487, abs=1e-6)
    assert unknown_probability_loss(logits[:1], torch.tensor([0]), 3).item() == pytest.approx(0.368988, abs=1e-6)
    unknown_probability_loss(logits[:1], torch.tensor([0]), 3).backward()
    assert logits.grad[0, 0] == 0  # neither through p nor through the logit that is left out


def test_unknown_is_taught_by_the_least_certain_samples():
    logits = torch.tensor([[5.0, 0, 9, 0], [1, 1, 9, 1], [0, 3, 0, 0]])
    labels = torch.tensor([0, 0, 1])
    chosen = unknown_probability_loss(logits, labels, 1)
    assert chosen.item() == pytest.approx(unknown_probability_loss(logits[1:2], labels[1:2], 1).item())
    # Of background there are only as many as of objects.
    more = torch.cat((logits, torch.zeros(5, 4))), torch.cat((labels, torch.full((5,), 3)))
    both = chosen + unknown_probability_loss(torch.cat((logits[1:2], torch.zeros(1, 4))), torch.tensor([0, 3]), 1) * 2
    assert unknown_probability_loss(*more, 1).item() == pytest.approx((both.item() - chosen.item()) / 2)
    assert unknown_probability_loss(torch.zeros(2, 4), torch.tensor([3, -1]), 3) == 0


def test_a_feature_is_compared_with_the_queue_but_not_with_itself():
    z = torch.tensor([[0.6, 0.8]])
    queue, labels = torch.tensor([[1.0, 0], [0, 1], [0.6, 0.8]]), torch.tensor([0, 1, 0])
    own = torch.tensor([0])
    assert contrast(z, own, queue, labels, torch.tensor([2]), 0.1).item() == pytest.approx(2.126928, abs=1e-5)
    nowhere = torch.tensor([-1])
    assert contrast(z, own, queue[:2], labels[:2], nowhere, 0.1).item() == pytest.approx(2.126928, abs=1e-5)
    assert contrast(z, own, queue[:2], labels[:2], nowhere, 0.1, published_mask=True).item() == pytest.approx(0)
    assert contrast(z, torch.tensor([2]), queue, labels, nowhere, 0.1) == 0


def test_the_queue_keeps_a_classs_last_features_and_takes_the_least_familiar_first():
    part = InstanceContrast(InstanceContrastConfig(dim=2, queue=3, per_step=1), 4, 2)
    ahead, across = torch.tensor([[1.0, 0]]), torch.tensor([[0.0, 1]])
    good = torch.tensor([0.9])
    assert part.loss(ahead, torch.tensor([1]), good) == 0  # it is alone
    assert part.filled.sum(1).tolist() == [0, 1]
    part.loss(torch.cat((ahead, across)), torch.tensor([1, 1]), torch.tensor([0.9, 0.9]))
    assert part.features[1, :2].tolist() == [[1, 0], [0, 1]]
    assert part.loss(ahead, torch.tensor([1]), torch.tensor([0.6])) > 0  # compared, but not worth keeping
    assert part.filled.sum() == 2
    for _ in range(2):
        part.loss(across, torch.tensor([1]), good)
    assert part.features[1].tolist() == [[0, 1], [0, 1], [0, 1]]
    assert part.next.tolist() == [0, 1]


def test_features_of_the_queue_are_of_unit_length():
    part = InstanceContrast(InstanceContrastConfig(dim=3), 4, 2)
    torch.testing.assert_close(part(torch.randn(5, 4)).norm(dim=1), torch.ones(5))
