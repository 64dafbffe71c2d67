"""GOSS's network (Hong et al. 2024): a label for each pixel, and the field that groups unknown pixels."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from osis_ros.training.model.backbones.backbone import build_backbone
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Progress
from osis_ros.training.model.scene.boundary_head import BoundaryHead, boundary_loss, boundary_targets
from osis_ros.training.model.scene.identification import identify
from osis_ros.training.model.scene.pixel_contrast import Projection, pixel_contrast
from osis_ros.training.model.scene.pixel_labels import class_loss, pixel_labels
from osis_ros.training.model.scene.semantic_decoder import SemanticDecoder, enlarged

MOST_GROUPS = 200  # of unknown pixels in an image
STRIDE = 4  # of the field


class SceneLabels(NamedTuple):
    """What the network says of one image. `inference/scene_instances.py` makes instances of it.

    Attributes:
        labels: [H, W] int32, 0..N-1 known, N unknown.
        scores: [H, W] float32, probability of the known class; of an unknown pixel its distance.
        distances: [H, W] float32 in 0..1, from the known classes; unknown where greater than T_u.
        field: [2, H/4, W/4] float32, the direction away from the nearest boundary: its parts along rows and columns.
    """

    labels: Tensor
    scores: Tensor
    distances: Tensor
    field: Tensor


class SceneNetwork(nn.Module):
    """Encoder, decoder of the classes, head of the field, and for training the projection of the contrast.

    It has what training, checkpoints and export ask of a `Detector`.
    """

    config: ModelConfig
    progress = Progress(0, 1)

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        scene = config.scene
        self.config = config
        self.backbone = build_backbone(config.backbone, config.frozen_stages)
        own = self.backbone.channels
        labels = config.num_classes + (scene.unknown_by == "class")
        self.decoder = SemanticDecoder(own, config.channels, labels, scene.dilations, scene.dropout)
        self.boundary = BoundaryHead(own, config.channels)
        if scene.contrast_loss:
            self.projection = Projection(own[3])

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.config.class_names

    @property
    def max_instances(self) -> int:
        """Segments of an image at most: each class once, and the groups."""
        return self.config.num_classes + MOST_GROUPS

    def forward(
        self, images: Tensor, image_sizes: list[tuple[int, int]], targets: list[dict] | None = None
    ) -> dict[str, Tensor] | list[SceneLabels]:
        """Losses where there are targets, else labels.

        Args:
            images: [B, 3, H, W] RGB uint8; image i fills its top left corner.
            image_sizes: (height, width) of each image in pixels.
            targets: as `collate` gives them.
        """
        if targets is None:
            return self.label(images, image_sizes, self.config.decision.unknown_threshold)
        pixels = self.backbone.normalise(images, image_sizes)
        return self.losses(self.backbone(pixels), tuple(pixels.shape[-2:]), targets)

    def label(
        self, images: Tensor, image_sizes: list[tuple[int, int]], unknown_threshold: float | Tensor
    ) -> list[SceneLabels]:
        """Labels of each image, of the size of the padded batch."""
        pixels = self.backbone.normalise(images, image_sizes)
        maps = self.backbone(pixels)
        logits = enlarged(self.decoder(maps), pixels.shape[-2:])
        classes, probability, distance = identify(logits, self.config.scene.unknown_by)
        unknown = distance > unknown_threshold
        labels = classes.masked_fill(unknown, self.config.num_classes).to(torch.int32)
        scores = torch.where(unknown, distance, probability)
        columns = labels, scores, distance, self.boundary(maps)
        return [SceneLabels(*(column[i] for column in columns)) for i in range(len(images))]

    def losses(self, maps: list[Tensor], size: tuple[int, int], targets: list[dict]) -> dict[str, Tensor]:
        """Of a batch with maps C2…C5 and images of this padded size."""
        scene = self.config.scene
        unknown = self.config.num_classes if scene.unknown_by == "class" else None
        true = pixel_labels(targets, size, unknown)
        coarse = self.decoder(maps)
        losses = {
            "loss_classes": class_loss(
                enlarged(coarse, size), true.classes, scene.small_pixels, scene.small_weight
            ),
            "loss_boundary": scene.boundary_loss * boundary_loss(self.boundary(maps), *self._true_field(true.segments)),
        }  # fmt: skip
        if scene.contrast_loss:
            embeddings = self.projection(maps[3])
            contrast = pixel_contrast(embeddings, true.classes, coarse.detach().argmax(1))
            losses["loss_contrast"] = scene.contrast_loss * contrast
        return losses

    def _true_field(self, segments: Tensor) -> tuple[Tensor, Tensor]:
        """Targets of `boundary_loss` at the field's stride."""
        cells = segments[:, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE].cpu().numpy()
        fields, weights = zip(*map(boundary_targets, cells), strict=True)
        return tuple(torch.from_numpy(np.stack(part)).to(segments.device) for part in (fields, weights))

    def start_from_backbone(self) -> set[str]:
        """Names of the tensors that hold the weights of `backbone_weights`."""
        return {name for name in self.state_dict() if name.startswith("backbone.")}

    def class_tensors(self) -> set[str]:
        """Names of the tensors that belong to the very classes that the network has learnt."""
        last = len(self.decoder.head) - 1
        return {f"decoder.head.{last}.{name}" for name in ("weight", "bias")}

    def backbone_factors(self, name: str) -> int:
        """How many times `optimiser.backbone_factor` multiplies the learning rate of the parameter of that name."""
        return int(name.startswith("backbone."))

    def reconfigured(self, config: ModelConfig) -> "SceneNetwork":
        """The same weights under another configuration, in evaluation mode where this one is.

        Raises:
            RuntimeError: it is of other tensors.
        """
        other = type(self)(config)
        other.load_state_dict(self.state_dict())
        return other.to(next(self.parameters()).device).train(self.training)
