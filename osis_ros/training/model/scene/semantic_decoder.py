"""DeepLabV3+'s decoder as Panoptic-DeepLab has it: pyramid pooling of the coarsest map, then finer maps."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.segmentation.deeplabv3 import ASPP


def conv_norm(in_channels: int, out_channels: int, kernel: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution that keeps the size, batch norm, ReLU."""
    conv = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(out_channels), nn.ReLU()]


def separable(in_channels: int, out_channels: int) -> nn.Sequential:
    """A 5x5 convolution of each channel, then a 1x1 convolution."""
    return nn.Sequential(
        *conv_norm(in_channels, in_channels, 5, groups=in_channels), *conv_norm(in_channels, out_channels)
    )


class SemanticDecoder(nn.Module):
    """C2…C5 → a logit of each label, at stride 4."""

    def __init__(
        self, in_channels: tuple[int, ...], channels: int, labels: int, dilations: tuple[int, ...], dropout: float
    ) -> None:
        """
        Args:
            in_channels: of C2, C3, C4 and C5.
            channels: of the decoder; finer maps are projected to a half, a quarter and an eighth of it.
            labels: outputs a pixel.
        """
        super().__init__()
        self.pooling = ASPP(in_channels[3], list(dilations), channels)
        self.pooling.project[-1].p = dropout
        narrow = [max(8, channels // share) for share in (2, 4, 8)]
        finer = in_channels[2::-1]  # C4, C3, C2
        self.projections = nn.ModuleList(
            nn.Sequential(*conv_norm(own, kept)) for own, kept in zip(finer, narrow, strict=True)
        )
        self.fusions = nn.ModuleList(separable(channels + kept, channels) for kept in narrow)
        self.head = nn.Sequential(separable(channels, channels), nn.Conv2d(channels, labels, 1))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """C2…C5 of [B, ·, H/4, W/4] to [B, ·, H/32, W/32] → logits [B, labels, H/4, W/4]."""
        x = self.pooling(maps[3])
        for finer, project, fuse in zip(maps[2::-1], self.projections, self.fusions, strict=True):
            x = fuse(torch.cat((enlarged(x, finer.shape[-2:]), project(finer)), 1))
        return self.head(x)


def enlarged(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear, corners on corners."""
    return F.interpolate(x, tuple(size), mode="bilinear", align_corners=True)
