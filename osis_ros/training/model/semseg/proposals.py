"""Class-agnostic proposals: OLN's proposal network (Kim et al. 2022; SemSeg section III-A)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import box_iou, clip_boxes_to_image, nms

from osis_ros.training.model.semseg.anchors import anchor_boxes, level_anchors
from osis_ros.training.model.semseg.box_coding import boxes_to_sides, has_area, sides_to_boxes
from osis_ros.training.model.semseg.config import ProposalConfig
from osis_ros.training.model.semseg.convolution import conv3x3
from osis_ros.training.model.semseg.losses import SCORE_LOSSES, centerness, iou_loss_sum, smooth_l1_sum
from osis_ros.training.model.semseg.matching import Overlap, label_of, overlap_of, sample

COARSEST = 6  # pyramid level that proposals come from; level l has stride 2**l


class DensePrediction(NamedTuple):
    """What the head says about every anchor of a batch, and the anchors; A of them over L levels, finest first.

    sides [B, A, 4] in anchor sides, logits [B, A] of the centerness, centres [A, 2] and sizes [A] of the anchors
    in pixels, float32; counts: anchors of each level.
    """

    sides: Tensor
    logits: Tensor
    centres: Tensor
    sizes: Tensor
    counts: list[int]


class Proposals(NamedTuple):
    """boxes [P, 4] in pixels inside the image and their centerness [P] in [0, 1], level by level, best first."""

    boxes: Tensor
    centerness: Tensor


class ProposalNetwork(nn.Module):
    """Shared 3x3 convolution, L2-normalised over channels, then four side distances and a centerness an anchor.

    It looks at the pyramid's levels from `config.finest_level` to P6, the coarsest.
    """

    def __init__(self, config: ProposalConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        self.strides = tuple(2**level for level in range(config.finest_level, COARSEST + 1))
        self.conv = conv3x3(channels, channels)
        self.output = nn.Conv2d(channels, 5, 1)  # left, top, right, bottom, centerness
        nn.init.normal_(self.output.weight, std=0.01 / config.feature_length)
        nn.init.zeros_(self.output.bias)
        nn.init.constant_(self.output.bias[:4], config.side_bias)
        nn.init.normal_(self.conv.weight, std=0.01)

    def forward(self, levels: list[Tensor]) -> DensePrediction:
        """Pyramid levels [B, C, H_l, W_l] → predictions for every anchor."""
        outputs, centres, sizes, counts = [], [], [], []
        for stride, level in zip(self.strides, levels[-len(self.strides) :], strict=True):
            feature = F.relu(self.conv(level))
            # The output layer is linear, so dividing its result by the feature's norm saves normalising the feature.
            norm = feature.float().pow(2).sum(1, keepdim=True).sqrt().clamp(min=1e-12)
            output = F.conv2d(feature, self.output.weight).float() * (self.config.feature_length / norm)
            output = output + self.output.bias[:, None, None]
            outputs.append(output.flatten(2).transpose(1, 2))
            height, width = level.shape[-2:]
            level_centres, level_sizes = level_anchors(
                height, width, stride, self.config.anchor_scale * stride, level.device
            )
            centres.append(level_centres)
            sizes.append(level_sizes)
            counts.append(height * width)
        output = torch.cat(outputs, 1)
        return DensePrediction(output[..., :4], output[..., 4], torch.cat(centres), torch.cat(sizes), counts)

    @torch.no_grad()
    def select(self, dense: DensePrediction, image_sizes: list[tuple[int, int]]) -> list[Proposals]:
        """The proposals of every image: the best of each level, clipped, empty ones dropped, then NMS if asked for."""
        top_k = self.config.train_top_k if self.training else self.config.test_top_k
        best, start = [], 0
        for count in dense.counts:
            logits = dense.logits[:, start : start + count]
            best.append(logits.topk(min(top_k, count), dim=1).indices + start)
            start += count
        index = torch.cat(best, 1)
        sides = dense.sides.gather(1, index[..., None].expand(-1, -1, 4))
        boxes = sides_to_boxes(sides, dense.centres[index], dense.sizes[index])
        scores = dense.logits.gather(1, index).sigmoid()
        return [self._finish(*item) for item in zip(boxes, scores, image_sizes, strict=True)]

    def _finish(self, boxes: Tensor, scores: Tensor, image_size: tuple[int, int]) -> Proposals:
        boxes = clip_boxes_to_image(boxes, image_size)
        kept = torch.where(has_area(boxes))[0]
        boxes, scores = boxes[kept], scores[kept]
        if self.config.nms_iou is not None:
            kept = nms(boxes, scores, self.config.nms_iou)
        elif self.config.max_proposals is not None:
            kept = scores.argsort(descending=True)
        else:
            return Proposals(boxes, scores)
        kept = kept[: self.config.max_proposals]
        return Proposals(boxes[kept], scores[kept])

    def losses(self, dense: DensePrediction, objects: list[Tensor]) -> dict[str, Tensor]:
        """Centerness and box loss of a batch (L_ctr, L_box1 of equation 1), before their weights.

        Args:
            dense: as `forward` returns it.
            objects: ground-truth boxes [G, 4] of each image.
        Returns:
            `centerness` and `proposal_box`, scalars, each divided by samples an image times images.
        """
        config, images, count = self.config, len(objects), len(dense.sizes)
        anchors = anchor_boxes(dense.centres, dense.sizes)
        # Image by image, for all anchors with all objects of a batch are too many.
        each = [overlap_of(box_iou(boxes, anchors)) for boxes in objects]
        overlap = Overlap(*(torch.cat(part) for part in zip(*each, strict=True)))
        image = torch.arange(images, device=anchors.device).repeat_interleave(count)
        first = torch.tensor([0, *map(len, objects)], device=anchors.device).cumsum(0)
        every_object = torch.cat(objects)

        def sampled(negative_iou: float, positive_iou: float, fraction: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            """Positive and negative indices in the batch; of the positive ones their anchors and objects' boxes."""
            matched = label_of(overlap, negative_iou, positive_iou, keep_best=True)
            positive, negative = sample(matched, image, images, config.samples, fraction)
            own = every_object[first[image[positive]] + overlap.index[positive]]
            return positive, negative, positive % count, own

        positive, negative, anchor, boxes = sampled(
            config.centerness_negative_iou, config.centerness_positive_iou, config.centerness_positive_fraction
        )
        target = centerness(boxes_to_sides(boxes, dense.centres[anchor], dense.sizes[anchor]))
        target = torch.cat((target, target.new_zeros(len(negative))))
        predicted = dense.logits.flatten()[torch.cat((positive, negative))].sigmoid()
        centerness_sum = SCORE_LOSSES[config.centerness_loss](predicted, target)

        positive, _, anchor, boxes = sampled(
            config.box_negative_iou, config.box_positive_iou, config.box_positive_fraction
        )
        sides = dense.sides.flatten(0, 1)[positive]
        box_sum = self._box_loss(sides, boxes, dense.centres[anchor], dense.sizes[anchor])
        total = config.samples * images
        return {"centerness": centerness_sum / total, "proposal_box": box_sum / total}

    def _box_loss(self, sides: Tensor, boxes: Tensor, centres: Tensor, sizes: Tensor) -> Tensor:
        if self.config.box_loss == "iou":
            return iou_loss_sum(sides_to_boxes(sides, centres, sizes), boxes)
        return smooth_l1_sum(sides, boxes_to_sides(boxes, centres, sizes))
