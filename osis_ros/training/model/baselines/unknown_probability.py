"""OpenDet's unknown probability loss: hard examples of the known classes teach what unknown is (Han et al. 2022)."""

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from osis_ros.training.model.semseg.config import Positive, Section


class UnknownProbabilityConfig(Section):
    """OpenDet's unknown probability loss."""

    samples: Positive = Field(3, description="samples of each batch on objects that it is computed on; at most as many "
                                             "on background")  # fmt: skip
    first_step: int = Field(100, ge=0, description="the loss is added after this step")
    loss_weight: float = Field(1, ge=0, description="weight of the loss in the sum")


def unknown_probability_loss(logits: Tensor, labels: Tensor, samples: int) -> Tensor:
    """Cross-entropy of the logits without the true class's, with target p(1 − p) for unknown and 0 for all others.

    p is the probability of the true class; no gradient goes through it. The loss is taken on the samples whose highest
    logit over known classes and background is lowest: the `samples` such ones on known objects, and as many on
    background.

    Args:
        logits: [R, K + 2], of the known classes, unknown, and background last.
        labels: [R] int64, 0..K-1 or K + 1; others are left out.
    Returns:
        scalar: the sum over the chosen samples divided by their number; 0 without any.
    """
    background = logits.shape[1] - 1
    unknown = background - 1
    certainty = logits.detach().index_fill(1, torch.tensor([unknown], device=logits.device), -torch.inf).amax(1)
    on_object = torch.where((labels >= 0) & (labels < unknown))[0]
    on_object = on_object[certainty[on_object].argsort()[:samples]]
    on_nothing = torch.where(labels == background)[0]
    on_nothing = on_nothing[certainty[on_nothing].argsort()[: len(on_object)]]
    chosen = torch.cat((on_object, on_nothing))
    logits, labels = logits[chosen], labels[chosen]
    true = F.one_hot(labels, background + 1).bool()
    p = logits.detach().softmax(1)[true]
    others = logits.masked_fill(true, -torch.inf).log_softmax(1)[:, unknown]
    return -(p * (1 - p) * others).sum() / max(len(chosen), 1)
