"""ZSI's background-aware RPN: objectness by two vectors in the space of words, background and foreground (3.2.3)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.baselines.rpn import RPN
from osis_ros.training.model.semseg.config import ProposalConfig
from osis_ros.training.model.semseg.convolution import normal
from osis_ros.training.model.zero_shot.names import mean_vector


class WordObjectness(nn.Module):
    """T to a semantic vector for each of a cell's anchors; its product with the foreground's vector less that with the
    background's is the logit, with which two classes' softmax is a sigmoid."""

    def __init__(self, channels: int, anchors: int, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.encoder = normal(nn.Conv2d(channels, anchors * dim, 1), 0.01)
        self.background = nn.Parameter(torch.zeros(dim))
        self.foreground = nn.Parameter(0.01 * torch.randn(dim))

    def forward(self, feature: Tensor) -> Tensor:
        """Features [B, C, H, W] → logits [B, anchors, H, W].

        Both steps are linear, so the pair goes into the convolution's weights: C products a cell and anchor, not C · D.
        """
        pair = self.foreground - self.background
        weight = torch.einsum("d,adc->ac", pair, self.encoder.weight.flatten(1).unflatten(0, (-1, self.dim)))
        bias = self.encoder.bias.view(-1, self.dim) @ pair
        return F.conv2d(feature, weight[:, :, None, None], bias)


class BackgroundAwareRPN(RPN):
    """Faster R-CNN's RPN with `WordObjectness`."""

    def __init__(self, config: ProposalConfig, channels: int, dim: int) -> None:
        """`dim`: length of a word vector."""
        super().__init__(config, channels)
        self.objectness = WordObjectness(channels, len(config.ratios), dim)

    @property
    def background(self) -> Tensor:
        """[D], v_b of the paper."""
        return self.objectness.background

    @torch.no_grad()
    def start_background(self, vectors: Tensor) -> None:
        """The background starts at the mean of the classes' vectors [S, D]."""
        self.background.copy_(mean_vector(vectors))
