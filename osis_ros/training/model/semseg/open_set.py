"""Known, and which class, or unknown: the open-set decision (SemSeg section III-D)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import nms

from osis_ros.training.model.semseg.config import DecisionConfig
from osis_ros.training.model.semseg.stages import Scored


class Thresholds(NamedTuple):
    """Those that a running system may change: numbers, or scalar tensors when the decision is exported as a graph."""

    score: float | Tensor
    unknown: float | Tensor

    def scores_from(self, least: float) -> "Thresholds":
        """The same with a score threshold of at most `least`."""
        score = self.score.clamp(max=least) if isinstance(self.score, Tensor) else min(self.score, least)
        return self._replace(score=score)


class Decision(NamedTuple):
    """index [N] int64 of the proposal, class_ids [N] int64 (K unknown), scores [N] float32; best score first."""

    index: Tensor
    class_ids: Tensor
    scores: Tensor


def nms_by_class(boxes: Tensor, scores: Tensor, class_ids: Tensor, iou: float) -> Tensor:
    """NMS among boxes [N, 4] of the same class: the kept indices, best first."""
    # Classes are moved apart, so that one NMS serves all. Boxes are clipped, hence never further out than `side`.
    side = torch.cat((boxes.flatten(), boxes.new_zeros(1))).max() + 1
    return nms(boxes + (class_ids * side)[:, None], scores, iou)


def decide(boxes: Tensor, scored: Scored, config: DecisionConfig, thresholds: Thresholds) -> Decision:
    """Turn scored, refined proposals of one image into known and unknown instances.

    Args:
        boxes: [P, 4] refined, clipped to the image.
        scored: what each would score as an instance of each class and as an unknown one, and what T_u bounds.
        config: its limits; `thresholds` stand in for its own.
    Returns:
        at most `max_known` known and `max_unknown` unknown instances.
    """
    num_classes = scored.as_known.shape[1]
    unknown = scored.unknown_scores > thresholds.unknown
    candidate = scored.as_known > thresholds.score
    if not config.multi_class:
        candidate = candidate & (scored.as_known.argmax(1)[:, None] == torch.arange(num_classes, device=boxes.device))
    index, class_ids = torch.where(candidate & ~unknown[:, None])
    known_scores = scored.as_known[index, class_ids]
    kept = nms_by_class(boxes[index], known_scores, class_ids, config.nms_iou)[: config.max_known]
    index, class_ids, known_scores = index[kept], class_ids[kept], known_scores[kept]

    other = torch.where(unknown & (scored.as_unknown > thresholds.score))[0]
    other = other[nms(boxes[other], scored.as_unknown[other], config.nms_iou)[: config.max_unknown]]

    index = torch.cat((index, other))
    class_ids = torch.cat((class_ids, torch.full_like(other, num_classes)))
    scores = torch.cat((known_scores, scored.as_unknown[other]))
    order = scores.argsort(descending=True)
    return Decision(index[order], class_ids[order], scores[order])
