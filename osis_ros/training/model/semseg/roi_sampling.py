"""Which proposals the losses of the second stage are taken on, and what is true of each."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import box_iou

from osis_ros.training.model.semseg.matching import label_of, overlap_of, sample
from osis_ros.training.model.semseg.pooling import with_image_index


class RoISamples(NamedTuple):
    """R sampled proposals of a batch, positive ones first.

    rois [R, 5] image index and box; labels [R] int64, 0..K-1, K background, -1 an object of unlabelled class;
    positive [R] bool; index [R] int64 in the batch of the object that each overlaps most, one of its image in any case,
    objects [R, 4] that object's box, iou [R] with it, and has_mask [R] bool, whether its mask is known. Without objects
    in the image they mean nothing, and iou is 0.
    """

    rois: Tensor
    labels: Tensor
    positive: Tensor
    index: Tensor
    objects: Tensor
    iou: Tensor
    has_mask: Tensor

    def some_with_mask(self, limit: int | None, images: int) -> Tensor:
        """`some` of the positive ones whose object's mask is known."""
        return self.some(self.positive & self.has_mask, limit, images)

    def some(self, which: Tensor, limit: int | None, images: int) -> Tensor:
        """Indices of those where `which` [R] is true; with a limit, random ones, at most so many for each of the
        images."""
        index = torch.where(which)[0]
        if limit is None:
            return index
        return index[torch.randperm(len(index), device=index.device)[: limit * images]]


@torch.no_grad()
def sample_rois(
    proposals: list[Tensor], targets: list[dict], num_classes: int, *,
    count: int, positive_fraction: float, positive_iou: float,
) -> RoISamples:  # fmt: skip
    """Sample proposals for the second stage; the objects' own boxes are proposals too.

    Args:
        proposals: boxes [P, 4] of each image.
        targets: `boxes` float32 [G, 4], `labels` int64 [G] and perhaps `has_mask` bool [G] of each image.
        count: samples of an image, at most.
        positive_fraction: the most of them that may be positive.
        positive_iou: of a proposal with its object, from which on it is positive.
    """
    own = [target["boxes"] for target in targets]
    rois = with_image_index([torch.cat(pair) for pair in zip(proposals, own, strict=True)])
    objects, labels = with_image_index(own), torch.cat([target["labels"] for target in targets])
    with_mask = torch.cat([has_mask_of(target) for target in targets])
    # Below 0 where image and object do not belong together, so that even what overlaps none has one of its own image.
    iou = torch.where(objects[:, None, 0] == rois[:, 0], box_iou(objects[:, 1:], rois[:, 1:]), -1.0)
    overlap = overlap_of(iou)
    matched = label_of(overlap, positive_iou, positive_iou)
    chosen = sample(matched, rois[:, 0].long(), len(own), count, positive_fraction)
    index = torch.cat(chosen)
    positive = torch.arange(len(index), device=index.device) < len(chosen[0])
    rois, iou, index = rois[index], overlap.iou[index].clamp(min=0), overlap.index[index]
    if len(objects) == 0:
        return RoISamples(rois, torch.full_like(index, num_classes), positive, index, rois[:, 1:], iou, positive)
    labels = labels[index].masked_fill(~positive, num_classes)
    return RoISamples(rois, labels, positive, index, objects[index, 1:], iou, with_mask[index])


def has_mask_of(target: dict) -> Tensor:
    """[G] bool, of which of an image's objects the mask is known; all of them where the target has no `has_mask`."""
    known = target.get("has_mask")
    return torch.ones_like(target["labels"], dtype=torch.bool) if known is None else known
