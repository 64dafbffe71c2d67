"""What a SemSeg network is made of. The defaults are the paper's; `tabletop` is the one made for CPUs."""

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


class SecondLookConfig(Section):
    """A second look at the best boxes of an image; not in the paper (see model/second_look.py)."""

    max_boxes: Positive = Field(24, description="best boxes of an image that are looked at")
    nms_iou: Fraction = Field(0.7, description="boxes that overlap more are looked at once, and share what was seen")
    crop_size: int = Field(64, ge=32, multiple_of=32, description="side in pixels that a box is cut out with")
    margin: float = Field(0.25, ge=0, description="surroundings that are cut out too, a share of the box's sides")
    frozen_stages: int = Field(2, ge=0, le=5, description="leading stages of its MobileNetV2 without gradient")
    hidden: Positive = 256
    dim: Positive = Field(128, description="of its own embedding space")
    share: Fraction = Field(0.55, description="of the second look in the mean of both looks' logits and distances")
    temperature: float = Field(0.1, gt=0, description="cosines are divided by it before the softmax")
    dropout: float = Field(0.3, ge=0, lt=1)
    samples: Positive = Field(16, description="boxes on objects, in each image, that the loss is taken on")
    positive_iou: Fraction = Field(0.3, description="they overlap their object by at least this: parts count as well")


class MaskRefinementConfig(Section):
    """Masks drawn again on cut-outs of the image; not in the paper (see model/mask_refinement.py)."""

    crop_size: int = Field(
        64, ge=32, multiple_of=16, description="side in pixels that a box and border are cut out with"
    )
    border: Positive = Field(10, description="of these, beyond each side of the box")
    mask_size: Positive = Field(56, description="side of a mask in cells, as it comes out")
    frozen_stages: int = Field(2, ge=0, le=4, description="leading stages of its MobileNetV2 without gradient")
    channels: tuple[Positive, Positive, Positive, Positive] = Field(
        (64, 48, 32, 24), description="of the decoder, at strides 16, 8, 4 and 2"
    )
    passes: Positive = Field(1, description="how often a mask is corrected, each time in the box of the one before")
    agreement: float = Field(
        0.3, ge=0, description="a in s i^a of every pass: i, IoU of a mask and the one before, is part of the score"
    )
    fit_share: float | None = Field(
        None, ge=0, description="b in s i^a q^b of every pass: q, estimated IoU of mask and object; None: not estimated"
    )
    nms_iou: Fraction = Field(0.7, description="of the boxes that the losses are taken on")
    samples: Positive = Field(32, description="boxes, in each image, that the losses are taken on")
    positive_fraction: Fraction = Field(0.75, description="of them show an object; others tell the score what does not")
    positive_iou: Fraction = Field(0.5, description="boxes that show an object overlap it by at least this")

    @model_validator(mode="after")
    def _box_is_left(self) -> "MaskRefinementConfig":
        if 2 * self.border >= self.crop_size:
            raise ValueError(f"border: {self.border} on both sides leaves nothing of {self.crop_size} for the box")
        return self


class DecisionConfig(Section):
    """From scored proposals to known and unknown instances (section III-D)."""

    score_threshold: Fraction = 0.05
    unknown_by: Literal["distance", "probability", "odds"] = Field(
        "distance",
        description="what T_u bounds: the cosine distance to the nearest class centre (the paper's), the probability p "
        "of none of the classes, or p / (p + q), q that of the likeliest one; these two want roi.reject_unlabelled",
    )
    unknown_threshold: float = Field(0.085, ge=0, le=2, description="T_u: an object is unknown beyond it")
    nms_iou: Fraction = 0.5
    max_boxes: Positive = Field(1000, description="best proposals that are classified")
    max_known: Positive = 50
    max_unknown: Positive = 50
    multi_class: bool = Field(True, description="a box may be reported once for every class above the threshold")
    class_share: Fraction = Field(1, description="a in p^a s^(1-a), a known instance's score of probability p; 1: p")
    unknown_scale: Fraction = Field(1, description="an unknown instance's score is s times this, to rank among known")
    unknown_share: Fraction = Field(
        0,
        description="d in s q^d, an unknown instance's score: q, the second look's probability of none of the classes",
    )
    vote_iou: Fraction | None = Field(
        None, description="box voting among proposals of this IoU; None, the paper's: none"
    )
    duplicate_iou: Fraction | None = Field(
        None,
        description="NMS over all instances, whatever their class; None, the paper's, keeps them",
    )

    @model_validator(mode="after")
    def _threshold_in_range(self) -> "DecisionConfig":
        if self.unknown_by != "distance" and self.unknown_threshold > 1:
            raise ValueError(
                f"unknown_threshold: {self.unknown_threshold:g} bounds a probability (unknown_by: {self.unknown_by}), "
                "expected 0..1"
            )
        return self


class LossWeights(Section):
    """Weights of the sum in equations 1 and 7; the defaults are the paper's for COCO."""

    centerness: float = Field(1, ge=0)
    proposal_box: float = Field(10, ge=0)
    iou: float = Field(1, ge=0)
    box: float = Field(2, ge=0)
    contrastive: float = Field(2, ge=0)
    classification: float = Field(1, ge=0)
    mask: float = Field(1, ge=0)
    second_look: float = Field(1, ge=0)
    mask_refinement: float = Field(1, ge=0)
    mask_score: float = Field(0.5, ge=0)


class ModelConfig(Section):
    """The whole network. `ModelConfig(class_names=…)` is the paper's for COCO."""

    class_names: tuple[str, ...] = Field(min_length=1, description="the known classes in id order")
    backbone: Literal["resnet50", "resnet18", "mobilenet_v2"] = "resnet50"
    frozen_stages: int = Field(2, ge=0, le=5, description="leading stages without gradient: 1 the stem, 2 res2 too …")
    channels: Positive = Field(256, description="of every pyramid level")
    min_level: int = Field(2, ge=2, le=5, description="finest pyramid level; level l has stride 2**l")
    max_level: int = Field(6, ge=5, le=7, description="coarsest pyramid level; RoIs are pooled from P5 at most")
    separable: bool = Field(False, description="depthwise + pointwise in place of 3x3 convolutions: about 8x cheaper")
    late_merge: bool = Field(False, description="the finest level's two parts are convolved before they are merged")
    proposals: ProposalConfig = ProposalConfig()
    roi: RoIConfig = RoIConfig()
    embedding: EmbeddingConfig = EmbeddingConfig()
    mask: MaskConfig = MaskConfig()
    second_look: SecondLookConfig | None = Field(None, description="None, the paper's: the RoI features alone decide")
    mask_refinement: MaskRefinementConfig | None = Field(None, description="None, the paper's: the mask head's masks")
    decision: DecisionConfig = DecisionConfig()
    loss_weights: LossWeights = LossWeights()

    @model_validator(mode="after")
    def _check(self) -> "ModelConfig":
        repeated = sorted({name for name in self.class_names if self.class_names.count(name) > 1})
        if repeated:
            raise ValueError(f"class_names: {', '.join(repeated)} more than once, every class wants a name of its own")
        if self.mask.blend and self.mask.modulation:
            raise ValueError("mask: blend and modulation are two ways for one thing, expected at most one of them")
        if self.mask.blend and not self.embedding.enabled:
            raise ValueError("mask: blend needs the class centres of the embedding space, embedding.enabled is off")
        if self.late_merge and self.min_level == 5:
            raise ValueError("late_merge: with min_level 5 there is no coarser level to merge")
        for name in ("second_look", "mask_refinement"):
            if getattr(self, name) and self.backbone != "mobilenet_v2":
                raise ValueError(f"{name}: it wants the pixels of backbone mobilenet_v2, not those of {self.backbone}")
        return self

    @property
    def num_classes(self) -> int:
        """K, the number of known classes; K is also the class id of an unknown instance."""
        return len(self.class_names)

    @property
    def levels(self) -> tuple[int, ...]:
        """The pyramid levels, finest first."""
        return tuple(range(self.min_level, self.max_level + 1))

    def replace(self, **sections: object) -> "ModelConfig":
        """A checked copy; a section given as a dict changes only the fields it names."""
        data = self.model_dump()
        for name, value in sections.items():
            partial = isinstance(value, dict) and isinstance(data.get(name), dict)
            data[name] = {**data[name], **value} if partial else value
        return ModelConfig.model_validate(data)

    def exact(self) -> "ModelConfig":
        """The same weights with the paper's proposals: the best 1,000 of each level, overlaps and all."""
        paper = ProposalConfig()
        return self.replace(
            proposals={
                name: getattr(paper, name) for name in ("train_top_k", "test_top_k", "nms_iou", "max_proposals")
            },
            decision={"max_boxes": DecisionConfig().max_boxes},
        )

    def fast(self) -> "ModelConfig":
        """The same weights with fewer proposals: NMS and a total limit in place of the paper's 4,200.

        NMS leaves near copies (IoU 0.9): which of them fits best, only the second stage knows.
        """
        return self.replace(
            proposals={"train_top_k": 1000, "test_top_k": 1000, "nms_iou": 0.9, "max_proposals": 500},
            decision={"max_boxes": 500},
        )


def faithful(class_names: tuple[str, ...], graspnet: bool = False) -> ModelConfig:
    """The paper's network; for GraspNet-OSIS with β = 3 and γ = 2 (section IV-B)."""
    weights = LossWeights(contrastive=3, classification=2) if graspnet else LossWeights()
    return ModelConfig(class_names=class_names, loss_weights=weights)


def tabletop(class_names: tuple[str, ...]) -> ModelConfig:
    """About 20 MB, for tabletop scenes at 640x480 on a CPU: the paper's network, narrower, with fewer proposals."""
    return ModelConfig(
        class_names=class_names,
        backbone="mobilenet_v2",
        channels=128,
        late_merge=True,
        proposals=ProposalConfig(
            train_top_k=300, test_top_k=300, nms_iou=0.8, max_proposals=200, side_bias=0.5,
            # The finest level is for masks alone. Its share of a network's time is large, its anchors would be tiny.
            finest_level=3, anchor_scale=4, feature_length=11.3,
            centerness_positive_fraction=0.5, centerness_loss="cross_entropy",
        ),
        roi=RoIConfig(
            hidden=256, sampling_ratio=1, samples=96, positive_fraction=0.4, iou_on_background=True,
            iou_loss="cross_entropy", reject_unlabelled=True,
        ),
        embedding=EmbeddingConfig(dim=128, repel_unlabelled=True),
        mask=MaskConfig(
            channels=64, convs=3, embedding_dim=64, sampling_ratio=1, rois_per_image=16, threshold=0.4
        ),
        loss_weights=LossWeights(contrastive=8, classification=2),
        decision=DecisionConfig(max_boxes=200, multi_class=False, class_share=0.4, unknown_scale=0.8, vote_iou=0.8),
    )  # fmt: skip
