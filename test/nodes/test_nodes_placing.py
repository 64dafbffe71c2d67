"""One frame after the other into space, without DDS: what the placing remembers between frames."""

import numpy as np
import pytest
from ray_scene import Cuboid, cast, instances_of, looking
from std_msgs.msg import Header

from osis_ros.geometry.locate import NOT_CONFIRMED, NOT_STANDING
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.messages.camera import PIXEL_CENTRE, intrinsics_to_message
from osis_ros.messages.images import image_to_message
from osis_ros.messages.instances import instances_to_message
from osis_ros.messages.objects import objects_to_message
from osis_ros.nodes.placing import SETTINGS, FramePlacer, PlacedFrame, UnfitDepthError, UnpairedError
from osis_ros.nodes.support.transforms import TransformTree

LENS = Pinhole(320, 240, 300.0, 300.0, 159.5, 119.5)
K = np.array([[LENS.fx, 0, LENS.cx], [0, LENS.fy, LENS.cy], [0, 0, 1]]) + PIXEL_CENTRE
THINGS = [Cuboid((0, 0, 0.04), (0.12, 0.06, 0.08), 0.4)]
SECOND = 1_000_000_000
VALUES = {setting.name: setting.default for setting in SETTINGS} | {"depth_wait": 0.0, "transform_wait": 0.0}


class Placing:
    """A placer, the transforms that it knows, and the parameters."""

    def __init__(self, **values: object) -> None:
        self.tree = TransformTree()
        self.placer = FramePlacer("/depth", "/camera_info", 3.0, self.tree)
        self.placer.put_info(intrinsics_to_message(K, LENS.width, LENS.height, Header()))
        self.values = VALUES | values

    def see(
        self, stamp: int, pose: np.ndarray, things: list[Cuboid] = THINGS, table: float | None = 0.0
    ) -> PlacedFrame:
        depth, owner = cast(pose, things, LENS, table)
        header = Header(frame_id="camera")
        header.stamp.sec, header.stamp.nanosec = divmod(stamp, SECOND)
        self.placer.put_depth(image_to_message(depth, "32FC1", header))
        self.tree.put("world", "camera", pose, stamp)
        return self.placer.place(instances_to_message(instances_of(owner), header, "truth"), self.values)


def test_a_camera_that_tilts_slowly_sees_the_plane_level_in_each_frame():
    placing = Placing(target_frame="world")
    for number in range(6):
        frame = placing.see(SECOND + number * SECOND // 30, looking(50 + 0.8 * number, 0.8))
        plane = frame.objects.plane
        assert np.degrees(np.arccos(min(1.0, plane.normal[2]))) < 0.05, number
        assert abs(plane.offset) < 0.0005, number


def test_each_image_is_placed_with_the_calibration_of_its_time():
    placing = Placing()
    zoomed = intrinsics_to_message(K * [[2, 1, 1], [1, 2, 1], [1, 1, 1]], LENS.width, LENS.height, Header())
    zoomed.header.stamp.sec = 5
    placing.placer.put_info(zoomed)  # it comes before the images of second 4 are placed
    before, after = (placing.see(second * SECOND, looking(60, 0.8)) for second in (4, 5))
    assert (before.camera.fx, after.camera.fx) == (300.0, 600.0)
    np.testing.assert_allclose(sorted(before.objects.box_sizes[0])[1:], (0.08, 0.12), atol=0.006)
    placing.placer.put_info(intrinsics_to_message(K, LENS.width, LENS.height, Header()))  # time went back
    assert placing.see(6 * SECOND, looking(60, 0.8)).camera.fx == 300.0


def test_a_camera_that_stands_still_smooths_the_plane():
    placing = Placing(target_frame="world")
    pose = looking(50, 0.8)
    placing.see(SECOND, pose)
    lower = placing.see(SECOND + SECOND // 30, pose, [], table=-0.005).objects.plane  # within what noise does
    assert 0.0001 < lower.offset < 0.004


def test_time_that_goes_back_forgets_the_plane():
    placing = Placing(target_frame="world")
    pose = looking(50, 0.8)
    placing.see(90 * SECOND, pose)
    lower = placing.see(5 * SECOND, pose, [], table=-0.005).objects.plane
    assert lower.offset == pytest.approx(0.005, abs=0.0003)


def test_with_a_level_frame_a_wall_is_no_support():
    tipped = np.array(
        [[0.0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]
    )  # in this world the table stands upright
    level = Placing(target_frame="world")
    free = Placing(target_frame="world", target_frame_level=False)
    down = looking(85, 0.8)
    for placing, found in ((level, False), (free, True)):
        depth, owner = cast(down, THINGS, LENS)
        header = Header(frame_id="camera")
        header.stamp.sec = 1
        placing.placer.put_depth(image_to_message(depth, "32FC1", header))
        placing.tree.put("world", "camera", tipped @ down, SECOND)
        frame = placing.placer.place(instances_to_message(instances_of(owner), header, "truth"), placing.values)
        assert (frame.objects.plane is not None) == found


def test_a_segmenter_that_takes_longer_than_depth_is_kept_finds_its_depth_from_then_on():
    placing, period, late = Placing(), SECOND // 5, 25  # its results come 5 s late, depth is kept for 3
    depth, owner = cast(looking(50, 0.8), THINGS, LENS)

    def header(number: int) -> Header:
        made = Header(frame_id="camera")
        made.stamp.sec, made.stamp.nanosec = divmod(SECOND + number * period, SECOND)
        return made

    found, told = [], []
    for number in range(60):
        placing.placer.put_depth(image_to_message(depth, "32FC1", header(number)))
        if number >= late:
            instances = instances_to_message(instances_of(owner), header(number - late), "truth")
            try:
                found.append(len(placing.placer.place(instances, placing.values).objects))
            except UnpairedError as err:
                told.append(str(err))
                found.append(0)
    assert found == [0] * 10 + [1] * 25  # the ten whose depth was gone at the first result
    assert "images are now kept for 7.5 s" in told[0]


def test_the_cameras_own_frame_as_the_target_needs_no_transform():
    frame = Placing(target_frame="/camera").see(SECOND, looking(50, 0.8))
    assert (frame.header.frame_id, frame.problem, frame.pose, frame.in_camera_frame) == ("camera", "", None, False)


def test_a_lens_that_bends_the_image_is_refused_until_the_images_are_rectified():
    placing = Placing()
    bent = intrinsics_to_message(K, LENS.width, LENS.height, Header())
    bent.d[0] = -0.2  # 0.2 r³ f with a radius of 2/3 in the corners: 18 pixels
    placing.placer.put_info(bent)
    told = r"the lens moves points by up to 18 pixels \(D on /camera_info\), expected at most 10: use rectified images"
    with pytest.raises(UnfitDepthError, match=told):
        placing.see(SECOND, looking(50, 0.8))
    for number, values in enumerate(({"rectified": True}, {"largest_distortion": 20.0}), 2):
        placing.values = VALUES | values
        assert len(placing.see(number * SECOND, looking(50, 0.8)).objects) == 1


def test_what_depth_adds_is_unknown_and_what_is_no_object_is_unplaced():
    things = [*THINGS, Cuboid((0.0, 0.15, 0.04), (0.08, 0.08, 0.08))]
    depth, owner = cast(looking(50, 0.8), things, LENS)
    owner[owner == 2] = 0  # it has no mask
    owner[100:] = np.where(owner[100:] == 0, 9, owner[100:])  # and a part of the table has one
    header = Header(frame_id="camera")
    header.stamp.sec = 1
    placing = Placing()
    placing.placer.put_depth(image_to_message(depth, "32FC1", header))
    frame = placing.placer.place(instances_to_message(instances_of(owner), header, "truth"), placing.values)
    message = objects_to_message(frame.objects, frame.found, frame.header)
    assert [(one.id, one.class_name, one.unknown, one.score) for one in message.objects] == [
        (1, "box", False, 1.0), (10, "unknown", True, 0.0)]  # fmt: skip
    assert [(one.id, one.reason) for one in message.unplaced] == [(9, NOT_STANDING)]
    assert set(np.unique(frame.labels)) == {0, 1, 10}


def test_with_sure_score_a_mask_of_low_score_needs_the_depth_to_confirm_it():
    patch = Cuboid((0.0, 0.12, 0.0005), (0.08, 0.08, 0.001))
    depth, owner = cast(looking(50, 0.8), [*THINGS, patch], LENS)
    header = Header(frame_id="camera")
    header.stamp.sec = 1
    placing = Placing(sure_score=0.4)
    placing.placer.put_depth(image_to_message(depth, "32FC1", header))
    instances = instances_of(owner)
    instances = instances.replaced(scores=np.full(len(instances), 0.3))
    frame = placing.placer.place(instances_to_message(instances, header, "truth"), placing.values)
    assert frame.objects.ids.tolist() == [1]
    assert frame.objects.missing == {2: NOT_CONFIRMED}
