"""MobileNetV2 without batch norm: it is folded into the convolutions, which makes training on a CPU cheap too."""

import torch
from torch import Tensor, nn

# t, c, n, s of the paper's table 2 (Sandler et al. 2018): expansion, channels, blocks, stride of the first one.
SETTINGS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
# Blocks (0 the stem) at which strides 2, 4, 8, 16 and 32 begin.
STAGES = ((0, 2), (2, 4), (4, 7), (7, 14), (14, 18))
STAGE_CHANNELS = (24, 32, 96, 320)
BN_EPS = 1e-5


class Depthwise(nn.Conv2d):
    """One filter a channel. On a CPU its gradient in bfloat16 takes 10 to 100 times as long as in float32 where it has
    stride 2, and 6 times on maps of 2x2 cells: there it computes in float32."""

    def forward(self, x: Tensor) -> Tensor:
        slow = self.stride[0] > 1 or x.shape[-1] <= 2
        if not (slow and torch.is_autocast_enabled("cpu") and torch.is_grad_enabled() and x.device.type == "cpu"):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


def convolution(in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution with bias; of stride 2 it is padded as TensorFlow does, on the right and the bottom only."""
    kind = nn.Conv2d if groups == 1 else Depthwise
    if stride == 2:
        conv = kind(in_channels, out_channels, kernel, stride=2, groups=groups)
        layers = [nn.ZeroPad2d((0, 1, 0, 1)), conv]
    else:
        conv = kind(in_channels, out_channels, kernel, padding=kernel // 2, groups=groups)
        layers = [conv]
    nn.init.kaiming_normal_(conv.weight, mode="fan_out")
    nn.init.zeros_(conv.bias)
    return layers


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise 3x3, project 1x1; with a shortcut where the shape allows one."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = in_channels * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [*convolution(in_channels, inner, 1), nn.ReLU6(inplace=True)]
        layers += [*convolution(inner, inner, 3, stride, groups=inner), nn.ReLU6(inplace=True)]
        layers += convolution(inner, out_channels, 1)
        self.layers = nn.Sequential(*layers)
        self.shortcut = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.shortcut else self.layers(x)


def mobilenet_v2_stages() -> list[nn.Module]:
    """The five stages, strides 2 to 32; the last ends with 320 channels, before ImageNet's classifier."""
    blocks: list[nn.Module] = [nn.Sequential(*convolution(3, 32, 3, stride=2), nn.ReLU6(inplace=True))]
    channels = 32
    for expansion, out_channels, count, stride in SETTINGS:
        for i in range(count):
            blocks.append(InvertedResidual(channels, out_channels, stride if i == 0 else 1, expansion))
            channels = out_channels
    return [nn.Sequential(*blocks[first:last]) for first, last in STAGES]


def fold_torchvision(state: dict[str, Tensor]) -> list[tuple[Tensor, Tensor]]:
    """The convolutions of a torchvision `mobilenet_v2` state dict, in order, each with its batch norm folded in.

    Args:
        state: names as torchvision gives them; the last convolution (320 → 1280) and the classifier are left out.
    Returns:
        weight [out, in, k, k] and bias [out] of each convolution, float32.
    Raises:
        KeyError: a tensor that a batch norm needs is not there.
    """
    folded = []
    for name in state:
        if not name.startswith("features.") or name.startswith("features.18.") or state[name].ndim != 4:
            continue
        prefix, index = name.removesuffix(".weight").rsplit(".", 1)
        norm = f"{prefix}.{int(index) + 1}"
        scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + BN_EPS)
        bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
        folded.append((state[name] * scale[:, None, None, None], bias))
    return folded
