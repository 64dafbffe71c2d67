"""Feature pyramid network (Lin et al. 2017): the backbone's maps become levels of one width."""

import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.semseg.convolution import conv3x3, xavier


class FeaturePyramid(nn.Module):
    """C2…C5 → P2…P5 by lateral 1x1 and output 3x3 convolutions; P6 by picking every second cell of P5.

    The finest level has three quarters of all cells. Merged late, it costs less than half of the work where C2 has
    few channels: its lateral convolution is the 3x3 one, and its output convolution sees the coarser level before its
    cells are repeated.
    """

    def __init__(self, in_channels: tuple[int, ...], channels: int, late_merge: bool = False) -> None:
        super().__init__()
        self.late_merge = late_merge
        self.lateral = nn.ModuleList(xavier(nn.Conv2d(count, channels, 1)) for count in in_channels)
        if late_merge:
            self.lateral[0] = xavier(conv3x3(in_channels[0], channels))
        self.output = nn.ModuleList(xavier(conv3x3(channels, channels)) for _ in in_channels)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps [B, C_l, H_l, W_l], finest first, each half the size of the one before → levels [B, channels, …]."""
        merged = [lateral(feature) for lateral, feature in zip(self.lateral, maps, strict=True)]
        first = 1 if self.late_merge else 0
        for i in range(len(merged) - 2, first - 1, -1):
            merged[i] = merged[i] + _repeated(merged[i + 1])
        levels = [output(feature) for output, feature in zip(self.output[first:], merged[first:], strict=True)]
        if self.late_merge:
            levels.insert(0, merged[0] + _repeated(self.output[0](merged[1])))
        return [*levels, F.max_pool2d(levels[-1], kernel_size=1, stride=2)]


def _repeated(level: Tensor) -> Tensor:
    """Every cell of a level as 2x2 of the finer one."""
    return F.interpolate(level, scale_factor=2.0, mode="nearest")
