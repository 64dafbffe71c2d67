"""How well a mask fits its object (after Huang et al. 2019, "Mask Scoring R-CNN").

The score of an instance is made before its mask is drawn. Whoever sees mask and picture together sees also that a mask
shows a part of something, two things, or a shadow.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.semseg.convolution import conv3x3

WIDTH = 64  # of its layers


class MaskScore(nn.Module):
    """Two convolutions and two layers on a decoder's features and the mask that came of them."""

    def __init__(self, channels: int, cells: int) -> None:
        """
        Args:
            channels: C of the features.
            cells: side of the features, even.
        """
        super().__init__()
        self.convs = nn.ModuleList((conv3x3(channels + 1, WIDTH), conv3x3(WIDTH, WIDTH)))
        self.hidden = nn.Linear(WIDTH * (cells // 2) ** 2, 2 * WIDTH)
        self.output = nn.Linear(2 * WIDTH, 1)

    def forward(self, features: Tensor, logits: Tensor) -> Tensor:
        """Estimate the IoU of R masks and their objects.

        Args:
            features: [R, C, cells, cells].
            logits: [R, S, S] of the masks, which learn nothing from what is said of them.
        Returns:
            [R] float32, a logit of the IoU.
        """
        mask = 2 * F.adaptive_avg_pool2d(logits.detach().sigmoid()[:, None], features.shape[-2:]) - 1
        x = F.relu(self.convs[0](torch.cat((features, mask.to(features.dtype)), 1)))
        x = F.relu(self.convs[1](F.max_pool2d(x, 2)))
        return self.output(F.relu(self.hidden(x.flatten(1))))[:, 0].float()


def mask_score_loss(estimated: Tensor, masks: Tensor, targets: Tensor, areas: Tensor) -> Tensor:
    """Mean cross-entropy with the true IoU of R masks and their objects. Scalar, 0 without any.

    Args:
        estimated: [R] logits.
        masks: [R, S, S] bool, on crops.
        targets: [R, S, S] float32, 0 or 1: the objects on the same crops.
        areas: [R] of the whole objects, what lies beyond the crops included, in cells.
    """
    shared = (masks * targets).sum((1, 2))
    either = masks.sum((1, 2)) + torch.maximum(areas, targets.sum((1, 2))) - shared
    iou = shared / either.clamp(min=1)
    return F.binary_cross_entropy_with_logits(estimated, iou, reduction="sum") / max(len(iou), 1)


def areas_in_cells(masks: Tensor, frames: Tensor, index: Tensor, size: int) -> Tensor:
    """How many cells of their crops' size objects cover in all.

    Args:
        masks: bool or uint8 [G, H, W] of a batch.
        frames: [R, 5] image index and what the crop shows, in pixels.
        index: [R] int64, the object.
        size: side of a crop in cells.
    Returns:
        [R] float32.
    """
    pixels = masks.flatten(1).sum(1, dtype=torch.int32).float()
    cell = (frames[:, 3:] - frames[:, 1:3]).clamp(min=1e-6).prod(1) / size**2
    return pixels[index] / cell
