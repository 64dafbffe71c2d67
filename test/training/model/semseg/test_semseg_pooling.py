"""The level a box is pooled from, and what is pooled."""

import pytest
import torch

from osis_ros.training.model.semseg.pooling import RoIPooler, level_of, with_image_index


def square(side: float) -> list[float]:
    return [0.0, 0.0, side, side]


def test_a_box_of_224_pixels_is_on_level_4_and_each_halving_one_level_finer():
    boxes = torch.tensor([square(224), square(223), square(112), square(448), [0, 0, 112, 448]])
    assert level_of(boxes).tolist() == [4, 3, 3, 5, 4]


def test_levels_are_limited_to_those_there_are():
    boxes = torch.tensor([square(5), square(2000), square(0)])
    assert level_of(boxes).tolist() == [2, 5, 2]


def test_a_smaller_canonical_size_pools_from_coarser_levels():
    assert level_of(torch.tensor([square(112)]), canonical_size=112).tolist() == [4]


def test_rois_come_back_in_their_order_each_from_its_own_level_and_image():
    levels = [torch.zeros(2, 1, 512 // s, 512 // s) for s in (4, 8, 16, 32)]
    for i, level in enumerate(levels):
        level[0], level[1] = 10 + i, 20 + i
    rois = torch.tensor([[1, 0, 0, 500, 500], [0, 0, 0, 20, 20], [1, 0, 0, 120, 120], [0, 0, 0, 300, 300]]).float()
    pooled = RoIPooler(2, 0, 224)(levels, rois)
    assert pooled[:, 0, 0, 0].tolist() == [23.0, 10.0, 21.0, 12.0]
    assert pooled.shape == (4, 1, 2, 2)


@pytest.mark.parametrize("ratio", [0, 2])
def test_pooling_is_aligned_by_half_a_cell(ratio):
    # on a ramp value = x + ½ in cells, the mean over [a, b) is (a + b) / 2
    ramp = (torch.arange(16.0) + 0.5).expand(1, 1, 16, 16)
    pooled = RoIPooler(2, ratio, 224)([ramp], torch.tensor([[0, 8.0, 8.0, 40.0, 40.0]]))
    assert pooled[0, 0, 0].tolist() == pytest.approx([4.0, 8.0])  # cells [2, 6) and [6, 10)


def test_no_rois_give_no_features():
    assert RoIPooler(7, 2, 224)([torch.zeros(1, 4, 8, 8)], torch.zeros(0, 5)).shape == (0, 4, 7, 7)


def test_rois_carry_their_images_index():
    rois = with_image_index([torch.ones(1, 4), torch.zeros(0, 4), torch.full((2, 4), 2.0)])
    assert rois[:, 0].tolist() == [0, 2, 2]
    assert rois[:, 1].tolist() == [1, 2, 2]
