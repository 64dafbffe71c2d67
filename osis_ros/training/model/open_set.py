"""Known, and which class, or unknown: the open-set decision (SemSeg section III-D)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import nms

from osis_ros.training.model.config import DecisionConfig


class Thresholds(NamedTuple):
    """Those that a running system may change: numbers, or scalar tensors when the decision is exported as a graph."""

    score: float | Tensor
    unknown: float | Tensor


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


def decide(
    boxes: Tensor,
    proposal_scores: Tensor,
    logits: Tensor,
    distances: Tensor | None,
    config: DecisionConfig,
    thresholds: Thresholds,
    no_class: Tensor | None = None,
) -> Decision:
    """Turn scored, refined proposals of one image into known and unknown instances.

    Args:
        boxes: [P, 4] refined, clipped to the image.
        proposal_scores: [P] s, the geometric mean of centerness and estimated IoU.
        logits: [P, K + 1] of the classifier, background last.
        distances: [P] from the known classes, what T_u bounds; None: everything is known.
        no_class: [P] q, the probability that an object is of none of the classes, where background is no answer; None
            without a second look.
    Returns:
        at most `max_known` known and `max_unknown` unknown instances.
    """
    num_classes = logits.shape[1] - 1
    share = config.class_share
    scores = logits.softmax(1)[:, :-1] ** share * proposal_scores[:, None] ** (1 - share)
    unknown_scores = proposal_scores * config.unknown_scale
    if no_class is not None:
        unknown_scores = unknown_scores * no_class**config.unknown_share
    candidate = scores > thresholds.score
    if not config.multi_class:
        candidate = candidate & F.one_hot(scores.argmax(1), num_classes).bool()
    if distances is None:
        unknown = torch.zeros_like(proposal_scores, dtype=torch.bool)
    else:
        unknown = distances > thresholds.unknown
    index, class_ids = torch.where(candidate & ~unknown[:, None])
    known_scores = scores[index, class_ids]
    kept = nms_by_class(boxes[index], known_scores, class_ids, config.nms_iou)[: config.max_known]
    index, class_ids, known_scores = index[kept], class_ids[kept], known_scores[kept]

    other = torch.where(unknown & (unknown_scores > thresholds.score))[0]
    other = other[nms(boxes[other], unknown_scores[other], config.nms_iou)[: config.max_unknown]]

    index = torch.cat((index, other))
    class_ids = torch.cat((class_ids, torch.full_like(other, num_classes)))
    scores = torch.cat((known_scores, unknown_scores[other]))
    if config.duplicate_iou is not None:
        order = nms(boxes[index], scores, config.duplicate_iou)
    else:
        order = scores.argsort(descending=True)
    return Decision(index[order], class_ids[order], scores[order])
