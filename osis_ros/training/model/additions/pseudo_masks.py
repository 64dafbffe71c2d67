"""Masks that a network draws for itself in training, where only an object's box is known (see `mask_teacher`)."""

from typing import Literal

import torch
from torch import Tensor

Rule = Literal["interaction", "threshold"]


def pseudo_masks(teacher: Tensor, student: Tensor, rule: Rule) -> Tensor:
    """Which cells are taken for the object.

    Args:
        teacher, student: [P, M, M] probabilities of the same P objects; of the student those of the object's class.
        rule: `threshold`: the teacher's probability is at least ½; `interaction`: the mean of both is.
    Returns:
        [P, M, M] bool.
    """
    return (teacher if rule == "threshold" else (teacher + student) / 2) >= 0.5


def cells_in_boxes(rois: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Which cells of proposals have their centre inside a box.

    Args:
        rois: [P, 5] image index and proposal in pixels.
        boxes: [P, 4], a box for each.
        size: side of the result in cells.
    Returns:
        [P, size, size] bool.
    """
    step = (torch.arange(size, device=rois.device) + 0.5) / size
    corner, extent = rois[:, 1:3], rois[:, 3:] - rois[:, 1:3]
    centres = corner[:, :, None] + extent[:, :, None] * step  # [P, 2, size]: x, then y
    inside = (centres >= boxes[:, :2, None]) & (centres < boxes[:, 2:, None])
    return inside[:, 1, :, None] & inside[:, 0, None, :]
