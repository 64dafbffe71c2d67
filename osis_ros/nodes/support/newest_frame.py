"""A worker thread that always processes the newest frame."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Frame = TypeVar("Frame")


class NewestFrameWorker(Generic[Frame]):
    """Calls `process` in a separate thread, always with a source's newest frame, and at most once for each frame.

    It keeps one waiting frame of each source. A newer frame replaces it and takes its turn, so a frame never waits
    longer than the processing of one frame of each source takes, however fast the cameras are.
    """

    def __init__(self, process: Callable[[Frame], None], dropped: Callable[[Frame], None], name: str) -> None:
        """Start the thread.

        Args:
            process: must not raise.
            dropped: called once for each frame that is never processed: a newer one replaced it, or `stop` came first.
            name: of the thread.
        """
        self._process, self._dropped = process, dropped
        self._waiting: dict[Hashable, Frame] = {}  # by source, in the order of their turns
        self._running = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, frame: Frame, source: Hashable = None) -> None:
        """Hand over a frame of one of several sources; returns at once. After `stop` it is dropped."""
        with self._changed:
            replaced = frame
            if self._running:
                replaced = self._waiting.get(source)
                self._waiting[source] = frame
            self._changed.notify()
        if replaced is not None:
            self._dropped(replaced)

    def stop(self) -> None:
        """Drop the waiting frames and return when the frame in work is done."""
        with self._changed:
            self._running = False
            waiting, self._waiting = self._waiting, {}
            self._changed.notify()
        for frame in waiting.values():
            self._dropped(frame)
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or not self._running)
                if not self._running:
                    return
                frame = self._waiting.pop(next(iter(self._waiting)))
            self._process(frame)
