"""Several cameras of one node over real DDS: each has its own topics, tracks and services, all share the model."""

import threading

import numpy as np
import pytest
from bench import RELIABLE, Bench, Heard, eventually, picture, rgb_message, value
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from osis_ros.inference.segmenter import Segmenter
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.running import StartError

RED = picture((16, 16, 96, 96, (255, 0, 0)))
TWO = picture((16, 16, 96, 96, (255, 0, 0)), (120, 120, 200, 200, (0, 0, 204)))
NAMES = ("left", "right")


class Eyes:
    """Two cameras and an active segmenter; `answers` are its results of both, in the order in which they came."""

    def __init__(self, bench: Bench, model: object) -> None:
        self.bench, self.answers = bench, Heard()
        self._cameras = {name: bench.peer.create_publisher(Image, f"{name}/image", 50) for name in NAMES}
        for name in NAMES:
            topic = f"segmenter/{name}/instances"
            bench.peer.create_subscription(InstanceArray, topic, self.answers.append, RELIABLE)
        self.node = bench.active(model, cameras=list(NAMES))
        for name in NAMES:
            bench.matched(f"segmenter/{name}/instances")
            eventually(lambda name=name: self._cameras[name].get_subscription_count(), f"{name} is listened to")

    def shows(self, name: str, second: int, rgb: np.ndarray) -> None:
        self._cameras[name].publish(rgb_message(rgb, self.bench.stamped(second, 0, name)))

    def answer(self, name: str, second: int, rgb: np.ndarray) -> InstanceArray:
        """What is found in one image."""
        count = len(self.answers)
        self.shows(name, second, rgb)
        (result,) = self.answers.wait(count + 1)[count:]
        assert (result.header.frame_id, result.header.stamp.sec) == (name, second)
        return result


def ids(result: InstanceArray) -> list[int]:
    return [one.track_id for one in result.instances]


def test_each_camera_has_results_and_tracks_of_its_own(bench: Bench, colour_cells):
    eyes, scenes = Eyes(bench, colour_cells), {"left": RED, "right": TWO}
    for second, expected in ((1, {"left": [0], "right": [0, 0]}), (2, {"left": [1], "right": [1, 2]})):
        assert {name: ids(eyes.answer(name, second, rgb)) for name, rgb in scenes.items()} == expected
    answer = bench.call(Trigger, "right/reset_tracks", Trigger.Request())
    assert answer.message == "2 tracks forgotten; the next id is 3"
    assert {name: ids(eyes.answer(name, 3, rgb)) for name, rgb in scenes.items()} == {"left": [1], "right": [0, 0]}


def test_the_diagnostics_have_a_status_for_each_camera(bench: Bench, colour_cells):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    Eyes(bench, colour_cells).answer("right", 1, RED)

    def processed() -> dict[str, str]:
        return {
            status.name.rpartition(" ")[2]: value(status, "images processed")
            for array in list(diagnostics)
            for status in array.status
            if status.name.startswith(f"{bench.namespace}/segmenter: segmentation of ")
        }

    eventually(lambda: processed() == {"left": "0", "right": "1"}, "one image of one camera")


def test_a_slow_camera_has_its_turn_beside_a_fast_one(bench: Bench, colour_cells, monkeypatch: pytest.MonkeyPatch):
    """While an image is in work, the fast camera sends ten and then the slow one its only image."""
    working, go_on = threading.Event(), threading.Event()
    segment = Segmenter.segment

    def held(self, rgb, **thresholds):
        working.set()
        go_on.wait(30)
        return segment(self, rgb, **thresholds)

    eyes = Eyes(bench, colour_cells)
    monkeypatch.setattr(Segmenter, "segment", held)
    left, right = (stream.statistics for stream in eyes.node._streams)
    eyes.shows("left", 1, RED)
    assert working.wait(30)
    for second in range(2, 12):
        eyes.shows("left", second, RED)
        eventually(lambda second=second: left.summary().received == second, "each image of the fast camera")
    eyes.shows("right", 1, RED)
    eventually(lambda: right.summary().received == 1, "that of the slow one")
    go_on.set()
    stamps = [(answer.header.frame_id, answer.header.stamp.sec) for answer in eyes.answers.wait(3)]
    assert stamps == [("left", 1), ("left", 11), ("right", 1)]
    assert (left.summary().dropped, right.summary().dropped) == (9, 0)


@pytest.mark.parametrize(
    ("cameras", "sentence"),
    [
        (["left", "left"], "cameras has 'left' more than once"),
        (["left/eye"], "cameras has 'left/eye', expected a letter and then letters, digits and underscores"),
    ],
)
def test_a_name_that_no_topic_can_have_ends_the_start(bench: Bench, cameras, sentence):
    with pytest.raises(StartError, match=sentence):
        bench.segmenter(cameras=cameras)
