import subprocess
import sys
import time
from pathlib import Path

import pytest

from osis_ros.nodes.support import node_process
from osis_ros.nodes.support.node_process import NodeProcess, NodeProcessError


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Starts a module with the given source; gives the process once `ready` is in its output."""
    started = []

    def start(source: str) -> NodeProcess:
        (tmp_path / "program.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        process = NodeProcess("camera", "program", ["-p", "rate:=1"], tmp_path / "camera.log")
        started.append(process)
        end = time.monotonic() + 20
        while "ready" not in (tmp_path / "camera.log").read_text() and time.monotonic() < end:
            time.sleep(0.02)
        return process

    yield start
    for process in started:
        process._process.kill()
        process._process.wait()


def test_it_is_interrupted_and_its_output_is_in_the_file(program, tmp_path):
    process = program("import sys, time\nprint('ready', *sys.argv[1:])\ntry:\n    time.sleep(60)\n"
                      "except KeyboardInterrupt:\n    print('leaving')\n")  # fmt: skip
    process.check()
    process.stop()
    process.stop()
    assert (tmp_path / "camera.log").read_text().split("\n")[:2] == ["ready --ros-args -p rate:=1", "leaving"]


def test_one_that_ended_by_itself_is_reported_with_what_it_said_last(program):
    process = program("import sys\nprint('ready')\nsys.exit('no such lens')")
    process._process.wait(20)
    with pytest.raises(NodeProcessError, match=r"the camera ended by itself with status 1(?s:.*)no such lens"):
        process.check()


def test_one_that_ignores_the_interrupt_is_killed_and_reported(program, monkeypatch):
    monkeypatch.setattr(node_process, "STOP_TIMEOUT", 0.5)
    process = program("import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready')\n"
                      "time.sleep(60)\n")  # fmt: skip
    with pytest.raises(NodeProcessError, match="did not stop within 0 s and was killed"):
        process.stop()
    assert process._process.poll() is not None


def test_one_that_fails_while_it_stops_is_reported(program):
    process = program("import sys, time\nprint('ready')\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n"
                      "    sys.exit(3)\n")  # fmt: skip
    with pytest.raises(NodeProcessError, match="the camera stopped with status 3"):
        process.stop()


def test_a_background_job_and_what_it_starts_can_be_interrupted():
    """A script's `&` starts a job with SIGINT ignored, and its children inherit that unless somebody heeds it again."""
    child = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    job = (
        "import signal, subprocess, sys; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from osis_ros.nodes.support.node_process import heed_interrupts\nheed_interrupts()\n"
        f"sys.exit(subprocess.run([sys.executable, '-c', {child!r}]).returncode)"
    )
    ran = subprocess.run([sys.executable, "-c", job], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True"]
