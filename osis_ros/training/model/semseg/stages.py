"""What the network's stages hand to one another, in the order in which they come to be. Boxes are x0 y0 x1 y1 in pixels
of the image as the network got it."""

from typing import NamedTuple

from torch import Tensor

from osis_ros.training.model.semseg.proposals import DensePrediction, Proposals


class View(NamedTuple):
    """One image: normalised pixels [1, 3, H, W], the pyramid levels [1, C, H_l, W_l], finest first, and the (height,
    width) that is no padding."""

    pixels: Tensor
    levels: list[Tensor]
    size: tuple[int, int]


class Batch(NamedTuple):
    """B images as a view each, in one: pixels [B, 3, H, W], levels [B, C, H_l, W_l], sizes; then what the proposal
    network predicts for every anchor, and the proposals chosen from it."""

    pixels: Tensor
    levels: list[Tensor]
    sizes: list[tuple[int, int]]
    dense: DensePrediction
    proposals: list[Proposals]

    def view(self, i: int) -> View:
        """Image i of the batch."""
        return View(self.pixels[i : i + 1], [level[i : i + 1] for level in self.levels], self.sizes[i])


class Semantics(NamedTuple):
    """raw [R, D] embeddings, z [R, D] the same of unit length, distances [R, K] to the class centres; decisive [R, E],
    the embedding of unit length that distances are told from: z, unless a further look at the objects adds its own;
    float32."""

    raw: Tensor
    z: Tensor
    distances: Tensor
    decisive: Tensor

    def take(self, index: Tensor) -> "Semantics":
        """Those at `index`, in its order."""
        return Semantics(*(part[index] for part in self))


class Candidates(NamedTuple):
    """N refined boxes [N, 4] of one image before any decision: scores [N], the s of section III-D; semantics; logits
    [N, K + 1] of the classifier, no class last; scores_as_unknown [N], what each scores if it is found unknown: s."""

    boxes: Tensor
    scores: Tensor
    semantics: Semantics
    logits: Tensor
    scores_as_unknown: Tensor


class Scored(NamedTuple):
    """What N candidates are compared by: as_known [N, K], the score of each as an instance of each class; as_unknown
    [N], its score as an unknown one; unknown_scores [N], which T_u bounds: beyond it a candidate is unknown."""

    as_known: Tensor
    as_unknown: Tensor
    unknown_scores: Tensor


class Recognised(NamedTuple):
    """N instances without masks: boxes [N, 4], scores [N], class_ids [N] (K unknown), their semantics, and
    unknown_scores [N], which T_u bounds (0 without an embedding space)."""

    boxes: Tensor
    scores: Tensor
    class_ids: Tensor
    semantics: Semantics
    unknown_scores: Tensor

    def take(self, index: Tensor) -> "Recognised":
        """Those at `index`, in its order."""
        boxes, scores, class_ids, semantics, unknown_scores = self
        return Recognised(boxes[index], scores[index], class_ids[index], semantics.take(index), unknown_scores[index])
