"""Faster R-CNN's region proposal network: is there an object at an anchor, and where is its box (Ren et al. 2015)."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import box_iou, clip_boxes_to_image

from osis_ros.training.model.semseg.anchors import level_anchors
from osis_ros.training.model.semseg.box_coding import boxes_to_deltas, deltas_to_boxes, has_area
from osis_ros.training.model.semseg.config import ProposalConfig
from osis_ros.training.model.semseg.convolution import normal
from osis_ros.training.model.semseg.losses import l1_sum
from osis_ros.training.model.semseg.matching import Overlap, label_of, overlap_of, sample
from osis_ros.training.model.semseg.open_set import nms_by_class
from osis_ros.training.model.semseg.proposals import COARSEST, Proposals

DELTA_WEIGHTS = (1.0, 1.0, 1.0, 1.0)


class AnchorPrediction(NamedTuple):
    """What the RPN says about the A anchors of a batch, finest level first.

    deltas [B, A, 4] (see `deltas_to_boxes`, with DELTA_WEIGHTS) and logits [B, A] of the objectness, float32; anchors
    [A, 4] boxes in pixels; level [A] int64, the number of each anchor's level; counts: anchors of each level.
    """

    deltas: Tensor
    logits: Tensor
    anchors: Tensor
    level: Tensor
    counts: list[int]


class RPN(nn.Module):
    """Shared 3x3 convolution, then an objectness and four deltas for each of a cell's anchors.

    It looks at the pyramid's levels from `config.finest_level` to P6, the coarsest.
    """

    def __init__(self, config: ProposalConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        self.strides = tuple(2**level for level in range(config.finest_level, COARSEST + 1))
        count = len(config.ratios)
        self.conv = normal(nn.Conv2d(channels, channels, 3, padding=1), 0.01)
        self.objectness = normal(nn.Conv2d(channels, count, 1), 0.01)
        self.box = normal(nn.Conv2d(channels, 4 * count, 1), 0.01)

    def forward(self, levels: list[Tensor]) -> AnchorPrediction:
        """Pyramid levels [B, C, H_l, W_l] → predictions for every anchor; those of a cell stand side by side."""
        deltas, logits, anchors = [], [], []
        for stride, level in zip(self.strides, levels[-len(self.strides) :], strict=True):
            feature = F.relu(self.conv(level))
            batch, _, height, width = feature.shape
            logits.append(self.objectness(feature).permute(0, 2, 3, 1).reshape(batch, -1).float())
            deltas.append(self.box(feature).permute(0, 2, 3, 1).reshape(batch, -1, 4).float())
            size = self.config.anchor_scale * stride
            centres, _ = level_anchors(height, width, stride, size, level.device)
            shapes = cell_anchors(size, self.config.ratios, self.config.whole_anchors).to(level.device)
            anchors.append((centres.repeat(1, 2)[:, None] + shapes).reshape(-1, 4))
        counts = [len(own) for own in anchors]
        level = torch.arange(len(counts), device=logits[0].device).repeat_interleave(
            torch.tensor(counts, device=logits[0].device)
        )
        return AnchorPrediction(torch.cat(deltas, 1), torch.cat(logits, 1), torch.cat(anchors), level, counts)

    @torch.no_grad()
    def select(self, dense: AnchorPrediction, image_sizes: list[tuple[int, int]]) -> list[Proposals]:
        """The proposals of every image: the best of each level, clipped, empty ones dropped, NMS within each level, and
        the best of all that are left. `Proposals.centerness` is their objectness in [0, 1]."""
        top_k = self.config.train_top_k if self.training else self.config.test_top_k
        best, start = [], 0
        for count in dense.counts:
            logits = dense.logits[:, start : start + count]
            best.append(logits.topk(min(top_k, count), dim=1).indices + start)
            start += count
        index = torch.cat(best, 1)
        deltas = dense.deltas.gather(1, index[..., None].expand(-1, -1, 4))
        boxes = deltas_to_boxes(dense.anchors[index], deltas, DELTA_WEIGHTS)
        scores = dense.logits.gather(1, index).sigmoid()
        return [self._finish(*item) for item in zip(boxes, scores, dense.level[index], image_sizes, strict=True)]

    def _finish(self, boxes: Tensor, scores: Tensor, level: Tensor, image_size: tuple[int, int]) -> Proposals:
        boxes = clip_boxes_to_image(boxes, image_size)
        kept = torch.where(has_area(boxes))[0]
        boxes, scores, level = boxes[kept], scores[kept], level[kept]
        if self.config.nms_iou is None:
            kept = scores.argsort(descending=True)
        else:
            kept = nms_by_class(boxes, scores, level, self.config.nms_iou)
        kept = kept[: self.config.max_proposals]
        return Proposals(boxes[kept], scores[kept])

    def losses(self, dense: AnchorPrediction, objects: list[Tensor]) -> dict[str, Tensor]:
        """Losses of a batch before their weights, on the same sampled anchors, each divided by samples an image times
        images.

        Args:
            dense: as `forward` returns it.
            objects: ground-truth boxes [G, 4] of each image.
        Returns:
            `objectness`, binary cross-entropy, and `proposal_box`, L1 of the deltas of positive anchors; scalars.
        """
        config, images, count = self.config, len(objects), len(dense.anchors)
        each = [overlap_of(box_iou(boxes, dense.anchors)) for boxes in objects]
        overlap = Overlap(*(torch.cat(part) for part in zip(*each, strict=True)))
        image = torch.arange(images, device=dense.anchors.device).repeat_interleave(count)
        matched = label_of(overlap, config.box_negative_iou, config.box_positive_iou, keep_best=True)
        positive, negative = sample(matched, image, images, config.samples, config.box_positive_fraction)
        logits = dense.logits.flatten()[torch.cat((positive, negative))]
        target = torch.cat((torch.ones_like(logits[: len(positive)]), torch.zeros_like(logits[len(positive) :])))
        objectness = F.binary_cross_entropy_with_logits(logits, target, reduction="sum")
        first = torch.tensor([0, *map(len, objects)], device=dense.anchors.device).cumsum(0)
        boxes = torch.cat(objects)[first[image[positive]] + overlap.index[positive]]
        deltas = boxes_to_deltas(dense.anchors[positive % count], boxes, DELTA_WEIGHTS)
        box = l1_sum(dense.deltas.flatten(0, 1)[positive], deltas)
        total = config.samples * images
        return {"objectness": objectness / total, "proposal_box": box / total}


def cell_anchors(size: float, ratios: tuple[float, ...], whole: bool = False) -> Tensor:
    """Anchors about (0, 0) of one area, [len(ratios), 4].

    Args:
        size: the side in pixels of a square of that area.
        ratios: height by width of each.
        whole: round sides to whole pixels, as torchvision does.
    """
    shapes = torch.tensor([(size / math.sqrt(ratio), size * math.sqrt(ratio)) for ratio in ratios])
    boxes = torch.cat((-shapes, shapes), 1) / 2
    return boxes.round() if whole else boxes
