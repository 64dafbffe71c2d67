"""Groups of unit vectors: how many, in which order, and what belongs to none."""

import time

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="clusters are found with scikit-learn")
from osis_ros.discovery import clustering
from osis_ros.discovery.clustering import cluster, effects


def bundles(*sizes: int, spread: float = 0.02, dimension: int = 32, seed: int = 0) -> np.ndarray:
    """Unit vectors: so many near each of some axes, one bundle after the other."""
    random = np.random.default_rng(seed)
    rows = [np.eye(dimension)[axis] + spread * random.normal(size=(size, dimension)) for axis, size in enumerate(sizes)]
    vectors = np.concatenate(rows)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_clusters_are_numbered_by_size_and_loners_are_noise():
    labels = cluster(bundles(4, 9, 1, 6), 3)
    assert labels.tolist() == [3] * 4 + [1] * 9 + [0] + [2] * 6


def test_of_clusters_of_one_size_the_one_seen_first_has_the_lower_number():
    assert cluster(bundles(5, 5, 5), 3).tolist() == [1] * 5 + [2] * 5 + [3] * 5


def test_where_only_one_kind_was_seen_its_core_is_a_cluster():
    labels = cluster(bundles(6, 1, 1, 1), 3)
    assert labels.max() == 1
    assert labels[6:].tolist() == [0, 0, 0]


def test_fewer_things_than_a_cluster_needs_are_noise():
    assert cluster(bundles(2), 3).tolist() == [0, 0]
    assert cluster(np.zeros((0, 8), np.float32), 3).tolist() == []


def test_many_things_are_clustered_like_few(monkeypatch: pytest.MonkeyPatch):
    vectors = bundles(20, 12, 7)
    few = cluster(vectors, 4).tolist()
    monkeypatch.setattr(clustering, "MOST_AT_ONCE", 10)  # the vectors themselves, and not all distances
    assert cluster(vectors, 4).tolist() == few == [1] * 20 + [2] * 12 + [3] * 7


def test_the_effect_of_the_smallest_size_is_told_as_far_as_it_makes_sense():
    told = effects(bundles(4, 9, 1, 6))  # 20 things, so up to 10
    assert [effect.smallest for effect in told] == [2, 3, 4, 5, 6, 8, 10]
    by_size = {effect.smallest: (effect.clusters, effect.noise) for effect in told}
    assert by_size[3] == (3, 1)
    assert by_size[5] == (2, 5)  # the four are too few now


def test_a_thousand_things_and_the_curve_take_far_less_than_a_minute_of_one_core():
    vectors = bundles(*[25] * 40, spread=0.1, dimension=128)
    start = time.process_time()
    assert cluster(vectors, 3).tolist() == np.repeat(np.arange(1, 41), 25).tolist()
    assert effects(vectors)[1] == (3, 40, 0)
    assert time.process_time() - start < 20


def test_no_cluster_swallows_most_of_the_others():
    """Two bundles that are nearer to each other than to the third: alone, excess of mass would join them."""
    random = np.random.default_rng(1)
    axes = np.eye(16)
    near = [axes[0] + 0.25 * axes[1], axes[0] - 0.25 * axes[1], axes[0] + 0.25 * axes[2], axes[3]]
    rows = [axis + 0.05 * random.normal(size=(30, 16)) for axis in near]
    vectors = np.concatenate(rows)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = cluster(vectors, 3)
    assert np.bincount(labels, minlength=5)[1:].max() <= 60
    assert labels.max() >= 4
