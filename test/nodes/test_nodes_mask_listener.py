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
from osis_ros.messages.instances import instance_array, instances_of
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


def test_instances_survive_the_message():
    from std_msgs.msg import Header

    message = instance_array(example(), Header(), "m", embeddings=True)
    assert message.instances[0].mask.tobytes() == bytes([255, 0, 255, 255])
    again = instances_of(message, ("cup", "can"))
    np.testing.assert_array_equal(again.full_mask(0), example().full_mask(0))
    np.testing.assert_array_equal(again.embeddings, example().embeddings)
    assert again.class_ids.tolist() == [1, 2]
    assert [i.class_name for i in message.instances] == ["can", "unknown"]
    empty = instances_of(InstanceArray(height=6, width=8), ("cup", "can"))
    assert (len(empty), empty.width) == (0, 8)


def test_the_example_consumer_prints_each_object(bench: Bench, tmp_path: Path):
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, REPOSITORY / "scripts" / "mask_listener", "--ros-args", "-r", f"__ns:={bench.namespace}"]
    output = tmp_path / "said"
    with output.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONPATH": path})
    publisher = bench.peer.create_publisher(InstanceArray, "segmenter/instances", 5)

    def said() -> list[str]:
        # More than once: the publisher may know of the listener before the listener knows of it.
        publisher.publish(instance_array(example(), bench.stamped(), "m"))
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
