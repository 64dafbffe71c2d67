"""Which proposals the losses of the second stage are taken on, and what is true of each."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import box_iou

from osis_ros.training.model.config import RoIConfig
from osis_ros.training.model.matching import label_of, overlap_of, sample
from osis_ros.training.model.pooling import with_image_index


class RoISamples(NamedTuple):
    """R sampled proposals of a batch, positive ones first.

    rois [R, 5] image index and box; labels [R] int64, 0..K-1, K background, -1 an object of unlabelled class;
    positive [R] bool; index [R] int64 in the batch of the object that each overlaps most, one of its image in any case,
    objects [R, 4] that object's box, and iou [R] with it. Without objects in the image they mean nothing, and iou is 0.
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
    own = [target["boxes"] for target in targets]
    rois = with_image_index([torch.cat(pair) for pair in zip(proposals, own, strict=True)])
    objects, labels = with_image_index(own), torch.cat([target["labels"] for target in targets])
    # Below 0 where image and object do not belong together, so that even what overlaps none has one of its own image.
    iou = torch.where(objects[:, None, 0] == rois[:, 0], box_iou(objects[:, 1:], rois[:, 1:]), -1.0)
    overlap = overlap_of(iou)
    matched = label_of(overlap, config.positive_iou, config.positive_iou)
    chosen = sample(matched, rois[:, 0].long(), len(own), config.samples, config.positive_fraction)
    index = torch.cat(chosen)
    positive = torch.arange(len(index), device=index.device) < len(chosen[0])
    rois, iou, index = rois[index], overlap.iou[index].clamp(min=0), overlap.index[index]
    if len(objects) == 0:
        return RoISamples(rois, torch.full_like(index, num_classes), positive, index, rois[:, 1:], iou)
    labels = labels[index].masked_fill(~positive, num_classes)
    return RoISamples(rois, labels, positive, index, objects[index, 1:], iou)
