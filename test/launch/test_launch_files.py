"""The launch files bring real nodes up. Skipped where ROS 2's launch is not installed (it is not on PyPI)."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("launch_ros", reason="launch and launch_ros are not installed")
pytest.importorskip("launch.actions", reason="launch is not installed")
pytest.importorskip("osis_ros.msg", reason="the messages are not built")

from bench import Bench, eventually, picture, rgb_message, status, value
from colour_cells import write_colour_cells
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import GetParameters
from rclpy.context import Context

from osis_ros.msg import InstanceArray

RUN = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
file, *pairs = sys.argv[1:]
include = IncludeLaunchDescription(
    PythonLaunchDescriptionSource(file), launch_arguments=[pair.split(":=", 1) for pair in pairs])
service = LaunchService(noninteractive=True)  # it passes SIGINT on, as without a terminal
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


@pytest.fixture
def bench():
    import rclpy

    context = Context()
    rclpy.init(context=context)
    bench = Bench(context)
    yield bench
    bench.close()
    rclpy.try_shutdown(context=context)


class Launched:
    """`ros2 launch osis_ros NAME` in a process, ended by SIGINT as Ctrl-C does."""

    def __init__(self, name: str, **arguments: str) -> None:
        share = pytest.importorskip("ament_index_python.packages").get_package_share_directory("osis_ros")
        pairs = [f"{key}:={value}" for key, value in arguments.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(Path(share) / "launch" / name), *pairs],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ.copy(),
        )  # fmt: skip

    def end(self) -> str:
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.communicate(timeout=30)[0]
        finally:
            self.process.kill()


@pytest.fixture
def launched():
    running = []

    def launch(name: str, **arguments: str) -> Launched:
        running.append(Launched(name, **arguments))
        return running[-1]

    yield launch
    for item in running:
        if item.process.poll() is None:
            item.end()


def test_the_segmenter_comes_up_active_on_the_topic_that_was_named(bench: Bench, launched, tmp_path: Path):
    model = write_colour_cells(tmp_path / "cells").path
    heard = bench.listen(InstanceArray, "segmenter/instances")
    launch = launched(
        "segmenter.launch.py", namespace=bench.namespace.strip("/"), image_topic=f"{bench.namespace}/image",
        model=str(model), provider="cpu",
    )  # fmt: skip
    eventually(lambda: bench.peer.count_subscribers(f"{bench.namespace}/image"), "the node is active")
    publish = bench.camera()
    red = picture((16, 8, 96, 48, (255, 0, 0)))
    eventually(lambda: publish(rgb_message(red, bench.stamped(4))) or heard, "a result")
    assert [i.class_name for i in heard[0].instances] == ["red"]
    assert bench.state() == "active"
    output = launch.end()
    assert "Traceback" not in output
    assert launch.process.returncode == 0, output


def test_a_node_that_is_configured_again_waits_to_be_activated(bench: Bench, launched, tmp_path: Path):
    model = write_colour_cells(tmp_path / "cells").path
    launched("segmenter.launch.py", namespace=bench.namespace.strip("/"), model=str(model), provider="cpu")
    eventually(lambda: bench.state() == "active", "the node is active")
    for transition, state in (("deactivate", "inactive"), ("cleanup", "unconfigured"), ("configure", "inactive")):
        assert bench.change(transition)
        assert bench.state() == state
    time.sleep(1)  # a launch file that activated it once more would do so at once
    assert bench.state() == "inactive"
    assert bench.change("activate")


def test_without_autostart_the_node_waits(bench: Bench, launched, tmp_path: Path):
    launched("segmenter.launch.py", namespace=bench.namespace.strip("/"), autostart="false")
    assert bench.state() == "unconfigured"


def test_a_model_that_is_not_there_leaves_the_node_unconfigured(bench: Bench, launched, tmp_path: Path):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    launch = launched("segmenter.launch.py", namespace=bench.namespace.strip("/"), model=str(tmp_path / "none"))
    eventually(lambda: "does not exist" in value(status(diagnostics, bench), "last error"), "the reason in diagnostics")
    assert bench.state() == "unconfigured"
    assert f"model bundle '{tmp_path / 'none'}' does not exist" in launch.end()


def test_compressed_transport_takes_the_topic_below_the_cameras(bench: Bench, launched, tmp_path: Path):
    model = write_colour_cells(tmp_path / "cells").path
    launched(
        "segmenter.launch.py", namespace=bench.namespace.strip("/"), image_topic=f"{bench.namespace}/eye",
        image_transport="compressed", model=str(model), provider="cpu",
    )  # fmt: skip
    topic = f"{bench.namespace}/eye/compressed"
    eventually(lambda: bench.peer.count_subscribers(topic), "the node listens to compressed images")
    (info,) = bench.peer.get_subscriptions_info_by_topic(topic)
    assert info.topic_type == "sensor_msgs/msg/CompressedImage"


@pytest.mark.parametrize(("argument", "expected"), [({}, True), ({"use_sim_time": "false"}, False)])
def test_the_parameter_files_clock_counts_unless_an_argument_is_given(
    bench: Bench, launched, tmp_path: Path, argument: dict[str, str], expected: bool
):
    file = tmp_path / "parameters.yaml"
    file.write_text("/**:\n  ros__parameters:\n    use_sim_time: true\n")
    namespace = bench.namespace.strip("/")
    launched("segmenter.launch.py", namespace=namespace, autostart="false", params_file=str(file), **argument)
    (found,) = bench.call(GetParameters, "get_parameters", GetParameters.Request(names=["use_sim_time"])).values
    assert found.bool_value is expected
