"""A second look at the best boxes: their pixels through a network of their own (Cheng et al. 2018, "DCR").

A pyramid serves every box at once: it sees a small object in few cells, and its features have to find and outline
objects too. A crop of fixed size shows an object at full resolution to a network that does nothing but tell what it
is, in an embedding space of its own.
"""

from functools import partial

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn
from torchvision.ops import box_iou, nms

from osis_ros.training.model.additions.addition import Addition, Found
from osis_ros.training.model.additions.crops import blurred, crop_rois, shaken
from osis_ros.training.model.additions.scoring import mean_of_both, unknown_scores
from osis_ros.training.model.backbones.backbone import Backbone, build_backbone
from osis_ros.training.model.backbones.pixels import MULTIPLE
from osis_ros.training.model.few_sizes import in_few_sizes
from osis_ros.training.model.semseg.config import Fraction, Positive, Section
from osis_ros.training.model.semseg.convolution import xavier
from osis_ros.training.model.semseg.embedding import EmbeddingSpace
from osis_ros.training.model.semseg.roi_sampling import sample_rois
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.model.semseg.stages import Batch, Candidates, View

NO_OPINION = 0.5  # the probability of none of the classes where it did not look


BOXES_AROUND, SPREAD = 4, 0.12  # boxes around an object; standard deviation of their edges, in sides of the object


class SecondLookConfig(Section):
    """A second look at the best boxes of an image."""

    max_boxes: Positive = Field(24, description="classify crops of this many of the best boxes of an image")
    nms_iou: Fraction = Field(0.7, description="boxes that overlap more share one crop and its result")
    crop_size: int = Field(64, ge=32, multiple_of=32, description="side of a crop in pixels")
    margin: float = Field(
        0.25, ge=0, description="how much larger than its box a crop is, as a share of the box's sides"
    )
    blur: float = Field(
        0,
        ge=0,
        le=2,
        description="standard deviation of a 3x3 blur of the crops, in their pixels; cameras differ in sharpness and "
        "noise, and a blur makes their crops alike. 0: none",
    )
    frozen_stages: int = Field(2, ge=0, le=5, description="first stages of its MobileNetV2, which are not trained")
    hidden: Positive = Field(256, description="width of the fully connected layer")
    dim: Positive = Field(128, description="length of an embedding in its own embedding space")
    share: Fraction = Field(
        0.55, description="weight of the second look; its logits and distances are averaged with those of the network"
    )
    unknown_share: Fraction = Field(
        0,
        description="d in s q^d, the score of an unknown instance; s: box score; q: probability of no known class",
    )
    temperature: float = Field(0.1, gt=0, description="cosines are divided by it before the softmax")
    dropout: float = Field(0.3, ge=0, lt=1, description="share of features that dropout sets to 0")
    samples: Positive = Field(16, description="boxes on objects, per image, that the loss is computed on")
    positive_iou: Fraction = Field(
        0.3, description="lowest IoU of such a box with its object; low, so that parts of objects count too"
    )
    around_objects: bool = Field(
        False,
        description="train on random boxes around the objects, not on those that the network finds; with "
        "`only: [second_look]` the rest of the network then does not run, which takes a third of the time",
    )
    loss_weight: float = Field(1, ge=0, description="weight of its loss in the sum")


class SecondLook(Addition):
    """MobileNetV2 on crops, one fully connected layer, and an embedding space."""

    def __init__(self, config: SecondLookConfig, num_classes: int) -> None:
        super().__init__()
        self.config = config
        # Channels last: on a CPU small crops train 1.2 times as fast so.
        self.backbone = build_backbone("mobilenet_v2", config.frozen_stages).to(memory_format=torch.channels_last)
        cells = (config.crop_size // MULTIPLE) ** 2
        self.fc = xavier(nn.Linear(self.backbone.channels[-1] * cells, config.hidden))
        self.embedding = EmbeddingSpace(config.hidden, config.dim, num_classes)
        self.dropout = nn.Dropout(config.dropout)
        # In an exported graph [K], of each class its own; only classes that were added there have an offset.
        self.temperature: float | Tensor = config.temperature
        self.offsets: Tensor | None = None

    def forward(self, pixels: Tensor, rois: Tensor) -> Tensor:
        """Look at boxes.

        Args:
            pixels: [B, 3, H, W] normalised for MobileNetV2.
            rois: [R, 5] image index and box in pixels.
        Returns:
            unit embeddings [R, dim] float32 of what they show.
        """
        rois = shaken(rois) if self.training else rois
        crops = crop_rois(pixels, rois, self.config.crop_size, self.config.margin / 2)
        if self.config.blur:
            crops = blurred(crops, self.config.blur)
        features = self.backbone(crops.contiguous(memory_format=torch.channels_last))[-1].flatten(1)
        hidden = self.dropout(F.relu(self.fc(self.dropout(features))))
        return F.normalize(self.embedding(hidden))

    def logits(self, distances: Tensor) -> Tensor:
        """[R, K + 1] of a softmax over the classes and, last, an object of none.

        The latter scores as much as something at right angles to a centre would.
        """
        logits = (1 - distances) / self.temperature
        return F.pad(logits if self.offsets is None else logits + self.offsets, (0, 1))

    def on_candidates(self, view: View, found: Candidates) -> Candidates:
        """Where it saw an object, it has its share in what both looks make of it."""
        z, distances, seen = self.opinion(view.pixels, found.boxes, found.scores)
        again, share = self.logits(distances), self.config.share * seen[:, None]
        no_class = torch.where(seen, again.softmax(1)[:, -1], NO_OPINION)
        return found._replace(
            semantics=found.semantics._replace(
                distances=mean_of_both(found.semantics.distances, distances, share),
                decisive=both_embeddings(found.semantics.z, z, share),
            ),
            logits=mean_of_both(found.logits, again, share),
            scores_as_unknown=unknown_scores(found.scores_as_unknown, no_class, self.config.unknown_share),
        )

    def losses(self, network: SemSeg, batch: Batch, found: list[Found], targets: list[dict]) -> dict[str, Tensor]:
        if self.config.around_objects:
            return self.losses_around_objects(batch.pixels, targets)
        return self._losses(batch.pixels, [own.boxes for own in found], targets)

    def losses_around_objects(self, pixels: Tensor, targets: list[dict]) -> dict[str, Tensor]:
        """As `losses`, without the network: on random boxes around the objects of images [B, 3, H, W]."""
        return self._losses(pixels, [drawn_around(target["boxes"]) for target in targets], targets)

    def _losses(self, pixels: Tensor, boxes: list[Tensor], targets: list[dict]) -> dict[str, Tensor]:
        samples = sample_rois(
            boxes, targets, len(self.embedding.centres),
            count=self.config.samples, positive_fraction=1.0, positive_iou=self.config.positive_iou,
        )  # fmt: skip
        rois, labels = samples.rois[samples.positive], samples.labels[samples.positive]
        distances = self.embedding.distances(in_few_sizes(partial(self, pixels), rois))
        return {"loss_second_look": self.config.loss_weight * self.loss(distances, labels)}

    def start_from(self, backbone: Backbone) -> None:
        self.backbone.load_state_dict(backbone.state_dict())

    def backbone_factors(self, name: str) -> int:
        """Without batch norm its ReLU6s died at higher rates; its other layers learn as slowly as a backbone."""
        return 2 if name.startswith("backbone.") else 1

    def loss(self, distances: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy at R boxes that show an object or a good part of one; what is none, the first look tells.

        Args:
            distances: [R, K]. labels: [R] int64, 0..K-1, or -1 for an object of no class.
        """
        target = torch.where(labels < 0, distances.shape[1], labels)
        return F.cross_entropy(self.logits(distances), target, reduction="sum") / max(len(labels), 1)

    def opinion(self, pixels: Tensor, boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Look at the best boxes of one image; those that overlap one of them (IoU > nms_iou) share what it shows.

        Args:
            pixels: [1, 3, H, W]. boxes: [P, 4]. scores: [P].
        Returns:
            unit embeddings [P, dim], their distances [P, K], and [P] bool: False where none of the boxes looked at
            stands for this one, so that its embedding and distances mean nothing.
        """
        limit = self.config.nms_iou
        best = nms(boxes, scores, limit)[: self.config.max_boxes]
        z = self(pixels, torch.cat((torch.zeros_like(boxes[best, :1]), boxes[best]), 1))
        distances = self.embedding.distances(z)
        # One column more, at the limit itself, wins where nothing overlaps enough; so no image is a special case.
        overlap, nearest = F.pad(box_iou(boxes, boxes[best]), (0, 1), value=limit).max(1)
        found, distances = (F.pad(own, (0, 0, 0, 1))[nearest] for own in (z, distances))
        return found, distances, overlap > limit


def both_embeddings(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """One unit embedding of two, [R, D + E], so that the dot product of two such is the mean of those of their parts.

    Args:
        first: [R, D], second: [R, E], both of unit length. share: [R, 1] of the second in the mean, 0..1.
    """
    return torch.cat(((1 - share).sqrt() * first, share.sqrt() * second), 1)


def drawn_around(boxes: Tensor) -> Tensor:
    """Random boxes [4 N, 4] whose edges lie near those of boxes [N, 4]; edges that changed sides are swapped."""
    many = boxes.repeat(BOXES_AROUND, 1)
    sides = (many[:, 2:] - many[:, :2]).repeat(1, 2)
    moved = many + SPREAD * sides * torch.randn_like(sides)
    return torch.cat((torch.minimum(moved[:, :2], moved[:, 2:]), torch.maximum(moved[:, :2], moved[:, 2:])), 1)
