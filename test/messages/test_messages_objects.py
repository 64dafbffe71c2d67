"""Objects, grasps, clouds and markers to messages and back."""

import json
from pathlib import Path

import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking
from std_msgs.msg import Header

from osis_ros.geometry.grasps import FROM_SIDE, box_grasps
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.objects import ON_PLANE, Objects
from osis_ros.messages.clouds import cloud_from_message, objects_cloud, organised_cloud
from osis_ros.messages.errors import MessageError
from osis_ros.messages.instances import instances_to_message
from osis_ros.messages.objects import (
    grasps_from_message,
    grasps_to_message,
    objects_from_message,
    objects_to_message,
)

HEADER = Header(frame_id="world")
POSE = looking(45, 0.8, heading=20)
DEPTH, OWNER = cast(
    POSE, [Cuboid((0, 0, 0.04), (0.12, 0.06, 0.08), 0.3), Cuboid((0.15, 0.1, 0.03), (0.05, 0.04, 0.06))]
)
INSTANCES = instances_of(OWNER)
FOUND = instances_to_message(INSTANCES, HEADER, "a model")


@pytest.fixture(scope="module")
def objects() -> Objects:
    located = Locator().locate(INSTANCES, DEPTH, CAMERA)
    return located.replaced(missing={7: "no depth readings"}).transformed(POSE)


def same(first: object, second: object) -> None:
    for name in type(first).columns():
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-6, err_msg=name)


def test_objects_come_back_as_they_went(objects: Objects):
    message = objects_to_message(objects, FOUND, HEADER, "a sentence")
    again = objects_from_message(message)
    same(objects, again)
    np.testing.assert_allclose(again.plane.normal, objects.plane.normal, atol=1e-9)
    assert again.plane.offset == pytest.approx(objects.plane.offset)
    assert again.missing == {7: "no depth readings"}
    assert (message.problem, message.model, message.header.frame_id) == ("a sentence", "a model", "world")


def test_an_object_has_the_class_and_score_of_its_instance_and_lengths_in_metres(objects: Objects):
    first = objects_to_message(objects, FOUND, HEADER).objects[0]
    instance = FOUND.instances[0]
    assert (first.id, first.class_id, first.class_name, first.unknown, first.score) == (
        instance.id, instance.class_id, instance.class_name, instance.unknown, instance.score)  # fmt: skip
    size = first.box_size
    np.testing.assert_allclose([size.x, size.y, size.z], [0.12, 0.06, 0.08], atol=0.004)
    place = first.box_pose.position
    np.testing.assert_allclose([place.x, place.y, place.z], [0, 0, 0.04], atol=0.004)
    turn = first.box_pose.orientation  # about z alone, by 0.3 or half a turn more
    assert abs(turn.x) + abs(turn.y) < 0.01
    assert 2 * np.arctan2(turn.z, turn.w) % np.pi == pytest.approx(0.3, abs=0.03)
    assert first.support == ON_PLANE == type(first).ON_PLANE


def test_nothing_at_all_is_a_message_too():
    message = objects_to_message(Objects.empty(None, {1: "why"}), FOUND, HEADER)
    assert (list(message.objects), message.plane.found, message.unplaced[0].reason) == ([], False, "why")
    again = objects_from_message(message)
    assert (len(again), again.plane, again.missing) == (0, None, {1: "why"})


def test_what_does_not_fit_together_is_refused(objects: Objects):
    message = objects_to_message(objects, FOUND, HEADER)
    message.objects[1].id = message.objects[0].id
    with pytest.raises(MessageError, match="two objects have the id 1"):
        objects_from_message(message)
    message = objects_to_message(objects, FOUND, HEADER)
    message.objects[0].box_pose.orientation.w = 9.0
    with pytest.raises(MessageError, match="box of object 1 has a rotation of length"):
        objects_from_message(message)
    message = objects_to_message(objects, FOUND, HEADER)
    message.plane.normal.z = 9.0
    with pytest.raises(MessageError, match=r"plane\.normal has length"):
        objects_from_message(message)


def test_grasps_come_back_as_they_went(objects: Objects):
    grasps = box_grasps(objects)
    assert FROM_SIDE in grasps.kinds
    message = grasps_to_message(grasps, HEADER)
    same(grasps, grasps_from_message(message))
    assert {grasp.object_id for grasp in message.grasps} <= set(INSTANCES.ids.tolist())


def test_the_organised_cloud_has_place_colour_and_instance_of_each_pixel():
    rgb = np.zeros((*DEPTH.shape, 3), np.uint8)
    rgb[100, 200] = (1, 2, 3)
    depth = DEPTH.copy()
    depth[5, 6] = np.nan
    message = organised_cloud(depth, CAMERA, rgb, OWNER.astype(np.uint16), HEADER)
    assert (message.height, message.width, message.is_dense) == (480, 640, False)
    cloud = cloud_from_message(message)
    np.testing.assert_array_equal(cloud["instance"], OWNER)
    np.testing.assert_array_equal(cloud["z"], depth)
    assert np.isnan([cloud["x"][5, 6], cloud["y"][5, 6]]).all()
    one = CAMERA.points(np.array([200]), np.array([100]), depth[100:101, 200])[0]
    np.testing.assert_allclose([cloud[name][100, 200] for name in "xyz"], one, rtol=1e-6)
    assert cloud["rgb"][100, 200] == 0x010203


def test_the_cloud_of_the_objects_has_each_ones_points(objects: Objects):
    cloud = cloud_from_message(objects_cloud(objects, HEADER))
    for row, id_ in enumerate(objects.ids.tolist()):
        own = cloud[cloud["instance"] == id_]
        np.testing.assert_array_equal(np.stack([own["x"], own["y"], own["z"]], 1), objects.points[row])
    assert cloud_from_message(objects_cloud(Objects.empty(), HEADER)).shape == (1, 0)


def test_another_cloud_is_refused(objects: Objects):
    message = objects_cloud(objects, HEADER)
    message.fields[3].name = "intensity"
    with pytest.raises(MessageError, match="the cloud has the fields x, y, z, intensity"):
        cloud_from_message(message)
    message = objects_cloud(objects, HEADER)
    message.data = message.data[:-1]
    with pytest.raises(MessageError, match="bytes, expected"):
        cloud_from_message(message)


def test_detections_have_the_box_with_full_lengths(objects: Objects):
    pytest.importorskip("vision_msgs")
    from osis_ros.messages.object_detections import objects_to_detections

    message = objects_to_message(objects, FOUND, HEADER)
    detections = objects_to_detections(message)
    assert [one.id for one in detections.detections] == ["1", "2"]
    first = detections.detections[0]
    assert (first.bbox.center, first.bbox.size) == (message.objects[0].box_pose, message.objects[0].box_size)
    assert (first.results[0].hypothesis.class_id, first.header.frame_id) == ("box", "world")


def test_markers_are_deleted_when_their_object_is_gone(objects: Objects):
    pytest.importorskip("visualization_msgs")
    from osis_ros.messages.markers import Marker, objects_to_markers

    markers = objects_to_markers(objects, FOUND, HEADER, gone={9}).markers
    gone = [marker for marker in markers if marker.action == Marker.DELETE]
    assert {(marker.ns, marker.id) for marker in gone} == {("boxes", 9), ("edges", 9), ("names", 9)}
    boxes = [marker for marker in markers if marker.ns == "boxes" and marker.action == Marker.ADD]
    assert [marker.id for marker in boxes] == [-1, -2]
    np.testing.assert_allclose([boxes[0].scale.x, boxes[0].scale.z], objects.box_sizes[0][[0, 2]])
    assert all(marker.lifetime.sec > 0 for marker in markers if marker.action == Marker.ADD)
    (edges, *_) = [marker for marker in markers if marker.ns == "edges" and marker.action == Marker.ADD]
    assert len(edges.points) == 24  # the two ends of twelve edges


def test_a_track_is_in_the_object_and_keeps_its_markers_and_colour(objects: Objects):
    pytest.importorskip("visualization_msgs")
    from osis_ros.messages.markers import objects_to_markers

    seen = []
    for order in ([0, 1], [1, 0]):  # the same things, the other one better this time
        tracked = INSTANCES.replaced(track_ids=[40, 41], track_states=[2, 2]).take(order).replaced(ids=[1, 2])
        found = instances_to_message(tracked, HEADER, "a model")
        located = objects.take(order).replaced(ids=[1, 2])
        message = objects_to_message(located, found, HEADER)
        assert [(one.id, one.track_id, one.track_state) for one in message.objects] == [
            (1, (40, 41)[order[0]], 2), (2, (40, 41)[order[1]], 2)]  # fmt: skip
        markers = objects_to_markers(located, found, HEADER, set()).markers
        seen.append({marker.id: (marker.pose, marker.color) for marker in markers if marker.ns == "edges"})
        assert all(marker.text.startswith(f"#{marker.id} box ") for marker in markers if marker.ns == "names")
    assert seen[0] == seen[1]
    assert seen[0][40][1] != seen[0][41][1]


def test_unknown_objects_stand_out(objects: Objects):
    pytest.importorskip("visualization_msgs")
    from osis_ros.messages.markers import objects_to_markers

    found = instances_to_message(INSTANCES, HEADER, "a model")
    found.instances[0].unknown, found.instances[0].class_name = True, "unknown"
    unknown, known = (marker for marker in objects_to_markers(objects, found, HEADER, set()).markers
                      if marker.ns == "boxes")  # fmt: skip
    assert unknown.color.a > known.color.a
    assert (unknown.color.r, unknown.color.g) == (1.0, 0.0)


def test_the_plane_is_drawn_below_the_objects(objects: Objects):
    pytest.importorskip("visualization_msgs")
    from osis_ros.messages.markers import Marker, plane_to_marker

    marker = plane_to_marker(objects.plane, objects.box_centres, HEADER)
    place = marker.pose.position
    assert abs(place.z) < 0.002
    assert abs(place.x - 0.075) < 0.1
    assert marker.scale.z < 0.01 < marker.scale.x
    assert plane_to_marker(None, objects.box_centres, HEADER).action == Marker.DELETE


@pytest.mark.parametrize("kind", ["Marker", "MarkerArray"])
def test_the_test_package_of_visualization_msgs_has_the_released_types(kind: str):
    visualization_msgs = pytest.importorskip("visualization_msgs")
    pytest.importorskip("rosbags", reason="the released types are those that rosbags knows")
    from rosbags.typesys import Stores, get_typestore

    file = Path(visualization_msgs.__file__).parents[4] / "share" / "visualization_msgs" / "msg" / f"{kind}.json"
    if not file.is_file():
        pytest.skip(f"{file} is not installed; ROS 2 before Iron has no type hashes")
    hashes = {entry["type_name"]: entry["hash_string"] for entry in json.loads(file.read_text())["type_hashes"]}
    name = f"visualization_msgs/msg/{kind}"
    assert hashes[name] == get_typestore(Stores.ROS2_JAZZY).hash_rihs01(name)
