"""The simulated camera over real DDS: its topics agree with each other, pixel by pixel."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from bench import RELIABLE, eventually
from geometry_msgs.msg import TransformStamped
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from osis_ros.messages.camera import BODY_FROM_OPTICAL
from osis_ros.messages.image_decoding import compressed_to_rgb, image_to_rgb
from osis_ros.messages.instances import mask_from_message
from osis_ros.msg import InstanceArray, ObjectArray
from osis_ros.nodes.support.running import StartError

TOPICS = {"color/image_raw": Image, "color/image_raw/compressed": CompressedImage, "color/camera_info": CameraInfo,
          "depth/image_raw": Image, "depth/camera_info": CameraInfo, "ground_truth": InstanceArray}  # fmt: skip


@pytest.fixture(scope="module")
def films() -> None:
    try:
        import osis_ros.simulation.film  # noqa: F401
    except ImportError as err:
        pytest.skip(f"the simulated camera needs MuJoCo: {err}")


def rotation(message: TransformStamped) -> np.ndarray:
    """[3, 3] of a message's quaternion, by Rodrigues' formula."""
    q = message.transform.rotation
    vector, w = np.array([q.x, q.y, q.z]), q.w
    cross = np.array([[0, -q.z, q.y], [q.z, 0, -q.x], [-q.y, q.x, 0]])
    return (w * w - vector @ vector) * np.eye(3) + 2 * np.outer(vector, vector) + 2 * w * cross


def start_camera(bench, **values: object):
    from rclpy.parameter import Parameter

    from osis_ros.nodes.sim_camera import SimCamera

    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return bench.add(SimCamera(namespace=bench.namespace, context=bench.context, parameter_overrides=overrides))


def test_one_frame_on_every_topic_under_one_stamp(films, bench):
    from tf2_msgs.msg import TFMessage

    heard = {topic: bench.listen(kind, f"camera/{topic}") for topic, kind in TOPICS.items()}
    moving = bench.listen(TFMessage, "/tf", QoSProfile(depth=100))
    start_camera(bench, rate=5.0, width=320, height=240, seed=3, objects=5, orbit=False)
    fixed = bench.listen(TFMessage, "/tf_static", QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL))

    def stamps(topic: str) -> set[tuple[int, int]]:
        return {(m.header.stamp.sec, m.header.stamp.nanosec) for m in list(heard[topic])}

    common = eventually(lambda: set.intersection(*map(stamps, TOPICS)), "a frame on all topics")
    stamp = min(common)
    color, jpeg, color_info, depth, depth_info, truth = (
        next(m for m in heard[topic] if (m.header.stamp.sec, m.header.stamp.nanosec) == stamp) for topic in TOPICS
    )
    assert {m.header.frame_id for m in (color, jpeg, color_info, depth, truth)} == {"camera_color_optical_frame"}

    rgb = image_to_rgb(color)
    assert rgb.shape == (240, 320, 3)
    assert rgb.std() > 5  # there is something to see
    assert np.abs(compressed_to_rgb(jpeg).astype(int) - rgb).mean() < 6
    assert (depth.encoding, depth.step, depth.height, depth.width) == ("16UC1", 640, 240, 320)
    distances = np.frombuffer(depth.data, np.uint16).reshape(240, 320)
    assert 200 < np.median(distances[distances > 0]) < 3000  # millimetres
    assert (color_info.width, color_info.height, color_info.k[8]) == (320, 240, 1)
    assert color_info.k[0] == color_info.k[4] > 100
    assert list(color_info.p[:3]) == list(color_info.k[:3])
    assert list(depth_info.k) == list(color_info.k)

    assert (truth.height, truth.width, truth.model) == (240, 320, "ground truth")
    assert 1 <= len(truth.instances) <= 5
    covered = np.zeros((240, 320), int)
    for number, instance in enumerate(truth.instances, 1):
        assert (instance.id, instance.score) == (number, 1.0)
        assert instance.unknown == (instance.class_id == 12) == (instance.class_name == "unknown")
        roi, mask = instance.roi, mask_from_message(instance)
        assert mask.any(axis=0)[[0, -1]].all(), "the region is tight"
        assert mask.any(axis=1)[[0, -1]].all(), "the region is tight"
        covered[roi.y_offset : roi.y_offset + roi.height, roi.x_offset : roi.x_offset + roi.width] += mask
    assert covered.max() == 1  # visible masks exclude each other
    assert (distances[covered == 1] > 0).all()

    (link,) = next(m.transforms for m in list(moving) if m.transforms[0].header.stamp == color.header.stamp)
    (optical,) = fixed.wait()[0].transforms
    assert (link.header.frame_id, link.child_frame_id) == ("world", "camera_link")
    assert (optical.header.frame_id, optical.child_frame_id) == ("camera_link", "camera_color_optical_frame")
    # Through the two transforms, what the camera sees of the table lies in the plane z = 0 of the world.
    rows, columns = np.nonzero((covered == 0) & (distances > 0))
    fx, cx, fy, cy = (color_info.k[i] for i in (0, 2, 4, 5))
    z = distances[rows, columns] / 1000
    points = np.stack([(columns - cx) / fx * z, (rows - cy) / fy * z, z])
    position = link.transform.translation
    heights = (rotation(link) @ rotation(optical) @ points)[2] + position.z
    assert np.median(np.abs(heights)) < 0.002
    np.testing.assert_allclose(rotation(optical), BODY_FROM_OPTICAL, atol=1e-9)


def test_depth_may_be_as_noisy_as_a_real_cameras(films, bench):
    heard = {}
    for noise in ("none", "stereo"):
        bench.namespace += f"/{noise}"
        heard[noise] = bench.listen(Image, f"{bench.namespace}/camera/depth/image_raw")
        start_camera(bench, depth_noise=noise, rate=2.0, width=320, height=240, seed=3, objects=5, orbit=False)
    perfect, noisy = (np.frombuffer(heard[noise].wait()[0].data, np.uint16).astype(int) for noise in ("none", "stereo"))
    assert np.count_nonzero(perfect == 0) < np.count_nonzero(noisy == 0)  # holes
    both = (perfect > 0) & (noisy > 0)
    assert 0.5 < np.median(np.abs(perfect - noisy)[both]) < 20  # millimetres


def test_true_boxes_come_with_the_first_frame_after_somebody_asks(films, bench):
    """Also where that frame was rendered before, when nobody wanted its boxes."""
    masks = bench.listen(InstanceArray, "camera/ground_truth")
    camera = start_camera(bench, rate=2.0, width=160, height=120, objects=3, orbit=False)
    masks.wait(2)
    boxes = bench.listen(ObjectArray, "camera/ground_truth_objects")
    eventually(lambda: camera.count_subscribers("camera/ground_truth_objects"), "a subscription that the camera knows")
    time.sleep(0.2)  # so that both ends know each other
    asked = camera.get_clock().now().nanoseconds
    boxes.wait()

    def stamps(messages) -> list[int]:
        return [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in list(messages)]

    first = eventually(lambda: [one for one in stamps(masks) if one > asked], "masks after somebody asked")[0]
    assert first in stamps(boxes)


def test_the_rate_holds(films, bench):
    infos = bench.listen(CameraInfo, "camera/color/camera_info")
    images = bench.listen(Image, "camera/color/image_raw", RELIABLE)
    start_camera(bench, rate=5.0, width=160, height=120, objects=1)
    infos.wait(2)
    before, start = len(infos), time.monotonic()
    time.sleep(3)
    rate = (len(infos) - before) / (time.monotonic() - start)
    assert 3 < rate < 5.6  # a loaded machine may be late, never early
    stamps = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in images]
    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"rate": 0.0}, "rate is 0, expected 0.1..60"),
        ({"width": 5}, "image size is 5x480"),
        ({"objects": 21}, "objects is 21, expected 0..20"),
        ({"split": "moon"}, "split is 'moon', expected demo, train, outliers, val or test"),
        ({"depth_noise": "snow"}, "depth_noise is 'snow', expected one of none, stereo, structured"),
        ({"objects_seed": -2}, "objects_seed is -2, expected 0 or more, or -1"),
        ({"scene_seconds": 0.0}, "scene_seconds is 0, expected 0.1 or more"),
    ],
)
def test_a_wrong_parameter_is_refused_in_one_sentence(films, bench, values: dict, sentence: str):
    with pytest.raises(StartError, match=sentence):
        start_camera(bench, **values)


def test_the_test_package_of_tf2_msgs_has_the_released_type():
    import tf2_msgs

    pytest.importorskip("rosbags", reason="the released types are those that rosbags knows")
    from rosbags.typesys import Stores, get_typestore

    file = Path(tf2_msgs.__file__).parents[4] / "share" / "tf2_msgs" / "msg" / "TFMessage.json"
    if not file.is_file():
        pytest.skip(f"{file} is not installed; ROS 2 before Iron has no type hashes")
    hashes = {entry["type_name"]: entry["hash_string"] for entry in json.loads(file.read_text())["type_hashes"]}
    released = get_typestore(Stores.ROS2_JAZZY).hash_rihs01("tf2_msgs/msg/TFMessage")
    assert hashes["tf2_msgs/msg/TFMessage"] == released
