"""RoIAlign over a feature pyramid: each box is pooled from the level that suits its size (Lin et al. 2017)."""

import torch
from torch import Tensor, nn
from torchvision.ops import roi_align

FINEST, COARSEST = 2, 5  # levels that boxes are pooled from; level l has stride 2**l
CANONICAL_LEVEL = 4


def level_of(boxes: Tensor, canonical_size: float = 224) -> Tensor:
    """The pyramid level of each box [N, 4] in pixels: a square of `canonical_size` is on level 4. [N] int64."""
    size = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1).sqrt()
    level = torch.floor(CANONICAL_LEVEL + torch.log2(size / canonical_size + 1e-8))
    return level.clamp(FINEST, COARSEST).long()


class RoIPooler(nn.Module):
    """RoIAlign of side `size`, half-pixel aligned or not; `sampling_ratio` 0: as many samples as a bin has cells."""

    def __init__(self, size: int, sampling_ratio: int, canonical_size: float, aligned: bool = True) -> None:
        super().__init__()
        self.size = size
        self.sampling_ratio = sampling_ratio
        self.canonical_size = canonical_size
        self.aligned = aligned

    def forward(self, levels: list[Tensor], rois: Tensor) -> Tensor:
        """Pool from P2…P5.

        Args:
            levels: [B, C, H_l, W_l] each, from P2 on; P6 is left alone.
            rois: [R, 5] float32, image index and box in pixels.
        Returns:
            [R, C, size, size] float32, in the order of `rois`.
        """
        level_of_roi = level_of(rois[:, 1:], self.canonical_size)
        pooled, order = [], []
        for level, feature in enumerate(levels[: COARSEST - FINEST + 1], FINEST):
            index = torch.where(level_of_roi == level)[0]
            order.append(index)
            pooled.append(
                roi_align(
                    feature.float(), rois[index], self.size, 1 / 2**level, self.sampling_ratio or -1, self.aligned
                )
            )
        return torch.cat(pooled)[torch.cat(order).argsort()]


def with_image_index(boxes: list[Tensor]) -> Tensor:
    """Boxes [N_i, 4] of each image → RoIs [ΣN_i, 5] with the image's index in front."""
    return torch.cat([torch.cat((torch.full_like(b[:, :1], i), b), 1) for i, b in enumerate(boxes)])
