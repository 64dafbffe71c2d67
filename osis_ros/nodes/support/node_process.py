"""A node in a process of its own, with its output in a file."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from osis_ros.errors import OsisError

STOP_TIMEOUT = 15.0  # s from SIGINT to SIGKILL


def heed_interrupts() -> None:
    """Let SIGINT end this process and those it starts, also in a job that a script's `&` put into the background.

    Such a job begins with SIGINT ignored, and so would every process it starts. Call it from the main thread.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class NodeProcessError(OsisError):
    """A node ended early or did not end cleanly; the message says so and shows the end of its output."""


class NodeProcess:
    """`python -m MODULE --ros-args …`, from construction until `stop`."""

    def __init__(self, name: str, module: str, ros_arguments: Sequence[str], log: Path) -> None:
        """
        Args:
            name: what messages call it.
            module: its Python module, which runs the node as `__main__`.
            ros_arguments: what follows `--ros-args`: `-p name:=value`, `-r from:=to`.
            log: file that takes its standard output and errors.
        """
        self.name, self._log = name, log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, "--ros-args", *ros_arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in order
            )  # fmt: skip

    @property
    def process_id(self) -> int:
        """Of the operating system."""
        return self._process.pid

    def check(self) -> None:
        """
        Raises:
            NodeProcessError: it is no longer running.
        """
        status = self._process.poll()
        if status is not None:
            raise self._error(f"the {self.name} ended by itself with status {status}")

    def stop(self) -> None:
        """Interrupt it and wait for its end; nothing happens if it has ended.

        Raises:
            NodeProcessError: it had to be killed, or reported a failure.
        """
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            status = self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise self._error(f"the {self.name} did not stop within {STOP_TIMEOUT:.0f} s and was killed") from None
        if status not in (0, -signal.SIGINT):
            raise self._error(f"the {self.name} stopped with status {status}")

    def _error(self, sentence: str) -> NodeProcessError:
        lines = self._log.read_text(errors="replace").splitlines()[-8:]
        said = "".join(f"\n    {line}" for line in lines) or " nothing"
        return NodeProcessError(f"{sentence}; the end of {self._log}:{said}")
