"""The last seconds of a topic, from which the message that belongs to another one is taken by its stamp."""

import threading
import time
from bisect import bisect_left
from typing import Any

import numpy as np

from osis_ros.messages.stamps import stamp_of

TIME_WENT_BACK = 1_000_000_000  # ns before the newest stamp: messages out of order are nearer


class StampedHistory:
    """Messages with a header, by their stamp. Any thread may put and take."""

    def __init__(self, seconds: float, most: int = 300) -> None:
        """
        Args:
            seconds: how long a message is kept, by the stamps of those that come after it; may be changed later.
            most: messages that are kept at most.
        """
        self.seconds, self._most = seconds, most
        self._stamps: list[int] = []
        self._messages: list[Any] = []
        self._changed = threading.Condition()
        self._closed = False

    def put(self, message: Any) -> bool:
        """Keep a message.

        Returns:
            False where its stamp lies so far before the newest that time has gone back (a bag begins again, a simulator
            was reset); all older messages are then forgotten.
        """
        stamp = stamp_of(message)
        with self._changed:
            forward = not self._stamps or stamp > self._stamps[-1] - TIME_WENT_BACK
            if not forward:
                self._stamps, self._messages = [], []
            place = bisect_left(self._stamps, stamp)
            if place < len(self._stamps) and self._stamps[place] == stamp:
                self._messages[place] = message
            else:
                self._stamps.insert(place, stamp)
                self._messages.insert(place, message)
            old = bisect_left(self._stamps, self._stamps[-1] - int(self.seconds * 1e9))
            old = max(old, len(self._stamps) - self._most)
            del self._stamps[:old], self._messages[:old]
            self._changed.notify_all()
            return forward

    def close(self) -> None:
        """End every wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._stamps, self._messages = [], []

    @property
    def period(self) -> float:
        """Seconds between two messages, the median; NaN where there are fewer than three."""
        with self._changed:
            return float(np.median(np.diff(self._stamps))) * 1e-9 if len(self._stamps) > 2 else float("nan")

    def take(self, stamp: int, tolerance: float, wait: float = 0.0) -> Any | None:
        """The message of this stamp, else the nearest one within half a period.

        Args:
            stamp: ns.
            tolerance: seconds, the most by which the stamps may differ whatever the period is.
            wait: seconds to wait for it, where nothing newer has come yet.
        """
        end = time.monotonic() + wait
        with self._changed:
            while not self._closed and not (self._stamps and self._stamps[-1] >= stamp):
                left = end - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self._nearest(stamp, tolerance)

    def _nearest(self, stamp: int, tolerance: float) -> Any | None:
        if not self._stamps:
            return None
        place = bisect_left(self._stamps, stamp)
        near = min((p for p in (place - 1, place) if 0 <= p < len(self._stamps)),
                   key=lambda p: abs(self._stamps[p] - stamp))  # fmt: skip
        if len(self._stamps) > 2:
            tolerance = min(tolerance, float(np.median(np.diff(self._stamps))) * 0.5e-9)
        return self._messages[near] if abs(self._stamps[near] - stamp) <= tolerance * 1e9 else None

    def newest(self) -> Any | None:
        with self._changed:
            return self._messages[-1] if self._messages else None

    def reaches(self) -> tuple[int, int] | None:
        """The stamps of the oldest and the newest message, in ns; None where there is none."""
        with self._changed:
            return (self._stamps[0], self._stamps[-1]) if self._stamps else None
