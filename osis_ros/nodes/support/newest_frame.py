"""A worker thread that always processes the newest frame."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Frame = TypeVar("Frame")


class NewestFrameWorker(Generic[Frame]):
    """Calls `process` in a separate thread, always with the newest frame, and at most once for each frame.

    It keeps one waiting frame. A newer frame replaces the waiting one, so a frame never waits longer than the
    processing of one frame takes, however fast the camera is.
    """

    def __init__(self, process: Callable[[Frame], None], dropped: Callable[[], None], name: str) -> None:
        """Start the thread.

        Args:
            process: must not raise.
            dropped: called once for each frame that is never processed: a newer one replaced it, or `stop` came first.
            name: of the thread.
        """
        self._process, self._dropped = process, dropped
        self._waiting: Frame | None = None
        self._running = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, frame: Frame) -> None:
        """Hand over a frame; returns at once. After `stop` it is dropped."""
        with self._changed:
            replaced = frame
            if self._running:
                replaced, self._waiting = self._waiting, frame
            self._changed.notify()
        if replaced is not None:
            self._dropped()

    def stop(self) -> None:
        """Drop the waiting frame and return when the frame in work is done."""
        with self._changed:
            self._running = False
            waiting, self._waiting = self._waiting, None
            self._changed.notify()
        if waiting is not None:
            self._dropped()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or not self._running)
                if not self._running:
                    return
                frame, self._waiting = self._waiting, None
            self._process(frame)
