"""The example consumer decodes what the segmenter sends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from bench import Bench, eventually

from osis_ros.instances import Instances
from osis_ros.messages.instances import instances_to_message
from osis_ros.msg import InstanceArray

REPOSITORY = Path(__file__).parents[2]


def example() -> Instances:
    """An L of three pixels at x 2..3, y 1..2, and an unknown object without pixels."""
    return Instances(
        boxes=[[2, 1, 4, 3], [5, 5, 5, 5]], scores=[0.9, 0.5], class_ids=[1, 2], distances=[0.1, 1.2],
        embeddings=[[1, 0], [0, 1]], rois=[[2, 1, 2, 2], [5, 5, 0, 0]],
        masks=(np.array([[1, 0], [1, 1]], bool), np.zeros((0, 0), bool)), height=6, width=8,
        class_names=("cup", "can"),
    )  # fmt: skip


def test_the_example_consumer_prints_each_object(bench: Bench, tmp_path: Path):
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, REPOSITORY / "scripts" / "mask_listener", "--ros-args", "-r", f"__ns:={bench.namespace}"]
    output = tmp_path / "said"
    with output.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONPATH": path})
    publisher = bench.peer.create_publisher(InstanceArray, "segmenter/instances", 5)

    def said() -> list[str]:
        # More than once: the publisher may know of the listener before the listener knows of it.
        publisher.publish(instances_to_message(example(), bench.stamped(), "m"))
        time.sleep(0.3)
        return output.read_text().splitlines()[1:]

    try:
        eventually(said, "the listener's two lines")
        time.sleep(1)  # rclpy complains of an interrupt while a message is on its way
        process.send_signal(signal.SIGINT)
        process.wait(30)
    finally:
        process.kill()
    lines = output.read_text().splitlines()
    # pixels (2,1), (2,2), (3,2): centre x 7/3, y 5/3
    assert lines[:2] == ["1 can 0.90: 3 pixels round (2.3, 1.7)", "2 unknown 0.50: 0 pixels round nowhere"]
    assert set(lines[2:]) <= set(lines[:2])  # no word on being interrupted


def listener(bench: Bench, **streams: object) -> subprocess.Popen:
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, REPOSITORY / "scripts" / "mask_listener", "--ros-args", "-r", f"__ns:={bench.namespace}"]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, **streams)


def test_a_reader_that_goes_away_ends_it_without_a_word(bench: Bench):
    process = listener(bench, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    publisher = bench.peer.create_publisher(InstanceArray, "segmenter/instances", 5)
    try:
        eventually(publisher.get_subscription_count, "the listener")
        process.stdout.close()  # as `mask_listener | head` does

        def ended() -> bool:
            publisher.publish(instances_to_message(example(), bench.stamped(), "m"))
            time.sleep(0.2)
            return process.poll() is not None

        eventually(ended, "the listener's end")
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait()


def test_an_interrupt_while_it_imports_is_no_traceback(bench: Bench):
    process = listener(bench, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        eventually(lambda: "/numpy/" in Path(f"/proc/{process.pid}/maps").read_text(), "its first import")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == b""
    finally:
        process.kill()


def test_an_array_that_does_not_fit_is_skipped_with_a_sentence(bench: Bench, tmp_path: Path):
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        process = listener(bench, stdout=subprocess.DEVNULL, stderr=stderr)
    publisher = bench.peer.create_publisher(InstanceArray, "segmenter/instances", 5)
    message = instances_to_message(example(), bench.stamped(), "m")
    message.instances[0].mask = message.instances[0].mask[:-1]

    def said() -> set[str]:
        publisher.publish(message)
        time.sleep(0.2)
        lines = log.read_text().splitlines(keepends=True)  # DDS may have a say of its own
        return {line for line in lines if line.startswith("mask_listener") and line.endswith("\n")}

    try:
        own = eventually(said, "a sentence")
        process.send_signal(signal.SIGINT)
        process.wait(60)
    finally:
        process.kill()
    assert own == {
        "mask_listener: message skipped: instance 1: mask holds 3 bytes, expected 4 for its roi of 2x2 pixels\n"
    }
