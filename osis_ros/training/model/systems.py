"""The systems of the paper's comparison (section IV-A) and ablation (Table V), and ZSI, as changes of a base network.

A base network gives the sizes: the paper's, or the small ones of `tabletop`. Each system keeps its backbone, widths,
samples and limits, and puts its own parts in. Where the paper leaves room, docs/comparison.md says what was chosen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.scene.config import SceneConfig
from osis_ros.training.model.semseg.config import DecisionConfig, EmbeddingConfig, ProposalConfig, RoIConfig
from osis_ros.training.model.switches import OF_OLN_PROPOSALS

RESULTS = 100  # of an image, at most (section IV-B)
OF_OLN_HEAD = ("iou_loss", "iou_on_background")


@dataclass(frozen=True)
class FineTuning:
    """A second part of training, which starts from the weights of the first.

    Attributes:
        before: entries of the network in the first part.
        share: of all steps.
        only: parts of the network that learn on.
        rate: what the learning rate is multiplied by.
    """

    before: dict[str, Any]
    share: float
    only: tuple[str, ...]
    rate: float


@dataclass(frozen=True)
class System:
    """A system of the comparison.

    Attributes:
        title: as in the paper's tables; those of Table V are its two marks, embedding space and modulation.
        network: base network → this system's.
        fine_tuning: None: it is trained in one run.
    """

    title: str
    network: Callable[[ModelConfig], ModelConfig]
    fine_tuning: FineTuning | None = None


def semseg(base: ModelConfig, output: str = "modulated", embedding: bool = True) -> ModelConfig:
    """The paper's network at the base's sizes, or a row of Table V.

    Args:
        output: `mask.output`.
        embedding: False: softmax alone, nothing is unknown, and known instances have all results of an image.
    """
    return base.replace(**_papers_rules(
        embedding={"enabled": embedding}, mask={"output": output},
        decision={} if embedding else {"max_known": RESULTS},
    ))  # fmt: skip


def oln_mask_proser(base: ModelConfig) -> ModelConfig:
    """OLN-Mask, and PROSER (Zhou et al. 2021) to classify what it finds."""
    return base.replace(**_papers_rules(
        embedding=EmbeddingConfig().model_dump(), classifier={"kind": "placeholder"},
        mask={"output": "class_agnostic", "pixel_conv": False},
        decision={"kind": "placeholder", "unknown_threshold": 0.5}, loss_weights={"classification": 1},
    ))  # fmt: skip


def mask_rcnn(base: ModelConfig) -> ModelConfig:
    """Mask R-CNN as in Detectron2: a closed set, and a box and a mask for each class (He et al. 2017)."""
    return base.replace(**_by_class(
        base, roi={"head": "fast_rcnn", "class_boxes": True}, classifier={"kind": "softmax"},
        mask={"output": "class_specific", "pixel_conv": False},
    ))  # fmt: skip


def opendet_ca_mask(base: ModelConfig) -> ModelConfig:
    """OpenDet (Han et al. 2022) with a class-agnostic mask head."""
    return base.replace(**_by_class(
        base, roi={"head": "separate"}, classifier={"kind": "cosine"},
        mask={"output": "class_agnostic", "pixel_conv": False},
        unknown_probability={}, instance_contrast={},
    ))  # fmt: skip


def zsi(base: ModelConfig) -> ModelConfig:
    """ZSI (Zheng et al. 2021): Mask R-CNN whose classes, background and masks are told by the vectors of names."""
    changes = _by_class(
        base, roi={"head": "fast_rcnn"}, classifier={"kind": "words"}, mask={"output": "words", "pixel_conv": False},
    )  # fmt: skip
    changes["words"] = {"sync": "both"}
    changes["proposals"] |= {"kind": "background_rpn"}
    changes["decision"] |= {"max_known": RESULTS, "max_unknown": RESULTS}
    return base.replace(**changes)


def goss(base: ModelConfig) -> ModelConfig:
    """GOSS's network (Hong et al. 2024), which labels every pixel, with an unknown class and β = 5."""
    return ModelConfig(
        class_names=base.class_names, backbone=base.backbone, frozen_stages=0, channels=base.channels,
        scene=SceneConfig(), decision=DecisionConfig(score_threshold=0, unknown_threshold=1 / 6),
    )  # fmt: skip


def _papers_rules(**sections: dict[str, Any]) -> dict[str, Any]:
    """Changes that leave out every addition, and what the paper's network does not do with objects of no class; with
    those of `sections`."""
    rules: dict[str, Any] = {
        "words": None, "scoring": None, "box_voting": None, "second_look": None, "mask_refinement": None,
        "mask_teacher": None,
        "roi": {"reject_unlabelled": False}, "embedding": {"repel_unlabelled": False},
        "mask": {"threshold": 0.5}, "decision": {"multi_class": True},
    }  # fmt: skip
    return rules | {name: {**rules.get(name, {}), **section} for name, section in sections.items()}


def _by_class(base: ModelConfig, roi: dict[str, Any], **sections: dict[str, Any]) -> dict[str, Any]:
    """Changes for a network with Faster R-CNN's proposals, whose likeliest classes win; with those of `sections`."""
    proposals = {
        "kind": "rpn", "nms_iou": 0.7, "max_proposals": base.proposals.max_proposals or 1000,
        **_defaults(ProposalConfig(), OF_OLN_PROPOSALS),
    }  # fmt: skip
    return _papers_rules(
        proposals=proposals, roi={**_defaults(RoIConfig(), OF_OLN_HEAD), **roi},
        embedding=EmbeddingConfig().model_dump(), decision={"kind": "class"},
        loss_weights={"proposal_box": 1, "box": 1, "classification": 1}, **sections,
    )  # fmt: skip


def _defaults(section: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(section, name) for name in names}


SYSTEMS = {
    "mask-rcnn": System("Mask R-CNN", mask_rcnn),
    "opendet-ca-mask": System("OpenDet+CA-Mask", opendet_ca_mask),
    "oln-mask-proser": System(
        "OLN-Mask+PROSER", oln_mask_proser,
        FineTuning({"classifier": {"placeholders": 0}}, share=0.1, only=("roi_head", "classifier"), rate=0.1),
    ),
    "semseg": System("SemSeg", semseg),
    "zsi": System("ZSI", zsi),
    "oln-mask-softmax": System("|", lambda base: semseg(base, "class_agnostic", embedding=False)),
    "modulation-only": System("|✓", lambda base: semseg(base, embedding=False)),
    "embedding-only": System("✓|", lambda base: semseg(base, "class_agnostic")),
    "embedding-blend": System("✓|blend", lambda base: semseg(base, "blended")),
}  # fmt: skip
SCENE_SYSTEMS = {"goss": System("GOSS", goss)}  # they find no objects, so they are none of the comparison
COMPARISON = ("mask-rcnn", "oln-mask-proser", "opendet-ca-mask", "semseg")  # Tables I–IV
ABLATION = ("oln-mask-softmax", "modulation-only", "embedding-only", "semseg", "embedding-blend")  # Table V
