"""The class-semantics embedding space (SemSeg section III-B): one territory a known class, the rest is unknown."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.semseg.classifier import UNLABELLED
from osis_ros.training.model.semseg.config import EmbeddingConfig
from osis_ros.training.model.semseg.roi_sampling import RoISamples


class EmbeddingSpace(nn.Module):
    """The third linear layer of the encoder, and one learnable centre a known class.

    Attributes:
        of_classes: names of its tensors that belong to the very classes it has learnt.
    """

    of_classes = ("centres",)

    def __init__(self, in_features: int, dim: int, num_classes: int, learnt: bool = True) -> None:
        """`learnt`: False where no loss reaches the centres; several processes would wait for their gradient."""
        super().__init__()
        self.encoder = nn.Linear(in_features, dim)
        centres = torch.randn(num_classes, dim)
        if learnt:
            self.centres = nn.Parameter(centres)
        else:
            self.register_buffer("centres", centres)

    def forward(self, hidden: Tensor) -> Tensor:
        """RoI features [R, hidden] → raw embeddings [R, D] float32; at unit length they are the paper's z."""
        return self.encoder(hidden).float()

    def distances(self, z: Tensor) -> Tensor:
        """Cosine distances of unit embeddings [R, D] to the K class centres: [R, K] in [0, 2]."""
        return cosine_distances(z, F.normalize(self.centres))


def cosine_distances(a: Tensor, b: Tensor) -> Tensor:
    """1 − cosine of every row of `a` [N, D] with every row of `b` [M, D], all of unit length: [N, M] float32."""
    with torch.autocast(a.device.type, enabled=False):  # bfloat16 could not tell distances of a hundredth apart
        return 1 - a.float() @ b.float().T


def embedding_loss(distances: Tensor, samples: RoISamples, centres: Tensor, config: EmbeddingConfig) -> Tensor:
    """L_cont on sampled RoIs, before its weight: the contrast of known objects, and, where asked for, repulsion.

    Objects without a label are in no sum of the paper's, nor in its count N.

    Args:
        distances: [R, K] of the samples' embeddings to all centres.
        centres: [K, D], of any length.
    Returns:
        scalar.
    """
    known = samples.positive & (samples.labels >= 0) & (samples.iou > config.positive_iou)
    count = int((samples.labels != UNLABELLED).sum())
    loss = contrastive_loss(distances[known], samples.labels[known], centres, count, config)
    if config.repel_unlabelled:
        strangers = distances[samples.positive & (samples.labels == UNLABELLED)]
        loss = loss + repulsion_loss(strangers, count, config)
    return loss


def contrastive_loss(distances: Tensor, labels: Tensor, centres: Tensor, count: int, config: EmbeddingConfig) -> Tensor:
    """L_cont (equations 2–5), before its weight.

    Args:
        distances: [P, K] of the known positives' embeddings to all centres.
        labels: [P] int64 in 0..K-1.
        centres: [K, D], of any length.
        count: number N of sampled proposals, background included.
    Returns:
        scalar.
    """
    own = F.one_hot(labels, len(centres)).bool()
    intra = (distances[own] - config.intra_margin).clamp(min=0).sum()
    nearest_other = distances.masked_fill(own, torch.inf).amin(1)
    inter = (config.inter_margin - nearest_other).clamp(min=0).sum()
    unit = F.normalize(centres)
    itself = torch.eye(len(centres), dtype=torch.bool, device=centres.device)
    between = cosine_distances(unit, unit).masked_fill(itself, torch.inf)
    apart = (config.intra_margin + config.inter_margin - between.amin(1)).clamp(min=0).sum()
    return (intra + inter + apart) / max(count, 1)


def repulsion_loss(distances: Tensor, count: int, config: EmbeddingConfig) -> Tensor:
    """Keeps objects of no known class out of every territory; not in the paper, which has no such objects.

    Args:
        distances: [P, K] of their embeddings to all centres.
        count: number of sampled proposals, as in `contrastive_loss`.
    Returns:
        scalar.
    """
    return (config.inter_margin - distances.amin(1)).clamp(min=0).sum() / max(count, 1)
