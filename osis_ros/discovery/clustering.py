"""HDBSCAN of things by their embeddings: groups of any number, and what belongs to none (noise)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.cluster import HDBSCAN
from threadpoolctl import threadpool_limits

NOISE = 0
MIN_SAMPLES = 2  # neighbours, itself included, that make a place dense
ALWAYS_ALLOWED = 25  # things in a cluster, even if they are more than half of all
MOST_AT_ONCE = 4000  # things whose distances are held as one matrix, 8 bytes each: 128 MB
SIZES_TRIED = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)


class Effect(NamedTuple):
    """What a smallest size of a cluster leads to: the number of clusters, and of things in none."""

    smallest: int
    clusters: int
    noise: int


def cluster(embeddings: np.ndarray, smallest: int) -> np.ndarray:
    """Clusters of unit vectors by cosine distance.

    HDBSCAN (Campello et al. 2013) by Euclidean distance, which on unit vectors orders pairs as cosine distance does.
    Clusters are chosen by excess of mass, but none may hold more than half of all things: where the embeddings are not
    far apart, that choice else falls from dozens of clusters to three when the smallest size grows by one. Only where
    this finds no cluster may there be a single one. The result does not depend on the number of threads.

    Args:
        embeddings: [T, D], unit length.
        smallest: least number of things that make a cluster, 2 or more.
    Returns:
        [T] int64: 1, 2, … by size, the largest first and of equals the one with the earliest thing; 0 for noise.
    """
    return _clustered(_input_of(embeddings), smallest)


def effects(embeddings: np.ndarray, sizes: Sequence[int] = SIZES_TRIED) -> list[Effect]:
    """How the number of clusters depends on their smallest size. Sizes above half the number of things are left out."""
    given = _input_of(embeddings)
    tried = [size for size in sizes if 2 * size <= len(embeddings)]
    labels = [_clustered(given, size) for size in tried]
    return [Effect(size, int(found.max()), int((found == NOISE).sum())) for size, found in zip(tried, labels)]


def _input_of(embeddings: np.ndarray) -> tuple[np.ndarray, str]:
    """What HDBSCAN works on, and its name for the metric: all distances once, or the vectors where there are many."""
    vectors = embeddings.astype(np.float64)
    if len(vectors) > MOST_AT_ONCE:
        return vectors, "euclidean"
    with threadpool_limits(1):
        squared = 2 - 2 * (vectors @ vectors.T)
    np.fill_diagonal(squared, 0)
    return np.sqrt(np.maximum(squared, 0).round(12)), "precomputed"


def _clustered(given: tuple[np.ndarray, str], smallest: int) -> np.ndarray:
    values, metric = given
    if len(values) < smallest:
        return np.zeros(len(values), np.int64)
    limited = {"max_cluster_size": max(len(values) // 2, ALWAYS_ALLOWED)}
    with threadpool_limits(1):
        for choice in (limited, {"allow_single_cluster": True}):  # the second for recordings of one kind alone
            found = HDBSCAN(
                min_cluster_size=smallest, min_samples=MIN_SAMPLES, metric=metric, copy=True, **choice
            ).fit_predict(values)  # fmt: skip
            if found.max() >= 0:
                break
    return _by_size(found)


def _by_size(labels: np.ndarray) -> np.ndarray:
    """HDBSCAN's labels, -1 for noise, as numbers from 1 in the order that `cluster` promises."""
    numbers, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    rows = [row for row in np.lexsort((first, -sizes)) if numbers[row] >= 0]
    ordered = np.zeros(len(labels), np.int64)
    for number, row in enumerate(rows, 1):
        ordered[labels == numbers[row]] = number
    return ordered
