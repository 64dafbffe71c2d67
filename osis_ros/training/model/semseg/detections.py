"""What the network returns for one image."""

from typing import NamedTuple

from torch import Tensor


class Detections(NamedTuple):
    """N instances, best score first. Boxes and sizes are in pixels of the image as the network got it.

    boxes [N, 4] float32; scores [N] float32 in [0, 1]; class_ids [N] int64, K = unknown; distances [N] float32 from the
    known classes, what T_u bounds: to the nearest class centre, or a probability of being none (`scoring.unknown_by`);
    0 without an embedding space. embeddings [N, D] float32 of unit length;
    masks [N, M, M] float32 inside the box, the object's from 0.5 on (probabilities, shifted by `mask.threshold`).
    """

    boxes: Tensor
    scores: Tensor
    class_ids: Tensor
    distances: Tensor
    embeddings: Tensor
    masks: Tensor

    def best_first(self, score: float | Tensor) -> "Detections":
        """The instances above a score, best first."""
        order = self.scores.argsort(descending=True)
        order = order[self.scores[order] > score]
        return Detections(*(part[order] for part in self))
