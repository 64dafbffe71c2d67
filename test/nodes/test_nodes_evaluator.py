"""`evaluator` over real DDS: a bag is played to a real segmenter, and the scores are those of `osis replay`."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from bench import BEST_EFFORT, RELIABLE, Bench, Heard, eventually, picture, rgb_message, value
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.exceptions import ParameterException
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

pytest.importorskip("faster_coco_eval", reason="the evaluator scores with faster-coco-eval")
pytest.importorskip("rosbags", reason="bags are read and written with rosbags, which pip installs")
from bag_player import play

from osis_ros.bags.replay import Options, replay
from osis_ros.bags.writer import BagWriter
from osis_ros.errors import OsisError
from osis_ros.evaluation.metrics.truth_figures import TRUTH_FIGURES
from osis_ros.inference.label_image import label_image
from osis_ros.inference.segmenter import Segmenter
from osis_ros.messages.images import image_to_message
from osis_ros.messages.instances import instances_to_message
from osis_ros.msg import InstanceArray
from osis_ros.nodes.evaluator_node import EvaluatorNode
from osis_ros.nodes.segmenter_node import SegmenterNode
from osis_ros.nodes.support.node_process import NodeProcess

REPOSITORY = Path(__file__).parents[2]
CAMERA = ("-p", "width:=160", "-p", "height:=120", "-p", "rate:=4.0", "-p", "orbit:=false")
CRITERIA = """criteria:
- {name: objects are found, figure: recall, at_least: 0.85}
- {name: red is seen, figure: seen.red, at_least: 1}
- {name: masks are steady, figure: mask_agreement, at_least: 0.9}
- {name: scored, figure: ap_known, at_least: 99}
- {name: nothing right, region: [[112, 0], [224, 0], [224, 224], [112, 224]], at_most: 1}
"""
# What the model of colour_cells.py answers to: one known thing, or a known and an unknown one.
ONE = picture((16, 8, 96, 48, (255, 0, 0)))
TWO = picture((16, 8, 96, 48, (255, 0, 0)), (120, 120, 200, 160, (204, 0, 0)), (120, 160, 200, 200, (0, 0, 204)))


def start(bench: Bench, **values: object) -> EvaluatorNode:
    overrides = [Parameter(name.replace("__", "."), value=value) for name, value in values.items()]
    node = EvaluatorNode(
        namespace=bench.namespace, context=bench.context, parameter_overrides=overrides,
        cli_args=["--ros-args", "-r", "instances:=segmenter/instances"],
    )  # fmt: skip
    return bench.add(node)


def scores(diagnostics: Heard, bench: Bench) -> DiagnosticStatus | None:
    """The evaluator's latest status; the segmenter has one too."""
    name = f"{bench.namespace}/evaluator: accuracy"
    mine = [status for array in list(diagnostics) for status in array.status if status.name == name]
    return mine[-1] if mine else None


def judged(diagnostics: Heard, bench: Bench) -> int:
    """How many images the evaluator says that it has judged."""
    return int(value(scores(diagnostics, bench), "images judged") or 0)


@pytest.fixture
def recorded(tmp_path: Path, colour_cells: Path) -> Path:
    """Four images and a truth that the model misses by one object in the second, and by a class in the third."""
    from rclpy.serialization import serialize_message

    segmenter, writer = Segmenter(colour_cells), BagWriter(tmp_path / "bag")
    writer.add_topic("/cam/image", "sensor_msgs/msg/Image", RELIABLE)
    writer.add_topic("/cam/ground_truth", "osis_ros/msg/InstanceArray", RELIABLE)
    for number, rgb in enumerate((ONE, ONE, TWO, TWO)):
        found = segmenter.segment(TWO if number == 1 else rgb)
        if number == 2:
            found = found.replaced(class_ids=np.array([1, 3]))  # the red thing is a green one
        header = Bench.stamped(None, sec=5 + number)
        truth = instances_to_message(found, header, "truth")
        for topic, message in (("/cam/image", rgb_message(rgb, header)), ("/cam/ground_truth", truth)):
            writer.write(topic, number * 10**9, serialize_message(message))
    writer.close()
    return tmp_path / "bag"


def test_a_bag_that_is_played_gets_the_scores_of_its_replay(
    bench: Bench, tmp_path: Path, recorded: Path, colour_cells: Path
):
    from rich.console import Console

    report, criteria = tmp_path / "out" / "live.json", tmp_path / "criteria.yaml"
    criteria.write_text(CRITERIA)
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    answers = bench.listen(InstanceArray, "segmenter/instances")
    bench.active(colour_cells)
    node = start(bench, model=str(colour_cells), report=str(report), criteria=str(criteria))
    topics = {"/cam/image": "image", "/cam/ground_truth": "truth"}
    play(bench, recorded, topics, lambda topic, number: topic != "/cam/image" or len(answers) >= number)
    eventually(lambda: node._run.found()["images_judged"] == 4, "every image is judged")
    bench.owner = "evaluator"
    answer = bench.call(Trigger, "write_report", Trigger.Request())
    assert (answer.success, answer.message) == (True, f"{report}: 4 images")
    fields = json.loads(report.read_text())
    options = Options(recorded, tmp_path / "replayed", str(colour_cells), criteria=criteria)
    (replayed,) = replay(options, Console(quiet=True))
    offline = replayed.figures()
    assert fields["criteria"] == [asdict(outcome) for outcome in replayed.outcomes]
    assert [one["passed"] for one in fields["criteria"]] == [True, True, True, False, False]
    for name in ("mask_agreement", "flicker_per_object_minute", "count.red", "unknown_share", "parts_per_image"):
        assert fields["figures"][name] == pytest.approx(offline[name]), name
    assert {name: fields["figures"][name] for name in TRUTH_FIGURES} == {name: offline[name] for name in TRUTH_FIGURES}
    assert fields["figures"]["recall"] == pytest.approx(6 / 7)
    assert (fields["figures"]["images_seen"], fields["figures"]["images_dropped"]) == (4, 0)
    assert 0 < fields["figures"]["latency_p50_ms"] <= fields["figures"]["latency_p99_ms"] < 60_000
    assert {"found": "red", "true": "green", "objects": 1} in fields["classes"]
    assert [worst["stamp"] // 10**9 for worst in fields["worst"][:2]] == [7, 6]

    eventually(lambda: judged(diagnostics, bench) == 4, "diagnostics of all images")
    told = scores(diagnostics, bench)
    assert (value(told, "recall"), value(told, "precision"), value(told, "images dropped")) == ("0.857", "1.000",
                                                                                                       "0")  # fmt: skip
    assert value(told, "criterion objects are found") == (
        "passed: objects are found: recall is 0.857143, expected at least 0.85"
    )
    assert value(told, "criterion nothing right").startswith("failed: nothing right: something is in the region in 2")
    assert value(told, "criterion scored") == "judged at the end"
    assert bench.call(Trigger, "reset", Trigger.Request()).success
    assert node._run.found()["images_judged"] == 0


def test_label_images_of_a_best_effort_camera_are_a_truth_and_damage_is_told(
    bench: Bench, tmp_path: Path, colour_cells: Path
):
    classes = tmp_path / "classes.yaml"
    classes.write_text("{1: red, 2: toy}")
    node = start(bench, model=str(colour_cells), truth_type="labels", truth_classes=str(classes), count_images=False)
    found = Segmenter(colour_cells).segment(TWO)
    answers = bench.peer.create_publisher(InstanceArray, "segmenter/instances", RELIABLE)
    labels = bench.peer.create_publisher(Image, "truth", BEST_EFFORT)
    for publisher in (answers, labels):
        eventually(publisher.get_subscription_count, "the node listens")
    damaged = instances_to_message(found, bench.stamped(1), "colour_cells")
    damaged.instances[0].mask = damaged.instances[0].mask[:-1]
    answers.publish(damaged)
    answers.publish(instances_to_message(found, bench.stamped(2), "another"))
    message = image_to_message(label_image(found), "16UC1", bench.stamped(2))
    eventually(lambda: labels.publish(message) or node._run.found()["images_judged"], "the truth is heard")
    figures = node._run.figures(0.0)
    assert (figures["recall"], figures["class_accuracy"], figures["images_judged"]) == (1, 1, 1)
    problems = json.loads(node._run.report({}, {}))["problems"]
    assert problems == {"instances skipped: instance 1: mask holds 12543 bytes, expected 12544 for its roi of 112x112 "
                        "pixels": 1}  # fmt: skip
    assert (
        "the instances are of model 'another', but `model` is 'colour_cells'" in node._statistics.summary().last_error
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"model": "no_model"}, "no_model"),
        ({"truth_type": "boxes"}, "truth_type is 'boxes', expected one of instances, labels, compressed_labels, none"),
        ({"truth_type": "labels"}, "truth_type is labels: name the class of each value in a file, as truth_classes"),
        ({"truth_classes": "c.yaml"}, "truth_classes is for a truth_type of labels or compressed_labels"),
        ({"truth_type": "labels", "truth_classes": "none.yaml"}, "none.yaml cannot be read: No such file"),
        ({"report": f"{__file__}/live.json"}, "is a file, expected a folder to write live.json to"),
        ({"report": str(Path(__file__))}, "exists and is not an earlier evaluator's report"),
        ({"answer_timeout": 0.0}, "answer_timeout"),
        ({"criteria": "none.yaml"}, "none.yaml cannot be read: No such file"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(bench: Bench, values: dict[str, object], sentence: str):
    with pytest.raises((OsisError, ParameterException), match=re.escape(sentence)):
        start(bench, **values)


def test_a_criterion_that_needs_the_images_is_refused_without_them_and_one_of_a_replay_alone_is_named(
    bench: Bench, tmp_path: Path, colour_cells: Path
):
    criteria = tmp_path / "criteria.yaml"
    criteria.write_text("criteria: [{name: steady, figure: mask_agreement, at_least: 1}]")
    with pytest.raises(OsisError, match="a criterion needs the images, because it bounds mask_agreement"):
        start(bench, model=str(colour_cells), criteria=str(criteria), count_images=False)
    criteria.write_text("criteria: [{name: whole, figure: images_skipped, at_most: 0}]")
    with pytest.raises(OsisError, match=r"criteria\[0\].figure is 'images_skipped', expected a figure of the run"):
        start(bench, model=str(colour_cells), criteria=str(criteria))


def test_as_a_process_it_scores_the_simulated_camera_and_leaves_its_report_at_the_end(
    bench: Bench, tmp_path: Path, colour_cells: Path
):
    pytest.importorskip("mujoco", reason="the simulated camera needs MuJoCo")
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    report, criteria = tmp_path / "live.json", tmp_path / "criteria.yaml"
    criteria.write_text("criteria:\n- {name: all found, figure: recall, at_least: 1}\n"
                        "- {name: some judged, figure: images_judged, at_least: 3}\n")  # fmt: skip
    place, camera = bench.namespace, None
    process = subprocess.Popen(
        [sys.executable, "-m", "osis_ros.nodes.evaluator_node", "--ros-args", "-r", f"__ns:={place}",
         "-r", "image:=camera/color/image_raw", "-r", "truth:=camera/ground_truth",
         "-r", "instances:=segmenter/instances", "-p", f"model:={colour_cells}", "-p", f"report:={report}",
         "-p", f"criteria:={criteria}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )  # fmt: skip
    try:
        eventually(lambda: bench.peer.count_subscribers(f"{place}/camera/ground_truth"), "the evaluator listens")
        camera = NodeProcess("camera", "osis_ros.nodes.sim_camera", ["-r", f"__ns:={place}", *CAMERA], tmp_path / "log")
        model = {"model": str(colour_cells), "provider": "cpu", "threads": 1, "autostart": True}
        bench.add(SegmenterNode(
            namespace=place, context=bench.context, cli_args=["--ros-args", "-r", "image:=camera/color/image_raw"],
            parameter_overrides=[Parameter(name, value=value) for name, value in model.items()],
        ))  # fmt: skip
        eventually(lambda: judged(diagnostics, bench) >= 3, "three images are judged")
    finally:
        process.send_signal(signal.SIGINT)
        if camera is not None:
            camera.stop()
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 1, output
    for sentence in ("failed: all found: recall is", "passed: some judged: images_judged", "1 of 2 criteria are met"):
        assert sentence in output
    assert json.loads(report.read_text())["passed"] is False
    figures = json.loads(report.read_text())["figures"]
    assert figures["images_judged"] >= 3
    assert figures["images"] + figures["images_dropped"] == figures["images_seen"]
    assert figures["missed_per_image"] > 0  # the model of colour cells knows nothing of tables
    assert 0 < figures["age_p50_ms"] < 60_000
    assert f"{report}: {figures['images']} images" in output
