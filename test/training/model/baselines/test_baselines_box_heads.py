"""Box heads without an IoU: which layers see what, and the loss of a class's own box."""

import pytest
import torch

from osis_ros.training.model.baselines.fast_rcnn_head import FastRCNNHead, box_loss
from osis_ros.training.model.baselines.separate_head import SeparateHead
from osis_ros.training.model.semseg.box_coding import boxes_to_deltas
from osis_ros.training.model.semseg.config import RoIConfig
from osis_ros.training.model.semseg.roi_sampling import RoISamples

SMALL = {"hidden": 5, "pool_size": 2}


def samples(labels: list[int], positive: list[bool]) -> RoISamples:
    rois = torch.tensor([[0.0, 10, 10, 30, 30]]).repeat(len(labels), 1)
    objects = torch.tensor([[10.0, 10, 30, 50]]).repeat(len(labels), 1)
    index = torch.zeros(len(labels), dtype=torch.int64)
    return RoISamples(rois, torch.tensor(labels), torch.tensor(positive), index, objects, index.float(), index == 0)


def test_only_the_box_of_the_own_class_learns():
    target = boxes_to_deltas(torch.tensor([[10.0, 10, 30, 30]]), torch.tensor([[10.0, 10, 30, 50]]))
    deltas = torch.full((2, 3, 4), 100.0)
    deltas[0, 1] = target[0] + torch.tensor([0.5, 0, 0, 1.5])
    # The second is background. The sum is over both.
    assert box_loss(deltas, samples([1, 3], [True, False])).item() == pytest.approx(2 / 2)
    agnostic = deltas[:, 1]
    assert box_loss(agnostic, samples([1, 3], [True, False])).item() == pytest.approx(2 / 2)


def test_an_object_without_a_class_teaches_the_one_box_but_none_of_a_class():
    deltas = torch.ones(1, 3, 4)
    assert box_loss(deltas, samples([-1], [True])) == 0
    assert box_loss(deltas[:, 0], samples([-1], [True])) > 0


@pytest.mark.parametrize(("class_boxes", "shape"), [(False, (6, 4)), (True, (6, 3, 4))])
def test_deltas_are_of_a_box_or_of_a_box_for_each_class(class_boxes, shape):
    head = FastRCNNHead(RoIConfig(head="fast_rcnn", class_boxes=class_boxes, **SMALL), 4, 3)
    hidden = head(torch.randn(6, 4, 2, 2))
    assert hidden.shape == (6, 5)
    assert head.deltas(hidden).shape == shape
    assert head.class_features(hidden) is hidden


def test_separate_layers_learn_boxes_and_classes():
    torch.manual_seed(0)
    head = SeparateHead(RoIConfig(head="separate", **SMALL), 4, 3)
    hidden = head(torch.randn(6, 4, 2, 2))
    assert hidden.shape == (6, 10)
    head.class_features(hidden).sum().backward(retain_graph=True)
    assert head.class_fc1.weight.grad.abs().sum() > 0
    assert head.fc1.weight.grad.abs().sum() == 0  # cut out of the same tensor: zeros, not None
    head.zero_grad()
    head.deltas(hidden).sum().backward()
    assert head.fc1.weight.grad.abs().sum() > 0
    assert head.class_fc1.weight.grad.abs().sum() == 0
