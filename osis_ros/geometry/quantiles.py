"""Quantiles of readings without interpolation between two of them, which costs more than a small array is worth."""

import numpy as np


def middle(values: np.ndarray) -> np.float32:
    """The median of values [M], M ≥ 1; the upper one of two where their number is even."""
    values, rank = values.copy(), len(values) // 2
    values.partition(rank)
    return values[rank]


def ranked(ordered: np.ndarray, share: float) -> np.float32:
    """Of values [M] in ascending order, the one below which this share of them lies."""
    return ordered[int(share * len(ordered))]
