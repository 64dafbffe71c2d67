"""What a step may do that a configuration inserts into the network."""

from typing import NamedTuple

from torch import Tensor, nn

from osis_ros.training.model.backbones.backbone import Backbone
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.model.semseg.stages import Batch, Candidates, Recognised, Scored, View


class Found(NamedTuple):
    """Of one image in training: boxes [N, 4] as the network refined them, and their scores [N], s of section III-D."""

    boxes: Tensor
    scores: Tensor


class Addition(nn.Module):
    """A step of the network. By itself it changes nothing and has nothing to learn; each step overrides what it does.

    The first four are asked in the order in which they stand here, each with what the step before it gave.
    """

    def on_boxes(self, boxes: Tensor, scores: Tensor) -> Tensor:
        """Other places for refined boxes [N, 4] of one image with scores [N]: [N, 4]. In training and in use."""
        return boxes

    def on_candidates(self, view: View, found: Candidates) -> Candidates:
        """The same candidates of one image, seen otherwise."""
        return found._replace(boxes=self.on_boxes(found.boxes, found.scores))

    def on_scores(self, found: Candidates, scored: Scored) -> Scored:
        """Other scores for candidates of one image."""
        return scored

    def on_masks(
        self, view: View, found: Recognised, logits: Tensor, least: float | Tensor | None
    ) -> tuple[Recognised, Tensor]:
        """Other masks for the instances of one image, perhaps fewer of them; arguments and result as in `SemSeg.draw`,
        `logits` [N, M, M] those of the masks so far."""
        return found, logits

    def losses(self, network: SemSeg, batch: Batch, found: list[Found], targets: list[dict]) -> dict[str, Tensor]:
        """Its weighted losses by name.

        Args:
            network: of which it may ask masks and embeddings; the network learns nothing from these losses.
            found: of each image; targets: as in `SemSeg.forward`.
        """
        return {}

    def start_from(self, backbone: Backbone) -> None:
        """Take the weights of a backbone of the same kind, where it has one of its own."""

    def backbone_factors(self, name: str) -> int:
        """How many times `optimiser.backbone_factor` multiplies the learning rate of its parameter of that name."""
        return 0
