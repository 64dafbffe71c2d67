"""Which object does an anchor or proposal stand for, and which of them are the losses taken on."""

import torch
from torch import Tensor

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1


def match(iou: Tensor, negative_iou: float, positive_iou: float, keep_best: bool = False) -> tuple[Tensor, Tensor]:
    """Match every candidate to the object that it overlaps most.

    Args:
        iou: [G, N] of G objects with N candidates; G may be 0.
        negative_iou: below it a candidate is NEGATIVE; between the two it is IGNORED.
        positive_iou: from it on a candidate is POSITIVE.
        keep_best: the best candidates of every object are POSITIVE however little they overlap ("low-quality
            matches"; Faster R-CNN). A candidate stays matched to its own best object.
    Returns:
        index [N] int64 of the matched object (0 where there is none) and label [N] int64.
    """
    if len(iou) == 0:
        nothing = iou.new_zeros(iou.shape[1], dtype=torch.int64)
        return nothing, nothing.clone()
    best, index = iou.max(dim=0)
    label = torch.full_like(index, IGNORED)
    label[best < negative_iou] = NEGATIVE
    label[best >= positive_iou] = POSITIVE
    if keep_best:
        best_of_object = iou.max(dim=1, keepdim=True).values
        is_best = (iou == best_of_object) & (best_of_object > 0)
        label[is_best.any(dim=0)] = POSITIVE
    return index, label


def _choose(candidates: Tensor, count: int) -> Tensor:
    """At most `count` of `candidates` [N], at random."""
    if len(candidates) <= count:
        return candidates
    return candidates[torch.randperm(len(candidates), device=candidates.device)[:count]]


def sample(label: Tensor, count: int, positive_fraction: float) -> tuple[Tensor, Tensor]:
    """Random candidates for a loss: at most `positive_fraction` of `count` POSITIVE, filled up with NEGATIVE.

    Args:
        label: [N] int64 as `match` returns it.
    Returns:
        positive and negative indices, int64; together at most `count`.
    """
    positive = _choose(torch.where(label == POSITIVE)[0], int(count * positive_fraction))
    negative = _choose(torch.where(label == NEGATIVE)[0], count - len(positive))
    return positive, negative
