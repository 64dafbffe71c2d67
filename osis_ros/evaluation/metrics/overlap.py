"""Overlap precision, recall and F of unseen objects (Xie et al., UOIS; Xiang et al., UCN; MSMFormer): pixels count, not
classes and scores."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True)
class Overlap:
    """Of one image or of the mean of several, each 0..1."""

    precision: float
    recall: float
    f: float


def overlap(labels: np.ndarray, truth: np.ndarray, judged: np.ndarray | None = None) -> Overlap:
    """Pair each found region with at most one true one so that the sum of their F is greatest, then count pixels.

    Args:
        labels, truth: [H, W] int, 0 background, else a region's number.
        judged: [H, W] bool, the pixels that count; all when None.
    Returns:
        precision: of the pixels of all found regions, those that lie in the paired true ones; recall likewise of the
        true regions; both 1 where both images are empty, 0 where one is.
    """
    if judged is not None:
        labels, truth = np.where(judged, labels, 0), np.where(judged, truth, 0)
    found, a = np.unique(labels, return_inverse=True)
    real, b = np.unique(truth, return_inverse=True)
    table = np.zeros((len(found), len(real)))
    np.add.at(table, (a.ravel(), b.ravel()), 1)
    table = table[found != 0]
    sizes = table.sum(1)
    whole = np.bincount(b.ravel(), minlength=len(real))[real != 0].astype(float)
    table = table[:, real != 0]
    if not len(sizes) or not len(whole):
        both = float(not len(sizes) and not len(whole))
        return Overlap(both, both, both)
    f = 2 * table / (sizes[:, None] + whole[None])
    rows, columns = linear_sum_assignment(-f)
    shared = table[rows, columns].sum()
    precision, recall = shared / sizes.sum(), shared / whole.sum()
    return Overlap(float(precision), float(recall), float(2 * precision * recall / max(precision + recall, 1e-12)))


def mean(parts: list[Overlap]) -> Overlap:
    """The mean over images, as the papers' tables give it."""
    return Overlap(*(float(np.mean([getattr(part, name) for part in parts])) for name in ("precision", "recall", "f")))
