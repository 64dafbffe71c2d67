"""A teacher for masks of objects of which only the box is known (teacher–student mask heads, Neurocomputing 514, 2022).

Two mask heads learn from the same objects. The teacher draws one mask whatever the class, and learns from the objects
whose mask is known. The student is the network's own mask head: it learns from these too, and from what the teacher
draws of the others. The teacher is for training alone.
"""

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from osis_ros.training.model.additions.pseudo_masks import Rule, cells_in_boxes, pseudo_masks
from osis_ros.training.model.few_sizes import in_few_sizes
from osis_ros.training.model.semseg.config import MaskConfig, Positive, RoIConfig, Section
from osis_ros.training.model.semseg.mask_head import MaskHead, mask_loss, mask_targets
from osis_ros.training.model.semseg.pooling import RoIPooler, with_image_index
from osis_ros.training.model.semseg.roi_sampling import RoISamples, has_mask_of
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.model.semseg.stages import Semantics


class MaskTeacherConfig(Section):
    """Masks of objects of which only the box is known: in training a teacher draws them for the mask head."""

    convs: int = Field(4, ge=0, description="number of the teacher's convolutions; 12 is a better teacher")
    scale: Positive = Field(
        1, description="how many times finer than the mask head's the teacher's masks are; 2: 56×56"
    )
    true_boxes: bool = Field(False, description="the teacher learns in the objects' own boxes, not in proposals")
    rule: Rule = Field(
        "interaction",
        description="a cell is taken for the object if this is at least ½. threshold: the teacher's probability; "
        "interaction: the mean of the teacher's and the mask head's",
    )
    first_step: int = Field(0, ge=0, description="before this step the mask head learns from known masks only")
    loss_weight: float = Field(1, ge=0, description="weight of the teacher's loss")


class MaskTeacher(nn.Module):
    """A class-agnostic mask head with a pooler of its own."""

    def __init__(self, config: MaskTeacherConfig, mask: MaskConfig, roi: RoIConfig, channels: int) -> None:
        """
        Args:
            mask, roi: of the network, which give the teacher's widths and sizes.
            channels: of the pyramid levels.
        """
        super().__init__()
        self.config = config
        own = {"output": "class_agnostic", "pixel_conv": False, "convs": config.convs}
        own["pool_size"] = config.scale * mask.pool_size
        self.pool = RoIPooler(own["pool_size"], mask.sampling_ratio, roi.canonical_size, roi.aligned)
        self.head = MaskHead(mask.model_copy(update=own), channels, 0, 0)

    def forward(self, levels: list[Tensor], rois: Tensor) -> Tensor:
        """Mask logits [R, scale·M, scale·M] of RoIs [R, 5]."""
        nothing = rois.new_zeros(len(rois), 0)
        return in_few_sizes(self.head, self.pool(levels, rois), nothing, nothing)

    def losses(
        self, network: SemSeg, levels: list[Tensor], samples: RoISamples, semantics: Semantics, targets: list[dict],
        step: int,
    ) -> dict[str, Tensor]:  # fmt: skip
        """Of the network's mask head, `mask`, and of the teacher, `mask_teacher`; each the mean over its own samples.

        Args:
            samples, semantics: R of them; targets: of each image, as in `SemSeg.forward`.
            step: of training, from 0 on.
        """
        mask = network.config.mask
        chosen = samples.some(samples.positive, mask.rois_per_image, len(targets))
        # First, for in half precision the weights that are cast without gradient would be kept for all of the step.
        lesson = self._loss(levels, samples, chosen[samples.has_mask[chosen]], targets)
        if step < self.config.first_step:
            chosen = chosen[samples.has_mask[chosen]]
        if mask.output == "class_specific":
            chosen = chosen[samples.labels[chosen] >= 0]  # an object without a class has no mask of its class
        rois, index = samples.rois[chosen], samples.index[chosen]
        logits = network.masks(levels, rois, semantics.take(chosen), samples.labels[chosen])
        truth = mask_targets(torch.cat([t["masks"] for t in targets]), rois, index, mask.output_size)
        hidden = torch.where(~samples.has_mask[chosen])[0]
        truth[hidden] = self.drawn(levels, rois[hidden], samples.objects[chosen][hidden], logits[hidden], targets)
        return {"mask": mask_loss(logits, truth), "mask_teacher": self.config.loss_weight * lesson}

    def _loss(self, levels: list[Tensor], samples: RoISamples, shown: Tensor, targets: list[dict]) -> Tensor:
        """Of the teacher on the samples `shown`, or on the true boxes of objects with a mask."""
        rois, index = samples.rois[shown], samples.index[shown]
        if self.config.true_boxes:
            index = index.unique()
            rois = with_image_index([target["boxes"] for target in targets])[index]
        logits = self(levels, rois)
        truth = mask_targets(torch.cat([t["masks"] for t in targets]), rois, index, logits.shape[-1])
        return mask_loss(logits, truth)

    @torch.no_grad()
    def drawn(self, levels: list[Tensor], rois: Tensor, boxes: Tensor, student: Tensor, targets: list[dict]) -> Tensor:
        """Masks [P, M, M] float32, 0 or 1, of objects of which only the box is known.

        What lies outside the object's box is background, and so is what belongs to an object whose mask is known.

        Args:
            rois: [P, 5] proposals; boxes: [P, 4] of their objects; student: [P, M, M] logits of the mask head.
        """
        size = student.shape[-1]
        teacher = F.avg_pool2d(self(levels, rois).sigmoid()[:, None], self.config.scale)[:, 0]
        found = pseudo_masks(teacher, student.sigmoid(), self.config.rule)
        others = torch.stack([(t["masks"] > 0)[has_mask_of(t)].any(0) for t in targets])
        covered = mask_targets(others, rois, rois[:, 0].long(), size) > 0
        return (found & cells_in_boxes(rois, boxes, size) & ~covered).float()
