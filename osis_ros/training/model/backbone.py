"""Backbones: an image becomes four maps of strides 4, 8, 16 and 32 (C2–C5)."""

import torch
from torch import Tensor, nn
from torchvision.models import resnet18, resnet50
from torchvision.ops import FrozenBatchNorm2d

from osis_ros.training.model.mobilenet import STAGE_CHANNELS, mobilenet_v2_stages
from osis_ros.training.model.pixels import PixelNormalisation


class Backbone(nn.Module):
    """Five stages in a row, strides 2 (or 4: a stem with pooling), 4, 8, 16 and 32; the first is not an output.

    Attributes:
        channels: of C2, C3, C4 and C5.
        normalise: the pixels this backbone wants.
        frozen_stages: that many leading stages get no gradient.
    """

    def __init__(
        self, stages: list[nn.Module], channels: tuple[int, ...], normalise: PixelNormalisation, frozen_stages: int
    ) -> None:
        super().__init__()
        self.normalise = normalise
        self.stages = nn.ModuleList(stages)
        self.channels = channels
        self.frozen_stages = frozen_stages
        self.stages[:frozen_stages].requires_grad_(False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Normalised images [B, 3, H, W], sides multiples of 32 → C2…C5."""
        maps = []
        x = images
        for i, stage in enumerate(self.stages):
            with torch.set_grad_enabled(torch.is_grad_enabled() and i >= self.frozen_stages):
                x = stage(x)
            maps.append(x)
        return maps[1:]


def build_backbone(name: str, frozen_stages: int = 0) -> Backbone:
    """`resnet50`, `resnet18` or `mobilenet_v2` with random weights.

    ResNet-50 is the original (Caffe) one: BGR pixels less the mean, stride in the 1x1 convolution of a bottleneck.
    ResNet-18 is torchvision's. Both have frozen batch norm. MobileNetV2 has none, and TensorFlow's padding.
    """
    if name == "mobilenet_v2":
        pixels = PixelNormalisation((127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
        return Backbone(mobilenet_v2_stages(), STAGE_CHANNELS, pixels, frozen_stages)
    if name == "resnet50":
        pixels = PixelNormalisation((103.53, 116.28, 123.675), (1.0, 1.0, 1.0), bgr=True)
        net = resnet50(weights=None, norm_layer=FrozenBatchNorm2d)
        for layer in (net.layer2, net.layer3, net.layer4):
            layer[0].conv1.stride, layer[0].conv2.stride = (2, 2), (1, 1)
        channels = (256, 512, 1024, 2048)
    elif name == "resnet18":
        pixels = PixelNormalisation((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
        net = resnet18(weights=None, norm_layer=FrozenBatchNorm2d)
        channels = (64, 128, 256, 512)
    else:
        raise ValueError(f"backbone is {name!r}, expected resnet50, resnet18 or mobilenet_v2")
    stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
    return Backbone([stem, net.layer1, net.layer2, net.layer3, net.layer4], channels, pixels, frozen_stages)
