"""The launch files bring real nodes up. Skipped where ROS 2's launch is not installed (it is not on PyPI)."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("launch_ros", reason="launch and launch_ros are not installed")
pytest.importorskip("launch.actions", reason="launch is not installed")
pytest.importorskip("osis_ros.msg", reason="the messages are not built")

from bench import RELIABLE, TIMEOUT, Bench, Heard, eventually, picture, rgb_message, status, value
from colour_cells import write_colour_cells
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import GetParameters
from rclpy.context import Context
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

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
    """`ros2 launch osis_ros NAME` in a process, ended by SIGINT as Ctrl-C does; its output goes to a file."""

    def __init__(self, log: Path, name: str, **arguments: str) -> None:
        share = pytest.importorskip("ament_index_python.packages").get_package_share_directory("osis_ros")
        pairs = [f"{key}:={value}" for key, value in arguments.items()]
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN, str(Path(share) / "launch" / name), *pairs],
                stdout=output, stderr=subprocess.STDOUT, env=os.environ.copy(),
            )  # fmt: skip

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait(self) -> str:
        """What it said, once it has ended by itself."""
        self.process.wait(TIMEOUT)
        return self.output

    def end(self) -> str:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
            return self.output
        finally:
            self.process.kill()


@pytest.fixture
def launched(tmp_path: Path):
    running = []

    def launch(name: str, **arguments: str) -> Launched:
        running.append(Launched(tmp_path / f"launch_{len(running)}.log", name, **arguments))
        return running[-1]

    yield launch
    for item in running:
        if item.process.poll() is None:
            item.end()


@pytest.fixture
def model(tmp_path: Path) -> dict[str, str]:
    """Launch arguments of a small model."""
    return {"model": str(write_colour_cells(tmp_path / "cells").path), "provider": "cpu"}


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


def test_several_cameras_are_listened_to_by_one_node(bench: Bench, launched, model: dict[str, str]):
    launch = launched(
        "segmenter.launch.py", namespace=bench.namespace.strip("/"), cameras="left, right",
        image_topic=f"{bench.namespace}/CAMERA/colour", **model,
    )  # fmt: skip
    for name in ("left", "right"):
        topic = f"{bench.namespace}/{name}/colour"
        eventually(lambda topic=topic: bench.peer.count_subscribers(topic), f"the node listens to {topic}")
    assert "Traceback" not in launch.end()


def test_one_topic_for_several_cameras_is_refused(launched):
    assert "write CAMERA in place of the name" in launched(
        "segmenter.launch.py", cameras="left,right", image_topic="/eye"
    ).wait()  # fmt: skip


@pytest.mark.parametrize(("argument", "expected"), [({}, True), ({"use_sim_time": "false"}, False)])
def test_the_parameter_files_clock_counts_unless_an_argument_is_given(
    bench: Bench, launched, tmp_path: Path, argument: dict[str, str], expected: bool
):
    file = tmp_path / "parameters.yaml"
    file.write_text("/**:\n  ros__parameters:\n    use_sim_time: true\n")
    namespace = bench.namespace.strip("/")
    launched("segmenter.launch.py", namespace=namespace, autostart="false", params_file=str(file), **argument)
    assert parameters(bench, "use_sim_time")[0].bool_value is expected


def test_a_node_that_ends_by_itself_comes_back_active_and_a_users_cleanup_stands(
    bench: Bench, launched, model: dict[str, str]
):
    launch = launched("segmenter.launch.py", namespace=bench.namespace.strip("/"), respawn="true", **model)

    def processes() -> list[int]:
        return [int(pid) for pid in re.findall(r"process started with pid \[(\d+)\]", launch.output)]

    eventually(lambda: bench.state() == "active", "the node is active")
    for number, transition in ((1, None), (2, "deactivate")):
        if transition:
            assert bench.change(transition)
        os.kill(processes()[-1], signal.SIGKILL)
        eventually(lambda number=number: len(processes()) > number, "a new process")
        eventually(lambda number=number: launch.output.count("configured with model") > number, "a model loaded again")
        eventually(lambda: bench.state() == "active", "the new node is active")
    for transition in ("deactivate", "cleanup"):
        assert bench.change(transition)
    time.sleep(1)
    assert bench.state() == "unconfigured"
    assert "Traceback" not in launch.end()


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("", {"provider": "gpu"}, "provider is 'gpu', expected one of auto, cpu, cuda, tensorrt"),
        ("/**: {ros__parameters: {score_threshold: high}}", {}, "score_threshold"),
        ("/**: {ros__parameters: {score_threshold: 0.5", {}, "params.yaml"),
    ],
)
def test_the_launch_ends_when_the_node_does_not_start(
    launched, tmp_path: Path, content: str, arguments: dict[str, str], words: str
):
    file = tmp_path / "params.yaml"
    file.write_text(content)
    output = launched("segmenter.launch.py", **({"params_file": str(file)} if content else {}), **arguments).wait()
    assert "process has died" in output
    assert words in output


@pytest.mark.parametrize(("name", "word"), [("autostart", "maybe"), ("use_sim_time", "sim"), ("rviz", "2")])
def test_a_word_that_is_neither_true_nor_false_ends_the_launch(launched, name: str, word: str):
    assert f"{name}:={word} is neither true nor false" in launched("segmenter.launch.py", **{name: word}).wait()


def test_a_parameter_file_that_is_not_there_ends_the_launch(launched):
    assert (
        "params_file:=/nowhere.yaml is no file" in launched("segmenter.launch.py", params_file="/nowhere.yaml").wait()
    )


def test_a_mistyped_launch_argument_is_named(bench: Bench, launched):
    launch = launched("segmenter.launch.py", namespace=bench.namespace.strip("/"), autostrat="false", autostart="false")
    assert bench.state() == "unconfigured"
    assert "there is no launch argument autostrat, it is ignored: did you mean autostart?" in launch.output


def test_the_demo_ends_with_its_camera(launched):
    pytest.importorskip("mujoco", reason="the simulated camera needs MuJoCo")
    assert "[sim_camera-1]: process has died" in launched("demo.launch.py", width="1", autostart="false").wait()


def test_yes_and_1_are_true(bench: Bench, launched, model: dict[str, str]):
    launched(
        "segmenter.launch.py", namespace=bench.namespace.strip("/"), autostart="yes", use_sim_time="1", **model
    )  # fmt: skip
    eventually(lambda: bench.state() == "active", "the node is active")
    assert parameters(bench, "use_sim_time")[0].bool_value


def test_what_an_including_launch_file_sets_counts(bench: Bench, launched, tmp_path: Path):
    outer = tmp_path / "outer.launch.py"
    outer.write_text("""
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import SetParameter
from launch_ros.substitutions import FindPackageShare

def generate_launch_description():
    file = PathJoinSubstitution([FindPackageShare("osis_ros"), "launch", "segmenter.launch.py"])
    return LaunchDescription([
        SetParameter("score_threshold", 0.25), SetParameter("image_transport", "compressed"),
        SetParameter("use_sim_time", True), IncludeLaunchDescription(PythonLaunchDescriptionSource(file))])
""")
    launched(str(outer), namespace=bench.namespace.strip("/"), autostart="false")
    threshold, transport, clock = parameters(bench, "score_threshold", "image_transport", "use_sim_time")
    assert (threshold.double_value, transport.string_value, clock.bool_value) == (0.25, "compressed", True)


def test_without_rviz_the_segmenter_runs(bench: Bench, launched, model: dict[str, str]):
    from ament_index_python.packages import get_packages_with_prefixes

    if "rviz2" in get_packages_with_prefixes():
        pytest.skip("rviz2 is installed")
    launch = launched("segmenter.launch.py", namespace=bench.namespace.strip("/"), rviz="true", **model)
    eventually(lambda: bench.state() == "active", "the node is active")
    assert "rviz2 is not installed, so nothing is shown: sudo apt install ros-" in launch.output


def test_the_demos_image_topic_is_where_its_camera_publishes_and_its_segmenter_listens(
    bench: Bench, launched, model: dict[str, str]
):
    pytest.importorskip("mujoco", reason="the simulated camera needs MuJoCo")
    topic = f"{bench.namespace}/eye"
    heard = bench.listen(InstanceArray, "segmenter/instances")
    namespace = bench.namespace.strip("/")
    launched("demo.launch.py", image_topic=topic, namespace=namespace, width="160", height="120", **model)
    heard.wait()
    assert [info.node_name for info in bench.peer.get_publishers_info_by_topic(topic)] == ["camera"]
    assert not bench.peer.count_publishers("/camera/color/image_raw")


def parameters(bench: Bench, *names: str) -> list:
    return bench.call(GetParameters, "get_parameters", GetParameters.Request(names=names)).values


@pytest.fixture
def played() -> bool:
    """Whether `ros2 bag play` is there."""
    from ament_index_python.packages import get_packages_with_prefixes

    return "ros2bag" in get_packages_with_prefixes()


def judged(diagnostics: Heard, namespace: str) -> set[str]:
    """The numbers of images that the evaluator said it had judged."""
    told = [
        one for array in list(diagnostics) for one in array.status if one.name == f"{namespace}/evaluator: accuracy"
    ]
    return {value(one, "images judged") for one in told}


def test_a_replay_scores_what_a_player_of_its_own_sends_and_leaves_a_report(
    bench: Bench, launched, tmp_path: Path, model: dict[str, str]
):
    pytest.importorskip("faster_coco_eval", reason="the evaluator scores with faster-coco-eval")
    report, place = tmp_path / "evaluation.json", bench.namespace
    launch = launched(
        "replay.launch.py", namespace=place.strip("/"), play="false", image_topic=f"{place}/eye", report=str(report),
        truth_topic=f"{place}/truth", **model,
    )  # fmt: skip
    heard = bench.listen(InstanceArray, "segmenter/instances")
    topics = {"eye": Image, "truth": InstanceArray}
    publishers = [bench.peer.create_publisher(kind, topic, RELIABLE) for topic, kind in topics.items()]
    eventually(lambda: [p.get_subscription_count() for p in publishers] == [2, 1], "segmenter and evaluator listen")
    eventually(
        lambda: bench.peer.count_subscribers("segmenter/instances") == 2, "so does the evaluator to the segmenter"
    )
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    image = rgb_message(picture((16, 8, 96, 48, (255, 0, 0))), bench.stamped(4))
    publishers[0].publish(image)
    (answer,) = heard.wait()
    publishers[1].publish(answer)  # it is its own truth
    eventually(lambda: "1" in judged(diagnostics, place), "the evaluator judges it")
    output = launch.end()
    assert "Traceback" not in output
    assert launch.process.returncode == 0, output
    assert f"{report}: 1 images" in output
    figures = json.loads(report.read_text())["figures"]
    assert (figures["images_judged"], figures["recall"], figures["ap_known"]) == (1, 1, pytest.approx(100))


def test_a_replay_without_a_bag_or_a_player_ends_with_a_sentence(launched, tmp_path: Path, played: bool):
    assert "bag:=/nowhere does not exist" in launched("replay.launch.py", bag="/nowhere").wait()
    if played:
        pytest.skip("ros2bag is installed")
    output = launched("replay.launch.py", bag=str(tmp_path)).wait()
    assert "ros2bag is not installed, so nothing can be played: sudo apt install ros-" in output


def test_a_replay_ends_with_an_evaluator_that_does_not_start(launched):
    output = launched("replay.launch.py", play="false", autostart="false", truth_type="boxes").wait()
    assert "truth_type is 'boxes', expected one of instances, labels, compressed_labels, none" in output


def test_a_bag_is_played_when_the_nodes_listen_and_the_launch_ends_with_it(
    launched, tmp_path: Path, played: bool, model: dict[str, str]
):
    if not played:
        pytest.skip("ros2bag is not installed (it is not on PyPI)")
    from osis_ros.bags.writer import BagWriter

    writer = BagWriter(tmp_path / "bag")
    writer.add_topic("/eye", "sensor_msgs/msg/Image", RELIABLE)
    for second in range(4):
        image = rgb_message(picture((16, 8, 96, 48, (255, 0, 0))), Bench.stamped(None, second + 1))
        writer.write("/eye", (second + 1) * 10**9, serialize_message(image))
    writer.close()
    report = tmp_path / "evaluation.json"
    arguments = {"bag": str(tmp_path / "bag"), "report": str(report), "image_topic": "/eye", "truth_type": "none"}
    launch = launched("replay.launch.py", **arguments, **model)
    output = launch.wait()
    assert "Traceback" not in output
    assert launch.process.returncode == 0, output
    assert json.loads(report.read_text())["figures"]["images"] >= 3
