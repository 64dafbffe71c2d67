"""What the paper's network is made of, section by section; the defaults are the paper's for COCO."""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A part of the configuration: immutable, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProposalConfig(Section):
    """The proposal network: OLN's class-agnostic one (SemSeg section III-A), or Faster R-CNN's."""

    kind: Literal["oln", "rpn", "background_rpn"] = Field(
        "oln",
        description="oln: centerness and side distances (the paper's); rpn: Faster R-CNN's objectness and deltas; "
        "background_rpn: the same with objectness by word vectors of background and foreground (ZSI's)",
    )
    ratios: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.5, 1.0, 2.0), min_length=1, description="rpn, background_rpn: height by width of the anchors of a cell"
    )
    whole_anchors: bool = Field(
        False, description="rpn, background_rpn: round anchors to whole pixels, as torchvision does"
    )
    anchor_scale: float = Field(8, gt=0, description="side of the square anchors of a level, divided by its stride")
    train_top_k: Positive = Field(2000, description="in training, keep this many of the best proposals of each level")
    test_top_k: Positive = Field(1000, description="when testing, keep this many of the best proposals of each level")
    nms_iou: Fraction | None = Field(
        None, description="IoU of NMS over all levels (rpn: within each level); none (the paper): no NMS"
    )
    max_proposals: Positive | None = Field(
        None, description="keep this many of the best proposals of all levels together; none: all"
    )
    samples: Positive = Field(256, description="anchors per image that each of the two losses is computed on")
    box_positive_iou: Fraction = Field(0.7, description="box loss: lowest IoU of a positive anchor with its object")
    box_negative_iou: Fraction = Field(0.3, description="box loss: highest IoU of a negative anchor with any object")
    box_positive_fraction: Fraction = Field(0.5, description="box loss: greatest share of positive samples")
    centerness_positive_iou: Fraction = Field(0.3, description="centerness loss: lowest IoU of a positive anchor")
    centerness_negative_iou: Fraction = Field(0.1, description="centerness loss: highest IoU of a negative anchor")
    centerness_positive_fraction: Fraction = Field(1.0, description="centerness loss: greatest share of positives")
    centerness_loss: Literal["l1", "cross_entropy"] = "l1"
    box_loss: Literal["iou", "smooth_l1"] = Field("iou", description="the authors' code uses iou, the paper's text l1")
    side_bias: float = Field(
        0.0, description="initial distances of a box's sides from the anchor's centre, in anchor sides; 0.5: the anchor"
    )
    finest_level: int = Field(2, ge=2, le=5, description="finest pyramid level that proposals come from")
    feature_length: float = Field(
        1, gt=0, description="length to which features are normalised; a greater one trains the output layer faster"
    )


class RoIConfig(Section):
    """The second stage: OLN's refined boxes and IoU estimate, or another box head."""

    head: Literal["oln", "fast_rcnn", "separate"] = Field(
        "oln",
        description="oln: boxes and an IoU (the paper's); fast_rcnn: boxes alone; separate: boxes alone, with layers "
        "for boxes and layers for classes (OpenDet's)",
    )
    class_boxes: bool = Field(False, description="fast_rcnn and separate: refine a box for each class")
    aligned: bool = Field(True, description="RoIAlign with the half-pixel shift; false: without, as torchvision does")
    hidden: Positive = Field(1024, description="width of both fully connected layers")
    pool_size: Positive = Field(7, description="side of the pooled feature, in bins")
    sampling_ratio: int = Field(
        0, ge=0, description="RoIAlign samples along each side of a bin; 0: as many as the bin has feature cells"
    )
    canonical_size: float = Field(224, gt=0, description="side in pixels of a box that is pooled from pyramid level P4")
    samples: Positive = Field(512, description="proposals per image that the losses are computed on")
    positive_fraction: Fraction = Field(0.25, description="greatest share of positive samples")
    positive_iou: Fraction = Field(0.5, description="lowest IoU of a positive sample with its object")
    iou_loss: Literal["l1", "cross_entropy"] = "l1"
    iou_on_background: bool = Field(False, description="train the IoU estimate on background too, not only on objects")
    reject_unlabelled: bool = Field(
        False, description="train the classifier to call objects without a class background; false: it ignores them"
    )


class EmbeddingConfig(Section):
    """The class-semantics embedding space (section III-B) and its loss."""

    dim: Positive = Field(256, description="length of an embedding")
    enabled: bool = Field(True, description="false: softmax only, and nothing is unknown (Table V, rows 1 and 2)")
    intra_margin: float = Field(
        0.05, ge=0, le=2, description="m_p: cosine distance to its own class centre above which an embedding is pulled"
    )
    inter_margin: float = Field(
        0.95, ge=0, le=2, description="m_n: cosine distance to another class centre below which it is pushed away"
    )
    positive_iou: Fraction = Field(0.5, description="train on proposals whose IoU with their object exceeds this")
    repel_unlabelled: bool = Field(
        False, description="push embeddings of objects without a class away from every class centre, as far as m_n"
    )


class MaskConfig(Section):
    """The mask head (section III-C)."""

    channels: Positive = Field(256, description="channels of its convolutions")
    convs: int = Field(4, ge=0, description="number of its convolutions")
    embedding_dim: Positive = Field(128, description="channels of the per-pixel embedding and of the mask embedding")
    pool_size: Positive = Field(14, description="side of the pooled feature, in bins; masks are twice as large")
    sampling_ratio: int = Field(0, ge=0, description="as in `roi`")
    rois_per_image: Positive | None = Field(
        None, description="positive proposals per image that the mask loss is computed on; none (the paper): all"
    )
    output: Literal["modulated", "class_agnostic", "class_specific", "blended", "words"] = Field(
        "modulated",
        description="modulated: by the embedding (the paper's); class_agnostic: one output layer (Table V, rows 1 and "
        "3); class_specific: a mask for each class (Mask R-CNN); blended: class_agnostic, with the similarities to the "
        "classes concatenated to the input (Table V, last row); words: a mask for each name, by its vector (ZSI's)",
    )
    pixel_conv: bool = Field(
        True, description="false: no convolution between the upsampling and the output layer; not with modulated"
    )
    threshold: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="lowest probability of a mask's cells; output masks are shifted so that it becomes 0.5",
    )

    @property
    def output_size(self) -> int:
        """Side of a mask in cells."""
        return 2 * self.pool_size

    @property
    def threshold_logit(self) -> float:
        """The logit of `threshold`."""
        return math.log(self.threshold / (1 - self.threshold))


class ClassifierConfig(Section):
    """What tells the classes apart."""

    kind: Literal["semantic", "softmax", "cosine", "placeholder", "words"] = Field(
        "semantic",
        description="semantic: the embedding space and its decoder (the paper's); softmax: one layer (Mask R-CNN); "
        "cosine: cosines to learnt directions, unknown among them (OpenDet); placeholder: one layer, and further "
        "outputs that stand for the unknown (PROSER); words: products with the vectors of names (ZSI)",
    )
    scale: float = Field(20, gt=0, description="cosine: cosines are multiplied by it before the softmax")
    placeholders: int = Field(
        1, ge=0, description="placeholder: outputs for the unknown; 0: none yet, for training before they are added"
    )
    stay_known: Fraction = Field(
        0.95, description="placeholder: share of known training objects that the decision calls known"
    )


class DecisionConfig(Section):
    """From scored proposals to known and unknown instances (section III-D)."""

    kind: Literal["distance", "class", "placeholder"] = Field(
        "distance",
        description="distance: T_u bounds the distance to the known classes (the paper's); class: the likeliest "
        "classes win, with or without unknown among them, at most max_known + max_unknown instances in all "
        "(classifier.kind words: max_known of classes, max_unknown of names never trained); "
        "placeholder: unknown where a placeholder scores higher than every class",
    )
    score_threshold: Fraction = Field(0.05, description="lowest score that is kept")
    unknown_threshold: float = Field(
        0.085, ge=0, le=2, description="T_u: an object is unknown if its distance from the known classes exceeds this"
    )
    nms_iou: Fraction = Field(0.5, description="IoU of NMS on boxes")
    max_boxes: Positive = Field(1000, description="classify this many of the best proposals")
    max_known: Positive = Field(50, description="most known instances per image")
    max_unknown: Positive = Field(50, description="most unknown instances per image")
    multi_class: bool = Field(True, description="report a box once for each class whose score is high enough")


class LossWeights(Section):
    """Weights of the sum in equations 1 and 7; the defaults are the paper's for COCO."""

    centerness: float = Field(1, ge=0)
    proposal_box: float = Field(10, ge=0)
    iou: float = Field(1, ge=0)
    box: float = Field(2, ge=0)
    contrastive: float = Field(2, ge=0)
    classification: float = Field(1, ge=0)
    mask: float = Field(1, ge=0)
    objectness: float = Field(1, ge=0, description="proposals.kind rpn")
    mixed: float = Field(0.1, ge=0, description="classifier.kind placeholder: mixtures of two classes are unknown")
    placeholder: float = Field(1, ge=0, description="classifier.kind placeholder: unknown is the second likeliest")


class SemSegConfig(Section):
    """The paper's network. `SemSegConfig(class_names=…)` is the one for COCO."""

    class_names: tuple[str, ...] = Field(min_length=1, description="the known classes in id order")
    backbone: Literal["resnet50", "resnet18", "mobilenet_v2"] = "resnet50"
    frozen_stages: int = Field(
        2,
        ge=0,
        le=5,
        description="first stages of the backbone that are not trained; 1: the stem; 2: stem and res2; …",
    )
    channels: Positive = Field(256, description="channels of every pyramid level")
    late_merge: bool = Field(
        False, description="finest pyramid level: convolve its two inputs before they are added, not their sum; faster"
    )
    proposals: ProposalConfig = ProposalConfig()
    roi: RoIConfig = RoIConfig()
    embedding: EmbeddingConfig = EmbeddingConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    mask: MaskConfig = MaskConfig()
    decision: DecisionConfig = DecisionConfig()
    loss_weights: LossWeights = LossWeights()

    @model_validator(mode="after")
    def _check(self) -> "SemSegConfig":
        repeated = sorted({name for name in self.class_names if self.class_names.count(name) > 1})
        if repeated:
            raise ValueError(f"class_names: {', '.join(repeated)} more than once, every class wants a name of its own")
        if self.mask.output == "blended" and not self.embedding.enabled:
            raise ValueError(
                "mask.output: blended needs the class centres of the embedding space, embedding.enabled is off"
            )
        return self

    @property
    def num_classes(self) -> int:
        """K, the number of known classes; K is also the class id of an unknown instance."""
        return len(self.class_names)
