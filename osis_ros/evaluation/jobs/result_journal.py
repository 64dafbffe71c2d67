"""Stores the results of a long run image by image, so that an interrupted run can be resumed."""

import fcntl
import json
from pathlib import Path
from types import TracebackType
from typing import Any

from osis_ros.errors import OsisError
from osis_ros.files.atomic import append


class JournalError(OsisError):
    """A journal that belongs to another run; the message is one sentence for the user."""


class ResultJournal:
    """JSON lines in NAME.part, beside the file of the results: the settings of the run, then one line for each image.

    Use it in a `with` statement and write the results inside of it: NAME.part is removed at the end, but stays if the
    run ends early. The file is only appended to, so a full disk destroys nothing.

    Args:
        path: where the results go when all are there.
        run: what decides the results: model, thresholds, files.
    Attributes:
        done: image id -> results, of an earlier run that was equal.
    Raises:
        JournalError: the file holds results of another run, or another process is writing it.
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, run: dict[str, Any]) -> None:
        self.path = path.with_name(path.name + ".part")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.done: dict[int, list[dict[str, Any]]] = {}
        self._file = self.path.open("ab", buffering=0)
        try:
            self._resume((json.dumps(run, sort_keys=True) + "\n").encode())
        except BaseException:
            self._file.close()
            raise

    def _resume(self, head: bytes) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until the file is closed, however that happens
        except BlockingIOError:
            raise JournalError(f"{self.path} is being written by another process; wait for it to end") from None
        first, *lines = self.path.read_bytes().splitlines(keepends=True) or [b""]
        if first == head:
            self._file.truncate(len(head) + self._read(lines))
        elif head.startswith(first) or (not lines and first.startswith(b"{")):  # cut short, or without results
            self._file.truncate(0)
            append(self._file, self.path, head)
        else:
            raise JournalError(
                f"{self.path} holds results of another run (another model, other thresholds or images): finish that "
                "run, remove the file, or choose another output"
            )

    def _read(self, lines: list[bytes]) -> int:
        """Take in the whole lines, and return how many bytes they have; the last one may have been cut short."""
        size = 0
        for line in lines:
            try:
                image_id, results = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n"):
                break
            self.done[image_id] = results
            size += len(line)
        return size

    def add(self, image_id: int, results: list[dict[str, Any]]) -> None:
        """Keep the results of one image."""
        self.done[image_id] = results
        append(self._file, self.path, (json.dumps([image_id, results]) + "\n").encode())

    def __enter__(self) -> "ResultJournal":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or not self.done:
            self.path.unlink(missing_ok=True)
        self._file.close()
