"""`osis render` from a folder of frames and from a bag, without RViz."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, looking
from typer.testing import CliRunner

from osis_ros.cli import app


def frame() -> tuple[np.ndarray, np.ndarray]:
    """A bright block on a dark table, and its depth in millimetres."""
    depth, owner = cast(looking(60, 0.8), [Cuboid((-0.1, 0.08, 0.04), (0.1, 0.1, 0.08))])
    rgb = np.where(owner[..., None] == 1, np.uint8([250, 30, 30]), np.uint8([30, 30, 30]))
    return rgb, np.nan_to_num(np.round(depth * 1000)).astype(np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rgb, depth = frame()
    place = tmp_path / "frames"
    place.mkdir()
    cv2.imwrite(str(place / "7-color.png"), rgb[..., ::-1])
    cv2.imwrite(str(place / "7-depth.png"), depth)
    (place / "camera_params.json").write_text(
        json.dumps({"fx": CAMERA.fx, "fy": CAMERA.fy, "cx": CAMERA.cx, "cy": CAMERA.cy})
    )
    return place


def render(source: Path, output: Path, model: Path, *more: object) -> object:
    return CliRunner().invoke(
        app, ["render", str(source), "--output", str(output), "--model", str(model), *map(str, more)]
    )


def test_a_folder_of_frames(folder: Path, tmp_path: Path, colour_cells: Path):
    output = tmp_path / "scene.png"
    for _ in range(2):  # an earlier picture is replaced
        result = render(folder, output, colour_cells, "--score-threshold", 0.2)
        assert result.exit_code == 0, result.output
    assert "7, 1 objects in space, a support plane" in " ".join(result.output.split())
    assert cv2.imread(str(output)).shape == (960, 1280, 3)


def test_a_bag(tmp_path: Path, colour_cells: Path):
    pytest.importorskip("rclpy", reason="bags are read with ROS")
    pytest.importorskip("rosbags", reason="bags are written with rosbags, which pip installs")
    from rclpy.qos import QoSProfile
    from rclpy.serialization import serialize_message
    from std_msgs.msg import Header

    from osis_ros.bags.writer import BagWriter
    from osis_ros.messages.camera import PIXEL_CENTRE, intrinsics_to_message
    from osis_ros.messages.images import image_to_message

    rgb, depth = frame()
    k = np.array([[CAMERA.fx, 0, CAMERA.cx], [0, CAMERA.fy, CAMERA.cy], [0, 0, 1]]) + PIXEL_CENTRE
    writer = BagWriter(tmp_path / "table")
    for second in (1, 2, 3):
        header = Header(frame_id="camera")
        header.stamp.sec = second
        messages = {
            "/depth/camera_info": ("sensor_msgs/msg/CameraInfo", intrinsics_to_message(k, 640, 480, header)),
            "/depth/image_raw": ("sensor_msgs/msg/Image", image_to_message(depth, "16UC1", header)),
            "/color/image_raw": ("sensor_msgs/msg/Image", image_to_message(rgb, "rgb8", header)),
        }
        for topic, (kind, message) in messages.items():
            if second == 1:
                writer.add_topic(topic, kind, QoSProfile(depth=1))
            writer.write(topic, second * 1_000_000_000, serialize_message(message))
    writer.close()
    result = render(tmp_path / "table", tmp_path / "scene.png", colour_cells, "--score-threshold", 0.2, "--at", 1.5)
    assert result.exit_code == 0, result.output
    assert "table at 2.00 s, 1 objects in space" in " ".join(result.output.split())
    late = render(tmp_path / "table", tmp_path / "late.png", colour_cells, "--at", 9)
    assert late.exit_code == 1
    assert "no image of /color/image_raw with one of /depth/image_raw" in " ".join(late.output.split())


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("7-depth.png", "7-depth.png is no 16-bit PNG of 640x480 pixels"),
        ("camera_params.json", "camera_params.json cannot be read"),
    ],
)
def test_what_is_missing_is_named(folder: Path, tmp_path: Path, colour_cells: Path, broken: str, sentence: str):
    (folder / broken).unlink()
    result = render(folder, tmp_path / "scene.png", colour_cells)
    assert result.exit_code == 1
    assert sentence in " ".join(result.output.split())


def test_a_file_of_the_users_is_left_alone(folder: Path, colour_cells: Path):
    before = (folder / "7-color.png").read_bytes()
    result = render(folder, folder / "7-color.png", colour_cells)
    assert "is not an earlier rendering" in " ".join(result.output.split())
    assert (folder / "7-color.png").read_bytes() == before


def test_a_frame_that_is_not_there_is_named_with_those_that_are(folder: Path, tmp_path: Path, colour_cells: Path):
    result = render(folder, tmp_path / "scene.png", colour_cells, "--frame", 8)
    assert "has no frame 8, expected one of 7" in " ".join(result.output.split())
