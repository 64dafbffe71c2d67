"""Feature pyramid network (Lin et al. 2017): the backbone's maps become levels of one width."""

import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.convolution import conv3x3, xavier


class FeaturePyramid(nn.Module):
    """C_min…C5 → P_min…P5 by lateral 1x1 and output 3x3 convolutions; P6 and P7 by picking every second cell of P5.

    The finest level has three quarters of all cells. Merged late it costs less than half: its map and the coarser level
    pass 3x3 convolutions of their own, the latter before its cells are repeated, not after.
    """

    def __init__(
        self,
        in_channels: tuple[int, ...],
        channels: int,
        coarser_levels: int = 1,
        separable: bool = False,
        late_merge: bool = False,
    ) -> None:
        super().__init__()
        self.finest = None
        if late_merge:
            self.finest = nn.ModuleList(_smoothing(count, channels, separable) for count in (in_channels[0], channels))
            in_channels = in_channels[1:]
        self.lateral = nn.ModuleList(xavier(nn.Conv2d(count, channels, 1)) for count in in_channels)
        self.output = nn.ModuleList(_smoothing(channels, channels, separable) for _ in in_channels)
        self.coarser_levels = coarser_levels

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps [B, C_l, H_l, W_l], finest first, each half the size of the one before → levels [B, channels, …]."""
        finest, maps = (maps[0], maps[1:]) if self.finest else (None, maps)
        merged = [lateral(feature) for lateral, feature in zip(self.lateral, maps, strict=True)]
        for i in range(len(merged) - 2, -1, -1):
            merged[i] = merged[i] + _repeated(merged[i + 1])
        levels = [output(feature) for output, feature in zip(self.output, merged, strict=True)]
        if self.finest:
            own, coarser = self.finest
            levels.insert(0, own(finest) + _repeated(coarser(merged[0])))
        for _ in range(self.coarser_levels):
            levels.append(F.max_pool2d(levels[-1], kernel_size=1, stride=2))
        return levels


def _smoothing(in_channels: int, channels: int, separable: bool) -> nn.Module:
    layer = conv3x3(in_channels, channels, separable)
    return layer if separable else xavier(layer)


def _repeated(level: Tensor) -> Tensor:
    """Every cell of a level as 2x2 of the finer one."""
    return F.interpolate(level, scale_factor=2.0, mode="nearest")
