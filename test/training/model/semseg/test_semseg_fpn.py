"""The feature pyramid on maps whose sums are easy to follow."""

import torch

from osis_ros.training.model.semseg.fpn import FeaturePyramid


def identity_pyramid() -> FeaturePyramid:
    """One channel; lateral and output convolutions pass a map through unchanged."""
    pyramid = FeaturePyramid((1, 1), 1)
    with torch.no_grad():
        for lateral, output in zip(pyramid.lateral, pyramid.output, strict=True):
            lateral.weight.fill_(1.0)
            output.weight.zero_()
            output.weight[0, 0, 1, 1] = 1.0
    return pyramid


def test_a_level_is_its_map_plus_the_coarser_level_repeated():
    fine, coarse = torch.zeros(1, 1, 4, 4), torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    fine[0, 0, 0, 0] = 10
    levels = identity_pyramid()([fine, coarse])
    assert levels[0][0, 0].tolist() == [[11, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    assert torch.equal(levels[1], coarse)


def test_the_coarsest_level_is_every_second_cell():
    levels = identity_pyramid()([torch.zeros(1, 1, 8, 8), torch.arange(16.0).view(1, 1, 4, 4)])
    assert levels[2][0, 0].tolist() == [[0, 2], [8, 10]]
    assert len(levels) == 3


def test_merged_late_the_finest_level_is_both_parts_convolved():
    pyramid = FeaturePyramid((1, 1), 1, late_merge=True)
    with torch.no_grad():
        pyramid.lateral[1].weight.fill_(1.0)
        for own, scale in zip((pyramid.lateral[0], *pyramid.output), (2.0, 3.0, 5.0), strict=True):
            own.weight.zero_()
            own.weight[0, 0, 1, 1] = scale
    fine, coarse = torch.zeros(1, 1, 4, 4), torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    fine[0, 0, 0, 0] = 10
    levels = pyramid([fine, coarse])
    assert levels[0][0, 0].tolist() == [[23, 3, 6, 6], [3, 3, 6, 6], [9, 9, 12, 12], [9, 9, 12, 12]]
    assert torch.equal(levels[1], 5 * coarse)


def test_merged_late_or_not_a_level_is_learnt_under_the_same_name():
    shapes = [
        {name: tensor.shape for name, tensor in FeaturePyramid((8, 16), 4, late_merge=late).state_dict().items()}
        for late in (False, True)
    ]
    assert shapes[0].keys() == shapes[1].keys()
    assert {name for name in shapes[0] if shapes[0][name] != shapes[1][name]} == {"lateral.0.weight"}
