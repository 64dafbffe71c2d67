"""Masks, modulated by class semantics (SemSeg section III-C)."""

from contextlib import nullcontext
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import roi_align

from osis_ros.training.model.semseg.config import MaskConfig
from osis_ros.training.model.semseg.convolution import conv3x3, he

MASKS_AT_ONCE = 64  # as float32 they are four times as large


class MaskTrunk(nn.Module):
    """Convolutions and an upsampling: what every mask head begins with."""

    def __init__(self, config: MaskConfig, channels: int) -> None:
        super().__init__()
        widths = [channels, *[config.channels] * config.convs]
        self.convs = nn.ModuleList(conv3x3(a, b) for a, b in pairwise(widths))
        self.deconv = he(nn.ConvTranspose2d(widths[-1], config.channels, 2, stride=2))

    def trunk(self, x: Tensor) -> Tensor:
        """[R, C, S, S] → [R, config.channels, 2S, 2S]."""
        for conv in self.convs:
            x = F.relu(conv(x))
        return F.relu(self.deconv(x))


class MaskHead(MaskTrunk):
    """Per-pixel embeddings by convolution; their dot product with a mask embedding made from z is the mask.

    With another `output` than `modulated` a learnt output layer takes the mask embedding's place: of one mask, or of
    one for each class (`class_specific`). `blended` concatenates the similarities to the class centres to the input.
    """

    def __init__(self, config: MaskConfig, channels: int, embedding_dim: int, num_classes: int) -> None:
        super().__init__(config, channels + num_classes if config.output == "blended" else channels)
        self.config = config
        if config.pixel_conv:
            self.pixel = conv3x3(config.channels, config.embedding_dim)
        self.register_buffer("shifts", torch.eye(9).view(1, 9, 3, 3), persistent=False)
        if config.output == "modulated":
            self.embed = nn.Sequential(
                nn.Linear(embedding_dim, embedding_dim), nn.ReLU(), nn.Linear(embedding_dim, config.embedding_dim)
            )
        else:
            masks = num_classes if config.output == "class_specific" else 1
            self.output = nn.Conv2d(config.embedding_dim if config.pixel_conv else config.channels, masks, 1)

    @property
    def of_classes(self) -> tuple[str, ...]:
        """Names of its tensors that belong to the very classes it has learnt."""
        if self.config.output == "class_specific":
            return ("output.weight", "output.bias")
        first = "convs.0" if self.config.convs else "deconv"
        return (f"{first}.weight",) if self.config.output == "blended" else ()

    def forward(self, pooled: Tensor, z: Tensor, similarities: Tensor, class_ids: Tensor | None = None) -> Tensor:
        """Mask logits.

        Args:
            pooled: [R, C, S, S] RoI features.
            z: [R, D] unit proposal embeddings.
            similarities: [R, K] cosine to every class centre; used by `blended` only.
            class_ids: [R] int64 in 0..K-1; used by `class_specific` only.
        Returns:
            [R, 2S, 2S] float32.
        """
        x = pooled
        if self.config.output == "blended":
            side = x.shape[-1]
            x = torch.cat((x, similarities[:, :, None, None].expand(-1, -1, side, side).to(x.dtype)), 1)
        x = self.trunk(x)
        if self.config.output != "modulated":
            masks = self.output(self.pixel(x) if self.config.pixel_conv else x).float()
            if self.config.output != "class_specific":
                return masks[:, 0]
            return masks[torch.arange(len(masks), device=masks.device), class_ids]
        with torch.autocast(x.device.type, enabled=False) if self.training else nullcontext():
            return self._modulated(x.float(), self.embed(z.float()))

    def _modulated(self, x: Tensor, e: Tensor) -> Tensor:
        """The dot product of mask embeddings e [R, E] and the pixel embeddings of x [R, C, H, W]: [R, H, W].

        Both steps are linear, so the mask embedding goes into the convolution's weights: nine products of C numbers a
        cell in place of 9 C E, and a fixed convolution that adds the nine maps where they belong.
        """
        (count, channels, height, width), weight = x.shape, self.pixel.weight
        kernels = e @ weight.permute(0, 2, 3, 1).reshape(len(weight), 9 * channels)
        maps = kernels.view(count, 9, channels) @ x.reshape(count, channels, height * width)
        logits = F.conv2d(maps.view(count, 9, height, width), self.shifts.to(maps.dtype), padding=1)[:, 0]
        return logits + (e @ self.pixel.bias)[:, None, None]


def mask_targets(masks: Tensor, rois: Tensor, index: Tensor, size: int) -> Tensor:
    """The part of an object's mask that lies in a proposal.

    Args:
        masks: bool or uint8 [G, H, W] of a batch.
        rois: [P, 5] image index and proposal box in pixels.
        index: [P] int64, the proposal's object.
        size: side of the result in cells.
    Returns:
        [P, size, size] float32, 0 or 1: at least half of the cell belongs to the object.
    """
    covered = rois.new_zeros(len(rois), size, size)
    used, mask_of_roi = index.unique(return_inverse=True)
    for first in range(0, len(used), MASKS_AT_ONCE):
        some = used[first : first + MASKS_AT_ONCE]
        here = torch.where((mask_of_roi >= first) & (mask_of_roi < first + len(some)))[0]
        boxes = torch.cat(((mask_of_roi[here] - first)[:, None].to(rois.dtype), rois[here, 1:]), 1)
        covered[here] = roi_align(masks[some][:, None].float(), boxes, size, 1.0, -1, aligned=True)[:, 0]
    return (covered >= 0.5).float()


def mask_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """L_mask: mean binary cross-entropy over the cells of all positives [P, M, M]; 0 without any. Scalar."""
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / max(targets.numel(), 1)
