"""What a node says when something went wrong with one message or request."""

import traceback
from collections.abc import Callable, Iterable
from typing import TypeVar

from rclpy.impl.rcutils_logger import RcutilsLogger

from osis_ros.errors import OsisError
from osis_ros.nodes.support.statistics import FrameStatistics

R = TypeVar("R")


def told(logger: RcutilsLogger, what: str, err: Exception) -> tuple[str, bool]:
    """Log what went wrong: in one sentence what the user can mend, with its traceback a fault of the program.

    Args:
        what: was not done, such as `image skipped`.
    Returns:
        the sentence, and whether it is a fault of the program.
    """
    if isinstance(err, OsisError):
        logger.warning(f"{what}: {err}", throttle_duration_sec=5.0)
        return str(err), False
    text = f"fault of the program, {type(err).__name__}: {err}"
    logger.error(f"{what}: {text}\n{''.join(traceback.format_exception(err))}", throttle_duration_sec=5.0)
    return text, True


def answered(logger: RcutilsLogger, every: Iterable[FrameStatistics], response: R, answer: Callable[[R], object]) -> R:
    """The response to a request, filled by `answer`, or with the reason in `message` where it is refused.

    Args:
        every: statistics that a refusal is counted in.
    """
    try:
        answer(response)
    except Exception as err:
        response.message, faulty = told(logger, "request refused", err)
        for statistics in every:
            statistics.refused(response.message, faulty)
    return response
