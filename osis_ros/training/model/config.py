"""What a network is made of: the paper's sections, and a section for each addition and each part of a baseline."""

from typing import Any

from pydantic import Field, model_validator

from osis_ros.training.model.additions.box_voting import BoxVotingConfig
from osis_ros.training.model.additions.mask_refinement import MaskRefinementConfig
from osis_ros.training.model.additions.mask_teacher import MaskTeacherConfig
from osis_ros.training.model.additions.scoring import ScoringConfig, UnknownBy
from osis_ros.training.model.additions.second_look import SecondLookConfig
from osis_ros.training.model.baselines.instance_contrast import InstanceContrastConfig
from osis_ros.training.model.baselines.unknown_probability import UnknownProbabilityConfig
from osis_ros.training.model.old_spelling import todays_spelling
from osis_ros.training.model.scene.config import SceneConfig
from osis_ros.training.model.semseg.config import DecisionConfig, ProposalConfig, SemSegConfig
from osis_ros.training.model.switches import impossible_pair
from osis_ros.training.model.zero_shot.config import WordsConfig

FEWEST = {"train_top_k": 1000, "test_top_k": 1000, "nms_iou": 0.9, "max_proposals": 500}  # of `fast`


class ModelConfig(SemSegConfig):
    """The whole network. `ModelConfig(class_names=…)` is the paper's for COCO, without any addition."""

    scene: SceneConfig | None = Field(
        None, description="label every pixel, in place of finding objects (GOSS's network); none: find objects"
    )
    scoring: ScoringConfig | None = Field(None, description="other scores than the paper's; none: the paper's")
    box_voting: BoxVotingConfig | None = Field(None, description="average overlapping proposals; none: do not")
    second_look: SecondLookConfig | None = Field(None, description="a second classifier on crops; none: without it")
    mask_refinement: MaskRefinementConfig | None = Field(
        None, description="masks are corrected on crops of the image; none: the masks of the mask head"
    )
    mask_teacher: MaskTeacherConfig | None = Field(
        None, description="a second mask head teaches masks of objects with a box only; none: they teach no mask"
    )

    instance_contrast: InstanceContrastConfig | None = Field(
        None, description="classifier.kind cosine: features of a class attract each other; none: without"
    )
    unknown_probability: UnknownProbabilityConfig | None = Field(
        None, description="classifier.kind cosine: known objects teach what unknown is; none: without"
    )

    words: WordsConfig | None = Field(
        None, description="classifier.kind words: how vectors of names are used; none: without"
    )

    @model_validator(mode="before")
    @classmethod
    def _read_old_spelling(cls, tree: Any) -> Any:
        return todays_spelling(tree) if isinstance(tree, dict) else tree

    @model_validator(mode="after")
    def _check_switches(self) -> "ModelConfig":
        if reason := impossible_pair(self):
            raise ValueError(reason)
        return self

    @model_validator(mode="after")
    def _check_pixels(self) -> "ModelConfig":
        for name in ("second_look", "mask_refinement"):
            if getattr(self, name) and self.backbone != "mobilenet_v2":
                raise ValueError(f"{name}: it wants the pixels of backbone mobilenet_v2, not those of {self.backbone}")
        return self

    @model_validator(mode="after")
    def _check_threshold(self) -> "ModelConfig":
        if self.unknown_by != "distance" and self.decision.unknown_threshold > 1:
            raise ValueError(
                f"decision.unknown_threshold: {self.decision.unknown_threshold:g} bounds a probability "
                f"(scoring.unknown_by: {self.unknown_by}), expected 0..1"
            )
        return self

    @property
    def unknown_by(self) -> UnknownBy:
        """What T_u bounds."""
        if self.scene:
            return "odds" if self.scene.unknown_by == "class" else "probability"
        if self.decision.kind != "distance":
            return "odds"
        return self.scoring.unknown_by if self.scoring else "distance"

    def replace(self, **sections: object) -> "ModelConfig":
        """A checked copy; a section given as a dict changes only the fields it names."""
        data = self.model_dump()
        for name, value in sections.items():
            partial = isinstance(value, dict) and isinstance(data.get(name), dict)
            data[name] = {**data[name], **value} if partial else value
        return ModelConfig.model_validate(data)

    def exact(self) -> "ModelConfig":
        """The same weights with the paper's proposals: the best 1,000 of each level, overlaps and all."""
        if self.scene:
            return self
        paper = ProposalConfig()
        return self.replace(
            proposals={name: getattr(paper, name) for name in FEWEST},
            decision={"max_boxes": DecisionConfig().max_boxes},
        )

    def fast(self) -> "ModelConfig":
        """The same weights with at most 500 proposals after NMS, in place of the paper's 4,200; a network that has
        fewer keeps its own.

        NMS leaves near copies (IoU 0.9): which of them fits best, only the second stage knows.
        """
        if self.scene:
            return self
        own = {name: getattr(self.proposals, name) for name in FEWEST}
        proposals = {name: few if own[name] is None else min(own[name], few) for name, few in FEWEST.items()}
        max_boxes = min(self.decision.max_boxes, proposals["max_proposals"])
        return self.replace(proposals=proposals, decision={"max_boxes": max_boxes})
