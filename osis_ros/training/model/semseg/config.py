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
    """OLN's class-agnostic proposal network (SemSeg section III-A)."""

    anchor_scale: float = Field(8, gt=0, description="side of a level's square anchors over the level's stride")
    train_top_k: Positive = Field(2000, description="best proposals kept in each level while training")
    test_top_k: Positive = Field(1000, description="best proposals kept in each level at test time")
    nms_iou: Fraction | None = Field(None, description="NMS over all levels; None, the paper's, keeps overlaps")
    max_proposals: Positive | None = Field(None, description="best proposals kept over all levels; None keeps all")
    samples: Positive = Field(256, description="anchors an image that each of the two losses is taken on")
    box_positive_iou: Fraction = 0.7
    box_negative_iou: Fraction = 0.3
    box_positive_fraction: Fraction = 0.5
    centerness_positive_iou: Fraction = 0.3
    centerness_negative_iou: Fraction = 0.1
    centerness_positive_fraction: Fraction = 1.0
    centerness_loss: Literal["l1", "cross_entropy"] = "l1"
    box_loss: Literal["iou", "smooth_l1"] = Field("iou", description="the authors' code uses iou, the paper's text l1")
    side_bias: float = Field(0.0, description="first side distances, in anchor sides; 0.5: the anchor itself")
    finest_level: int = Field(2, ge=2, le=5, description="finest pyramid level that proposals come from")
    feature_length: float = Field(1, gt=0, description="the normalised feature's; the output layer learns as fast")


class RoIConfig(Section):
    """The second stage of OLN: refined boxes and the IoU estimate."""

    hidden: Positive = Field(1024, description="width of both fully connected layers")
    pool_size: Positive = 7
    sampling_ratio: int = Field(0, ge=0, description="RoIAlign samples a bin side; 0: as many as the bin has cells")
    canonical_size: float = Field(224, gt=0, description="side in pixels of a box that is pooled from P4")
    samples: Positive = Field(512, description="proposals an image that the losses are taken on")
    positive_fraction: Fraction = 0.25
    positive_iou: Fraction = 0.5
    iou_loss: Literal["l1", "cross_entropy"] = "l1"
    iou_on_background: bool = Field(False, description="teach the IoU estimate on background too, not on objects alone")
    reject_unlabelled: bool = Field(
        False, description="objects without a class are background to the classifier; False: it never sees them"
    )


class EmbeddingConfig(Section):
    """The class-semantics embedding space (section III-B) and its loss."""

    dim: Positive = 256
    enabled: bool = Field(True, description="False: softmax alone, nothing is unknown (Table V, rows 1 and 2)")
    intra_margin: float = Field(0.05, ge=0, le=2, description="m_p: cosine distance tolerated to the own class centre")
    inter_margin: float = Field(0.95, ge=0, le=2, description="m_n: cosine distance wanted to every other class centre")
    positive_iou: Fraction = Field(0.5, description="a proposal must overlap its object by more than this")
    repel_unlabelled: bool = Field(False, description="keep objects without a class m_n away from every class centre")


class MaskConfig(Section):
    """The mask head (section III-C)."""

    channels: Positive = 256
    convs: int = Field(4, ge=0)
    embedding_dim: Positive = Field(128, description="channels of the per-pixel and of the mask embedding")
    pool_size: Positive = Field(14, description="side of the pooled feature; masks come out twice as large")
    sampling_ratio: int = Field(0, ge=0)
    rois_per_image: Positive | None = Field(None, description="positives used by the mask loss; None, the paper's: all")
    modulation: bool = Field(True, description="False: one class-agnostic output layer (Table V, rows 1 and 3)")
    blend: bool = Field(False, description="concatenate class similarities to the input (Table V, last row)")
    threshold: float = Field(
        0.5, gt=0, lt=1, description="probability from which on a cell is the object's; masks come out shifted to 0.5"
    )

    @property
    def output_size(self) -> int:
        """Side of a mask in cells."""
        return 2 * self.pool_size

    @property
    def threshold_logit(self) -> float:
        """The logit of `threshold`."""
        return math.log(self.threshold / (1 - self.threshold))


class DecisionConfig(Section):
    """From scored proposals to known and unknown instances (section III-D)."""

    score_threshold: Fraction = 0.05
    unknown_threshold: float = Field(0.085, ge=0, le=2, description="T_u: an object is unknown beyond it")
    nms_iou: Fraction = 0.5
    max_boxes: Positive = Field(1000, description="best proposals that are classified")
    max_known: Positive = 50
    max_unknown: Positive = 50
    multi_class: bool = Field(True, description="a box may be reported once for every class above the threshold")


class LossWeights(Section):
    """Weights of the sum in equations 1 and 7; the defaults are the paper's for COCO."""

    centerness: float = Field(1, ge=0)
    proposal_box: float = Field(10, ge=0)
    iou: float = Field(1, ge=0)
    box: float = Field(2, ge=0)
    contrastive: float = Field(2, ge=0)
    classification: float = Field(1, ge=0)
    mask: float = Field(1, ge=0)


class SemSegConfig(Section):
    """The paper's network. `SemSegConfig(class_names=…)` is the one for COCO."""

    class_names: tuple[str, ...] = Field(min_length=1, description="the known classes in id order")
    backbone: Literal["resnet50", "resnet18", "mobilenet_v2"] = "resnet50"
    frozen_stages: int = Field(2, ge=0, le=5, description="leading stages without gradient: 1 the stem, 2 res2 too …")
    channels: Positive = Field(256, description="of every pyramid level")
    late_merge: bool = Field(False, description="the finest level's two parts are convolved before they are merged")
    proposals: ProposalConfig = ProposalConfig()
    roi: RoIConfig = RoIConfig()
    embedding: EmbeddingConfig = EmbeddingConfig()
    mask: MaskConfig = MaskConfig()
    decision: DecisionConfig = DecisionConfig()
    loss_weights: LossWeights = LossWeights()

    @model_validator(mode="after")
    def _check(self) -> "SemSegConfig":
        repeated = sorted({name for name in self.class_names if self.class_names.count(name) > 1})
        if repeated:
            raise ValueError(f"class_names: {', '.join(repeated)} more than once, every class wants a name of its own")
        if self.mask.blend and self.mask.modulation:
            raise ValueError("mask: blend and modulation are two ways for one thing, expected at most one of them")
        if self.mask.blend and not self.embedding.enabled:
            raise ValueError("mask: blend needs the class centres of the embedding space, embedding.enabled is off")
        return self

    @property
    def num_classes(self) -> int:
        """K, the number of known classes; K is also the class id of an unknown instance."""
        return len(self.class_names)
