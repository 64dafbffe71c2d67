"""Instances and depth in, objects in space out, over real DDS. Scenes are ray casts, whose truth is known."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from bench import RELIABLE, Bench, Heard, eventually, status, value
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from ray_scene import Cuboid, cast, instances_of, looking
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from osis_ros.geometry.pinhole import Pinhole
from osis_ros.instances import Instances
from osis_ros.messages.camera import PIXEL_CENTRE, depth_to_message, intrinsics_to_message, pose_to_message
from osis_ros.messages.clouds import cloud_from_message
from osis_ros.messages.images import image_from_message, image_to_message
from osis_ros.messages.instances import instances_to_message
from osis_ros.messages.objects import grasps_from_message, objects_from_message
from osis_ros.msg import GraspArray, InstanceArray, ObjectArray, Track, TrackArray
from osis_ros.srv import ExportGraspInput, PickCandidates

tf2_msgs = pytest.importorskip("tf2_msgs.msg")

REPOSITORY = Path(__file__).parents[2]
LENS = Pinhole(320, 240, 300.0, 300.0, 159.5, 119.5)
K = np.array([[LENS.fx, 0, LENS.cx], [0, LENS.fy, LENS.cy], [0, 0, 1]]) + PIXEL_CENTRE
THINGS = [Cuboid((0, 0, 0.04), (0.12, 0.06, 0.08), 0.4), Cuboid((0.02, 0.16, 0.03), (0.07, 0.05, 0.06), -0.2)]
PERIOD = 33_000_000  # ns
POSE = looking(50, 0.8)


class Rig:
    """A depth camera, the instances and the transforms of one test, and what the localizer says."""

    def __init__(self, bench: Bench) -> None:
        self.bench, peer = bench, bench.peer
        self.frame, self.world = f"{bench.namespace[1:]}_optical", f"{bench.namespace[1:]}_world"
        self._instances = peer.create_publisher(InstanceArray, "instances", RELIABLE)
        self._depth = peer.create_publisher(Image, "depth", RELIABLE)
        self._info = peer.create_publisher(CameraInfo, "depth_camera_info", RELIABLE)
        self._colour = peer.create_publisher(Image, "image", RELIABLE)
        self._tf = peer.create_publisher(tf2_msgs.TFMessage, "/tf", QoSProfile(depth=100))
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._fixed = peer.create_publisher(tf2_msgs.TFMessage, "/tf_static", latched)
        self.objects: Heard = bench.listen(ObjectArray, "localizer/objects")
        self.diagnostics: Heard = bench.listen(DiagnosticArray, "/diagnostics")
        self.node = None

    def start(self, **values: object) -> "Rig":
        self.node = self.bench.localizer(**values)
        assert self.bench.change("configure")
        assert self.bench.change("activate")
        for publisher in (self._instances, self._depth, self._info, self._colour, self._tf, self._fixed):
            eventually(publisher.get_subscription_count, f"the localizer subscribes to {publisher.topic}")
        self.bench.matched("localizer/objects")
        return self

    def header(self, stamp: int, frame: str = "") -> Header:
        header = Header(frame_id=frame or self.frame)
        header.stamp.sec, header.stamp.nanosec = divmod(stamp, 1_000_000_000)
        return header

    def depth(self, stamp: int, depth: np.ndarray, frame: str = "") -> None:
        self._depth.publish(image_to_message(depth, "32FC1", self.header(stamp, frame)))

    def raw_depth(self, message: Image) -> None:
        self._depth.publish(message)

    def info(self, stamp: int = 0, k: np.ndarray = K) -> None:
        self._info.publish(intrinsics_to_message(k, LENS.width, LENS.height, self.header(stamp)))

    def colour(self, stamp: int, rgb: np.ndarray) -> None:
        self._colour.publish(image_to_message(rgb, "rgb8", self.header(stamp)))

    def pose(self, stamp: int, pose: np.ndarray) -> None:
        transform = pose_to_message(pose, self.frame, self.header(stamp, self.world))
        self._tf.publish(tf2_msgs.TFMessage(transforms=[transform]))

    def instances(self, stamp: int, instances: Instances) -> None:
        self._instances.publish(instances_to_message(instances, self.header(stamp), "truth"))

    def frame_of(self, stamp: int, pose: np.ndarray = POSE, things: Sequence[Cuboid] = THINGS) -> None:
        """A whole frame: calibration, depth, transform and instances."""
        depth, owner = cast(pose, list(things), LENS)
        self.info(stamp)
        self.depth(stamp, depth)
        self.pose(stamp, pose)
        self.instances(stamp, instances_of(owner))

    def answer(self, stamp: int) -> ObjectArray:
        """The objects of the frame of this stamp."""
        wanted = self.header(stamp).stamp
        return eventually(
            lambda: next((m for m in list(self.objects) if m.header.stamp == wanted), None), f"objects of {stamp}"
        )

    def status(self) -> DiagnosticStatus | None:
        return status(self.diagnostics, self.bench)

    def warned(self, sentence: str) -> None:
        eventually(
            lambda: (now := self.status()) and now.level == DiagnosticStatus.WARN and sentence in now.message,
            f"a warning in the diagnostics: {sentence} (now: {self.status() and self.status().message})",
        )


@pytest.fixture
def rig(bench: Bench) -> Rig:
    return Rig(bench)


def close_to_truth(message: ObjectArray, things: Sequence[Cuboid] = THINGS, tolerance: float = 0.005) -> None:
    objects = objects_from_message(message)
    assert sorted(objects.ids.tolist()) == list(range(1, len(things) + 1))
    for id_, box_centre, size in zip(objects.ids, objects.box_centres, objects.box_sizes):
        thing = things[id_ - 1]
        np.testing.assert_allclose(box_centre, thing.centre, atol=tolerance)
        np.testing.assert_allclose(size, thing.size, atol=2 * tolerance)


def test_boxes_stay_where_they_are_while_the_camera_moves(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0)
    for number in range(4):
        stamp = 10_000_000_000 + number * 3 * PERIOD
        rig.frame_of(stamp, looking(40 + 5 * number, 0.8, heading=25 * number, roll=90 * (number % 2)))
        message = rig.answer(stamp)
        assert (message.header.frame_id, message.problem, message.model) == (rig.world, "", "truth")
        close_to_truth(message)
        assert message.plane.found
        assert message.plane.normal.z > 0.9999
        assert abs(message.plane.offset) < 0.001
        assert [one.support for one in message.objects] == [0, 0]
        assert all(
            one.visible_share > 0.9 and one.valid_share == 1 and not one.touches_border for one in message.objects
        )


def test_without_a_target_frame_all_is_in_the_cameras_and_millimetres_serve_as_well_as_metres(rig: Rig):
    rig.start(depth_wait=2.0)
    depth, owner = cast(POSE, THINGS, LENS)
    rig.info()
    rig.raw_depth(depth_to_message(depth, rig.header(1_000_000_000)))
    rig.instances(1_000_000_000, instances_of(owner))
    message = rig.answer(1_000_000_000)
    assert message.header.frame_id == rig.frame
    message.objects = list(message.objects)
    objects = objects_from_message(message).transformed(POSE)
    np.testing.assert_allclose(objects.box_centres[0], THINGS[0].centre, atol=0.005)


def test_depth_that_is_one_frame_late_is_not_used(rig: Rig):
    rig.start(target_frame=rig.world, depth_wait=0.2)
    start = 10_000_000_000
    poses = [looking(50, 0.8, heading=2 * number) for number in range(3)]
    rig.info()
    for number, pose in enumerate(poses):
        rig.pose(start + number * PERIOD, pose)
    rig.depth(start + PERIOD, cast(poses[1], THINGS, LENS)[0])
    rig.instances(start + 2 * PERIOD, instances_of(cast(poses[2], THINGS, LENS)[1]))
    message = rig.answer(start + 2 * PERIOD)
    assert list(message.objects) == []
    assert message.problem.endswith("has the stamp of the instances, the newest is 0.033 s older")
    assert {one.id: one.reason for one in message.unplaced} == {1: message.problem, 2: message.problem}
    rig.warned("0.033 s older")
    assert value(rig.status(), "messages without depth") == "1"


def test_a_stamp_a_few_milliseconds_off_is_paired(rig: Rig):
    rig.start(depth_wait=0.2)
    depth, owner = cast(POSE, THINGS, LENS)
    rig.info()
    rig.depth(1_000_000_000, depth)
    rig.instances(1_010_000_000, instances_of(owner))
    assert len(rig.answer(1_010_000_000).objects) == 2


def test_no_instance_is_an_empty_array_and_no_fault(rig: Rig):
    rig.start(depth_wait=2.0)
    rig.frame_of(1_000_000_000, things=[])
    message = rig.answer(1_000_000_000)
    assert (list(message.objects), list(message.unplaced), message.problem) == ([], [], "")
    assert message.plane.found


def test_without_its_transform_the_objects_are_in_the_cameras_frame_and_that_is_said(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=0.05, depth_wait=2.0)
    depth, owner = cast(POSE, THINGS, LENS)
    rig.info()
    rig.depth(1_000_000_000, depth)
    rig.instances(1_000_000_000, instances_of(owner))
    message = rig.answer(1_000_000_000)
    assert (message.header.frame_id, len(message.objects)) == (rig.frame, 2)
    assert message.problem == (
        f"no transform from {rig.frame} to {rig.world}: there is no frame '{rig.frame}' on /tf and /tf_static; "
        f"the objects are in {rig.frame}"
    )
    rig.warned("no transform from")
    rig.pose(900_000_000, POSE)
    rig.depth(1_100_000_000, depth)
    rig.instances(1_100_000_000, instances_of(owner))
    assert "is 0.200 s older than the image" in rig.answer(1_100_000_000).problem


def test_time_that_goes_back_begins_anew(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0)
    for stamp in (90_000_000_000, 5_000_000_000):
        rig.frame_of(stamp)
        message = rig.answer(stamp)
        assert message.problem == ""
        close_to_truth(message)


def no_depth(rig: Rig) -> None:
    rig.info()


def depth_of(depth: np.ndarray, frame: str = "", k: np.ndarray = K) -> object:
    def send(rig: Rig) -> None:
        rig.info(k=k)
        rig.depth(1_000_000_000, depth, frame)

    return send


def no_calibration(rig: Rig) -> None:
    rig.depth(1_000_000_000, np.ones((240, 320), np.float32))


def other_encoding(rig: Rig) -> None:
    rig.info()
    rig.raw_depth(image_to_message(np.zeros((240, 320), np.uint8), "mono8", rig.header(1_000_000_000)))


def cut_off(rig: Rig) -> None:
    rig.info()
    message = depth_to_message(np.ones((240, 320)), rig.header(1_000_000_000))
    message.data = message.data[:1000]
    rig.raw_depth(message)


FLAT = np.full((240, 320), 0.8, np.float32)
NEGATIVE = K * [[-1, 1, 1], [1, 1, 1], [1, 1, 1]]
BAD = {
    "no depth": (no_depth, "no depth image has come on "),
    "no lens": (depth_of(FLAT, k=K * 1e-9), "which no lens has"),
    "another size": (
        depth_of(np.ones((120, 160), np.float32)),
        "the depth image is 160x120, the image of the instances",
    ),
    "another frame": (depth_of(FLAT, "depth_optical"), "the depth image is in frame 'depth_optical', the image of the"),
    "negative focal length": (depth_of(FLAT, k=NEGATIVE), "the camera is not calibrated"),
    "never calibrated": (depth_of(FLAT, k=np.zeros((3, 3))), "the camera is not calibrated"),
    "NaN in K": (depth_of(FLAT, k=K * np.nan), "the camera is not calibrated"),
    "no camera_info": (no_calibration, "no camera_info has come on "),
    "another encoding": (other_encoding, "encoding 'mono8' is not depth"),
    "cut off": (cut_off, "data holds 1000 bytes"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_and_an_empty_array(rig: Rig, case: str):
    send, sentence = BAD[case]
    rig.start(depth_wait=0.3)
    send(rig)
    eventually(lambda: case in ("no depth",) or rig.node._placer.depth.reaches(), "the depth image arrives")
    eventually(lambda: case == "no camera_info" or rig.node._placer._calibrations.at(0), "the calibration arrives")
    _, owner = cast(POSE, THINGS, LENS)
    rig.instances(1_000_000_000, instances_of(owner))
    message = rig.answer(1_000_000_000)
    assert (list(message.objects), len(message.unplaced)) == ([], 2)
    assert sentence in message.problem
    assert message.problem.count(". ") == 0
    rig.warned(sentence)

    rig.frame_of(9_000_000_000)  # and the next frame is worked on as ever
    assert len(rig.answer(9_000_000_000).objects) == 2


@pytest.mark.parametrize("case", ["all invalid", "one pixel"])
def test_what_depth_does_not_show_is_missing_with_the_reason(rig: Rig, case: str):
    rig.start(depth_wait=2.0)
    depth, owner = cast(POSE, THINGS, LENS)
    if case == "all invalid":
        depth = np.zeros_like(depth)
    else:
        first = np.argwhere(owner == 2)[0]
        owner[owner == 2] = 0
        owner[tuple(first)] = 2
    rig.info()
    rig.depth(1_000_000_000, depth)
    rig.instances(1_000_000_000, instances_of(owner))
    message = rig.answer(1_000_000_000)
    missing = {one.id: one.reason for one in message.unplaced}
    assert set(missing) == ({1, 2} if case == "all invalid" else {2})
    assert "depth readings on its mask" in missing[2]
    assert message.plane.found == (case != "all invalid")


def test_a_transform_that_is_no_pose_is_not_used(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=0.05, depth_wait=2.0)
    depth, owner = cast(POSE, THINGS, LENS)
    rig.info()
    rig.pose(1_000_000_000, POSE * [[1, 1, 1, np.nan]])
    rig.depth(1_000_000_000, depth)
    rig.instances(1_000_000_000, instances_of(owner))
    assert rig.answer(1_000_000_000).problem.startswith(f"no transform from {rig.frame} to {rig.world}")


def test_why_no_depth_comes_is_said(rig: Rig):
    rig.start(depth_wait=0.05)
    rig.bench.peer.destroy_publisher(rig._depth)
    topic = f"{rig.bench.namespace}/depth"
    eventually(lambda: not rig.node.get_publishers_info_by_topic(topic), "the publisher is gone")
    rig.instances(1_000_000_000, instances_of(cast(POSE, THINGS, LENS)[1]))
    assert rig.answer(1_000_000_000).problem == f"no depth image has come on {topic}: the topic has 0 publishers"


def test_instances_that_do_not_fit_together_are_refused(rig: Rig):
    rig.start(depth_wait=2.0)
    depth, owner = cast(POSE, THINGS, LENS)
    rig.info()
    rig.depth(1_000_000_000, depth)
    message = instances_to_message(instances_of(owner), rig.header(1_000_000_000), "truth")
    message.instances[0].mask = message.instances[0].mask[:-3]
    rig._instances.publish(message)
    assert "instance 1: mask holds" in rig.answer(1_000_000_000).problem


def test_clouds_depth_and_grasps_for_those_who_look(rig: Rig):
    bench = rig.bench
    types = {"points": PointCloud2, "grasps": GraspArray, "depth_without_objects": Image}
    heard = {topic: bench.listen(kind, f"localizer/{topic}") for topic, kind in types.items()}
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0)
    for topic in heard:
        bench.matched(f"localizer/{topic}")
    stamp = 1_000_000_000
    depth, owner = cast(POSE, THINGS, LENS)
    rgb = np.zeros((240, 320, 3), np.uint8)
    rgb[owner == 1] = (255, 0, 0)
    rig.colour(stamp, rgb)
    eventually(lambda: rig.node._placer.colour.reaches(), "the colour image arrives")
    rig.frame_of(stamp)

    (points,) = heard["points"].wait()
    cloud = cloud_from_message(points)
    assert (points.header.frame_id, points.header.stamp) == (rig.frame, rig.header(stamp).stamp)
    np.testing.assert_array_equal(cloud["instance"], owner)
    np.testing.assert_array_equal(cloud["rgb"] == 0xFF0000, owner == 1)
    np.testing.assert_allclose(cloud["z"], depth)

    (left,) = heard["depth_without_objects"].wait()
    values = image_from_message(left)
    assert (left.encoding, left.header.frame_id) == ("32FC1", rig.frame)
    assert np.isnan(values[owner > 0]).all()
    kept = np.isfinite(values)
    np.testing.assert_array_equal(values[kept], depth[kept])
    assert 0.5 < np.count_nonzero(kept) / np.count_nonzero(owner == 0) < 1  # a margin round the objects is gone too

    (grasps,) = heard["grasps"].wait()
    assert grasps.header.frame_id == rig.world
    found = grasps_from_message(grasps)
    assert set(found.object_ids.tolist()) == {1, 2}
    np.testing.assert_allclose(found.axes[0][:, 2], [0, 0, -1], atol=0.02)  # from above
    assert found.widths[0] == pytest.approx(0.06, abs=0.008)


def test_pictures_and_clouds_that_nobody_looks_at_are_not_made(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    made = []
    for module, name in (
        ("points", "organised_cloud"),
        ("depth_without_objects", "image_to_message"),
        ("grasps", "box_grasps"),
    ):
        monkeypatch.setattr(f"osis_ros.nodes.object_outputs.{module}.{name}", lambda *_, name=name: made.append(name))
    rig.start(depth_wait=2.0)
    rig.frame_of(1_000_000_000)
    assert len(rig.answer(1_000_000_000).objects) == 2
    assert made == []


def test_markers_and_detections(rig: Rig):
    visualization = pytest.importorskip("visualization_msgs.msg")
    vision = pytest.importorskip("vision_msgs.msg")
    markers = rig.bench.listen(visualization.MarkerArray, "localizer/markers")
    planes = rig.bench.listen(visualization.Marker, "localizer/plane")
    detections = rig.bench.listen(vision.Detection3DArray, "localizer/detections")
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0)
    for topic in ("markers", "plane", "detections"):
        rig.bench.matched(f"localizer/{topic}")
    rig.frame_of(1_000_000_000)
    rig.answer(1_000_000_000)
    rig.frame_of(2_000_000_000, things=THINGS[:1])
    first, second = markers.wait(2)
    actions = visualization.Marker
    assert first.markers[0].action == actions.DELETEALL
    assert {m.id for m in first.markers if m.ns == "boxes"} == {-1, -2}, "of instances without a track"
    assert {m.id for m in second.markers if m.action == actions.DELETE and m.ns == "boxes"} == {-2}
    assert actions.DELETEALL not in [m.action for m in second.markers]
    assert planes.wait()[0].header.frame_id == rig.world
    boxes = detections.wait()[0]
    assert (boxes.header.frame_id, [one.id for one in boxes.detections]) == (rig.world, ["1", "2"])
    centre = boxes.detections[0].bbox.center.position
    np.testing.assert_allclose([centre.x, centre.y, centre.z], THINGS[0].centre, atol=0.005)


# --- tracks -----------------------------------------------------------------------------------------------------------


def test_objects_are_followed_in_space_and_what_was_taken_away_is_gone(rig: Rig):
    tracks = rig.bench.listen(TrackArray, "localizer/tracks")
    rig.start(
        target_frame=rig.world, transform_wait=2.0, depth_wait=2.0, only_standing=False, objects_without_mask=False,
        tracking__in_space=True,
    )  # fmt: skip
    rig.bench.matched("localizer/tracks")

    def ids(second: int, *things: Cuboid, heading: float = 0) -> dict[float, int]:
        """y of each object → its track."""
        rig.frame_of(second * 1_000_000_000, looking(50, 0.8, heading=heading), things)
        return {round(one.box_pose.position.y, 1): one.track_id for one in rig.answer(second * 1_000_000_000).objects}

    assert ids(1, *THINGS) == {0.0: 0, 0.2: 0}
    assert ids(2, *THINGS) == {0.0: 1, 0.2: 2}
    assert ids(3, *reversed(THINGS), heading=120) == {0.0: 1, 0.2: 2}, (
        "seen from behind, the other way round in the image"
    )
    assert ids(4, THINGS[0], heading=120) == {0.0: 1}
    told = {one.id: one for one in tracks.wait(4)[-1].tracks}
    assert {id_: one.state for id_, one in told.items()} == {1: Track.CONFIRMED, 2: Track.GONE}
    assert (told[1].placed, told[2].placed, tracks[-1].header.frame_id) == (True, False, rig.world)
    np.testing.assert_allclose([told[1].position.x, told[1].position.y], THINGS[0].centre[:2], atol=0.005)
    answer = rig.bench.call(Trigger, "reset_tracks", Trigger.Request())
    assert (answer.success, answer.message) == (True, "2 tracks forgotten; the next id is 3")
    assert ids(5, *THINGS) == {0.0: 0, 0.2: 0}
    assert ids(6, *THINGS) == {0.0: 3, 0.2: 4}


def test_tracks_in_space_without_a_frame_that_stands_still_are_warned_of(rig: Rig, warnings: list[str]):
    rig.start(depth_wait=2.0, tracking__in_space=True)
    rig.frame_of(1_000_000_000)
    rig.answer(1_000_000_000)
    assert "tracking.in_space needs target_frame, a frame that does not move with the camera" in warnings


# --- services ---------------------------------------------------------------------------------------------------------


def pick(
    rig: Rig, frames: int = 1, timeout: float = 20.0, names: Sequence[str] = (), send: object = None, since: int = 0
) -> object:
    """The answer, while `send(number)` sends one frame after the other."""
    rig.objects.clear()
    request = PickCandidates.Request(frames=frames, timeout=timeout, class_names=list(names))
    request.not_before = rig.header(since).stamp
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(rig.bench.call, PickCandidates, "pick_candidates", request)
        number = 0
        while send and not answer.done() and number < 100:
            send(number)
            number += 1
            eventually(lambda n=number: len(rig.objects) >= n, "an answer to each frame")
        return answer.result()


def stamp(number: int) -> int:
    return 10_000_000_000 + number * PERIOD


def test_candidates_with_points_and_grasps_in_one_answer(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0)
    answer = pick(rig, 3, send=lambda number: rig.frame_of(stamp(number), looking(50, 0.8, heading=5 * number)))
    assert (answer.code, answer.message, answer.frames_used) == (answer.OK, "", 3)
    assert answer.objects.header.frame_id == answer.grasps.header.frame_id == rig.world
    close_to_truth(answer.objects)
    cloud = cloud_from_message(answer.points)
    assert np.count_nonzero(cloud["instance"] == 1) == answer.objects.objects[0].point_count
    assert np.all(cloud["z"] > -0.005)  # in the world's frame, on the table
    assert len(answer.grasps.grasps) >= 2


def test_frames_of_before_the_arm_had_left_are_passed_over(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0)
    answer = pick(rig, since=stamp(3), send=lambda number: rig.frame_of(stamp(number)))
    assert (answer.code, answer.frames_used) == (answer.OK, 1)
    assert answer.objects.header.stamp == rig.header(stamp(3)).stamp
    none = pick(rig, since=stamp(900), timeout=0.3)
    assert none.message.startswith("no instances of not_before or later came within 0.3 s: ")


def test_candidates_of_a_class_alone(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0)
    answer = pick(rig, names=["cup"], send=lambda number: rig.frame_of(stamp(number)))
    assert answer.code == answer.NOTHING_FOUND
    assert answer.message == "no object of the classes cup has a place in space"


def test_what_was_wrong_is_in_the_code(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=0.05, depth_wait=0.05, gripper__opening=0.03)
    bad = pick(rig, frames=0)
    assert (bad.code, bad.message) == (bad.BAD_REQUEST, "frames is 0, expected 1..30")
    bad = pick(rig, timeout=float("nan"))
    assert bad.code == bad.BAD_REQUEST
    none = pick(rig, timeout=0.2)
    assert none.code == none.NO_INSTANCES
    assert none.message.startswith("no instances came within 0.2 s: ")
    depth, owner = cast(POSE, THINGS, LENS)

    blind = pick(rig, send=lambda number: rig.instances(stamp(number), instances_of(owner)))
    assert blind.code == blind.NO_DEPTH
    assert blind.message.startswith("no depth image has come on ")

    def without_transform(number: int) -> None:
        rig.info()
        rig.depth(stamp(100 + number), depth)
        rig.instances(stamp(100 + number), instances_of(owner))

    lost = pick(rig, send=without_transform)
    assert (lost.code, lost.objects.header.frame_id) == (lost.NO_TRANSFORM, rig.frame)

    rig.bench.set(transform_wait=2.0, depth_wait=2.0)
    wide = pick(rig, send=lambda number: rig.frame_of(stamp(200 + number)))
    assert (wide.code, len(wide.objects.objects)) == (wide.NO_GRASP, 2)

    def in_the_air(number: int) -> None:
        flying, of = cast(POSE, THINGS, LENS, table=None)
        rig.info()
        rig.pose(stamp(300 + number), POSE)
        rig.depth(stamp(300 + number), flying)
        rig.instances(stamp(300 + number), instances_of(of))

    flying = pick(rig, send=in_the_air)
    assert (flying.code, len(flying.objects.objects)) == (flying.NO_PLANE, 2)

    assert rig.bench.change("deactivate")
    asleep = pick(rig)
    assert (asleep.code, asleep.message) == (asleep.NOT_ACTIVE, "the node is not active")


def export(rig: Rig, **fields: object) -> object:
    request = ExportGraspInput.Request(**({"planner": "contact_graspnet", "folder": "one"} | fields))
    return rig.bench.call(ExportGraspInput, "export_grasp_input", request)


def test_files_for_a_planner_hold_the_scene_and_the_chosen_objects(rig: Rig, tmp_path: Path):
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0, export_folder=str(tmp_path))
    rgb = np.full((240, 320, 3), 7, np.uint8)
    rig.colour(1_000_000_000, rgb)
    eventually(lambda: rig.node._placer.colour.reaches(), "the colour image arrives")
    rig.frame_of(1_000_000_000)
    rig.answer(1_000_000_000)
    answer = export(rig, ids=[2], folder="picks/first")
    assert (answer.success, answer.message) == (True, "")
    assert answer.files == [str(tmp_path / "picks/first" / name) for name in ("scene.npz", "scene.json")]
    depth, owner = cast(POSE, THINGS, LENS)
    scene = np.load(answer.files[0])
    np.testing.assert_array_equal(scene["segmap"], np.where(owner == 2, 2, 0))
    np.testing.assert_allclose(scene["depth"], np.nan_to_num(depth))
    np.testing.assert_allclose(scene["K"], K - PIXEL_CENTRE)
    np.testing.assert_array_equal(scene["rgb"], rgb)

    again = export(rig, folder="picks/first")
    assert not again.success
    assert again.message.endswith("is there already and not an empty folder, expected the name of a new one")
    assert export(rig, ids=[5]).message == "there is no object 5 in the newest frame, which has 1, 2"
    assert export(rig, planner="magic").message.startswith("planner is 'magic', expected one of anygrasp")


def test_nothing_is_written_outside_the_export_folder(rig: Rig, tmp_path: Path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path)
    rig.start(depth_wait=2.0)
    assert export(rig).message.startswith("the parameter export_folder is empty")
    rig.bench.set(export_folder=str(inside))
    for folder in ("../out", str(tmp_path / "out"), "link/out", ".", "a/../../out"):
        assert "expected one below" in export(rig, folder=folder).message, folder
    assert "folder is empty" in export(rig, folder=" ").message
    assert export(rig).message == "no frame has come yet"
    rig.frame_of(1_000_000_000)
    rig.answer(1_000_000_000)
    assert export(rig).message.startswith("no colour image of that stamp has come")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]


def test_the_node_can_be_stopped_and_started_again_in_the_middle(rig: Rig):
    rig.start(target_frame=rig.world, transform_wait=2.0, depth_wait=2.0)
    for number in (1, 2):
        rig.frame_of(number * 20_000_000_000)
        rig.answer(number * 20_000_000_000)
        rig.instances(number * 20_000_000_000 + PERIOD, instances_of(cast(POSE, THINGS, LENS)[1]))
        assert rig.bench.change("deactivate")
        assert rig.bench.change("cleanup")
        assert rig.bench.change("configure")
        assert rig.bench.change("activate")
        for publisher in (rig._instances, rig._depth, rig._info, rig._tf):
            eventually(publisher.get_subscription_count, "the localizer subscribes again")


def test_the_program_brings_itself_up_and_ends_cleanly(rig: Rig, tmp_path: Path):
    command = [sys.executable, REPOSITORY / "scripts" / "localizer", "--ros-args", "-r", f"__ns:={rig.bench.namespace}",
               "-p", "autostart:=true", "-p", "depth_wait:=2.0"]  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            for publisher in (rig._instances, rig._depth, rig._info):
                eventually(publisher.get_subscription_count, "the localizer subscribes")
            rig.bench.matched("localizer/objects")
            stamps = iter(
                range(1_000_000_000, 60_000_000_000, 100_000_000)
            )  # the first may come before all are matched
            eventually(lambda: rig.frame_of(moment := next(stamps)) or rig.answer(moment).objects, "objects")
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()


def test_silence_names_what_is_missing(rig: Rig):
    rig.start(instances_timeout=0.3)
    rig.bench.peer.destroy_publisher(rig._instances)
    rig.warned("has no publisher: start the segmenter, or remap instances")
