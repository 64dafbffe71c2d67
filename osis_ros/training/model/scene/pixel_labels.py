"""Objects' masks → one label for each pixel, and the loss of the labels."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

NONE = -100  # the label of a pixel that teaches no class


class PixelLabels(NamedTuple):
    """What each pixel of a batch is.

    Attributes:
        classes: [B, H, W] int64, the class; `NONE` where it is not to be learnt.
        segments: [B, H, W] int64, the number of the object within its image, 0 for none.
    """

    classes: Tensor
    segments: Tensor


def pixel_labels(targets: list[dict[str, Tensor]], size: tuple[int, int], unknown: int | None) -> PixelLabels:
    """Paint the objects of each image, large ones first, so that small ones stay on top of them.

    Args:
        targets: as `collate` gives them. An object of which only the box is known teaches nothing.
        size: (H, W) of the masks.
        unknown: the class of objects without one; None: they teach no class.
    """
    device = targets[0]["masks"].device
    segments = torch.zeros(len(targets), *size, dtype=torch.int64, device=device)
    classes = torch.full_like(segments, NONE)
    for target, segment, of_pixel in zip(targets, segments, classes, strict=True):
        masks = target["masks"].bool()
        for row in masks.flatten(1).sum(1).argsort(descending=True, stable=True).tolist():
            if not target["has_mask"][row]:
                segment[masks[row]], of_pixel[masks[row]] = 0, NONE
                continue
            label = int(target["labels"][row])
            segment[masks[row]] = row + 1
            of_pixel[masks[row]] = label if label >= 0 else NONE if unknown is None else unknown
    return PixelLabels(classes, segments)


def class_loss(logits: Tensor, classes: Tensor, small_pixels: int, small_weight: float) -> Tensor:
    """Cross-entropy, a mean over the pixels that have a class; those of classes with few pixels in an image weigh more.

    Args:
        logits: [B, labels, H, W].
        classes: [B, H, W], `NONE` where there is none.
        small_pixels: a class with fewer pixels in an image is small; its pixels there weigh `small_weight`.
    """
    known = classes != NONE
    weight = torch.ones_like(classes, dtype=logits.dtype)
    for own, of_class, learnt in zip(weight, classes, known, strict=True):
        counts = of_class[learnt].bincount(minlength=1)
        own[learnt] = torch.where(counts < small_pixels, small_weight, 1.0).to(own)[of_class[learnt]]
    losses = F.cross_entropy(logits, classes, ignore_index=NONE, reduction="none")
    return (losses * weight).sum() / known.sum().clamp(min=1)
