"""Run a node as a process: spin, leave cleanly on SIGINT or SIGTERM, one sentence where it cannot start."""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import rclpy
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.executors import Executor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from osis_ros.errors import OsisError
from osis_ros.nodes.support.executor import SteadyExecutor
from osis_ros.nodes.support.streaming import StreamingNode

N = TypeVar("N", bound=Node)
STOPPING = (signal.SIGINT, signal.SIGTERM)
SIGNAL_PERIOD = 0.2  # s after which a signal is noticed at the latest
GOODBYE = 3.0  # s that a node has to stop; only a signal after that ends it at once


class StartError(OsisError):
    """A node that cannot start; the message is one sentence for the user."""


class RosLogHandler(logging.Handler):
    """Passes what the package's ROS-free parts log on to a node's logger."""

    def __init__(self, logger: RcutilsLogger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self._logger.error(self.format(record))
        elif record.levelno >= logging.WARNING:
            self._logger.warning(self.format(record))
        else:
            self._logger.info(self.format(record))


def run(create: Callable[[], N]) -> N:
    """Create a node and spin it until a signal tells it to stop. The node comes back destroyed.

    rclpy's own signal handlers make the context invalid in the middle of whatever is being done, which then fails; so
    here a signal only ends the spinning. It is waited for in the main thread, because a thread that waits for
    messages does not notice signals; and again and again, because the system may hand a signal to any other thread,
    which does not wake the main one. One Ctrl-C may come twice, from the terminal and from `ros2 launch`; so a further
    signal ends the process at once only where stopping takes longer than `GOODBYE`.
    """
    stop = _stop_signals()
    node = None
    try:
        with _one_sentence():
            rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
        with _one_sentence():
            node = create()
        logger = logging.getLogger("osis_ros")
        logger.addHandler(RosLogHandler(node.get_logger()))
        logger.setLevel(logging.INFO)
        _spin_until(stop, node)
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return node


def _stop_signals() -> threading.Event:
    """An event that is set when a signal tells the process to stop."""
    stop, since = threading.Event(), time.monotonic()

    def on_signal(number: int, _frame: object) -> None:
        nonlocal since
        if not stop.is_set():
            since = time.monotonic()
        elif time.monotonic() - since > GOODBYE:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in STOPPING:
        signal.signal(number, on_signal)
    return stop


@contextmanager
def _one_sentence() -> Iterator[None]:
    """End the process with one sentence where a parameter, a name or another ROS argument is wrong."""
    try:
        yield
    except (OsisError, ParameterException, NameValidationException, rclpy_implementation.RCLError) as err:
        sentence = str(err).strip().splitlines()[0].partition(", at /")[0]  # what follows are lines of rcl's source
        sys.exit(f"{_program()}: {sentence}")
    except rclpy_implementation.UnknownROSArgsError as err:
        sys.exit(f"{_program()}: unknown ROS arguments {err}")


def _program() -> str:
    return sys.argv[0].rpartition("/")[2]


def _spin_until(stop: threading.Event, node: Node) -> None:
    """A thread for each group of the segmenter's callbacks: requests and a transition may all take long, and meanwhile
    the diagnostics go on."""
    executor = SteadyExecutor(num_threads=4)
    executor.add_node(node)

    def spin(executor: Executor) -> None:
        while not stop.is_set():
            executor.spin_once(timeout_sec=0.5)  # being woken does not end it

    with ThreadPoolExecutor(1, "executor") as pool:
        spinning = pool.submit(spin, executor)
        spinning.add_done_callback(lambda _: stop.set())  # also where a callback raises
        while not stop.wait(SIGNAL_PERIOD):
            pass
        if isinstance(node, StreamingNode):
            node.end_waits()
        executor.wake()
    executor.shutdown()
    spinning.result()
