"""The newest frames, for requests that want them or wait for the next ones."""

import threading
import time
from collections import deque
from typing import Generic, TypeVar

from osis_ros.messages.stamps import stamp_of

Frame = TypeVar("Frame")  # anything with a header


class FrameBoard(Generic[Frame]):
    """One thread posts frames; others read the newest or wait for further ones, until `close`.

    Attributes:
        keep: how many frames stay.
    """

    def __init__(self, keep: int = 1) -> None:
        self._changed = threading.Condition()
        self._frames: deque[Frame] = deque(maxlen=keep)
        self._number, self.closed, self.keep = 0, False, keep

    def post(self, frame: Frame) -> None:
        with self._changed:
            self._number += 1
            self._frames.append(frame)
            self._changed.notify_all()

    def close(self) -> None:
        """End every wait."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def newest(self) -> Frame | None:
        """The frame that was posted last, None where there was none."""
        with self._changed:
            return self._frames[-1] if self._frames else None

    def with_stamp(self, stamp: int) -> Frame | None:
        """The frame of a stamp in ns, None where it is not among those that stay."""
        with self._changed:
            return next((frame for frame in self._frames if stamp_of(frame) == stamp), None)

    def following(self, count: int, timeout: float, not_before: int = 0) -> list[Frame]:
        """The next frames: so many, or as many as come within the time.

        Args:
            not_before: ns; frames of an earlier stamp are passed over.
        """
        end, frames = time.monotonic() + timeout, []
        with self._changed:
            seen = self._number
            while len(frames) < count and not self.closed:
                left = end - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
                if self._number != seen:
                    seen = self._number
                    if stamp_of(self._frames[-1]) >= not_before:
                        frames.append(self._frames[-1])
        return frames
