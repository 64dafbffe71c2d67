"""OpenDet's instance contrast: features of one class near each other, apart from all others (Han et al. 2022)."""

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from osis_ros.training.model.semseg.config import Fraction, Positive, Section
from osis_ros.training.model.semseg.convolution import xavier


class InstanceContrastConfig(Section):
    """OpenDet's instance contrast with a queue of earlier features."""

    dim: Positive = Field(128, description="length of a feature")
    queue: Positive = Field(256, description="features of each class that the queue holds")
    per_step: Positive = Field(16, description="features of a class that enter the queue in a step, at most")
    queue_iou: Fraction = Field(0.7, description="only features of proposals with a higher IoU enter the queue")
    positive_iou: Fraction = Field(0.5, description="the loss is computed on proposals with a higher IoU")
    temperature: float = Field(0.1, gt=0, description="cosines are divided by it before the softmax")
    loss_weight: float = Field(0.1, ge=0, description="weight of the loss at the first step; it falls to 0 at the last")
    published_mask: bool = Field(
        False,
        description="true: leave out the entries most similar to a feature, as the published code does; false: leave "
        "out the feature itself",
    )


class InstanceContrast(nn.Module):
    """Two layers to a feature of unit length, and for each class a ring of such features of earlier proposals.

    Attributes:
        of_classes: names of its tensors that belong to the very classes it has learnt.
    """

    of_classes = ("features", "filled", "next")

    def __init__(self, config: InstanceContrastConfig, hidden: int, num_classes: int) -> None:
        super().__init__()
        self.config = config
        self.encoder = nn.Sequential(
            xavier(nn.Linear(hidden, hidden)), nn.ReLU(), xavier(nn.Linear(hidden, config.dim))
        )
        self.register_buffer("features", torch.zeros(num_classes, config.queue, config.dim))
        self.register_buffer("filled", torch.zeros(num_classes, config.queue, dtype=torch.bool))
        self.register_buffer("next", torch.zeros(num_classes, dtype=torch.int64))

    def forward(self, features: Tensor) -> Tensor:
        """Class features [R, hidden] → [R, D] float32 of unit length."""
        return F.normalize(self.encoder(features).float())

    def loss(self, z: Tensor, labels: Tensor, iou: Tensor) -> Tensor:
        """Put features in the queue, then compare them with it.

        Args:
            z: [R, D] of known objects, of unit length. labels: [R] int64 in 0..K-1. iou: [R] of the proposals.
        Returns:
            scalar; 0 where none has another one of its class in the queue.
        """
        place = self._enqueue(z.detach(), labels, iou > self.config.queue_iou)
        anchors = iou > self.config.positive_iou
        of_class = torch.arange(len(self.filled), device=z.device)[:, None].expand_as(self.filled)[self.filled]
        position = torch.full_like(self.filled, -1, dtype=torch.int64)
        position[self.filled] = torch.arange(len(of_class), device=z.device)
        itself = torch.where(place >= 0, position.flatten()[place.clamp(min=0)], -1)
        return contrast(
            z[anchors], labels[anchors], self.features[self.filled].clone(), of_class, itself[anchors],
            self.config.temperature, self.config.published_mask,
        )  # fmt: skip

    @torch.no_grad()
    def _enqueue(self, z: Tensor, labels: Tensor, wanted: Tensor) -> Tensor:
        """The place in the queue, class · size + slot, of each feature [R] that entered it; -1 of the others.

        Of each class those enter that are least like what is in the class's queue.
        """
        place, size = torch.full_like(labels, -1), self.config.queue
        for label in labels[wanted].unique().tolist():
            own = torch.where(wanted & (labels == label))[0]
            earlier = self.features[label, self.filled[label]]
            likeness = (z[own] @ earlier.T).mean(1) if len(earlier) else z.new_zeros(len(own))
            own = own[likeness.argsort()[: min(self.config.per_step, size)]]
            slots = (self.next[label] + torch.arange(len(own), device=z.device)) % size
            self.features[label, slots] = z[own]
            self.filled[label, slots] = True
            self.next[label] = (self.next[label] + len(own)) % size
            place[own] = label * size + slots
        return place


def contrast(
    z: Tensor, labels: Tensor, queue: Tensor, queue_labels: Tensor, itself: Tensor, temperature: float,
    published_mask: bool = False,
) -> Tensor:  # fmt: skip
    """Supervised contrast of A features with a queue of Q (Khosla et al. 2020).

    Args:
        z: [A, D] of unit length. labels: [A] int64.
        queue: [Q, D] of unit length. queue_labels: [Q] int64.
        itself: [A] int64, the row of the queue that is the feature itself; -1: none.
        published_mask: instead of itself, leave out every entry at the row's maximum.
    Returns:
        scalar: minus the mean over features, and before over positives, of the log-softmax of similarities.
    """
    if len(z) == 0 or len(queue) == 0:
        return z.sum() * 0
    similar = z @ queue.T / temperature
    if published_mask:
        left_out = similar == similar.amax(1, keepdim=True)
    else:
        left_out = torch.arange(len(queue), device=z.device) == itself[:, None]
    positive = (labels[:, None] == queue_labels) & ~left_out
    usable = positive.any(1)
    log_softmax = similar.masked_fill(left_out, -torch.inf).log_softmax(1)
    each = log_softmax.masked_fill(~positive, 0).sum(1)[usable] / positive.sum(1)[usable]
    return -each.sum() / max(len(each), 1)
