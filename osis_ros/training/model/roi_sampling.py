"""Which proposals the losses of the second stage are taken on, and what is true of each."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import box_iou

from osis_ros.training.model.config import RoIConfig
from osis_ros.training.model.matching import match, sample
from osis_ros.training.model.pooling import with_image_index


class RoISamples(NamedTuple):
    """R sampled proposals of a batch.

    rois [R, 5] image index and box; labels [R] int64, 0..K-1, K background, -1 an object of unlabelled class;
    positive [R] bool; index [R] int64 of the object in its image and objects [R, 4] its box, meaningful for positives;
    iou [R] with the object that it overlaps most, 0 without any.
    """

    rois: Tensor
    labels: Tensor
    positive: Tensor
    index: Tensor
    objects: Tensor
    iou: Tensor


@torch.no_grad()
def sample_rois(proposals: list[Tensor], targets: list[dict], config: RoIConfig, num_classes: int) -> RoISamples:
    """Sample proposals for the second stage; the objects' own boxes are proposals too.

    Args:
        proposals: boxes [P, 4] of each image.
        targets: `boxes` float32 [G, 4] and `labels` int64 [G] of each image.
    """
    parts = []
    for boxes, target in zip(proposals, targets, strict=True):
        objects, labels = target["boxes"], target["labels"]
        boxes = torch.cat((boxes, objects))
        iou = box_iou(objects, boxes)
        index, matched = match(iou, config.positive_iou, config.positive_iou)
        positive, negative = sample(matched, config.samples, config.positive_fraction)
        chosen = torch.cat((positive, negative))
        is_positive = torch.zeros_like(chosen, dtype=torch.bool)
        is_positive[: len(positive)] = True
        index = index[chosen]
        if len(objects) == 0:
            label = torch.full_like(chosen, num_classes)
            parts.append((boxes[chosen], label, is_positive, index, boxes[chosen], boxes.new_zeros(len(chosen))))
            continue
        label = labels[index].masked_fill(~is_positive, num_classes)
        parts.append((boxes[chosen], label, is_positive, index, objects[index], iou[index, chosen]))
    boxes, *rest = zip(*parts, strict=True)
    return RoISamples(with_image_index(list(boxes)), *(torch.cat(part) for part in rest))
