"""A second look at the best boxes: their pixels through a network of their own (Cheng et al. 2018, "DCR").

A pyramid serves every box at once: it sees a small object in few cells, and its features have to find and outline
objects too. A cut-out of fixed size shows an object at full resolution to a network that does nothing but tell what it
is, in an embedding space of its own.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import box_iou, nms

from osis_ros.training.model.backbone import build_backbone
from osis_ros.training.model.config import SecondLookConfig
from osis_ros.training.model.convolution import xavier
from osis_ros.training.model.crops import cut_out, shaken
from osis_ros.training.model.embedding import EmbeddingSpace
from osis_ros.training.model.pixels import MULTIPLE


class SecondLook(nn.Module):
    """MobileNetV2 on cut-outs, one fully connected layer, and an embedding space."""

    def __init__(self, config: SecondLookConfig, num_classes: int) -> None:
        super().__init__()
        self.config = config
        # Channels last: on a CPU small cut-outs train 1.2 times as fast so.
        self.backbone = build_backbone("mobilenet_v2", config.frozen_stages).to(memory_format=torch.channels_last)
        cells = (config.crop_size // MULTIPLE) ** 2
        self.fc = xavier(nn.Linear(self.backbone.channels[-1] * cells, config.hidden))
        self.embedding = EmbeddingSpace(config.hidden, config.dim, num_classes)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, pixels: Tensor, rois: Tensor) -> Tensor:
        """Look at boxes.

        Args:
            pixels: [B, 3, H, W] normalised for MobileNetV2.
            rois: [R, 5] image index and box in pixels.
        Returns:
            cosine distances [R, K] float32 of what they show to the class centres.
        """
        rois = shaken(rois) if self.training else rois
        crops = cut_out(pixels, rois, self.config.crop_size, self.config.margin / 2)
        features = self.backbone(crops.contiguous(memory_format=torch.channels_last))[-1].flatten(1)
        hidden = self.dropout(F.relu(self.fc(self.dropout(features))))
        return self.embedding.distances(F.normalize(self.embedding(hidden)))

    def logits(self, distances: Tensor) -> Tensor:
        """[R, K + 1] of a softmax over the classes and, last, an object of none.

        The latter scores as much as something at right angles to a centre would.
        """
        return F.pad((1 - distances) / self.config.temperature, (0, 1))

    def loss(self, distances: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy at R boxes that show an object or a good part of one; what is none, the first look tells.

        Args:
            distances: [R, K]. labels: [R] int64, 0..K-1, or -1 for an object of no class.
        """
        target = torch.where(labels < 0, distances.shape[1], labels)
        return F.cross_entropy(self.logits(distances), target, reduction="sum") / max(len(labels), 1)

    def opinion(self, pixels: Tensor, boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Look at the best boxes of one image; those that overlap one of them (IoU > nms_iou) share what it shows.

        Args:
            pixels: [1, 3, H, W]. boxes: [P, 4]. scores: [P].
        Returns:
            distances [P, K], and [P] bool: False where none of the boxes looked at stands for this one, so that its
            distances mean nothing.
        """
        limit = self.config.nms_iou
        best = nms(boxes, scores, limit)[: self.config.max_boxes]
        distances = self(pixels, torch.cat((torch.zeros_like(boxes[best, :1]), boxes[best]), 1))
        # One column more, at the limit itself, wins where nothing overlaps enough; so no image is a special case.
        overlap, nearest = F.pad(box_iou(boxes, boxes[best]), (0, 1), value=limit).max(1)
        return F.pad(distances, (0, 0, 0, 1))[nearest], overlap > limit
