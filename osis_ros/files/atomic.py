"""Files that are written whole or not at all, so that no reader finds half of one; and journals that grow."""

import contextlib
import os
from io import RawIOBase
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Put the content (text as UTF-8) into a file beside `path`, then in its place; what was there stays till then.

    A link keeps pointing where it points, and what is no file (`/dev/stdout`, a pipe) is written to as it is.

    Raises:
        OSError: it cannot be written; it names `path`, and nothing is left behind.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path = path.resolve()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name on an empty file
        draft.replace(path)
    except BaseException as err:  # Ctrl-C too
        with contextlib.suppress(OSError):
            draft.unlink()
        if isinstance(err, OSError):
            err.filename = str(path)  # a full disk names no file, other errors name the draft
        raise


def append(file: RawIOBase, path: Path, data: bytes) -> None:
    """Write all of it to an unbuffered file that is open.

    Raises:
        OSError: with the file's name, which that of a full disk lacks.
    """
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as err:
        err.filename = str(path)
        raise
