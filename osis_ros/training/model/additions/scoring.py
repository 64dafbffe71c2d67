"""Every power and share that scores are made with beside the paper's, so that known and unknown instances, good and bad
masks rank fairly among each other. With the defaults every function here gives the paper's scores."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from osis_ros.training.model.additions.addition import Addition
from osis_ros.training.model.semseg.config import Fraction, Section
from osis_ros.training.model.semseg.stages import Candidates, Scored

UnknownBy = Literal["distance", "probability", "odds"]


class ScoringConfig(Section):
    """How candidates are scored."""

    unknown_by: UnknownBy = Field(
        "distance",
        description="the measure that T_u is compared with. distance: cosine distance to the nearest class centre (the "
        "paper's); probability: p, the probability of no known class; odds: p / (p + q), where q is the probability of "
        "the likeliest known class. Use the last two with roi.reject_unlabelled",
    )
    class_share: Fraction = Field(
        1, description="a in p^a s^(1-a), the score of a known instance with class probability p and box score s"
    )
    unknown_scale: Fraction = Field(1, description="the score of an unknown instance is its box score s times this")


class Scoring(Addition):
    """Scores as `config` has them."""

    def __init__(self, config: ScoringConfig, unknowns: bool) -> None:
        """`unknowns`: False without an embedding space, where nothing is unknown by whatever measure."""
        super().__init__()
        self.config = config
        self.unknown_by: UnknownBy = config.unknown_by if unknowns else "distance"

    def on_candidates(self, view: object, found: Candidates) -> Candidates:
        return found._replace(scores_as_unknown=found.scores_as_unknown * self.config.unknown_scale)

    def on_scores(self, found: Candidates, scored: Scored) -> Scored:
        return Scored(
            known_scores(scored.as_known, found.scores, self.config.class_share),
            scored.as_unknown,
            scored.unknown_scores if self.unknown_by == "distance" else none_of_them(found.logits, self.unknown_by),
        )


def known_scores(probabilities: Tensor, scores: Tensor, class_share: float) -> Tensor:
    """Scores of N candidates as instances of each class, [N, K]: p^a s^(1 - a), a the class share.

    Args:
        probabilities: p [N, K]. scores: s [N].
    """
    return probabilities**class_share * scores[:, None] ** (1 - class_share)


def none_of_them(logits: Tensor, measure: UnknownBy) -> Tensor:
    """Logits [N, K + 1], none of the classes last → [N] in 0..1: `probability` p of none of the classes, or `odds`
    p / (p + q) against the likeliest class's probability q."""
    if measure == "probability":
        return logits.softmax(1)[:, -1]
    return (logits[:, -1] - logits[:, :-1].amax(1)).sigmoid()


def mean_of_both(first: Tensor, second: Tensor, share: float | Tensor) -> Tensor:
    """The mean of two opinions, of which the second has a share (0..1)."""
    return torch.lerp(first, second, share)


def unknown_scores(scores: Tensor, no_class: Tensor, unknown_share: float) -> Tensor:
    """Scores of N candidates as unknown instances, [N]: s q^d, d the unknown share.

    Args:
        scores: s [N]. no_class: q [N], the probability that an object is of none of the classes.
    """
    return scores * no_class**unknown_share


def mask_worth(agreement: Tensor, power: float, fit: Tensor | None, fit_power: float | None) -> Tensor:
    """What a corrected mask leaves of scores, [N] in 0..1: i^a q^b.

    Args:
        agreement: i [N], IoU of a mask and the one before. power: a.
        fit: q [N], estimated IoU of mask and object; None: not estimated, and no factor. fit_power: b.
    """
    worth = agreement**power
    return worth if fit is None else worth * fit**fit_power
