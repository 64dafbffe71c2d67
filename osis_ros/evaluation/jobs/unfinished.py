"""The results of a long run over many images, kept as they come, so that the same command goes on where it was."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any


class Unfinished:
    """JSON lines in a file beside the one that the results are for, NAME.part: what the run is, then one image a line.

    Used as a context, which leaves the file where the run ends early and removes it where it does not.

    Args:
        path: where the results go when all are there.
        run: what decides the results: model, thresholds, files. Lines of another run are thrown away.
    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, run: dict[str, Any]) -> None:
        self.path = path.with_name(path.name + ".part")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.done: dict[int, list[dict[str, Any]]] = {}
        head = json.dumps(run, sort_keys=True) + "\n"
        kept = self._read(head)
        self._file = self.path.open("w", encoding="utf-8")
        self._file.write(head + "".join(kept))
        self._file.flush()

    def _read(self, head: str) -> list[str]:
        """The whole lines of the same run; the last one may have been cut short."""
        if not self.path.is_file():
            return []
        first, *lines = self.path.read_text("utf-8", errors="replace").splitlines(keepends=True) or [""]
        kept = []
        for line in lines if first == head else ():
            try:
                image_id, results = json.loads(line)
            except ValueError:
                break
            self.done[image_id] = results
            kept.append(line if line.endswith("\n") else line + "\n")
        return kept

    def add(self, image_id: int, results: list[dict[str, Any]]) -> None:
        """Keep the results of one image."""
        self.done[image_id] = results
        self._file.write(json.dumps([image_id, results]) + "\n")
        self._file.flush()

    def __enter__(self) -> "Unfinished":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        if error is None:
            self.path.unlink(missing_ok=True)
