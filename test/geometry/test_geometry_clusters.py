"""Depth clusters: what stands apart is told apart, what touches is not."""

import numpy as np
from ray_scene import CAMERA, Cuboid, cast, looking

from osis_ros.geometry.clusters import depth_clusters
from osis_ros.geometry.support_plane import find_support_plane

POSE = looking(60, 0.8)


def clusters(*cuboids: Cuboid):
    depth, owner = cast(POSE, list(cuboids))
    return depth_clusters(depth, CAMERA, find_support_plane(depth, CAMERA, owner > 0)), owner


def test_things_apart_are_two_clusters_with_their_own_pixels():
    found, owner = clusters(Cuboid((0, -0.1, 0.03), (0.06, 0.06, 0.06)), Cuboid((0, 0.1, 0.04), (0.08, 0.08, 0.08)))
    assert len(found) == 2
    assert found.unknown.all()
    for row, number in ((0, 2), (1, 1)):  # the larger one first
        real, mask = owner == number, found.full_mask(row)
        assert np.count_nonzero(real & mask) > 0.93 * np.count_nonzero(real)
        assert np.count_nonzero(mask & ~real) == 0


def test_things_that_touch_are_one_cluster():
    assert len(clusters(Cuboid((0, 0, 0.03), (0.06, 0.06, 0.06)), Cuboid((0, 0.06, 0.03), (0.06, 0.06, 0.06)))[0]) == 1


def test_an_empty_table_has_none():
    assert len(clusters()[0]) == 0
