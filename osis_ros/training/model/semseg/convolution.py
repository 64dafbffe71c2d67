"""The 3x3 convolution used throughout, and how layers start."""

from torch import nn


def conv3x3(in_channels: int, out_channels: int) -> nn.Conv2d:
    """[B, in, H, W] → [B, out, H, W], stride 1, zero padding 1, with bias, He initialisation (fan out)."""
    return he(nn.Conv2d(in_channels, out_channels, 3, padding=1))


def he(layer: nn.Module) -> nn.Module:
    """`layer` with weights for a ReLU after it and zero bias (He et al. 2015)."""
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def xavier(layer: nn.Module) -> nn.Module:
    """`layer` with uniform weights of variance 1/fan-in and zero bias."""
    nn.init.kaiming_uniform_(layer.weight, a=1)
    nn.init.zeros_(layer.bias)
    return layer


def normal(layer: nn.Module, std: float) -> nn.Module:
    """`layer` with N(0, std²) weights and zero bias: for output layers."""
    nn.init.normal_(layer.weight, std=std)
    nn.init.zeros_(layer.bias)
    return layer
