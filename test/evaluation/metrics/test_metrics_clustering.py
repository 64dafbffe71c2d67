"""Clusters against true classes, with numbers worked out by hand."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="mutual information is scikit-learn's")
from osis_ros.evaluation.metrics.clustering import cluster_quality


def test_two_clusters_and_noise_by_hand():
    clusters = np.array([1, 1, 1, 1, 2, 2, 2, 0, 0, 0])
    classes = np.array([0, 0, 0, 1, 0, 0, -1, 1, 1, -1])
    found = cluster_quality(clusters, classes)
    assert (found.clusters, found.actions) == (2, 2)
    assert found.coverage == pytest.approx(7 / 10)
    assert found.purity == pytest.approx((3 + 2) / 7)
    # class 0 may have only one of the two clusters: 3 of cluster 1 and none of cluster 2 as class 1, of 8 objects
    assert found.accuracy == pytest.approx(3 / 8)
    assert found.right_labels == 3 + 2  # both clusters are named 0
    assert found.labels_per_action == 2.5


def test_labels_are_counted_by_weight():
    found = cluster_quality(np.array([1, 1, 0]), np.array([0, 0, 0]), np.array([10, 4, 100]))
    assert found.right_labels == 14


def test_a_cluster_of_no_objects_costs_an_action_and_gives_no_label():
    found = cluster_quality(np.array([1, 1, 1, 2, 2]), np.array([-1, -1, 0, 0, 0]))
    assert (found.right_labels, found.actions) == (2, 2)
    assert found.purity == pytest.approx(4 / 5)
    assert found.accuracy == pytest.approx(2 / 3)


def test_perfect_clusters_score_one_and_one_cluster_of_all_tells_nothing():
    classes = np.array([0, 0, 1, 1, 2, 2])
    perfect = cluster_quality(classes + 1, classes)
    assert (perfect.accuracy, perfect.purity, perfect.ami) == (1, 1, pytest.approx(1))
    assert cluster_quality(np.ones(6, int), classes).ami == pytest.approx(0)


def test_nothing_and_noise_alone_score_nothing():
    for count in (0, 3):
        found = cluster_quality(np.zeros(count, int), np.zeros(count, int))
        assert (found.clusters, found.coverage, found.accuracy, found.labels_per_action) == (0, 0, 0, 0)
