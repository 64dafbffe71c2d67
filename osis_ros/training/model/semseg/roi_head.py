"""The second stage of OLN: a refined box and an estimate of the proposal's IoU."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.semseg.box_coding import boxes_to_deltas
from osis_ros.training.model.semseg.config import RoIConfig
from osis_ros.training.model.semseg.convolution import normal, xavier
from osis_ros.training.model.semseg.losses import SCORE_LOSSES, l1_sum
from osis_ros.training.model.semseg.roi_sampling import RoISamples


class RoIHead(nn.Module):
    """Two fully connected layers, which the embedding shares, then class-agnostic box deltas and an IoU."""

    def __init__(self, config: RoIConfig, channels: int) -> None:
        """`channels`: of the pooled features."""
        super().__init__()
        self.config = config
        self.fc1 = xavier(nn.Linear(channels * config.pool_size**2, config.hidden))
        self.fc2 = xavier(nn.Linear(config.hidden, config.hidden))
        self.box = normal(nn.Linear(config.hidden, 4), 0.001)
        self.iou = normal(nn.Linear(config.hidden, 1), 0.01)

    def forward(self, pooled: Tensor) -> Tensor:
        """Pooled features [R, C, S, S] → hidden [R, hidden]."""
        return self.second_layer(self.first_layer(pooled))

    def first_layer(self, pooled: Tensor) -> Tensor:
        """Pooled features [R, C, S, S] → [R, hidden]."""
        return F.relu(self.fc1(pooled.flatten(1)))

    def second_layer(self, first: Tensor) -> Tensor:
        """[R, hidden] → hidden [R, hidden]."""
        return F.relu(self.fc2(first))

    def refine(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden [R, hidden] → deltas [R, 4] (see `deltas_to_boxes`) and IoU [R] in (0, 1), float32."""
        return self.box(hidden).float(), self.iou(hidden).float().sigmoid()[:, 0]

    def losses(self, hidden: Tensor, samples: RoISamples) -> dict[str, Tensor]:
        """`iou` and `box` of equation 1, before their weights, on the RoI features [R, hidden] of R samples."""
        positive, count = torch.where(samples.positive)[0], len(samples.rois)
        deltas, iou = self.refine(hidden)
        box = box_refinement_loss(deltas[positive], samples.rois[positive, 1:], samples.objects[positive], count)
        estimated = slice(None) if self.config.iou_on_background else positive
        estimate = iou_estimate_loss(iou[estimated], samples.iou[estimated], count, self.config.iou_loss)
        return {"iou": estimate, "box": box}


def proposal_scores(centerness: Tensor, iou: Tensor) -> Tensor:
    """s of section III-D, [N] in [0, 1]: the geometric mean of centerness [N] and estimated IoU [N]."""
    return (centerness * iou).sqrt()


def iou_estimate_loss(iou: Tensor, true_iou: Tensor, count: int, kind: str = "l1") -> Tensor:
    """L_iou of equation 1, before its weight: predicted and true IoU [P] of proposals before refinement, over `count`.

    `count` is the number of all sampled proposals, background included; `kind` one of SCORE_LOSSES. Scalar.
    """
    return SCORE_LOSSES[kind](iou, true_iou) / max(count, 1)


def box_refinement_loss(deltas: Tensor, proposals: Tensor, objects: Tensor, count: int) -> Tensor:
    """L_box2 of equation 1, before its weight, on positive proposals.

    Args:
        deltas: [P, 4] predicted.
        proposals: [P, 4] the boxes that came in.
        objects: [P, 4] the boxes of their objects.
        count: number of all sampled proposals, background included, which the sum is divided by.
    Returns:
        scalar.
    """
    return l1_sum(deltas, boxes_to_deltas(proposals, objects)) / max(count, 1)
