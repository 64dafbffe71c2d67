"""The newest frame, for requests that want it or wait for the next ones."""

import threading
import time

from osis_ros.messages.stamps import stamp_of
from osis_ros.nodes.placing import PlacedFrame


class FrameBoard:
    """One thread posts frames; others read the newest or wait for further ones, until `close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number, self._newest, self.closed = 0, None, False

    def post(self, frame: PlacedFrame) -> None:
        with self._changed:
            self._number, self._newest = self._number + 1, frame
            self._changed.notify_all()

    def close(self) -> None:
        """End every wait."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def newest(self) -> PlacedFrame | None:
        """The frame that was posted last, None where there was none."""
        with self._changed:
            return self._newest

    def following(self, count: int, timeout: float, not_before: int = 0) -> list[PlacedFrame]:
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
                    if stamp_of(self._newest) >= not_before:
                        frames.append(self._newest)
        return frames
