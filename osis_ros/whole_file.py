"""Files that are written whole or not at all: who reads one never finds half of it, however its writer ended."""

import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Put the content (text as UTF-8) into a file beside `path`, then in its place; what was there stays till then.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name on an empty file
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
