"""Rows that are added for a GPU change nothing."""

from typing import NamedTuple

import pytest
import torch

from osis_ros.training.model.few_sizes import in_few_sizes, missing_rows, with_more_rows


class Both(NamedTuple):
    sums: torch.Tensor
    nothing: torch.Tensor | None


def test_results_and_gradients_are_those_of_the_rows_given():
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(2, 3, 3)
    seen = []

    def network(x, y):
        seen.append((len(x), len(y)))
        return Both(layer(x).sum((1, 2, 3)) + y, None)

    x, y = torch.randn(5, 2, 4, 4), torch.randn(5)
    gradients = []
    for more in (0, 3):
        layer.zero_grad()
        found = with_more_rows(network, more, x, y)
        assert found.nothing is None
        found.sums.square().sum().backward()
        gradients.append((found.sums.detach(), layer.weight.grad.clone(), layer.bias.grad.clone()))
    assert seen == [(5, 5), (8, 8)]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_a_single_tensor_is_cut_as_well():
    assert with_more_rows(lambda x: 2 * x, 2, torch.ones(3)).tolist() == [2, 2, 2]


@pytest.mark.parametrize(("count", "missing"), [(0, 0), (1, 255), (255, 1), (256, 0), (257, 255)])
def test_a_size_is_rounded_up(count, missing):
    assert missing_rows(count) == missing


def test_on_a_cpu_nothing_is_added():
    assert in_few_sizes(lambda x: torch.tensor(float(len(x))), torch.ones(3)) == 3
