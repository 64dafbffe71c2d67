"""Which pixels are unknown (GOSS, section 4.1.2)."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor


class Identified(NamedTuple):
    """Of each pixel [B, H, W].

    Attributes:
        classes: int64, the likeliest known class.
        probability: float32, of that class.
        distance: float32 in 0..1, what T_u bounds; the pixel is unknown where it is greater.
    """

    classes: Tensor
    probability: Tensor
    distance: Tensor


def identify(logits: Tensor, unknown_by: Literal["class", "msp", "max_logit"]) -> Identified:
    """Known class and distance of each pixel.

    Args:
        logits: [B, N, H, W] of the known classes; with `class` [B, N + 1, H, W], the last is unknown's.
        unknown_by: as `SceneConfig.unknown_by`. MSP below a threshold t is a distance above 1 − t; so is MaxLogit,
            which is scaled to 0..1 over each image. Unknown's probability times β above all others is a distance above
            1 / (1 + β).
    """
    known = logits[:, :-1] if unknown_by == "class" else logits
    highest, classes = known.max(1)
    probability = (highest - logits.logsumexp(1)).exp()
    if unknown_by == "class":
        distance = torch.sigmoid(logits[:, -1] - highest)
    elif unknown_by == "msp":
        distance = 1 - probability
    else:
        low, high = highest.amin((1, 2), keepdim=True), highest.amax((1, 2), keepdim=True)
        distance = 1 - (highest - low) / (high - low).clamp(min=1e-12)
    return Identified(classes, probability, distance)
