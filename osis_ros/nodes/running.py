"""Run a node as a process: spin, leave cleanly on SIGINT or SIGTERM, one sentence where it cannot start."""

import logging
import sys
from collections.abc import Callable

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.node import Node

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
    """Create a node and spin it until it is told to stop.

    Two threads: one may be in a long service call while the other goes on receiving.
    """
    rclpy.init(args=sys.argv)
    node = executor = None
    try:
        node = create()
        logging.getLogger("osis_ros").addHandler(RosLogHandler(node.get_logger()))
        logging.getLogger("osis_ros").setLevel(logging.INFO)
        executor = SteadyExecutor(num_threads=2)
        executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (ParameterException, StartError) as err:
        sys.exit(f"{sys.argv[0].rpartition('/')[2]}: {err}")
    finally:
        if executor is not None:
            executor.shutdown()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
