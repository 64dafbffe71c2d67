"""Box voting: each box becomes a mean of the proposals that overlap it (Gidaris and Komodakis 2015, section 3.2)."""

import torch
from pydantic import Field
from torch import Tensor
from torchvision.ops import box_iou

from osis_ros.training.model.additions.addition import Addition
from osis_ros.training.model.semseg.config import Fraction, Section


class BoxVotingConfig(Section):
    """Box voting: each box becomes the mean of the proposals that overlap it, weighted by score."""

    iou: Fraction = Field(0.8, description="lowest IoU of a proposal with the box")


class BoxVoting(Addition):
    """`vote_boxes` among all candidates of an image."""

    def __init__(self, config: BoxVotingConfig) -> None:
        super().__init__()
        self.config = config

    def on_boxes(self, boxes: Tensor, scores: Tensor) -> Tensor:
        return vote_boxes(boxes, scores, self.config.iou)


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
