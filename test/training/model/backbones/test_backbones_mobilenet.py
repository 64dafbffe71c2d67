"""MobileNetV2's depthwise convolutions, which a CPU learns faster in float32 in places."""

import pytest
import torch

from osis_ros.training.model.backbones.mobilenet import Depthwise


def depthwise(stride: int) -> Depthwise:
    torch.manual_seed(0)
    return Depthwise(8, 8, 3, stride=stride, padding=1, groups=8)


@pytest.mark.parametrize(("stride", "side"), [(2, 9), (1, 2)])
def test_where_bfloat16_is_slow_it_computes_in_float32(stride, side):
    layer, x = depthwise(stride), torch.randn(3, 8, side, side).bfloat16().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    assert torch.equal(y, layer(x.float()).bfloat16())
    y.float().square().sum().backward()
    assert layer.weight.grad.abs().min() > 0
    assert x.grad.dtype == torch.bfloat16


def test_elsewhere_autocast_decides():
    """Which turns float32 into bfloat16, where the slow cases leave it as it is."""
    x = torch.randn(3, 8, 9, 9)
    with torch.autocast("cpu", torch.bfloat16):
        assert depthwise(1)(x).dtype == torch.bfloat16
        assert depthwise(2)(x).dtype == torch.float32
        with torch.no_grad():
            assert depthwise(2)(x).dtype == torch.bfloat16
    assert depthwise(1)(x).dtype == torch.float32
