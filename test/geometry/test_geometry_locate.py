"""Boxes in space against ray-cast truth."""

import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking

from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.objects import ON_NOTHING, ON_PLANE, Objects
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.surface import measured_surface
from osis_ros.instances import Instances

BRICK = Cuboid((0.02, -0.03, 0.05), (0.12, 0.06, 0.10), np.deg2rad(25))


def located(pose: np.ndarray, cuboids: list[Cuboid], **options: object) -> Objects:
    depth, owner = cast(pose, cuboids, **options)
    return Locator().locate(instances_of(owner), depth, CAMERA)


def in_world(objects: Objects, pose: np.ndarray) -> Objects:
    return objects.transformed(pose)


@pytest.mark.parametrize("pitch", [35, 50, 70, 88])
def test_a_box_on_the_table_is_found_where_it_stands(pitch):
    pose = looking(pitch, 0.8, heading=40)
    objects = in_world(located(pose, [BRICK]), pose)
    np.testing.assert_allclose(objects.box_centres[0], BRICK.centre, atol=0.004)  # a pixel is 1.3 mm here
    np.testing.assert_allclose(objects.box_sizes[0], BRICK.size, atol=0.006)
    x = objects.box_axes[0, :, 0]
    turn = np.arctan2(x[1], x[0]) - BRICK.yaw
    assert abs((np.rad2deg(turn) + 90) % 180 - 90) < 2
    np.testing.assert_allclose(objects.box_axes[0, :, 2], [0, 0, 1], atol=1e-3)
    assert objects.supports.tolist() == [ON_PLANE]


def test_the_plane_is_the_table():
    pose = looking(45, 0.8)
    plane = located(pose, [BRICK]).plane
    up = np.linalg.inv(pose)[:3, 2]
    assert np.degrees(np.arccos(np.clip(plane.normal @ up, -1, 1))) < 0.05
    assert plane.offset == pytest.approx(pose[2, 3], abs=2e-4)


@pytest.mark.parametrize("roll", [90, 180, 33])
def test_turning_the_camera_about_its_axis_changes_nothing_in_the_world(roll):
    straight, rolled = looking(55, 0.8), looking(55, 0.8, roll=roll)
    first, second = (in_world(located(pose, [BRICK]), pose) for pose in (straight, rolled))
    np.testing.assert_allclose(first.box_centres, second.box_centres, atol=0.003)
    np.testing.assert_allclose(first.box_sizes, second.box_sizes, atol=0.004)


def test_turning_the_world_turns_the_boxes():
    objects = located(looking(50, 0.8), [BRICK])
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    transform = np.eye(4)
    transform[:3, :3] = turn * np.sign(np.linalg.det(turn))
    transform[:3, 3] = 1.0, -2.0, 3.0
    moved = objects.transformed(transform)
    np.testing.assert_allclose(moved.box(0).corners(), objects.box(0).corners() @ transform[:3, :3].T + (1, -2, 3),
                               atol=1e-5)  # fmt: skip
    np.testing.assert_array_equal(moved.box_sizes, objects.box_sizes)  # |R·size| would be another box
    point = moved.points[0]
    np.testing.assert_allclose(moved.plane.height(point), objects.plane.height(objects.points[0]), atol=1e-5)


def test_points_lie_on_the_surface_by_the_centres_of_their_pixels():
    pose = looking(90 - 1e-6, 0.6)
    objects = located(pose, [Cuboid((0, 0, 0.05), (0.08, 0.08, 0.10))])
    points = objects.points[0]
    np.testing.assert_allclose(points[:, 2], 0.5, atol=1e-4)
    # half a pixel is 0.4 mm here: the face lies symmetrically about the optical axis, which is between four pixels
    assert points[:, 0].min() == pytest.approx(-points[:, 0].max(), abs=1e-5)
    np.testing.assert_allclose(objects.centroids[0, :2], 0, atol=1e-5)


def test_of_many_readings_the_box_is_made_of_those_at_the_edge_and_some_others():
    pose = looking(90 - 1e-6, 0.6)
    depth, owner = cast(pose, [Cuboid((0, 0, 0.05), (0.08, 0.08, 0.10))])
    columns = np.nonzero(owner == 1)[1]
    instances = instances_of(owner)
    assert len(Locator().locate(instances, depth, CAMERA).points[0]) == len(columns)
    surface = measured_surface(instances.masks[0], instances.rois[0].tolist(), depth, CAMERA)
    points = surface.points
    assert 1000 < len(points) < len(columns) / 3
    assert len(points) + len(surface.rest) + len(surface.doubtful) == len(columns)
    seen = CAMERA.project(points)[:, 0]
    np.testing.assert_allclose([seen.min(), seen.max()], [columns.min(), columns.max()], atol=1e-3)


def test_a_box_on_a_box_ends_where_the_lower_one_does():
    lower = Cuboid((0, 0, 0.04), (0.20, 0.16, 0.08), 0.3)
    upper = Cuboid((0.01, 0.01, 0.11), (0.08, 0.06, 0.06), 0.3)
    for pitch in (45, 80):
        pose = looking(pitch, 0.9)
        objects = in_world(located(pose, [lower, upper]), pose)
        assert objects.supports.tolist() == [ON_PLANE, 1]
        assert objects.box_sizes[1, 2] == pytest.approx(0.06, abs=0.004)
        assert objects.box_centres[1, 2] == pytest.approx(0.11, abs=0.004)


def test_a_tall_box_seen_from_above_reaches_down_to_the_table():
    pose = looking(90 - 1e-6, 0.8)
    objects = in_world(located(pose, [Cuboid((0, 0, 0.1), (0.06, 0.06, 0.2))]), pose)
    assert objects.box_sizes[0, 2] == pytest.approx(0.2, abs=0.002)
    assert objects.supports.tolist() == [ON_PLANE]


def test_without_a_plane_the_box_lies_free():
    pose = looking(50, 0.8)
    objects = located(pose, [BRICK], table=None)
    assert objects.plane is None
    assert objects.supports.tolist() == [ON_NOTHING]
    assert sorted(objects.box_sizes[0])[-1] < 0.18
    centre = in_world(objects, pose).box_centres[0]
    np.testing.assert_allclose(centre, BRICK.centre, atol=0.04)


def test_a_flat_thing_keeps_its_points():
    pose = looking(60, 0.7)
    objects = in_world(located(pose, [Cuboid((0, 0, 0.001), (0.10, 0.05, 0.002))]), pose)
    np.testing.assert_allclose(objects.box_sizes[0, :2], (0.10, 0.05), atol=0.005)
    assert 0 <= objects.box_sizes[0, 2] < 0.004


def test_flying_pixels_and_a_mask_that_spills_do_not_stretch_the_box():
    pose = looking(45, 0.8)
    depth, owner = cast(pose, [BRICK])
    clean = Locator().locate(instances_of(owner), depth, CAMERA)
    import cv2

    wide = cv2.dilate((owner == 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rng = np.random.default_rng(0)
    edge = wide & ~(cv2.erode((owner == 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    flying = edge & (rng.random(edge.shape) < 0.5)
    depth = np.where(flying, depth + rng.uniform(0, 0.3, depth.shape), depth).astype(np.float32)
    dirty = Locator().locate(instances_of(wide.astype(int)), depth, CAMERA)
    np.testing.assert_allclose(dirty.box_sizes[0], clean.box_sizes[0], atol=0.012)
    np.testing.assert_allclose(dirty.box_centres[0], clean.box_centres[0], atol=0.008)


def test_the_evidence_says_how_far_to_trust_it():
    pose = looking(50, 0.8)
    depth, owner = cast(pose, [BRICK])
    depth[owner == 1] = np.where(np.arange(np.count_nonzero(owner == 1)) % 4 == 0, np.nan, depth[owner == 1])
    objects = Locator().locate(instances_of(owner), depth, CAMERA)
    assert objects.valid_shares[0] == pytest.approx(0.75, abs=0.01)
    assert objects.point_counts[0] == len(objects.points[0])
    assert objects.visible_shares[0] > 0.9
    assert objects.touching_border.tolist() == [False]
    front = located(pose, [BRICK, Cuboid((0.12, 0, 0.06), (0.02, 0.09, 0.12))])
    assert front.visible_shares[0] < 0.75
    at_border = located(looking(50, 0.8), [Cuboid((0, 0.45, 0.05), (0.1, 0.2, 0.1))])
    assert at_border.touching_border.tolist() == [True]


def test_an_instance_without_depth_is_named_and_the_others_stay():
    pose = looking(50, 0.8)
    depth, owner = cast(pose, [BRICK, Cuboid((0.0, 0.2, 0.03), (0.06, 0.06, 0.06))])
    depth[owner == 1] = np.nan
    objects = Locator().locate(instances_of(owner), depth, CAMERA)
    assert objects.ids.tolist() == [2]
    assert objects.missing == {1: "0 depth readings on its mask, expected 12 or more"}


def test_no_instances_no_objects_but_a_plane():
    depth, _ = cast(looking(50, 0.8), [])
    objects = Locator().locate(Instances.empty(480, 640, ("box",)), depth, CAMERA)
    assert len(objects) == 0
    assert objects.plane is not None


def test_nothing_measured_is_an_empty_answer():
    _, owner = cast(looking(50, 0.8), [BRICK])
    objects = Locator().locate(instances_of(owner), np.full(owner.shape, np.nan, np.float32), CAMERA)
    assert len(objects) == 0
    assert objects.plane is None
    assert list(objects.missing) == [1]


def test_depth_of_another_size_is_refused():
    depth, owner = cast(looking(50, 0.8), [BRICK])
    with pytest.raises(GeometryError, match="the depth image is 320x240, its camera_info is 640x480"):
        Locator().locate(instances_of(owner), depth[::2, ::2], CAMERA)
    with pytest.raises(GeometryError, match="aligned to the colour image"):
        Locator().locate(instances_of(owner), depth, Pinhole(1280, 720, 900, 900, 640, 360))
