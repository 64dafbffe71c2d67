"""The node as a process: how it starts, and how it leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def start(*arguments: str, module: str = "osis_ros.nodes.segmenter_node") -> subprocess.Popen:
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", module, "--ros-args", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": path, "PYTHONFAULTHANDLER": "1"},
    )


def output_of(process: subprocess.Popen, timeout: float) -> str:
    """All that a process writes until it ends; of one that does not end, where each of its threads stands."""
    try:
        return process.communicate(timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        pytest.fail(f"the process did not end in {timeout} s:\n{process.communicate(timeout=30)[0]}")


def wait_for_node(ros: object, name: str) -> None:
    from bench import eventually
    from rclpy.node import Node

    watcher = Node("watcher", context=ros)
    try:
        eventually(lambda: name in watcher.get_node_names(), f"node {name}", timeout=30)
    finally:
        watcher.destroy_node()


def start_program(callback: str) -> subprocess.Popen:
    """A node that calls `callback` in a thread of its executor once in half a second, and does nothing else."""
    program = (
        "import signal, threading\nfrom rclpy.node import Node\nfrom osis_ros.nodes.support.running import run\n"
        "def idle():\n    node = Node('idle')\n"
        f"    node.create_timer(0.5, lambda: {callback})\n    return node\nrun(idle)"
    )
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": path})


def test_a_signal_ends_a_node_that_has_nothing_to_do(ros: object):
    process = start_program("None")
    try:
        wait_for_node(ros, "idle")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()


def test_a_signal_that_the_system_hands_to_another_thread_ends_the_node_too():
    process = start_program("signal.pthread_kill(threading.get_ident(), signal.SIGINT)")
    try:
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_active_node_at_once_and_silently(ros: object, colour_cells: Path, number: signal.Signals):
    from bench import Bench, eventually, picture, rgb_message

    from osis_ros.msg import InstanceArray

    bench = Bench(ros)
    process = start(
        "-p",
        f"model:={colour_cells}",
        "-p",
        "provider:=cpu",
        "-p",
        "image_timeout:=600.0",
        "-r",
        f"__ns:={bench.namespace}",
    )
    try:
        heard, publish = bench.listen(InstanceArray, "segmenter/instances"), bench.camera()
        assert bench.change("configure")
        assert bench.change("activate")
        eventually(lambda: publish(rgb_message(picture(), bench.stamped())) or heard, "a result of the process")
        process.send_signal(number)
        output = output_of(process, timeout=20)
    finally:
        process.kill()
        bench.close()
    assert process.returncode == 0, output
    assert all(line.startswith("[INFO]") for line in output.splitlines()), output


def test_a_signal_answers_the_request_that_waits_for_frames(ros: object, colour_cells: Path, tmp_path: Path):
    from bench import Bench, eventually
    from sensor_msgs.msg import RegionOfInterest

    from osis_ros.srv import Teach

    bench = Bench(ros)
    values = (f"model:={colour_cells}", f"teaching.gallery:={tmp_path}", "provider:=cpu", "autostart:=true")
    process = start(*(word for value in values for word in ("-p", value)), "-r", f"__ns:={bench.namespace}")
    try:
        request = Teach.Request(name="tile", roi=RegionOfInterest(width=9, height=9), timeout=100.0)
        client = bench.peer.create_client(Teach, f"{bench.namespace}/segmenter/teach")
        eventually(lambda: bench.state() == "active", "the node is active")
        answer = client.call_async(request)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        output = output_of(process, timeout=20)
        eventually(answer.done, "an answer")
    finally:
        process.kill()
        bench.close()
    assert process.returncode == 0, output
    assert answer.result().message == "the node is not active"


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("provider:=abacus", "provider is 'abacus', expected one of auto, cpu, cuda, tensorrt"),
        ("score_threshold:=7.0", "score_threshold out of range"),
        ("score_threshold:=1", "score_threshold"),
    ],
)
def test_a_bad_parameter_ends_the_start_with_one_sentence(argument: str, words: str):
    process = start("-p", argument)
    output = output_of(process, timeout=30)
    assert process.returncode == 1
    assert words in output
    assert "Traceback" not in output
    assert len(output.strip().splitlines()) == 1


def test_a_missing_library_ends_the_start_with_one_sentence(tmp_path: Path):
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('no module named onnxruntime')")
    path = os.pathsep.join(filter(None, [str(tmp_path), str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "segmenter"],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("segmenter: no module named onnxruntime; ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-p", "score_threshold=0.4"], "Couldn't parse parameter override rule: '-p score_threshold=0.4'"),
        (["--params-file", "nowhere.yaml"], "Couldn't parse params file: '--params-file nowhere.yaml'"),
        (["--log-level", "loud"], "Couldn't parse log level: '--log-level loud'"),
        (["-r", "__ns:=//"], "Couldn't parse remap rule: '-r __ns:=//'"),
        (["--params"], "unknown ROS arguments ['--params']"),
    ],
)
def test_wrong_ros_arguments_end_the_start_with_one_sentence(arguments: list[str], words: str):
    process = start(*arguments)
    output = output_of(process, timeout=30)
    assert process.returncode == 1
    own = [line for line in output.strip().splitlines() if not line.startswith("[")]  # rcl's own logging
    assert len(own) == 1, output
    assert words in own[0]
    assert "/src/" not in own[0]


def test_a_signal_that_comes_twice_still_lets_the_node_say_goodbye(ros: object):
    program = (
        "import time\nfrom rclpy.node import Node\nfrom osis_ros.nodes.support.running import run\n"
        "class Slow(Node):\n"
        "    def destroy_node(self):\n        time.sleep(1)\n        super().destroy_node()\n        print('goodbye')\n"
        "run(lambda: Slow('slow'))"
    )
    process = python("-c", program)
    try:
        wait_for_node(ros, "slow")
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=30)[0], process.returncode) == ("goodbye\n", 0)
    finally:
        process.kill()


def test_a_node_that_does_not_stop_is_ended_by_a_later_signal(ros: object):
    program = (
        "import time\nfrom rclpy.node import Node\nfrom osis_ros.nodes.support import running\nrunning.GOODBYE = 0.5\n"
        "class Stuck(Node):\n    def destroy_node(self):\n        print('stuck', flush=True)\n        time.sleep(600)\n"
        "running.run(lambda: Stuck('stuck'))"
    )
    process = python("-c", program)
    try:
        wait_for_node(ros, "stuck")
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stuck\n"
        time.sleep(0.6)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == -signal.SIGINT
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("script", "module"),
    [("segmenter", "onnxruntime"), ("sim_camera", "osis_ros.nodes.support.qos"), ("osis", "typer")],
)
def test_an_interrupt_while_modules_load_is_no_traceback(tmp_path: Path, script: str, module: str):
    slow = tmp_path / "slow.py"
    slow.write_text(f"""
import sys, time
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            print("loads", flush=True)
            time.sleep(600)
sys.meta_path.insert(0, Slow())
sys.argv = [{script!r}]
exec(open({str(REPOSITORY / "scripts" / script)!r}).read())
""")
    process = python(str(slow))
    try:
        assert process.stdout.readline() == "loads\n"
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=30)[0], process.returncode) == ("", -signal.SIGINT)
    finally:
        process.kill()


def test_mistyped_parameters_are_named_at_the_start(tmp_path: Path):
    file = tmp_path / "typo.yaml"
    file.write_text("/**:\n  ros__parameters:\n    score_treshold: 0.9\n    publish: {overlays: false}\n")
    process = start("--params-file", str(file), "-p", "max_overlaps:=0.5")
    try:
        said = "".join(process.stdout.readline() for _ in range(3))
        for given, meant in (
            ("score_treshold", "score_threshold"),
            ("publish.overlays", "publish.overlay"),
            ("max_overlaps", "max_overlap"),
        ):
            assert f"there is no parameter {given}, what was given for it is ignored: did you mean {meant}?" in said
    finally:
        process.kill()
        process.wait()


def python(*arguments: str) -> subprocess.Popen:
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
