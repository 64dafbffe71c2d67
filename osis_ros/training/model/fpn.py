"""Feature pyramid network (Lin et al. 2017): the backbone's maps become levels of one width."""

import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.convolution import conv3x3, xavier


class FeaturePyramid(nn.Module):
    """C_min…C5 → P_min…P5 by lateral 1x1 and output 3x3 convolutions; P6 and P7 by picking every second cell of P5.

    The finest level has three quarters of all cells. Merged late, it costs less than half of the work where C_min has
    few channels: its lateral convolution is the 3x3 one, and its output convolution sees the coarser level before its
    cells are repeated.
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
        self.late_merge = late_merge
        self.lateral = nn.ModuleList(xavier(nn.Conv2d(count, channels, 1)) for count in in_channels)
        if late_merge:
            self.lateral[0] = _smoothing(in_channels[0], channels, separable)
        self.output = nn.ModuleList(_smoothing(channels, channels, separable) for _ in in_channels)
        self.coarser_levels = coarser_levels

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps [B, C_l, H_l, W_l], finest first, each half the size of the one before → levels [B, channels, …]."""
        merged = [lateral(feature) for lateral, feature in zip(self.lateral, maps, strict=True)]
        first = 1 if self.late_merge else 0
        for i in range(len(merged) - 2, first - 1, -1):
            merged[i] = merged[i] + _repeated(merged[i + 1])
        levels = [output(feature) for output, feature in zip(self.output[first:], merged[first:], strict=True)]
        if self.late_merge:
            levels.insert(0, merged[0] + _repeated(self.output[0](merged[1])))
        for _ in range(self.coarser_levels):
            levels.append(F.max_pool2d(levels[-1], kernel_size=1, stride=2))
        return levels


def _smoothing(in_channels: int, channels: int, separable: bool) -> nn.Module:
    layer = conv3x3(in_channels, channels, separable)
    return layer if separable else xavier(layer)


def _repeated(level: Tensor) -> Tensor:
    """Every cell of a level as 2x2 of the finer one."""
    return F.interpolate(level, scale_factor=2.0, mode="nearest")
