"""OpenDet's classifier: cosines to a learnt direction for each class, unknown among them (Han et al. 2022)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SMALL = 1e-5  # is added to a feature's length


class CosineClassifier(nn.Module):
    """K known classes, unknown, and background last.

    Attributes:
        of_classes: names of its tensors that belong to the very classes it has learnt.
    """

    of_classes = ("weight",)

    def __init__(self, hidden: int, num_classes: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.weight = nn.Parameter(0.01 * torch.randn(num_classes + 2, hidden))

    def forward(self, features: Tensor) -> Tensor:
        """Features [R, hidden] → logits [R, K + 2] float32: `scale` times cosines.

        In training the directions are set to unit length first, outside of the gradient.
        """
        if self.training:
            with torch.no_grad():
                self.weight.copy_(F.normalize(self.weight))
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            unit = features / (features.norm(dim=1, keepdim=True) + SMALL)
            weight = self.weight if self.training else F.normalize(self.weight)
            return self.scale * unit @ weight.T


def with_unknown(labels: Tensor, num_classes: int) -> Tensor:
    """Labels 0..K-1, K background, as those of a classifier that has K for unknown: background becomes K + 1."""
    return labels.masked_fill(labels == num_classes, num_classes + 1)
