"""Masks drawn again on the image's own pixels (after Cheng et al. 2020, "CascadePSP").

The mask head sees an object in 14×14 cells of the pyramid's features, which round off thin parts, and nothing beyond a
box that may be too small. A cut-out with a border shows the object's edges; the first mask says which object is meant.
"""

import math
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import roi_align

from osis_ros.training.model.config import MaskRefinementConfig
from osis_ros.training.model.convolution import conv3x3, normal
from osis_ros.training.model.crops import cut_out, grown
from osis_ros.training.model.few_sizes import in_few_sizes
from osis_ros.training.model.mask_score import MaskScore
from osis_ros.training.model.mobilenet import mobilenet_v2_stages
from osis_ros.training.model.pooling import with_image_index

STAGE_CHANNELS = (16, 24, 32, 96)  # of strides 2 to 16
SCORED = 1  # the decoder's layer, of stride 8, whose features tell how well a mask fits
OUTSIDE = -4.0  # logit of the first mask beyond its box


class Refined(NamedTuple):
    """logits [R, S, S] float32 of corrected masks on their cut-outs, and [R] of their IoU with the object; None where
    that is not estimated."""

    logits: Tensor
    fit: Tensor | None


class Redrawn(NamedTuple):
    """N' of N instances: index [N'] int64 among them, boxes [N', 4], logits [N', mask_size, mask_size] of masks inside
    the boxes, 0 at the threshold, and scores [N']."""

    index: Tensor
    boxes: Tensor
    logits: Tensor
    scores: Tensor


class MaskRefinement(nn.Module):
    """MobileNetV2 on cut-outs up to stride 16, and a decoder (a U-Net) that corrects the first mask's logits."""

    def __init__(self, config: MaskRefinementConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = nn.ModuleList(mobilenet_v2_stages()[: len(STAGE_CHANNELS)])
        self.backbone[: config.frozen_stages].requires_grad_(False)
        widths = (0, *config.channels)
        self.decoder = nn.ModuleList(
            conv3x3(coarser + stage + 1, own)
            for coarser, stage, own in zip(widths, reversed(STAGE_CHANNELS), config.channels, strict=False)
        )
        # Nothing is corrected at first. Four channels of stride 2 are the cells of stride 1.
        self.output = normal(nn.Conv2d(config.channels[-1], 4, 3, padding=1), 0.0)
        self.score = None
        if config.fit_share is not None:
            self.score = MaskScore(config.channels[SCORED], config.crop_size // 8)
        self.to(memory_format=torch.channels_last)  # on a CPU small cut-outs train faster so

    def forward(self, pixels: Tensor, rois: Tensor, first: Tensor) -> Refined:
        """Correct masks.

        Args:
            pixels: [B, 3, H, W] normalised for MobileNetV2.
            rois: [R, 5] image index and box in pixels.
            first: [R, crop_size, crop_size] logits of the first masks, `with_border`.
        """
        crops = cut_out(pixels, rois, self.config.crop_size, self.border)
        x, maps = crops.contiguous(memory_format=torch.channels_last), []
        for i, stage in enumerate(self.backbone):
            with torch.set_grad_enabled(torch.is_grad_enabled() and i >= self.config.frozen_stages):
                x = stage(x)
            maps.append(x)
        hint = 2 * first.sigmoid() - 1
        # In training of the maps' type and layout, or all of them would be copied to be joined with it.
        hint = hint.to(x.dtype)[..., None].movedim(-1, 1) if self.training else hint[:, None]
        decoded: list[Tensor] = []
        for conv, level in zip(self.decoder, reversed(maps), strict=True):
            coarser = [F.interpolate(x, scale_factor=2.0, mode="nearest") for x in decoded[-1:]]
            joined = torch.cat((*coarser, level, F.adaptive_avg_pool2d(hint, level.shape[-2:])), 1)
            decoded.append(F.relu(conv(joined)))
        logits = first + _shuffled(self.output(decoded[-1])).float()
        return Refined(logits, self.score(decoded[SCORED], logits) if self.score else None)

    @property
    def border(self) -> float:
        """What is cut out beyond each side of a box, a share of that side."""
        return self.config.border / self._inner

    @property
    def _inner(self) -> int:
        return self.config.crop_size - 2 * self.config.border

    def with_border(self, logits: Tensor) -> Tensor:
        """Masks of boxes [R, M, M] as they lie on the boxes' cut-outs [R, crop_size, crop_size]."""
        inner = F.interpolate(logits[:, None], size=(self._inner, self._inner), mode="bilinear")[:, 0]
        return F.pad(inner, [self.config.border] * 4, value=OUTSIDE)

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean over R cut-outs of binary cross-entropy plus one minus the soft IoU, to which thin things count in full.

        Args:
            logits: [R, S, S]. targets: [R, S, S] float32, 0 or 1.
        """
        probabilities = logits.sigmoid()
        shared = (probabilities * targets).sum((1, 2))
        union = (probabilities + targets).sum((1, 2)) - shared
        entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean((1, 2))
        return (entropy + 1 - shared / union.clamp(min=1e-6)).sum() / max(len(logits), 1)

    def refine(
        self,
        pixels: Tensor,
        boxes: Tensor,
        logits: Tensor,
        scores: Tensor,
        threshold: float,
        least: float | Tensor | None,
    ) -> Redrawn:
        """Boxes, masks and scores of one image.

        Args:
            pixels: [1, 3, H, W]. boxes: [N, 4]. logits: [N, M, M] of the first masks. scores: [N].
            threshold: probability from which on a cell is the object's.
            least: boxes become those of the corrected masks, scores fall with what masks are worth, and whatever is not
                above this is dropped on the way. None: boxes and scores are given and stay.
        """
        rois, hint, shift = with_image_index([boxes]), self.with_border(logits), math.log(threshold / (1 - threshold))
        index = (torch.ones_like(scores).cumsum(0) - 1).long()  # a range, as in `seen_from`
        for _ in range(self.config.passes):
            refined, frames = self(pixels, rois, hint), grown(rois, self.border)
            drawn = refined.logits
            if least is not None:
                scores = scores * self._worth(refined, hint, shift)
                rois = self.fitted(rois, drawn, shift)
                kept = torch.where(scores > least)[0]
                index, scores, rois, frames, drawn = (x[kept] for x in (index, scores, rois, frames, drawn))
            hint = seen_from(drawn, frames, grown(rois, self.border), self.config.crop_size)
        masks = seen_from(drawn, frames, rois, self.config.mask_size) - shift
        return Redrawn(index, rois[:, 1:], masks, scores)

    def _worth(self, refined: Refined, hint: Tensor, shift: float) -> Tensor:
        """What a pass leaves of scores, [R] in 0..1: powers of the IoU of every mask and the one before, and of its
        estimated IoU with the object."""
        worth = _iou(refined.logits > shift, hint > shift) ** self.config.agreement
        if refined.fit is None:
            return worth
        return worth * refined.fit.sigmoid() ** self.config.fit_share

    def some_passes_on(self, pixels: Tensor, rois: Tensor, hint: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
        """RoIs [R, 5] and hints [R, S, S] to learn from: of each pass alike many, at random."""
        shift = math.log(threshold / (1 - threshold))
        rois, hint = rois.clone(), hint.clone()
        reached = torch.randint(self.config.passes, (len(rois),), device=rois.device)
        for done in range(1, self.config.passes):
            here = torch.where(reached >= done)[0]
            logits = in_few_sizes(partial(self, pixels), rois[here], hint[here]).logits
            frames = grown(rois[here], self.border)
            rois[here] = self.fitted(rois[here], logits, shift)
            hint[here] = seen_from(logits, frames, grown(rois[here], self.border), self.config.crop_size)
        return rois, hint

    def fitted(self, rois: Tensor, logits: Tensor, shift: float) -> Tensor:
        """RoIs [R, 5] tightly around masks, logits [R, S, S] above `shift` on the cut-outs; an empty one stays."""
        masks, frame = logits > shift, grown(rois, self.border)[:, 1:]
        filled = torch.stack((masks.any(1), masks.any(2)), 1).float()  # of x, of y
        size = masks.shape[-1]
        cell = (frame[:, 2:] - frame[:, :2]) / size
        first, last = filled.argmax(2), size - filled.flip(2).argmax(2)
        tight = torch.cat((frame[:, :2] + first * cell, frame[:, :2] + last * cell), 1)
        boxes = torch.where(filled.amax((1, 2))[:, None] > 0, tight, rois[:, 1:])
        return torch.cat((rois[:, :1], boxes), 1)


def seen_from(logits: Tensor, frames: Tensor, others: Tensor, size: int) -> Tensor:
    """Masks [R, S, S] on frames [R, 5] as they lie on other frames: [R, size, size], OUTSIDE beyond the first ones."""
    # A box may have no area: refined beyond the border of the image, it was clipped to it.
    cell = ((frames[:, 3:] - frames[:, 1:3]) / logits.shape[-1]).clamp(min=1e-6).repeat(1, 2)
    # The exporter cannot tell that a range would be as long as the frames.
    own = torch.ones_like(frames[:, :1]).cumsum(0) - 1
    rois = torch.cat((own, (others[:, 1:] - frames[:, 1:3].repeat(1, 2)) / cell), 1)
    return roi_align((logits - OUTSIDE)[:, None], rois, size, 1.0, 1, aligned=True)[:, 0] + OUTSIDE


def _iou(a: Tensor, b: Tensor) -> Tensor:
    """Of masks [N, S, S] bool in pairs: [N], 0 where both are empty."""
    shared, either = (a & b).float().sum((1, 2)), (a | b).float().sum((1, 2))
    return shared / either.clamp(min=1)


def _shuffled(x: Tensor) -> Tensor:
    """[R, 4, H, W] → [R, 2H, 2W], the channels of a cell side by side; torch's own has no gradient where R is 0."""
    count, _, height, width = x.shape
    return x.reshape(count, 2, 2, height, width).permute(0, 3, 1, 4, 2).reshape(count, 2 * height, 2 * width)
