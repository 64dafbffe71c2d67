"""Closed-set softmax classification of the decoded embedding (SemSeg section III-D)."""

import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.semseg.convolution import normal

UNLABELLED = -1


class Classifier(nn.Module):
    """Decoder back to the RoI feature's width, then K known classes and, last, background.

    Attributes:
        of_classes: names of its tensors that belong to the very classes it has learnt.
    """

    of_classes = ("output.weight", "output.bias")

    def __init__(self, embedding_dim: int, hidden: int, num_classes: int) -> None:
        super().__init__()
        self.decoder = nn.Linear(embedding_dim, hidden)
        self.output = normal(nn.Linear(hidden, num_classes + 1), 0.01)

    def forward(self, raw: Tensor) -> Tensor:
        """Raw (not normalised) embeddings [R, D] → logits [R, K + 1] float32."""
        return self.output(self.decoder(raw)).float()


def classification_loss(logits: Tensor, labels: Tensor, reject_unlabelled: bool = False) -> Tensor:
    """L_cls, before its weight: mean cross-entropy over all labelled samples.

    Args:
        logits: [R, K + 1].
        labels: [R] int64, 0..K-1 known, K background, UNLABELLED (-1) left out.
        reject_unlabelled: take those without a label for background instead.
    Returns:
        scalar; 0 where nothing is labelled.
    """
    if reject_unlabelled:
        labels = labels.masked_fill(labels == UNLABELLED, logits.shape[1] - 1)
    total = F.cross_entropy(logits, labels, ignore_index=UNLABELLED, reduction="sum")
    return total / (labels != UNLABELLED).sum().clamp(min=1)
