"""Run a node as a process: spin, leave cleanly on SIGINT or SIGTERM, one sentence where it cannot start."""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import Executor
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from osis_ros.nodes.executor import SteadyExecutor


class StartError(Exception):
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


def run(create: Callable[[], Node]) -> None:
    """Create a node and spin it until a signal tells it to stop.

    rclpy's own signal handlers make the context invalid in the middle of whatever is being done, which then fails; so
    here a signal only ends the spinning. It is waited for in the main thread, because a thread that waits for
    messages does not notice signals. A second signal ends the process at once.
    """
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: (stop.set(), signal.signal(received, signal.SIG_DFL)))
    node = None
    try:
        node = create()
        logger = logging.getLogger("osis_ros")
        logger.addHandler(RosLogHandler(node.get_logger()))
        logger.setLevel(logging.INFO)
        _spin_until(stop, node)
    except (ParameterException, StartError) as err:
        sys.exit(f"{sys.argv[0].rpartition('/')[2]}: {err}")
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()


def _spin_until(stop: threading.Event, node: Node) -> None:
    """Two threads for callbacks: one may be in a long service call while the other goes on receiving."""
    executor = SteadyExecutor(num_threads=2)
    executor.add_node(node)

    def spin(executor: Executor) -> None:
        while not stop.is_set():
            executor.spin_once()

    with ThreadPoolExecutor(1, "executor") as pool:
        spinning = pool.submit(spin, executor)
        spinning.add_done_callback(lambda _: stop.set())  # also where a callback raises
        stop.wait()
        executor.wake()
    executor.shutdown()
    spinning.result()
