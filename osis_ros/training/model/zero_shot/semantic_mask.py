"""ZSI's mask head: every cell gets a vector in the space of words, and is compared with names (section 3.2.2)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from osis_ros.training.model.semseg.config import MaskConfig
from osis_ros.training.model.semseg.convolution import xavier
from osis_ros.training.model.semseg.mask_head import MaskTrunk


class SemanticMasks(NamedTuple):
    """logits [R, H, W] float32; reconstruction [R], the mean squared difference of each RoI's features and those made
    of its cells' semantic vectors, where that is learnt."""

    logits: Tensor
    reconstruction: Tensor | None


class SemanticMaskHead(MaskTrunk):
    """The usual convolutions, then E to a semantic vector a cell and, in training, D back to the features."""

    def __init__(self, config: MaskConfig, channels: int, dim: int, decoder: bool) -> None:
        super().__init__(config, channels)
        self.encoder = xavier(nn.Conv2d(config.channels, dim, 1))
        self.decoder = xavier(nn.Conv2d(dim, config.channels, 1)) if decoder else None
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, pooled: Tensor, kernels: Tensor) -> SemanticMasks:
        """Masks.

        Args:
            pooled: [R, C, S, S] RoI features.
            kernels: [R, D], what each RoI's cells are compared with; see `mask_kernels`.
        Returns:
            H = W = 2S. Encoder and kernel are linear, so that the kernel goes into the encoder's weights.
        """
        x = self.trunk(pooled)
        features, encoder = x.float(), self.encoder.weight[:, :, 0, 0]
        with torch.autocast(x.device.type, enabled=False):
            weights, bias = kernels @ encoder, kernels @ self.encoder.bias
            logits = (weights[:, None] @ features.flatten(2)).view(-1, *x.shape[2:])
            logits = self.scale * (logits + bias[:, None, None])
        if self.decoder is None or not self.training:
            return SemanticMasks(logits, None)
        again = self.decoder(self.encoder(x)).float()
        return SemanticMasks(logits, (again - features).square().flatten(1).mean(1))


def mask_kernels(words: Tensor, asked: Tensor) -> Tensor:
    """What a cell's semantic vector is multiplied with for the logit of each name.

    A seen class's is its own vector. Of a name never trained, the products with all seen classes and background are
    turned into a vector again, and that is compared with the name: logits · W_s · w, as in the published code.

    Args:
        words: [S + 1, D], background last. asked: [M, D].
    Returns:
        [S + M, D].
    """
    return torch.cat((words[:-1], asked @ words.T @ words))
