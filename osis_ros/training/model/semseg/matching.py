"""Which object does an anchor or proposal stand for, and which of them are the losses taken on.

For a whole batch at once: a GPU takes longer to be told of an operation than to do it, image by image it would idle.
"""

from typing import NamedTuple

import torch
from torch import Tensor

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1


class Overlap(NamedTuple):
    """Of N candidates with objects: iou [N] with the one that each overlaps most, index [N] int64 of that object (iou
    and index 0 where there is none), and is_best [N] bool: it overlaps some object as much as any candidate does."""

    iou: Tensor
    index: Tensor
    is_best: Tensor


def overlap_of(iou: Tensor) -> Overlap:
    """From the IoU [G, N] of G objects with N candidates; G may be 0."""
    if len(iou) == 0:
        nothing = iou.new_zeros(iou.shape[1])
        return Overlap(nothing, nothing.long(), nothing.bool())
    best_of_object = iou.amax(1, keepdim=True)
    is_best = ((iou == best_of_object) & (best_of_object > 0)).any(0)
    return Overlap(*iou.max(0), is_best)


def label_of(overlap: Overlap, negative_iou: float, positive_iou: float, keep_best: bool = False) -> Tensor:
    """POSITIVE, NEGATIVE or IGNORED, [N] int64.

    Args:
        negative_iou: below it a candidate is NEGATIVE; between the two it is IGNORED.
        positive_iou: from it on a candidate is POSITIVE.
        keep_best: the best candidates of every object are POSITIVE however little they overlap ("low-quality
            matches"; Faster R-CNN). A candidate stays matched to its own best object.
    """
    positive = (overlap.iou >= positive_iou) & (overlap.iou > 0)
    if keep_best:
        positive = positive | overlap.is_best
    negative = (overlap.iou < negative_iou) | (overlap.iou <= 0)  # what overlaps nothing, whatever the limits
    return torch.where(positive, POSITIVE, torch.where(negative, NEGATIVE, IGNORED))


def sample(label: Tensor, image: Tensor, images: int, count: int, positive_fraction: float) -> tuple[Tensor, Tensor]:
    """Random candidates for a loss: of every image at most `positive_fraction` of `count` POSITIVE, filled up with
    NEGATIVE.

    Args:
        label: [N] int64 as `label_of` returns it.
        image: [N] int64 in 0..images-1, ascending: whose candidate each is.
    Returns:
        positive and negative indices, int64; of every image together at most `count`.
    """
    quota = torch.full((images,), int(count * positive_fraction), device=image.device)
    positive = _choose(label == POSITIVE, image, quota)
    negative = _choose(label == NEGATIVE, image, count - _count(positive, image, images))
    return torch.where(positive)[0], torch.where(negative)[0]


def _choose(wanted: Tensor, image: Tensor, quota: Tensor) -> Tensor:
    """[N] bool: of the wanted ones [N] of image i at most quota[i], at random."""
    # In this order every image's come one after another, the wanted ones first.
    order = (image + 0.5 * (torch.rand(len(image), dtype=torch.float64, device=image.device) + ~wanted)).argsort()
    of_image = _count(torch.ones_like(wanted), image, len(quota))
    rank = torch.arange(len(image), device=image.device) - (of_image.cumsum(0) - of_image)[image]
    chosen = torch.empty_like(wanted)
    chosen[order] = rank < quota[image]
    return chosen & wanted


def _count(which: Tensor, image: Tensor, images: int) -> Tensor:
    return torch.zeros(images, dtype=torch.int64, device=image.device).index_add_(0, image, which.long())
