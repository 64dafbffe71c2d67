"""Rows in another order: where scores tie, two right implementations may list the same things differently."""

import numpy as np
from scipy.optimize import linear_sum_assignment

FAR = 10.0  # in tolerances: farther apart is not told apart, so that one wrong row cannot move all others


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """|ours − theirs| of every element over the largest |theirs| in its row (last axis), or over 1 if that is larger.

    So it is relative for boxes and features, and absolute for probabilities and unit vectors.
    """
    scale = np.abs(theirs).max(-1, initial=1, keepdims=True) if theirs.ndim else max(1.0, abs(float(theirs)))
    return np.abs(ours - theirs) / scale


def align(ours: list[np.ndarray], theirs: list[np.ndarray], tolerance: float) -> np.ndarray:
    """Which of our rows stands for which of theirs.

    Args:
        ours, theirs: the same arrays of both, [N, …] and [M, …] with N ≥ M; all of them count.
        tolerance: relative difference that is none.
    Returns:
        [M] int64, a different row of ours for each of theirs, such that the rows differ least in all.
    """
    cost = np.zeros((len(theirs[0]), len(ours[0])), np.float32)
    for a, b in zip(ours, theirs, strict=True):
        a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
        for i, row in enumerate(b):  # row by row: all pairs of large masks would not fit in memory
            difference = relative_difference(a, row[None]).max(1, initial=0)
            cost[i] += np.minimum(difference / tolerance, FAR)
    return linear_sum_assignment(cost)[1]
