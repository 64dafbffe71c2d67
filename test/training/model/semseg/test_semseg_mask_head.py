"""Modulated masks, their targets and their loss."""

import math

import pytest
import torch

from osis_ros.training.model.semseg import mask_head
from osis_ros.training.model.semseg.config import MaskConfig
from osis_ros.training.model.semseg.mask_head import MaskHead, mask_loss, mask_targets


def head(**changes) -> MaskHead:
    torch.manual_seed(0)
    return MaskHead(MaskConfig(channels=8, convs=2, embedding_dim=4, **changes), 6, 5, 3)


def test_masks_are_twice_as_large_as_what_is_pooled():
    logits = head()(torch.randn(2, 6, 14, 14), torch.randn(2, 5), torch.randn(2, 3))
    assert logits.shape == (2, 28, 28)


@torch.no_grad()
def test_a_mask_is_the_dot_product_of_pixel_and_mask_embeddings():
    model = head()
    torch.nn.init.normal_(model.embed[2].bias)
    torch.nn.init.normal_(model.pixel.bias)
    seen = []
    model.deconv.register_forward_hook(lambda _, __, x: seen.append(x.relu()))
    pooled, z = torch.randn(3, 6, 14, 14), torch.randn(3, 5)
    logits = model(pooled, z, torch.zeros(3, 3))
    expected = (model.embed(z)[:, :, None, None] * model.pixel(seen[0])).sum(1)
    assert torch.allclose(logits, expected, atol=1e-5)
    assert expected.std() > 0.1
    assert model(pooled[:0], z[:0], torch.zeros(0, 3)).shape == (0, 28, 28)


def test_the_embedding_changes_the_mask_only_with_modulation():
    pooled, similarities = torch.randn(1, 6, 14, 14), torch.zeros(1, 3)
    first, second = torch.randn(1, 5), torch.randn(1, 5)
    modulated, agnostic = head(), head(output="class_agnostic")
    assert not torch.equal(modulated(pooled, first, similarities), modulated(pooled, second, similarities))
    assert torch.equal(agnostic(pooled, first, similarities), agnostic(pooled, second, similarities))


def test_similarities_change_the_mask_only_when_blended():
    pooled, z = torch.randn(1, 6, 14, 14), torch.randn(1, 5)
    first, second = torch.rand(1, 3), torch.rand(1, 3)
    blended, agnostic = head(output="blended"), head(output="class_agnostic")
    assert not torch.equal(blended(pooled, z, first), blended(pooled, z, second))
    assert torch.equal(agnostic(pooled, z, first), agnostic(pooled, z, second))


def test_the_gradient_reaches_the_embedding():
    z = torch.randn(1, 5, requires_grad=True)
    head()(torch.randn(1, 6, 14, 14), z, torch.zeros(1, 3)).sum().backward()
    assert z.grad.abs().sum() > 0


def test_a_target_is_the_part_of_the_mask_inside_the_proposal():
    mask = torch.zeros(1, 32, 32, dtype=torch.uint8)
    mask[0, 0:4, 0:16] = 1  # four rows high, sixteen columns wide
    rois = torch.tensor([[0.0, 8, 0, 24, 16], [0.0, 0, 0, 16, 8]])
    targets = mask_targets(mask, rois, torch.tensor([0, 0]), 4)
    assert targets[0].tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert targets[1].tolist() == [[1] * 4, [1] * 4, [0] * 4, [0] * 4]


@pytest.mark.parametrize("at_once", [1, 2, 64])
def test_targets_come_from_the_right_object_however_many_are_worked_on_at_once(at_once, monkeypatch):
    monkeypatch.setattr(mask_head, "MASKS_AT_ONCE", at_once)
    empty, full = torch.zeros(8, 8, dtype=torch.bool), torch.ones(8, 8, dtype=torch.bool)
    masks = torch.stack((empty, full, full, empty, empty))
    rois = torch.tensor([[1.0, 0, 0, 8, 8], [0.0, 0, 0, 8, 8], [0.0, 0, 0, 8, 8], [1.0, 0, 0, 8, 8]])
    targets = mask_targets(masks, rois, torch.tensor([2, 1, 0, 4]), 2)
    assert targets.mean((1, 2)).tolist() == [1, 1, 0, 0]


def test_loss_is_the_mean_over_cells():
    logits = torch.tensor([[[0.0, math.log(3)], [0.0, 0.0]]])
    targets = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])
    assert mask_loss(logits, targets).item() == pytest.approx((3 * math.log(2) + math.log(4 / 3)) / 4)
    assert mask_loss(torch.zeros(0, 4, 4), torch.zeros(0, 4, 4)).item() == 0
