"""What the launch and configuration files promise, checked without a running ROS."""

import importlib
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]


def flattened(parameters: dict, prefix: str = "") -> dict[str, object]:
    flat = {}
    for name, value in parameters.items():
        flat |= flattened(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


@pytest.mark.parametrize("node", ["segmenter", "localizer"])
def test_the_yaml_file_lists_every_parameter_with_the_nodes_own_default(node: str):
    pytest.importorskip("rclpy", reason="the node's parameters need rclpy")
    settings = importlib.import_module(f"osis_ros.nodes.{node}_node").SETTINGS
    content = yaml.safe_load((REPOSITORY / "config" / f"{node}.yaml").read_text())
    listed = flattened(content["/**"]["ros__parameters"])
    assert listed == {setting.name: setting.default for setting in settings}
    assert {name: type(value) for name, value in listed.items()} == {s.name: type(s.default) for s in settings}


def test_rviz_shows_topics_that_exist():
    config = yaml.safe_load((REPOSITORY / "config" / "osis.rviz").read_text())
    displays = config["Visualization Manager"]["Displays"]
    topics = {d["Topic"]["Value"] for d in displays if "Topic" in d}
    topics |= {d[key] for d in displays for key in ("Depth Map Topic", "Color Image Topic") if key in d}
    assert topics == {
        "/camera/color/image_raw",
        "/camera/depth/image_raw",
        "/segmenter/overlay",
        "/segmenter/label_image",
        "/localizer/markers",
        "/localizer/plane",
        "/localizer/points",
    }
