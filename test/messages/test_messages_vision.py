"""vision_msgs: there and back; and those that the tests use are on the wire what the released ones are."""

import json
from pathlib import Path

import numpy as np
import pytest
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray, LabelInfo, ObjectHypothesis, ObjectHypothesisWithPose

from osis_ros.instances import Instances
from osis_ros.messages.errors import MessageError
from osis_ros.messages.vision import (
    detections_from_message,
    detections_to_message,
    label_info_from_message,
    label_info_to_message,
)

# RIHS01 hashes of vision_msgs 4.1.1 (ROS 2 Jazzy); equal hashes are equal types, field by field.
HASHES = {
    "Point2D": "eab0e83f44ab4de92ceaf76dd7d0e7638f2bdd1d16ffbe16c7a136c48e407247",
    "Pose2D": "b0b5d1d7b4c20dd4fcde3ed1d4b289a919290572007d67a97043814db25d3648",
    "BoundingBox2D": "008eacbb0cf8f26e83795547bed013eec3675485ef386ec056d80eaaf1c1ce2f",
    "ObjectHypothesis": "51da43cec11c01957a64d1e05a24acd18aae7745ec30b74348ad5f6d634f7f90",
    "ObjectHypothesisWithPose": "41c12344c0396c48b81df12467c192d99b2a0eb1463c5c37194e4223251c80bc",
    "Detection2D": "0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea",
    "Detection2DArray": "214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968",
    "BoundingBox3D": "bbb73a65c163d7f9bb29009c7bde9f7faa576bd2d23299c4511d19230dab4698",
    "Detection3D": "ddd703be132ab0b69d33121f1bb034132bfbb3b0ac5f9fb1516005ba1c8a265b",
    "Detection3DArray": "793f5eab9595ac1c0da07873cc859db42eae51f0ee76056db8562515d830e018",
    "VisionClass": "1e4a11f0fed50b5623cb8ff26ca0e37952a48a9c074d16f804b44e9164c2037a",
    "LabelInfo": "3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783",
}


@pytest.mark.parametrize("name", HASHES)
def test_a_type_hash_is_the_released_one(name: str):
    import vision_msgs

    share = Path(vision_msgs.__file__).parents[4] / "share" / "vision_msgs" / "msg"
    file = share / f"{name}.json"
    if not file.is_file():
        pytest.skip(f"{file} is not installed; ROS 2 before Iron has no type hashes")
    hashes = {entry["type_name"]: entry["hash_string"] for entry in json.loads(file.read_text())["type_hashes"]}
    assert hashes[f"vision_msgs/msg/{name}"] == f"RIHS01_{HASHES[name]}"


def test_the_hashes_are_what_dds_is_told(ros: object):
    from rclpy.node import Node
    from vision_msgs.msg import Detection2DArray

    node = Node("hashes", context=ros)
    node.create_publisher(Detection2DArray, "hashed", 1)
    (info,) = node.get_publishers_info_by_topic("/hashed")
    assert str(info.topic_type_hash) == f"RIHS01_{HASHES['Detection2DArray']}"
    node.destroy_node()


def found() -> Instances:
    return Instances(
        boxes=[[2.25, 1, 4, 2.5], [0, 0, 8, 6]], scores=[0.9, 0.5], class_ids=[1, 2], distances=[0.1, 1.2],
        embeddings=np.zeros((2, 0)), rois=[[0, 0, 0, 0]] * 2, masks=(np.zeros((0, 0), bool),) * 2, height=6, width=8,
        class_names=("cup", "can"), ids=[7, 3],
    )  # fmt: skip


def test_detections_by_hand_and_back():
    message = detections_to_message(found(), Header(frame_id="eye"))
    can, unknown = message.detections
    assert (can.bbox.center.position.x, can.bbox.center.position.y) == (3.125, 1.75)
    assert (can.bbox.size_x, can.bbox.size_y) == (1.75, 1.5)
    assert (can.id, can.results[0].hypothesis.class_id) == ("7", "can")
    assert unknown.results[0].hypothesis.class_id == "unknown"
    assert message.header.frame_id == can.header.frame_id == "eye"
    again = detections_from_message(message)
    np.testing.assert_array_equal(again.boxes, found().boxes)
    np.testing.assert_array_equal(again.scores, found().scores)
    np.testing.assert_array_equal(again.ids, [7, 3])
    assert again.class_names == ("can", "unknown")
    assert detections_from_message(Detection2DArray()).boxes.shape == (0, 4)


def test_of_several_hypotheses_the_best_counts():
    message = detections_to_message(found(), Header())
    for name, score in (("mug", 0.95), ("jug", 0.1)):
        message.detections[0].results.append(ObjectHypothesisWithPose(hypothesis=ObjectHypothesis(class_id=name)))
        message.detections[0].results[-1].hypothesis.score = score
    again = detections_from_message(message)
    assert (again.class_names[0], again.scores[0]) == ("mug", np.float32(0.95))


def test_label_info_by_hand_and_back():
    message = label_info_to_message(("cup", "can"), 0.25, Header())
    assert [(c.class_id, c.class_name) for c in message.class_map] == [(0, "cup"), (1, "can"), (2, "unknown")]
    message.class_map = message.class_map[::-1]  # the order is not what counts
    assert label_info_from_message(message) == (("cup", "can"), 0.25)


def test_label_info_lists_as_many_names_of_guesses_as_there_are_ids():
    message = label_info_to_message(("cup",), 0.3, Header(), guesses=[f"n{i}" for i in range(20_000)])
    listed = [(one.class_id, one.class_name) for one in message.class_map]
    assert listed[:3] == [(0, "cup"), (1, "unknown"), (3 << 14, "n0?")]
    assert listed[-1] == (65535, f"n{65535 - (3 << 14)}?")


def test_label_info_lists_taught_names_behind_the_classes():
    message = label_info_to_message(("cup", "can"), 0.25, Header(), ("my cup", "tile"))
    assert [(one.class_id, one.class_name) for one in message.class_map] == [
        (0, "cup"), (1, "can"), (2, "unknown"), (32768, "my cup"), (32769, "tile")
    ]  # fmt: skip
    assert label_info_from_message(message) == (("cup", "can"), 0.25)


def test_vision_messages_that_do_not_fit_are_one_sentence():
    message = detections_to_message(found(), Header())
    message.detections[1].id = "7"
    with pytest.raises(MessageError, match="two detections have the id 7, expected each id once"):
        detections_from_message(message)
    message.detections[1].id = "seven"
    with pytest.raises(MessageError, match="detection 1 has the id 'seven', expected a number"):
        detections_from_message(message)
    message.detections[0].results = []
    with pytest.raises(MessageError, match="detection 0 has no result"):
        detections_from_message(message)
    info = label_info_to_message(("cup",), 0.25, Header())
    info.class_map[1].class_name = "can"
    with pytest.raises(MessageError, match="class_map ends with 'can', expected 'unknown' as the last class"):
        label_info_from_message(info)
    info.class_map[1].class_id = 5
    with pytest.raises(MessageError, match="class_map has the ids 0, 5, expected 0 to K, each once"):
        label_info_from_message(info)
    with pytest.raises(MessageError, match="class_map ends with nothing"):
        label_info_from_message(LabelInfo())
