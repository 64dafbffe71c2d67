"""Box losses and the centerness target. Every loss here is a sum; the caller divides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from osis_ros.training.model.semseg.box_coding import paired_iou


def centerness(sides: Tensor) -> Tensor:
    """How central a location is in its box, 1 at the centre, 0 on a side or outside (FCOS; SemSeg's L_ctr target).

    Args:
        sides: [N, 4] float, distances to the left, top, right and bottom side, in any one unit.
    Returns:
        [N] float in [0, 1].
    """
    inside = (sides > 0).all(1)
    left, top, right, bottom = sides.clamp(min=1e-9).unbind(1)
    horizontal = torch.minimum(left, right) / torch.maximum(left, right)
    vertical = torch.minimum(top, bottom) / torch.maximum(top, bottom)
    return torch.where(inside, (horizontal * vertical).sqrt(), 0.0)


def l1_sum(predicted: Tensor, target: Tensor) -> Tensor:
    """Σ|predicted − target|: the paper's smooth L1 with β = 0. Scalar."""
    return F.l1_loss(predicted, target, reduction="sum")


def cross_entropy_sum(predicted: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy of probabilities with soft targets; least at the targets' mean, L1 at their median. Scalar.

    Where half of the look-alikes are objects, a score that ranks should say one half, not all or nothing.
    """
    predicted = predicted.clamp(1e-6, 1 - 1e-6)
    return -(target * predicted.log() + (1 - target) * (1 - predicted).log()).sum()


SCORE_LOSSES = {"l1": l1_sum, "cross_entropy": cross_entropy_sum}


def smooth_l1_sum(predicted: Tensor, target: Tensor, beta: float = 1 / 9) -> Tensor:
    """Huber-like L1, quadratic below `beta`. Scalar."""
    return F.smooth_l1_loss(predicted, target, reduction="sum", beta=beta)


def iou_loss_sum(predicted: Tensor, target: Tensor) -> Tensor:
    """Σ(1 − IoU) over paired boxes [N, 4]. Scalar."""
    return (1 - paired_iou(predicted, target)).sum()
