"""Box voting: proposals that agree on an object place its box together (Gidaris and Komodakis 2015, section 3.2)."""

import torch
from torch import Tensor
from torchvision.ops import box_iou


def vote_boxes(boxes: Tensor, scores: Tensor, iou: float) -> Tensor:
    """Every box becomes the mean of those that overlap it by at least `iou`, itself included, weighted by score.

    Args:
        boxes: [P, 4] xyxy in pixels; scores: [P] ≥ 0.
    Returns:
        [P, 4]; a box without area or score stays as it is.
    """
    weights = (box_iou(boxes, boxes) >= iou) * scores
    total = weights.sum(1, keepdim=True)
    return torch.where(total > 0, weights @ boxes / total.clamp(min=1e-6), boxes)
