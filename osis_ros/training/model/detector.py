"""The network of a configuration: SemSeg, and between its steps the additions."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from osis_ros.training.model.additions.addition import Addition, Found
from osis_ros.training.model.additions.box_voting import BoxVoting
from osis_ros.training.model.additions.mask_refinement import MaskRefinement
from osis_ros.training.model.additions.mask_teacher import MaskTeacher
from osis_ros.training.model.additions.scoring import Scoring
from osis_ros.training.model.additions.second_look import SecondLook
from osis_ros.training.model.baselines.rpn import RPN
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.semseg.box_coding import deltas_to_boxes
from osis_ros.training.model.semseg.config import DecisionConfig
from osis_ros.training.model.semseg.detections import Detections
from osis_ros.training.model.semseg.pooling import with_image_index
from osis_ros.training.model.semseg.proposals import ProposalNetwork, Proposals
from osis_ros.training.model.semseg.roi_head import proposal_scores
from osis_ros.training.model.semseg.roi_sampling import RoISamples
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.model.semseg.stages import Batch, Candidates, Recognised, Scored, Semantics, View


def additions_of(config: ModelConfig) -> dict[str, Addition]:
    """The steps that a configuration inserts, in their order, by the name of their section."""
    made: dict[str, Addition] = {}
    if config.scoring:
        made["scoring"] = Scoring(config.scoring, config.embedding.enabled)
    if config.box_voting:
        made["box_voting"] = BoxVoting(config.box_voting)
    if config.second_look:
        made["second_look"] = SecondLook(config.second_look, config.num_classes)
    if config.mask_refinement:
        made["mask_refinement"] = MaskRefinement(config.mask_refinement, config.mask.threshold_logit)
    return made


class Progress(NamedTuple):
    """Where training stands: the step, from 0 on, and how many there will be."""

    step: int
    steps: int

    @property
    def share(self) -> float:
        """Of the steps that are done."""
        return self.step / self.steps


class Detector(SemSeg):
    """SemSeg with the additions of its configuration, which without any is the paper's network.

    Attributes:
        progress: of training, set before each step; some losses change with it.
    """

    config: ModelConfig
    progress = Progress(0, 1)

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        if config.mask_teacher:
            self.mask_teacher = MaskTeacher(config.mask_teacher, config.mask, config.roi, config.channels)
        self.papers_parts = [name for name, _ in self.named_children()]
        for name, addition in additions_of(config).items():
            self.add_module(name, addition)

    def make_proposal_network(self) -> nn.Module:
        kind = {"oln": ProposalNetwork, "rpn": RPN}[self.config.proposals.kind]
        return kind(self.config.proposals, self.config.channels)

    @property
    def additions(self) -> list[Addition]:
        """In their order."""
        return [part for part in self.children() if isinstance(part, Addition)]

    def forward(
        self, images: Tensor, image_sizes: list[tuple[int, int]], targets: list[dict] | None = None
    ) -> dict[str, Tensor] | list[Detections]:
        look = self.config.second_look
        if targets is not None and look and look.around_objects:
            learning = [name for name, part in self.named_children() if learns(part)]
            if learning == ["second_look"]:  # it needs nothing of what the others would see
                return self.second_look.losses_around_objects(self.backbone.normalise(images, image_sizes), targets)
        return super().forward(images, image_sizes, targets)

    def candidates(
        self, view: View, proposals: Proposals, least: float | Tensor, decision: DecisionConfig
    ) -> Candidates:
        found = super().candidates(view, proposals, least, decision)
        for addition in self.additions:
            found = addition.on_candidates(view, found)
        return found

    def score(self, found: Candidates) -> Scored:
        scored = super().score(found)
        for addition in self.additions:
            scored = addition.on_scores(found, scored)
        return scored

    def draw(self, view: View, found: Recognised, least: float | Tensor | None) -> tuple[Recognised, Tensor]:
        found, logits = super().draw(view, found, least)
        for addition in self.additions:
            found, logits = addition.on_masks(view, found, logits, least)
        return found, logits

    def mask_losses(
        self, levels: list[Tensor], samples: RoISamples, semantics: Semantics, targets: list[dict]
    ) -> dict[str, Tensor]:
        if self.config.mask_teacher:
            return self.mask_teacher.losses(self, levels, samples, semantics, targets, self.progress.step)
        return super().mask_losses(levels, samples, semantics, targets)

    def losses(self, batch: Batch, targets: list[dict]) -> dict[str, Tensor]:
        """Those of what learns: the paper's, if any of its parts does, and those of the additions that do."""
        losses = super().losses(batch, targets) if any(learns(self.get_submodule(n)) for n in self.papers_parts) else {}
        learning = [addition for addition in self.additions if learns(addition)]
        found = self._found(batch) if learning else []
        for addition in learning:
            losses |= addition.losses(self, batch, found, targets)
        return losses

    @torch.no_grad()
    def _found(self, batch: Batch) -> list[Found]:
        """Boxes and scores of every image as in `candidates`, whatever their score and in any order; RoIs of all images
        are pooled at once."""
        every_box = [own.boxes for own in batch.proposals]
        rois, lengths = with_image_index(every_box), [len(boxes) for boxes in every_box]
        deltas, iou = self.roi_head.refine(self.pool_boxes(batch.levels, rois))
        every_score = proposal_scores(torch.cat([own.centerness for own in batch.proposals]), iou)
        corners = torch.tensor([(width, height) * 2 for height, width in batch.sizes], device=rois.device)
        moved = torch.minimum(deltas_to_boxes(rois[:, 1:], deltas).clamp(min=0), corners[rois[:, 0].long()])
        found = []
        for boxes, scores in zip(moved.split(lengths), every_score.split(lengths), strict=True):
            if len(scores) > self.config.decision.max_boxes:
                scores, kept = scores.topk(self.config.decision.max_boxes)
                boxes = boxes[kept]
            for addition in self.additions:
                boxes = addition.on_boxes(boxes, scores)
            found.append(Found(boxes, scores))
        return found

    def start_from_backbone(self) -> set[str]:
        """Give the additions' own backbones the weights of the paper's part's; the names of all tensors in which these
        now are."""
        for addition in self.additions:
            addition.start_from(self.backbone)
        return {name for name in self.state_dict() if "backbone" in name.split(".")}

    def class_tensors(self) -> set[str]:
        """Names of the tensors that belong to the very classes that the network has learnt."""
        return {
            f"{part}.{tensor}" for part, module in self.named_modules() for tensor in getattr(module, "of_classes", ())
        }

    def backbone_factors(self, name: str) -> int:
        """How many times `optimiser.backbone_factor` multiplies the learning rate of the parameter of that name."""
        part, _, rest = name.partition(".")
        module = self.get_submodule(part)
        return module.backbone_factors(rest) if isinstance(module, Addition) else int(module is self.backbone)

    def reconfigured(self, config: ModelConfig) -> "Detector":
        """The same weights under another configuration, in evaluation mode where this one is.

        Raises:
            RuntimeError: it is of other tensors.
        """
        other = type(self)(config)
        other.load_state_dict(self.state_dict())
        return other.to(next(self.parameters()).device).train(self.training)


def learns(part: nn.Module) -> bool:
    """Whether training changes a part."""
    return any(parameter.requires_grad for parameter in part.parameters())
