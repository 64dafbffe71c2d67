"""Pixel contrast (GOSS, section 4.2.2, equation 4): pixels of one class attract each other."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.scene.pixel_labels import NONE
from osis_ros.training.model.scene.semantic_decoder import conv_norm

DIM = 256
TEMPERATURE = 0.07
FEWEST = 10  # pixels of a class in an image, above which it has anchors
PER_CLASS, MOST = 10, 1024  # anchors of a class in an image, and of a batch


class Projection(nn.Sequential):
    """C5 → pixel embeddings of unit length [B, DIM, H/32, W/32]. Only training needs it."""

    def __init__(self, channels: int) -> None:
        super().__init__(*conv_norm(channels, channels), nn.Conv2d(channels, DIM, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(super().forward(x), dim=1)


def pixel_contrast(embeddings: Tensor, classes: Tensor, predicted: Tensor) -> Tensor:
    """The contrast of anchors that are drawn from every class of every image, half of them wrongly predicted.

    Args:
        embeddings: [B, D, h, w] of unit length.
        classes, predicted: [B, H, W]; brought to the size of the embeddings. `NONE` has no anchors.
    """
    size = embeddings.shape[-2:]
    classes, predicted = (_resized(labels, size) for labels in (classes, predicted))
    groups = [
        (image, of_class)
        for image in range(len(classes))
        for of_class in classes[image].unique().tolist()
        if of_class != NONE and int((classes[image] == of_class).sum()) > FEWEST
    ]
    if not groups:
        return embeddings.sum() * 0
    count = min(PER_CLASS, MOST // len(groups))
    rows, labels = [], []
    for image, of_class in groups:
        own = classes[image].flatten() == of_class
        chosen = drawn_anchors(own, own & (predicted[image].flatten() != of_class), count)
        rows.append(embeddings[image].flatten(1)[:, chosen].T)
        labels += [of_class] * len(chosen)
    return contrast(torch.cat(rows), torch.tensor(labels, device=embeddings.device))


def drawn_anchors(own: Tensor, wrong: Tensor, count: int) -> Tensor:
    """Indices of up to `count` pixels of `own` [P] bool: half of them `wrong`, or more where others are few."""
    hard, easy = (_shuffled(pixels) for pixels in (own & wrong, own & ~wrong))
    from_hard = min(len(hard), max(count // 2, count - len(easy)))
    return torch.cat((hard[:from_hard], easy[: count - from_hard]))


def contrast(anchors: Tensor, labels: Tensor) -> Tensor:
    """Equation 4, a mean over the anchors that have a positive, another anchor of their label.

    Args:
        anchors: [M, D] of unit length.
        labels: [M] int64.
    """
    similarity = anchors @ anchors.T / TEMPERATURE
    same = labels[:, None] == labels[None]
    of_others = similarity.masked_fill(same, -1e4).logsumexp(1, keepdim=True)  # -inf has no gradient where all are
    losses = F.softplus(of_others - similarity)  # -log(exp(s) / (exp(s) + Σ exp(others)))
    positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=same.device)
    count = positive.sum(1)
    means = (losses * positive).sum(1) / count.clamp(min=1)
    return means.sum() / (count > 0).sum().clamp(min=1)


def _resized(labels: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(labels[:, None].float(), tuple(size), mode="nearest-exact")[:, 0].long()


def _shuffled(pixels: Tensor) -> Tensor:
    indices = pixels.nonzero()[:, 0]
    return indices[torch.randperm(len(indices), device=indices.device)]
