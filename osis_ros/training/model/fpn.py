"""Feature pyramid network (Lin et al. 2017): the backbone's maps become levels of one width."""

import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.convolution import conv3x3, xavier


class FeaturePyramid(nn.Module):
    """C_min…C5 → P_min…P5 by lateral 1x1 and output 3x3 convolutions; P6 and P7 by picking every second cell of P5."""

    def __init__(
        self, in_channels: tuple[int, ...], channels: int, coarser_levels: int = 1, separable: bool = False
    ) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(xavier(nn.Conv2d(count, channels, 1)) for count in in_channels)
        self.output = nn.ModuleList(conv3x3(channels, channels, separable) for _ in in_channels)
        if not separable:
            self.output.apply(lambda layer: xavier(layer) if isinstance(layer, nn.Conv2d) else None)
        self.coarser_levels = coarser_levels

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps [B, C_l, H_l, W_l], finest first, each half the size of the one before → levels [B, channels, …]."""
        merged = [lateral(feature) for lateral, feature in zip(self.lateral, maps, strict=True)]
        for i in range(len(merged) - 2, -1, -1):
            merged[i] = merged[i] + F.interpolate(merged[i + 1], scale_factor=2.0, mode="nearest")
        levels = [output(feature) for output, feature in zip(self.output, merged, strict=True)]
        for _ in range(self.coarser_levels):
            levels.append(F.max_pool2d(levels[-1], kernel_size=1, stride=2))
        return levels
