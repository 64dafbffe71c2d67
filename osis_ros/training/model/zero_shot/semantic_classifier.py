"""ZSI's classifier: RoI features become vectors in the space of words, and are compared with names (section 3.2.1)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.semseg.convolution import normal
from osis_ros.training.model.zero_shot.config import Rule


class SemanticClassifier(nn.Module):
    """T_e from features to semantic vectors and, in training, T_d back to features."""

    def __init__(self, hidden: int, dim: int, decoder: bool) -> None:
        super().__init__()
        self.encoder = normal(nn.Linear(hidden, dim), 0.01)
        self.decoder = nn.Linear(dim, hidden) if decoder else None

    def forward(self, features: Tensor) -> Tensor:
        """Features [R, hidden] → semantic vectors [R, D] float32, of any length."""
        return self.encoder(features).float()

    def reconstruction_loss(self, features: Tensor, semantic: Tensor) -> Tensor:
        """L_R: mean of the squared differences of features [R, hidden] and those made of semantic vectors [R, D]."""
        return F.mse_loss(self.decoder(semantic).float(), features.float())


def semantic_logits(semantic: Tensor, words: Tensor) -> Tensor:
    """Products of semantic vectors [R, D] with the vectors of classes and, last, background [S + 1, D]: [R, S + 1]."""
    with torch.autocast(semantic.device.type, enabled=False):
        return semantic.float() @ words.float().T


def mean_vectors(logits: Tensor, words: Tensor) -> Tensor:
    """The mean of `words` [S + 1, D], weighted by the softmax of logits [R, S + 1]: [R, D]."""
    return logits.softmax(1) @ words.float()


def name_scores(semantic: Tensor, words: Tensor, names: Tensor, rule: Rule) -> Tensor:
    """How well names fit.

    Args:
        semantic: [R, D]. words: [S + 1, D], background last. names: [M, D] of unit length, seen or not.
        rule: `mean`: the softmax over `words` weights them to a mean vector, whose products with the names are the
            scores, as the published code has it (and ConSE, Norouzi et al. 2014); no probabilities. `direct`: the
            cosine of semantic vector and name.
    Returns:
        [R, M] in [0, 1].
    """
    by_mean = rule == "mean"
    vectors = mean_vectors(semantic_logits(semantic, words), words) if by_mean else F.normalize(semantic.float())
    return (vectors @ names.T).clamp(0, 1)
