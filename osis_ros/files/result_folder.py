"""A folder of results that the next run of the same command may replace, and what it must not replace."""

import shutil
from collections.abc import Collection
from pathlib import Path

from osis_ros.errors import OsisError


class RunFolderError(OsisError):
    """A folder that is not a run's; the message is one sentence for the user."""


def make_way(folder: Path, own_files: Collection[str], command: str) -> None:
    """Remove an earlier run, so that a new bag, which wants a folder that does not exist, can be written.

    Args:
        own_files: names of the files that a run leaves; a folder with any other is kept.
        command: what a run is called in the message.
    Raises:
        RunFolderError: a link, a file, the current folder, or one that holds something else.
    """
    if folder.is_symlink():
        raise RunFolderError(f"{folder} is a link, expected a folder to write to; name the one that it leads to")
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is a file, expected a folder to write to")
    if folder.resolve() == Path.cwd():
        raise RunFolderError(f"{folder} is the current folder, expected one that may be replaced")
    if folder.is_dir():
        strange = sorted(path.name for path in folder.iterdir() if path.name not in own_files)
        if strange:
            raise RunFolderError(
                f"{folder} holds {strange[0]}, which no {command} wrote; name another folder, or move it away"
            )
        shutil.rmtree(folder)
