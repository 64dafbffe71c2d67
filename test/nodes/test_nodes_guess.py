"""Guesses, and names of a zero-shot model, from the running node over real DDS."""

from pathlib import Path

import numpy as np
import pytest
from bench import Bench, eventually, picture, rgb_message
from colour_cells import write_colour_names
from mean_colour import BLUE, GREEN, names_file, plain_image_model
from sensor_msgs.msg import Image

from osis_ros.messages.image_decoding import image_to_rgb
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.qos import LATCHED
from osis_ros.srv import Segment

SCENE = picture((16, 16, 96, 96, (255, 0, 0)), (120, 120, 200, 200, (0, 250, 250)))
SEA = (GREEN + BLUE) / 2**0.5


@pytest.fixture
def names(tmp_path: Path) -> str:
    return str(names_file(tmp_path / "names.npz", sea=SEA, sand=np.array([1, 1, 0])))


def segmented(bench: Bench) -> list:
    answer = bench.call(Segment, "segment", Segment.Request(image=rgb_message(SCENE, bench.stamped())))
    assert answer.success, answer.message
    return answer.instances.instances


def test_unknown_objects_carry_guesses_on_every_output(bench: Bench, colour_cells, names, tmp_path):
    heard, overlays = bench.listen(InstanceArray, "segmenter/instances"), bench.listen(Image, "segmenter/overlay")
    publish = bench.camera()
    bench.active(colour_cells, names=names, guess__image_model=str(plain_image_model(tmp_path / "tower.onnx")))
    for topic in ("instances", "overlay"):
        bench.matched(f"segmenter/{topic}")
    for number in (1, 2):
        publish(rgb_message(SCENE, bench.stamped(number)))
        heard.wait(number)
    red, unknown = sorted(heard[-1].instances, key=lambda one: one.unknown)
    assert (red.class_name, red.guess, red.guess_score) == ("red", "", 0)
    assert (unknown.class_name, unknown.unknown, unknown.guess) == ("unknown", True, "sea")
    assert 0.9 < unknown.guess_score <= 1
    before, after = (image_to_rgb(image) for image in overlays.wait(2)[-2:])
    assert not np.array_equal(before[100:224], after[100:224])  # "unknown" became "#2 sea?"
    assert [one.guess for one in segmented(bench)] == [one.guess for one in heard[-1].instances]


def test_label_info_lists_the_names_of_guesses_as_guesses(bench: Bench, colour_cells, names, tmp_path):
    vision = pytest.importorskip("vision_msgs.msg", reason="label_info needs vision_msgs")
    infos = bench.listen(vision.LabelInfo, "segmenter/label_info", LATCHED)
    bench.active(colour_cells, names=names, guess__image_model=str(plain_image_model(tmp_path / "tower.onnx")))
    told = {one.class_id: one.class_name for one in infos.wait()[-1].class_map}
    assert told == {0: "red", 1: "green", 2: "blue", 3: "unknown", 49152: "sea?", 49153: "sand?"}


def test_a_zero_shot_model_is_asked_for_the_names_of_the_parameter(bench: Bench, names, tmp_path):
    model = write_colour_names(tmp_path / "zero_shot").path
    bench.active(model, names=names)
    assert sorted(one.class_name for one in segmented(bench)) == ["red", "sea"]
    other = str(names_file(tmp_path / "other.npz", lagoon=SEA))
    assert "clean the node up first" in bench.set(names=other).reason
    assert bench.change("deactivate")
    assert bench.change("cleanup")
    assert bench.set(names=other).successful
    assert bench.change("configure")
    assert sorted(one.class_name for one in segmented(bench)) == ["lagoon", "red"]


def test_names_that_cannot_be_used_leave_the_node_unconfigured_with_a_reason(bench: Bench, colour_cells, names):
    node = bench.segmenter(model=str(colour_cells), provider="cpu", threads=1, names=names)
    assert not bench.change("configure")
    assert bench.state() == "unconfigured"
    (stream,) = node._streams
    eventually(lambda: "takes no names; set guess.map" in stream.statistics.summary().last_error, "the reason")
