"""The support plane among walls, floors and noise."""

import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking

from osis_ros.geometry.locate import Locator
from osis_ros.geometry.noise import measured_noise
from osis_ros.geometry.support_plane import Plane, SteadyPlane, find_support_plane


def test_the_table_wins_over_the_larger_floor_where_things_stand_on_it():
    table = Cuboid((0, 0, -0.2), (0.35, 0.35, 0.4))  # its top is z = 0, the floor lies 0.4 m below
    box = Cuboid((0, 0, 0.03), (0.06, 0.06, 0.06))
    pose = looking(60, 1.0)
    depth, owner = cast(pose, [table, box], table=-0.4)
    things = np.where(owner == 2, 1, 0)
    objects = Locator().locate(instances_of(things), depth, CAMERA)
    assert objects.plane.offset == pytest.approx(pose[2, 3], abs=1e-3)
    floor = find_support_plane(depth, CAMERA, things > 0)  # without things, what is seen most
    assert floor.offset == pytest.approx(pose[2, 3] + 0.4, abs=1e-3)


def test_the_side_of_a_bin_does_not_win_over_the_table_by_a_few_things_close_to_it():
    wall = Cuboid((-0.2, 0, 0.125), (0.02, 0.3, 0.25))
    close = [Cuboid((-0.175, y, 0.18), (0.03, 0.05, 0.05)) for y in (-0.08, 0, 0.08)]  # lie on others, high up
    low = [Cuboid((0.05, y, 0.03), (0.06, 0.06, 0.06)) for y in (-0.1, 0.1)]
    pose = looking(45, 1.0)
    depth, owner = cast(pose, [wall, *close, *low])
    objects = Locator().locate(instances_of(np.where(owner > 1, owner, 0)), depth, CAMERA)
    assert objects.plane.offset == pytest.approx(pose[2, 3], abs=1e-3)


def test_gravity_tells_a_table_from_a_wall():
    wall = Cuboid((-0.4, 0, 0.5), (0.02, 4.0, 2.0))
    pose = looking(12, 0.8)
    depth, _ = cast(pose, [wall])
    up = np.linalg.inv(pose)[:3, 2]
    assert find_support_plane(depth, CAMERA, up=up).normal @ up > 0.999


def test_the_normal_points_to_the_camera():
    for pose in (looking(30, 0.8), looking(89, 0.8), looking(50, 0.8, roll=180)):
        depth, _ = cast(pose, [])
        plane = find_support_plane(depth, CAMERA)
        assert plane.offset > 0
        assert plane.height(np.zeros((1, 3), np.float32))[0] == pytest.approx(pose[2, 3], abs=1e-3)


def test_noise_is_measured_and_the_plane_holds_still():
    pose = looking(45, 0.8)
    depth, _ = cast(pose, [])
    rng = np.random.default_rng(0)
    noisy = (depth + rng.normal(size=depth.shape) * 0.003 * depth**2).astype(np.float32)
    assert measured_noise(noisy) == pytest.approx(0.003, rel=0.1)
    plane = find_support_plane(noisy, CAMERA)
    up = np.linalg.inv(pose)[:3, 2]
    assert np.degrees(np.arccos(np.clip(plane.normal @ up, -1, 1))) < 0.2
    assert plane.offset == pytest.approx(pose[2, 3], abs=1e-3)


def test_where_nothing_is_flat_there_is_no_plane():
    rng = np.random.default_rng(0)
    assert find_support_plane(rng.uniform(0.3, 3.0, (480, 640)).astype(np.float32), CAMERA) is None
    assert find_support_plane(np.full((480, 640), np.nan, np.float32), CAMERA) is None


def test_a_steady_plane_averages_until_the_camera_moves():
    def plane(tilt: float, offset: float) -> Plane:
        angle = np.deg2rad(tilt)
        return Plane(np.array([np.sin(angle), 0, -np.cos(angle)]), offset)

    steady = SteadyPlane(weight=0.5)
    steady.update(plane(0.0, 0.800))
    mean = steady.update(plane(1.0, 0.804))
    assert mean.offset == pytest.approx(0.802)
    assert np.degrees(np.arccos(mean.normal @ plane(0.5, 0).normal)) < 0.01
    moved = steady.update(plane(5.0, 0.804))
    assert moved.offset == pytest.approx(0.804)
    assert steady.update(None) is None
    assert steady.update(plane(0.0, 0.5)).offset == 0.5
