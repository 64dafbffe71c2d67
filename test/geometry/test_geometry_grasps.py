"""Grasps on boxes: where the jaws are, how wide they open, and what does not fit."""

import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking

from osis_ros.geometry.grasps import FROM_ABOVE, FROM_SIDE, Grasps, Gripper, box_grasps
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.objects import Objects

POSE = looking(50, 0.8)


def grasps_of(*cuboids: Cuboid, gripper: Gripper = Gripper()) -> Grasps:  # noqa: B008  it is immutable
    depth, owner = cast(POSE, list(cuboids))
    objects = Locator().locate(instances_of(owner), depth, CAMERA).transformed(POSE)
    return box_grasps(objects, gripper)


BAR = Cuboid((0.03, 0.02, 0.03), (0.16, 0.04, 0.06), np.deg2rad(30))


def test_from_above_the_jaws_close_across_the_shorter_side():
    grasps = grasps_of(BAR)
    best = int(np.flatnonzero(grasps.kinds == FROM_ABOVE)[0])
    closing, across, approach = grasps.axes[best].T
    short = np.array([-np.sin(BAR.yaw), np.cos(BAR.yaw), 0])
    assert abs(closing @ short) > 0.999
    np.testing.assert_allclose(approach, [0, 0, -1], atol=2e-3)
    np.testing.assert_allclose(np.cross(approach, closing), across, atol=1e-5)  # right-handed: y = z × x
    assert grasps.widths[best] == pytest.approx(0.04, abs=0.003)
    off = grasps.positions[best, :2] - BAR.centre[:2]
    assert abs(off @ short[:2]) < 0.003  # midway between its sides
    assert np.linalg.norm(off) < 0.012  # and near its middle
    assert 0.004 <= grasps.positions[best, 2] < 0.06  # the fingertips reach beside it, not into the table
    assert np.abs(grasps.axes[grasps.kinds == FROM_ABOVE, :, 0] @ short).min() > 0.999  # 160 mm do not fit


def test_from_the_side_the_hand_comes_level():
    grasps = grasps_of(BAR)
    for row in np.flatnonzero(grasps.kinds == FROM_SIDE):
        closing, _, approach = grasps.axes[row].T
        assert abs(approach[2]) < 2e-3
        assert abs(closing[2]) < 2e-3
        assert grasps.positions[row, 2] >= 0.014
    assert (grasps.kinds == FROM_SIDE).sum() == 2


def test_what_is_too_wide_or_too_low_is_left_out():
    assert len(grasps_of(Cuboid((0, 0, 0.05), (0.14, 0.12, 0.10)))) == 0
    flat = grasps_of(Cuboid((0, 0, 0.008), (0.10, 0.05, 0.016)))
    assert set(flat.kinds.tolist()) == {FROM_ABOVE}
    assert len(grasps_of(Cuboid((0, 0, 0.05), (0.14, 0.12, 0.10)), gripper=Gripper(opening=0.2))) > 0


def test_a_thing_too_wide_as_a_whole_is_taken_where_it_is_narrow():
    head, handle = Cuboid((0.09, 0, 0.015), (0.03, 0.12, 0.03)), Cuboid((-0.02, 0, 0.015), (0.19, 0.03, 0.03))
    depth, owner = cast(POSE, [head, handle])
    objects = Locator().locate(instances_of(np.minimum(owner, 1)), depth, CAMERA).transformed(POSE)
    assert objects.box_sizes[0, 1] > 0.11  # a hammer's box is as wide as its head
    grasps = box_grasps(objects)
    best = grasps.take([0])
    assert best.widths[0] == pytest.approx(0.03, abs=0.006)
    assert best.positions[0, 0] < 0.07  # on the handle
    assert abs(best.positions[0, 1]) < 0.006
    assert abs(best.axes[0, 1, 0]) > 0.99  # closing across it


def test_an_open_vessel_is_taken_at_its_rim():
    side, wall, height = 0.14, 0.008, 0.06
    walls = [Cuboid((x, y, height / 2), size) for x, y, size in (
        (side / 2, 0, (wall, side, height)), (-side / 2, 0, (wall, side, height)),
        (0, side / 2, (side, wall, height)), (0, -side / 2, (side, wall, height)))]  # fmt: skip
    depth, owner = cast(looking(65, 0.8), walls)
    inside = cast(looking(65, 0.8), [Cuboid((0, 0, height / 2), (side, side, height))])[1]
    objects = Locator().locate(instances_of(np.maximum(np.minimum(owner, 1), inside)), depth, CAMERA)
    grasps = box_grasps(objects.transformed(looking(65, 0.8)))
    assert len(grasps) > 0  # it is too wide for the jaws as a whole
    assert grasps.widths.max() < 0.03
    from_middle = np.abs(grasps.positions[:, :2]).max(1)
    np.testing.assert_allclose(from_middle, side / 2, atol=0.01)
    across = np.einsum("gi,gi->g", grasps.axes[:, :2, 0], grasps.positions[:, :2]) / from_middle
    assert np.abs(across).min() > 0.9  # one jaw outside, one inside


def test_a_hammer_is_taken_near_its_centre_of_mass():
    head, handle = Cuboid((0.10, 0, 0.02), (0.04, 0.07, 0.04)), Cuboid((-0.04, 0, 0.01), (0.24, 0.024, 0.02))
    depth, owner = cast(POSE, [head, handle])
    objects = Locator().locate(instances_of(np.minimum(owner, 1)), depth, CAMERA).transformed(POSE)
    best = box_grasps(objects).take([0])
    assert best.positions[0, 0] > 0.0  # its box has its middle at -0.02
    assert best.positions[0, 2] < 0.04


def test_a_neighbour_at_the_jaws_lowers_the_quality():
    alone = grasps_of(BAR)
    beside = Cuboid((0.03 - 0.035 * np.sin(BAR.yaw), 0.02 + 0.035 * np.cos(BAR.yaw), 0.03), (0.1, 0.02, 0.06), BAR.yaw)
    crowded = grasps_of(BAR, beside)
    first = crowded.take(crowded.object_ids == 1)
    assert first.qualities[first.kinds == FROM_ABOVE].max() < 0.7 * alone.qualities[alone.kinds == FROM_ABOVE].max()


def test_the_best_grasp_of_an_object_comes_first():
    grasps = grasps_of(BAR, Cuboid((0.0, -0.2, 0.03), (0.06, 0.05, 0.06)))
    for number in (1, 2):
        qualities = grasps.qualities[grasps.object_ids == number]
        assert len(qualities) > 0
        assert (np.diff(qualities) <= 0).all()


def test_no_objects_no_grasps():
    assert len(box_grasps(Objects.empty())) == 0
