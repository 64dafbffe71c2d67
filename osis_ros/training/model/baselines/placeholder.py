"""PROSER: placeholder outputs that stand for classes not known, taught by mixtures of known ones (Zhou et al. 2021)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.semseg.convolution import normal

REMEMBERED = 4096  # differences of known samples that the bias is made of


class PlaceholderClassifier(nn.Module):
    """One layer for K known classes, one for the placeholders, and no background: the proposals say what is an object.

    Attributes:
        of_classes: names of its tensors that belong to the very classes it has learnt.
        bias: what is added to the greatest placeholder, so that a share `stay_known` of known samples stays known.
    """

    of_classes = ("output.weight", "output.bias")

    def __init__(self, hidden: int, num_classes: int, placeholders: int, stay_known: float) -> None:
        super().__init__()
        self.stay_known = stay_known
        self.output = normal(nn.Linear(hidden, num_classes), 0.01)
        self.placeholders = normal(nn.Linear(hidden, placeholders), 0.01) if placeholders else None
        if placeholders:
            self.register_buffer("bias", torch.zeros(()))
            self.register_buffer("differences", torch.zeros(REMEMBERED))
            self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, features: Tensor) -> Tensor:
        """Features [R, hidden] → logits [R, K + 1] float32, the last of them the greatest placeholder's with the bias,
        or next to nothing without placeholders."""
        known, other = self.raw(features)
        return torch.cat((known, (other + self.bias if self.placeholders else other)[:, None]), 1)

    def raw(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features [R, hidden] → logits [R, K] of the known classes, [R] the greatest of the placeholders; float32."""
        known = self.output(features).float()
        if self.placeholders is None:
            return known, torch.full_like(known[:, 0], -1e4)
        return known, self.placeholders(features).float().amax(1)

    @torch.no_grad()
    def remember(self, known: Tensor, placeholder: Tensor) -> None:
        """Set the bias by known samples: the last ones seen, these among them.

        Args:
            known: [R, K] logits. placeholder: [R] greatest of the placeholders.
        """
        new = (known.amax(1) - placeholder)[-REMEMBERED:]
        slots = (self.seen + torch.arange(len(new), device=new.device)) % REMEMBERED
        self.differences[slots] = new
        self.seen += len(new)
        remembered = self.differences[: min(int(self.seen), REMEMBERED)]
        if len(remembered):
            self.bias.copy_(calibrated_bias(remembered, self.stay_known))


def calibrated_bias(differences: Tensor, stay_known: float) -> Tensor:
    """The greatest bias with which at least a share of known samples stays known. Scalar.

    Args:
        differences: [N] of the greatest known logit and the greatest placeholder; a sample is known where it is at
            least the bias.
    """
    dropped = int((1 - stay_known) * len(differences) + 1e-6)
    return differences.sort().values[min(dropped, len(differences) - 1)]


def mixed_loss(known: Tensor, placeholder: Tensor) -> Tensor:
    """l1: mixtures of two classes belong to the placeholders. Mean cross-entropy, 0 without any. Scalar.

    Args:
        known: [R, K] logits. placeholder: [R] greatest of the placeholders.
    """
    logits = torch.cat((known, placeholder[:, None]), 1)
    target = torch.full_like(logits[:, 0], known.shape[1], dtype=torch.int64)
    return F.cross_entropy(logits, target, reduction="sum") / max(len(known), 1)


def classification_loss(known: Tensor, placeholder: Tensor, labels: Tensor) -> Tensor:
    """l2: mean cross-entropy of known samples with labels [R], placeholders among the outputs. Scalar."""
    logits = torch.cat((known, placeholder[:, None]), 1)
    return F.cross_entropy(logits, labels, reduction="sum") / max(len(labels), 1)


def placeholder_loss(known: Tensor, placeholder: Tensor, labels: Tensor) -> Tensor:
    """l3: without the true class, the placeholders are the likeliest. Mean cross-entropy of known samples. Scalar."""
    without = known.masked_fill(F.one_hot(labels, known.shape[1]).bool(), -torch.inf)
    return mixed_loss(without, placeholder)


def mixtures(features: Tensor, labels: Tensor) -> Tensor:
    """Mean of each of R features with another one of another class, weighted by one number drawn from Beta(1, 1).

    Args:
        features: [R, hidden]. labels: [R] int64.
    Returns:
        [M, hidden], M ≤ R: pairs of one class are left out.
    """
    partner = torch.randperm(len(labels), device=labels.device)
    share = torch.rand((), device=features.device)
    mixed = share * features + (1 - share) * features[partner]
    return mixed[labels != labels[partner]]
