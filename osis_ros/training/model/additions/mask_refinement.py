"""Masks corrected on crops of the image (after Cheng et al. 2020, "CascadePSP").

The mask head sees an object in 14×14 cells of the pyramid's features. This loses thin parts, and everything outside a
box that is too small. A crop with a border shows the object's edges. The first mask tells which object is meant.
"""

from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn
from torchvision.ops import nms, roi_align

from osis_ros.training.model.additions.addition import Addition, Found
from osis_ros.training.model.additions.crops import crop_rois, grown, shaken
from osis_ros.training.model.additions.mask_score import MaskScore, areas_in_cells, mask_score_loss
from osis_ros.training.model.additions.scoring import mask_worth
from osis_ros.training.model.backbones.backbone import Backbone
from osis_ros.training.model.backbones.mobilenet import mobilenet_v2_stages
from osis_ros.training.model.few_sizes import in_few_sizes
from osis_ros.training.model.semseg.config import Fraction, Positive, Section
from osis_ros.training.model.semseg.convolution import conv3x3, normal
from osis_ros.training.model.semseg.mask_head import mask_targets
from osis_ros.training.model.semseg.pooling import with_image_index
from osis_ros.training.model.semseg.roi_sampling import RoISamples, sample_rois
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.model.semseg.stages import Batch, Recognised, View

STAGE_CHANNELS = (16, 24, 32, 96)  # of strides 2 to 16
SCORED = 1  # the decoder's layer, of stride 8, whose features tell how well a mask fits
OUTSIDE = -4.0  # logit of the first mask beyond its box


class MaskRefinementConfig(Section):
    """Masks corrected on crops of the image."""

    crop_size: int = Field(64, ge=32, multiple_of=16, description="side in pixels of the crop of a box and its border")
    border: Positive = Field(10, description="pixels of the crop outside the box, on each side")
    mask_size: Positive = Field(56, description="side of the resulting mask in cells")
    frozen_stages: int = Field(2, ge=0, le=4, description="first stages of its MobileNetV2, which are not trained")
    channels: tuple[Positive, Positive, Positive, Positive] = Field(
        (64, 48, 32, 24), description="channels of the decoder at strides 16, 8, 4 and 2"
    )
    passes: Positive = Field(1, description="how often a mask is corrected, each time in the box of the last mask")
    agreement: float = Field(
        0.3,
        ge=0,
        description="a: each pass multiplies the score by i^a, where i is the IoU of the mask before and after",
    )
    fit_share: float | None = Field(
        None,
        ge=0,
        description="b: each pass also multiplies the score by q^b, where q is the estimated IoU of mask and object; "
        "none: q is not estimated",
    )
    nms_iou: Fraction = Field(0.7, description="IoU of NMS on the boxes that the losses are computed on")
    samples: Positive = Field(32, description="boxes per image that the losses are computed on")
    positive_fraction: Fraction = Field(
        0.75, description="greatest share of them that show an object; the others train the estimated IoU only"
    )
    positive_iou: Fraction = Field(0.5, description="lowest IoU with its object of a box that shows one")
    loss_weight: float = Field(1, ge=0, description="weight of the loss of the corrected masks")
    score_loss_weight: float = Field(0.5, ge=0, description="weight of the loss of the estimated IoU")

    @model_validator(mode="after")
    def _box_is_left(self) -> "MaskRefinementConfig":
        if 2 * self.border >= self.crop_size:
            raise ValueError(f"border: {self.border} on both sides leaves nothing of {self.crop_size} for the box")
        return self


class Refined(NamedTuple):
    """logits [R, S, S] float32 of corrected masks on their crops, and [R] of their IoU with the object; None where
    that is not estimated."""

    logits: Tensor
    fit: Tensor | None


class Redrawn(NamedTuple):
    """N' of N instances: index [N'] int64 among them, boxes [N', 4], logits [N', mask_size, mask_size] of masks inside
    the boxes, and scores [N']."""

    index: Tensor
    boxes: Tensor
    logits: Tensor
    scores: Tensor


class MaskRefinement(Addition):
    """MobileNetV2 on crops up to stride 16, and a decoder (a U-Net) that corrects the first mask's logits."""

    def __init__(self, config: MaskRefinementConfig, threshold_logit: float = 0.0) -> None:
        """`threshold_logit`: from which on a cell is the object's."""
        super().__init__()
        self.config = config
        self.threshold_logit = threshold_logit
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
        self.to(memory_format=torch.channels_last)  # on a CPU small crops train faster so

    def forward(self, pixels: Tensor, rois: Tensor, first: Tensor) -> Refined:
        """Correct masks.

        Args:
            pixels: [B, 3, H, W] normalised for MobileNetV2.
            rois: [R, 5] image index and box in pixels.
            first: [R, crop_size, crop_size] logits of the first masks, `with_border`.
        """
        crops = crop_rois(pixels, rois, self.config.crop_size, self.border)
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

    def on_masks(
        self, view: View, found: Recognised, logits: Tensor, least: float | Tensor | None
    ) -> tuple[Recognised, Tensor]:
        """Masks drawn again; boxes and scores follow them, and what then scores no more than `least` is left out."""
        index, boxes, logits, scores = self.refine(view.pixels, found.boxes, logits, found.scores, least)
        return found.take(index)._replace(boxes=boxes, scores=scores), logits

    def losses(self, network: SemSeg, batch: Batch, found: list[Found], targets: list[dict]) -> dict[str, Tensor]:
        config, samples = self.config, self._samples(found, targets, network.config.num_classes)
        rois, hint = self._first_masks(network, batch, samples)
        refined, frames = in_few_sizes(partial(self, batch.pixels), rois, hint), grown(rois, self.border)
        masks = torch.cat([target["masks"] for target in targets])
        target = mask_targets(masks, frames, samples.index, config.crop_size)
        shown, told = samples.positive & samples.has_mask, samples.has_mask
        losses = {"loss_mask_refinement": config.loss_weight * self.loss(refined.logits[shown], target[shown])}
        if refined.fit is not None:
            areas = areas_in_cells(masks, frames, samples.index, config.crop_size)
            drawn = refined.logits.sigmoid() > network.config.mask.threshold
            score = mask_score_loss(refined.fit[told], drawn[told], target[told], areas[told])
            losses["loss_mask_score"] = config.score_loss_weight * score
        return losses

    def _samples(self, found: list[Found], targets: list[dict], num_classes: int) -> RoISamples:
        """Boxes that overlap little, of images with objects."""
        config = self.config
        boxes = [own.boxes[nms(own.boxes, own.scores, config.nms_iou)] for own in found]
        samples = sample_rois(
            boxes, targets, num_classes,
            count=config.samples, positive_fraction=config.positive_fraction, positive_iou=config.positive_iou,
        )  # fmt: skip
        with_objects = torch.tensor([len(target["boxes"]) > 0 for target in targets], device=samples.rois.device)
        return RoISamples(*(field[with_objects[samples.rois[:, 0].long()]] for field in samples))

    @torch.no_grad()
    def _first_masks(self, network: SemSeg, batch: Batch, samples: RoISamples) -> tuple[Tensor, Tensor]:
        """RoIs [R, 5] near the samples, and the masks so far on their crops [R, S, S]."""
        rois = shaken(samples.rois)
        semantics = network.describe(network.pool_boxes(batch.levels, rois))
        return self.some_passes_on(batch.pixels, rois, self.with_border(network.masks(batch.levels, rois, semantics)))

    def start_from(self, backbone: Backbone) -> None:
        self.backbone.load_state_dict(backbone.stages[: len(self.backbone)].state_dict())

    def backbone_factors(self, name: str) -> int:
        """Without batch norm its ReLU6s died at higher rates."""
        return 2 if name.startswith("backbone.") else 0

    @property
    def border(self) -> float:
        """What is shown beyond each side of a box, a share of that side."""
        return self.config.border / self._inner

    @property
    def _inner(self) -> int:
        return self.config.crop_size - 2 * self.config.border

    def with_border(self, logits: Tensor) -> Tensor:
        """Masks of boxes [R, M, M] as they lie on the boxes' crops [R, crop_size, crop_size]."""
        inner = F.interpolate(logits[:, None], size=(self._inner, self._inner), mode="bilinear")[:, 0]
        return F.pad(inner, [self.config.border] * 4, value=OUTSIDE)

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean over R crops of binary cross-entropy plus one minus the soft IoU, to which thin things count in full.

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
        least: float | Tensor | None,
    ) -> Redrawn:
        """Boxes, masks and scores of one image.

        Args:
            pixels: [1, 3, H, W]. boxes: [N, 4]. logits: [N, M, M] of the first masks. scores: [N].
            least: boxes become those of the corrected masks, scores fall with what masks are worth, and whatever is not
                above this is dropped on the way. None: boxes are given and stay, and scores
                are the estimated IoU, where there is one.
        """
        rois, hint = with_image_index([boxes]), self.with_border(logits)
        index = (torch.ones_like(scores).cumsum(0) - 1).long()  # a range, as in `seen_from`
        for _ in range(self.config.passes):
            refined, frames = self(pixels, rois, hint), grown(rois, self.border)
            drawn = refined.logits
            if least is not None:
                scores = scores * self._worth(refined, hint)
                rois = self.fitted(rois, drawn)
                kept = torch.where(scores > least)[0]
                index, scores, rois, frames, drawn = (x[kept] for x in (index, scores, rois, frames, drawn))
            hint = seen_from(drawn, frames, grown(rois, self.border), self.config.crop_size)
        if least is None and refined.fit is not None:
            scores = refined.fit.sigmoid()
        masks = seen_from(drawn, frames, rois, self.config.mask_size)
        return Redrawn(index, rois[:, 1:], masks, scores)

    def _worth(self, refined: Refined, hint: Tensor) -> Tensor:
        """What a pass leaves of scores, [R] in 0..1."""
        agreement = _iou(refined.logits > self.threshold_logit, hint > self.threshold_logit)
        fit = None if refined.fit is None else refined.fit.sigmoid()
        return mask_worth(agreement, self.config.agreement, fit, self.config.fit_share)

    def some_passes_on(self, pixels: Tensor, rois: Tensor, hint: Tensor) -> tuple[Tensor, Tensor]:
        """RoIs [R, 5] and hints [R, S, S] to learn from: of each pass alike many, at random."""
        rois, hint = rois.clone(), hint.clone()
        reached = torch.randint(self.config.passes, (len(rois),), device=rois.device)
        for done in range(1, self.config.passes):
            here = torch.where(reached >= done)[0]
            logits = in_few_sizes(partial(self, pixels), rois[here], hint[here]).logits
            frames = grown(rois[here], self.border)
            rois[here] = self.fitted(rois[here], logits)
            hint[here] = seen_from(logits, frames, grown(rois[here], self.border), self.config.crop_size)
        return rois, hint

    def fitted(self, rois: Tensor, logits: Tensor) -> Tensor:
        """RoIs [R, 5] tightly around masks, logits [R, S, S] on the crops; an empty one stays."""
        masks, frame = logits > self.threshold_logit, grown(rois, self.border)[:, 1:]
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
