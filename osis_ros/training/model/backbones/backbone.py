"""Backbones: an image becomes four maps of strides 4, 8, 16 and 32 (C2–C5)."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import resnet18, resnet50
from torchvision.ops import FrozenBatchNorm2d

from osis_ros.training.model.backbones.mobilenet import STAGE_CHANNELS, fold_torchvision, mobilenet_v2_stages
from osis_ros.training.model.backbones.pixels import PixelNormalisation
from osis_ros.training.model.backbones.resnet_names import (
    add_absent_statistics,
    detectron2_name,
    from_caffe2,
    torchvision_name,
)
from osis_ros.training.model.weights_file import WeightsError, fill, read_tensors


class Backbone(nn.Module):
    """Five stages in a row, strides 2 (or 4: a stem with pooling), 4, 8, 16 and 32; the first is not an output.

    Attributes:
        channels: of C2, C3, C4 and C5.
        normalise: the pixels this backbone wants.
        frozen_stages: that many leading stages get no gradient.
    """

    def __init__(
        self, name: str, stages: list[nn.Module], channels: tuple[int, ...], normalise: PixelNormalisation, frozen: int
    ) -> None:
        super().__init__()
        self.name = name
        self.normalise = normalise
        self.stages = nn.ModuleList(stages)
        self.channels = channels
        self.frozen_stages = frozen
        self.stages[:frozen].requires_grad_(False)

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
        return Backbone(name, mobilenet_v2_stages(), STAGE_CHANNELS, pixels, frozen_stages)
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
    return Backbone(name, [stem, net.layer1, net.layer2, net.layer3, net.layer4], channels, pixels, frozen_stages)


def load_backbone_weights(model: nn.Module, path: Path) -> None:
    """Fill `model.backbone` with ImageNet weights.

    MobileNetV2 and ResNet-18 come in torchvision's names, ResNet-50 in Detectron2's (.pkl or .pth, also Caffe2's).
    Torchvision's ResNet-50 is refused: its stride is elsewhere and its pixels are others, so it would fit badly.

    Raises:
        WeightsError: the file cannot be read, or tensors are missing or of another shape; they are named.
    """
    path, backbone = Path(path), model.backbone
    tensors = read_tensors(path)
    own = backbone.stages.state_dict()
    if backbone.name == "mobilenet_v2":
        try:
            folded = [part for pair in fold_torchvision(tensors) for part in pair]
        except KeyError as err:
            raise WeightsError(f"{path}: tensor {err.args[0]} missing") from None
        tensors, names = dict(zip(own, folded, strict=False)), {name: name for name in own}
    elif backbone.name == "resnet18":
        names = {name: torchvision_name(name) for name in own}
    else:
        if "layer1.0.conv1.weight" in tensors:
            raise WeightsError(
                f"{path}: torchvision's ResNet-50, expected Detectron2's (stride in the 1x1 convolution)"
            )
        tensors = {from_caffe2(name.removeprefix("backbone.bottom_up.")): value for name, value in tensors.items()}
        if path.suffix == ".pkl":
            add_absent_statistics(tensors)
        names = {name: detectron2_name(name) for name in own}
    fill(backbone.stages, tensors, names, path)
