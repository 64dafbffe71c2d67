"""What a node says when something went wrong with one message or request."""

import traceback

from rclpy.impl.rcutils_logger import RcutilsLogger

from osis_ros.errors import OsisError


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
