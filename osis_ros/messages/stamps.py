"""Header stamps as whole numbers, to match messages that belong to one image."""

from typing import Any


def stamp_of(message: Any) -> int:
    """The stamp of a message with a header, in ns."""
    return time_of(message.header.stamp)


def time_of(stamp: Any) -> int:
    """A builtin_interfaces Time, in ns."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec
