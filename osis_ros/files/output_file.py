"""Output files that a command may write: they replace an earlier result of the same kind, and nothing else."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from osis_ros.errors import OsisError


class OutputError(OsisError):
    """An output that would replace something of the user's; the message is one sentence."""


def require_output(
    path: Path | None,
    inputs: Iterable[Path | None] = (),
    is_earlier: Callable[[Path], bool] | None = None,
    kind: str = "result",
) -> None:
    """Check, before any work is done, that an output file may be written.

    Args:
        path: the file; None where the user asked for none. A device or pipe (`/dev/stdout`) may always be written.
        inputs: files that the command reads, and its other outputs.
        is_earlier: whether an existing file is an earlier result of this kind, which is replaced;
            None where no existing file is.
        kind: what such a result is called, for the message.
    Raises:
        OutputError: a folder, one of the inputs, a file of another kind, or a place that cannot be written.
    """
    if path is None or (path.exists() and not path.is_file() and not path.is_dir()):
        return
    if path.is_dir():
        raise OutputError(f"{path} is a folder, expected a file to write to")
    for other in inputs:
        if other is not None and _same(path, other):
            raise OutputError(f"{path} is also an input or another output of this command; choose another output file")
    if path.is_file() and not (is_earlier and is_earlier(path)):
        why = f" and is not an earlier {kind}" if is_earlier else ""
        raise OutputError(f"{path} exists{why}; choose another file, or move it away")
    place = next(parent for parent in path.absolute().parents if parent.exists())
    if not place.is_dir():
        raise OutputError(f"{place} is a file, expected a folder to write {path.name} to")
    if not os.access(path if path.is_file() else place, os.W_OK):
        raise OutputError(f"{path} cannot be written: permission denied")


def _same(path: Path, other: Path) -> bool:
    if path.exists() and other.exists():
        return path.samefile(other)  # by any name, hard links too
    return path.resolve() == other.resolve()
