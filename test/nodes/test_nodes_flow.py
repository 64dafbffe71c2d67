"""The stream of images: too fast, silent, back again, and never matched."""

import threading
import time

import pytest
import rclpy
from bench import BEST_EFFORT, RELIABLE, TIMEOUT, Bench, eventually, picture, rgb_message, status, value
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage

from osis_ros.inference.segmenter import Segmenter
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.newest_frame import NewestFrameWorker
from osis_ros.srv import Segment

RED = picture((16, 8, 96, 48, (255, 0, 0)))


def test_a_camera_faster_than_the_model_gets_its_newest_frame_processed_and_none_twice(
    bench: Bench, colour_cells, monkeypatch: pytest.MonkeyPatch
):
    segment, runs = Segmenter.segment, threading.Semaphore(0)

    def slow(*args: object, **options: object) -> object:
        runs.acquire(timeout=60)
        return segment(*args, **options)

    heard = bench.listen(InstanceArray, "segmenter/instances")
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    publish = bench.camera()
    bench.active(colour_cells, qos__reliability="reliable", qos__depth=50)
    bench.matched("segmenter/instances")
    monkeypatch.setattr(Segmenter, "segment", slow)

    def counted(what: str) -> int:
        return int(value(status(diagnostics, bench), f"images {what}") or 0)

    publish(rgb_message(RED, bench.stamped(1)))
    eventually(lambda: counted("received") == 1, "the first frame")
    for number in range(2, 31):  # while it is in work, 29 more come
        publish(rgb_message(RED, bench.stamped(number)))
    eventually(lambda: counted("received") == 30, "thirty frames")
    assert (len(heard), counted("processed"), counted("dropped")) == (0, 0, 28)
    for _ in range(3):
        runs.release()
    heard.wait(2)
    publish(rgb_message(RED, bench.stamped(31)))
    heard.wait(3)
    assert [m.header.stamp.sec for m in heard] == [1, 30, 31]  # the newest, none twice, in order
    eventually(lambda: counted("processed") == 3, "all counted")
    assert (counted("received"), counted("dropped"), counted("failed")) == (31, 28, 0)
    now = status(diagnostics, bench)
    assert float(value(now, "latency p95 [ms]")) >= float(value(now, "latency p50 [ms]")) > 0


def test_the_executor_goes_on_while_an_image_is_in_work(bench: Bench, colour_cells, monkeypatch: pytest.MonkeyPatch):
    publish = bench.camera()
    bench.active(colour_cells)
    started, finish, finished = threading.Event(), threading.Event(), threading.Event()
    segment = Segmenter.segment

    def held(*args: object, **options: object) -> object:
        started.set()
        finish.wait(4 * TIMEOUT)  # longer than any call below waits for its answer
        finished.set()
        return segment(*args, **options)

    monkeypatch.setattr(Segmenter, "segment", held)
    try:
        publish(rgb_message(RED, bench.stamped()))
        assert started.wait(TIMEOUT)
        assert bench.set(score_threshold=0.25).successful
        assert bench.state() == "active"
        assert not finished.is_set()
    finally:
        finish.set()


def test_diagnostics_go_on_while_the_model_loads(bench: Bench, colour_cells, monkeypatch: pytest.MonkeyPatch):
    from osis_ros.pipeline import segment

    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    bench.segmenter(model=str(colour_cells), provider="cpu")
    heard_meanwhile = []

    def slowly(*args: object, **options: object) -> Segmenter:
        before = len(diagnostics)
        eventually(lambda: len(diagnostics) >= before + 2, "diagnostics while configuring", timeout=20)
        heard_meanwhile.append(status(diagnostics, bench).message)
        return Segmenter(*args, **options)

    monkeypatch.setattr(segment, "Segmenter", slowly)
    assert bench.change("configure")
    assert heard_meanwhile == ["configuring"]


def test_the_camera_dies_and_returns(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    bench.active(colour_cells, image_timeout=0.5)
    warning = eventually(
        lambda: (s := status(diagnostics, bench)) and s.level == DiagnosticStatus.WARN and s,
        "a warning before any image",
    )
    assert warning.message.startswith(f"no image on {bench.namespace}/image for ")
    for number in (1, 2):
        publish = bench.camera()
        eventually(
            lambda publish=publish, number=number: (
                publish(rgb_message(RED, bench.stamped(number)))
                or time.sleep(0.1)
                or ((s := status(diagnostics, bench)).level == DiagnosticStatus.OK and s)
            ),
            "no warning while images come",
        )
        eventually(lambda number=number: heard and heard[-1].header.stamp.sec == number, "the result of an image")
        bench.peer.destroy_publisher(publish.publisher)
        eventually(lambda: status(diagnostics, bench).level == DiagnosticStatus.WARN, "a warning after the camera died")
        assert bench.state() == "active"


def test_a_camera_of_another_type_is_told_from_one_that_is_silent(bench: Bench, colour_cells):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    elsewhere = Context()  # one participant has one type a topic
    rclpy.init(context=elsewhere)
    camera = Node("camera", namespace=bench.namespace, context=elsewhere)
    try:
        camera.create_publisher(CompressedImage, "image", RELIABLE)
        bench.active(colour_cells, image_timeout=0.5)
        warning = eventually(
            lambda: (s := status(diagnostics, bench)) and "expects" in s.message and s.message, "a warning of the type"
        )
    finally:
        camera.destroy_node()
        elsewhere.shutdown()
    assert warning.endswith(
        "; its publisher sends sensor_msgs/msg/CompressedImage, this node expects sensor_msgs/msg/Image: "
        "remap image or set image_transport"
    )


def test_by_default_every_camera_is_heard(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    latched = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    for number, profile in enumerate((BEST_EFFORT, RELIABLE, latched), 1):
        publish = bench.camera(profile=profile)
        eventually(
            lambda publish=publish, number=number: (
                publish(rgb_message(RED, bench.stamped(number)))
                or time.sleep(0.05)
                or (heard and heard[-1].header.stamp.sec == number)
            ),
            f"an image of a camera that is {profile.reliability.name}",
        )


def test_a_camera_that_offers_less_than_is_requested_is_named_with_both_profiles(
    bench: Bench, colour_cells, errors: list[str]
):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    bench.active(colour_cells, qos__reliability="reliable", qos__depth=3)
    bench.camera(profile=BEST_EFFORT)
    (sentence,) = eventually(lambda: errors, "an error logged")
    assert f"{bench.namespace}/peer offers best_effort, volatile" in sentence
    assert "this node requests reliable, volatile, depth 3" in sentence
    assert sentence.startswith(f"{bench.namespace}/image: incompatible QoS")
    eventually(lambda: "incompatible QoS" in value(status(diagnostics, bench), "last error"), "the diagnostics say so")


def test_a_subscriber_that_requests_more_than_is_offered_is_named_with_both_profiles(
    bench: Bench, colour_cells, errors: list[str]
):
    bench.active(colour_cells)
    wanted = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    bench.listen(InstanceArray, "segmenter/instances", wanted)
    (sentence,) = eventually(lambda: errors, "an error logged")
    assert f"{bench.namespace}/peer requests reliable, transient_local" in sentence
    assert "this node offers reliable, volatile, depth 5" in sentence


def test_requests_are_answered_while_images_stream(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    for number in range(1, 6):
        publish(rgb_message(RED, bench.stamped(number)))
        answer = bench.call(Segment, "segment", Segment.Request(image=rgb_message(RED, bench.stamped(100 + number))))
        assert answer.instances.header.stamp.sec == 100 + number
        assert [i.class_name for i in answer.instances.instances] == ["red"]
    eventually(lambda: heard and heard[-1].header.stamp.sec == 5, "the stream's last result")
    assert all(m.header.stamp.sec < 100 for m in heard)


def test_all_of_many_requests_at_once_are_answered(bench: Bench, colour_cells, monkeypatch: pytest.MonkeyPatch):
    bench.segmenter(model=str(colour_cells), provider="cpu", threads=1)
    assert bench.change("configure")
    clients = [bench.peer.create_client(Segment, f"{bench.namespace}/segmenter/segment") for _ in range(40)]
    for client in clients:
        assert client.wait_for_service(TIMEOUT)
    everyone_has_asked, segment = threading.Event(), Segmenter.segment

    def held(*args: object, **options: object) -> object:
        everyone_has_asked.wait(TIMEOUT)
        return segment(*args, **options)

    monkeypatch.setattr(Segmenter, "segment", held)
    image = rgb_message(RED, bench.stamped())
    answers = [client.call_async(Segment.Request(image=image)) for client in clients]
    time.sleep(1)
    everyone_has_asked.set()
    eventually(lambda: all(answer.done() for answer in answers), "an answer for each")
    assert all(answer.result().success for answer in answers)


def busy_worker() -> tuple[NewestFrameWorker, threading.Event, list[int], list[int]]:
    """A worker at frame 1 until the event is set; the frames that it takes, and one entry a dropped frame."""
    working, go_on, processed, dropped = threading.Event(), threading.Event(), [], []

    def process(frame: int) -> None:
        processed.append(frame)
        working.set()
        go_on.wait(10)

    worker = NewestFrameWorker(process, lambda _: dropped.append(1), "test")
    worker.put(1)
    assert working.wait(10)
    return worker, go_on, processed, dropped


def test_the_worker_takes_the_newest_and_counts_the_others():
    worker, go_on, processed, dropped = busy_worker()
    for frame in (2, 3, 4):
        worker.put(frame)
    go_on.set()
    eventually(lambda: processed == [1, 4], "the newest frame")
    worker.stop()
    assert (processed, len(dropped)) == ([1, 4], 2)


def test_a_stopped_worker_drops_what_still_comes():
    worker, go_on, processed, dropped = busy_worker()
    go_on.set()
    worker.stop()
    worker.put(2)
    assert (processed, len(dropped)) == ([1], 1)


def test_a_stopped_worker_drops_what_waits():
    worker, go_on, processed, dropped = busy_worker()
    worker.put(2)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    eventually(lambda: dropped, "the waiting frame dropped")
    go_on.set()
    stopping.join(10)
    assert (processed, len(dropped), stopping.is_alive()) == ([1], 1, False)
