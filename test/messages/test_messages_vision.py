"""The vision_msgs that the tests use are on the wire what the released ones are."""

import json
from pathlib import Path

import pytest

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
