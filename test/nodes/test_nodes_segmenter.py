"""Image in, instances out, over real DDS."""

import threading
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from bench import Bench, eventually, picture, rgb_message, status
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.inference.label_image import label_image
from osis_ros.inference.overlay import draw_overlay
from osis_ros.inference.segmenter import Segmenter
from osis_ros.messages.image_decoding import image_to_rgb
from osis_ros.messages.images import rgb_to_jpeg_message
from osis_ros.messages.instances import instances_from_message, mask_from_message
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.qos import LATCHED
from osis_ros.srv import Segment

# A red rectangle in the first quarter; in the last one equal areas of darker red and blue, nothing in the others.
SCENE = picture((16, 8, 96, 48, (255, 0, 0)), (120, 120, 200, 160, (204, 0, 0)), (120, 160, 200, 200, (0, 0, 204)))


def test_masks_come_out_under_the_images_own_stamp_and_frame(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    publish(rgb_message(SCENE, bench.stamped(12, 345, "camera_optical_frame")))
    (result,) = heard.wait()

    assert (result.header.stamp.sec, result.header.stamp.nanosec) == (12, 345)
    assert result.header.frame_id == "camera_optical_frame"
    assert (result.height, result.width, result.model) == (224, 224, "colour_cells")
    red, purple = result.instances
    assert (red.id, red.class_id, red.class_name, red.unknown, red.score) == (1, 0, "red", False, 1.0)
    assert red.distance == 0
    roi = red.roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (0, 0, 112, 112)
    # The rectangle without its four corner pixels, which bilinear resampling rounds off.
    expected = np.zeros((112, 112), bool)
    expected[8:48, 16:96] = True
    expected[[8, 8, 47, 47], [16, 95, 16, 95]] = False
    np.testing.assert_array_equal(mask_from_message(red), expected)
    assert set(red.mask) == {0, 255}
    assert (purple.id, purple.class_id, purple.class_name, purple.unknown) == (2, 3, "unknown", True)
    assert purple.score == pytest.approx(0.8)
    assert purple.distance == pytest.approx(1 - 0.5**0.5)  # 45 degrees from red and from blue
    assert not len(red.embedding)


def test_an_empty_image_gives_an_empty_array(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    publish(rgb_message(picture(), bench.stamped(7)))
    (result,) = heard.wait()
    assert (result.header.stamp.sec, result.height, list(result.instances)) == (7, 224, [])


def test_an_image_of_another_size_and_aspect_gets_its_masks_in_its_own_pixels(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    rgb = np.zeros((336, 448, 3), np.uint8)  # fitted into 224 × 168: half the size, the padding below
    rgb[32:128, 32:192] = (0, 255, 0)
    publish(rgb_message(rgb, bench.stamped()))
    (result,) = heard.wait()
    (green,) = instances_from_message(result, ("red", "green", "blue")).masks
    roi = result.instances[0].roi
    assert (result.height, result.width) == (336, 448)
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (0, 0, 224, 224)
    truth = rgb[:224, :224, 1] > 0
    assert (green & truth).sum() / (green | truth).sum() > 0.99


def test_pictures_and_detections_for_those_who_look(bench: Bench, colour_cells):
    from vision_msgs.msg import Detection2DArray, LabelInfo

    types = {"instances": InstanceArray, "label_image": Image, "overlay": Image, "detections": Detection2DArray}
    heard = {topic: bench.listen(kind, f"segmenter/{topic}") for topic, kind in types.items()}
    publish = bench.camera()
    bench.active(colour_cells)
    for topic in types:
        bench.matched(f"segmenter/{topic}")
    publish(rgb_message(SCENE, bench.stamped(9, 8, "eye")))
    result, labels, overlay, detections = (heard[topic].wait()[0] for topic in types)

    assert {(m.header.stamp.sec, m.header.stamp.nanosec, m.header.frame_id) for m in (labels, overlay, detections)} == {
        (9, 8, "eye")
    }
    instances = Segmenter(colour_cells).segment(SCENE)
    assert (labels.encoding, labels.step, labels.height, labels.width) == ("16UC1", 448, 224, 224)
    values = np.frombuffer(labels.data, np.uint16).reshape(224, 224)
    np.testing.assert_array_equal(values, label_image(instances))
    assert [values[20, 20], values[150, 150], values[0, 0]] == [i.id for i in result.instances] + [0]
    assert overlay.encoding == "bgr8"
    np.testing.assert_array_equal(image_to_rgb(overlay), draw_overlay(SCENE, instances))

    red, purple = detections.detections
    assert (red.results[0].hypothesis.class_id, red.results[0].hypothesis.score, red.id) == ("red", 1.0, "1")
    box = red.bbox
    assert (box.center.position.x, box.center.position.y, box.size_x, box.size_y) == (56, 56, 112, 112)
    assert (purple.results[0].hypothesis.class_id, purple.id, purple.header.frame_id) == ("unknown", "2", "eye")

    late = bench.listen(LabelInfo, "segmenter/label_info", LATCHED)  # after the fact, and still told
    (info,) = late.wait()
    assert [(c.class_id, c.class_name) for c in info.class_map] == [
        (0, "red"),
        (1, "green"),
        (2, "blue"),
        (3, "unknown"),
    ]
    assert info.threshold == 0.5


def test_pictures_that_nobody_looks_at_are_not_drawn(bench: Bench, colour_cells, monkeypatch: pytest.MonkeyPatch):
    drawn = []
    for module, name in (("label_image", "label_image"), ("overlay", "draw_overlay")):
        where = f"osis_ros.nodes.outputs.{module}"
        original = getattr(__import__(where, fromlist=[name]), name)
        monkeypatch.setattr(
            f"{where}.{name}", lambda *args, name=name, original=original: drawn.append(name) or original(*args)
        )
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    publish(rgb_message(SCENE, bench.stamped(1)))
    heard.wait(1)
    assert drawn == []

    labels = bench.listen(Image, "segmenter/label_image")
    bench.matched("segmenter/label_image")
    eventually(lambda: publish(rgb_message(SCENE, bench.stamped(2))) or labels, "a label image")
    assert set(drawn) == {"label_image"}
    assert bench.set(publish__label_image=False).successful
    for second in (3, 4, 5):  # with the result of 3 all before it are done, with that of 5 the pictures of 4, too
        publish(rgb_message(SCENE, bench.stamped(second)))
        eventually(lambda second=second: heard[-1].header.stamp.sec == second, "its result")
        if second == 3:
            drawn.clear()
    assert drawn == []


@pytest.mark.parametrize("form", ["jpeg", "png"])
def test_compressed_images(bench: Bench, colour_cells, form: str):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera(CompressedImage)
    bench.active(colour_cells, image_transport="compressed")
    bench.matched("segmenter/instances")
    message = rgb_to_jpeg_message(SCENE, bench.stamped(5, 6, "eye"), quality=100)
    if form == "png":
        message.format = "png"
        message.data = cv2.imencode(".png", SCENE[:, :, ::-1])[1].tobytes()
    publish(message)
    (result,) = heard.wait()
    assert (result.header.stamp.sec, result.header.stamp.nanosec, result.header.frame_id) == (5, 6, "eye")
    assert [i.class_name for i in result.instances] == ["red", "unknown"]


def test_embeddings_are_sent_when_asked_for(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells, publish__embeddings=True)
    bench.matched("segmenter/instances")
    publish(rgb_message(SCENE, bench.stamped()))
    (result,) = heard.wait()
    np.testing.assert_allclose([i.embedding for i in result.instances], [[1, 0, 0], [0.5**0.5, 0, 0.5**0.5]], atol=1e-6)
    again = instances_from_message(result, ("red", "green", "blue"))
    assert again.embeddings.shape == (2, 3)


def test_a_request_is_answered_in_every_state_even_if_the_model_goes_meanwhile(
    bench: Bench, colour_cells, monkeypatch: pytest.MonkeyPatch
):
    bench.segmenter(model=str(colour_cells), provider="cpu")
    request = Segment.Request(image=rgb_message(SCENE, bench.stamped(3, 4, "wrist")))
    assert bench.call(Segment, "segment", request).message == "the node is not configured"
    assert bench.change("configure")
    started, finish, segment = threading.Event(), threading.Event(), Segmenter.segment

    def held(*args: object, **options: object) -> object:
        started.set()
        finish.wait(10)
        return segment(*args, **options)

    monkeypatch.setattr(Segmenter, "segment", held)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(bench.call, Segment, "segment", request)
        assert started.wait(10)
        assert bench.change("cleanup")
        finish.set()
        assert answer.result().success


def test_a_refused_request_is_in_the_diagnostics_until_one_is_answered(bench: Bench, colour_cells):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    bench.segmenter(model=str(colour_cells), provider="cpu")
    assert bench.change("configure")
    request = Segment.Request(image=rgb_message(SCENE, bench.stamped()))
    request.image.encoding = "polar"
    bench.call(Segment, "segment", request)

    def judged() -> tuple[bytes, str]:
        now = status(diagnostics, bench)
        return (now.level, now.message) if now else (b"", "")

    eventually(lambda: judged()[0] == DiagnosticStatus.WARN, "a warning")
    assert judged()[1].startswith("inactive: encoding 'polar' is not supported")
    request.image.encoding = "rgb8"
    assert bench.call(Segment, "segment", request).success
    eventually(lambda: judged() == (DiagnosticStatus.OK, "inactive"), "all well again")


def test_segment_answers_while_inactive(bench: Bench, colour_cells):
    bench.segmenter(model=str(colour_cells), provider="cpu")
    assert bench.change("configure")
    request = Segment.Request(image=rgb_message(SCENE, bench.stamped(3, 4, "wrist")), embeddings=True)
    response = bench.call(Segment, "segment", request)
    assert (response.success, response.message) == (True, "")
    header = response.instances.header
    assert (header.stamp.sec, header.stamp.nanosec, header.frame_id) == (3, 4, "wrist")
    assert [i.class_name for i in response.instances.instances] == ["red", "unknown"]
    assert len(response.instances.instances[0].embedding) == 3

    request.image.encoding = "polar"
    response = bench.call(Segment, "segment", request)
    assert not response.success
    assert response.message.startswith("encoding 'polar' is not supported")
    assert (response.instances.header.frame_id, list(response.instances.instances)) == ("wrist", [])
