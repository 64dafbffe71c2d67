"""A folder of results that the next run of the same command may replace, and what it must not replace."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from osis_ros.errors import OsisError


class RunFolderError(OsisError):
    """A folder that is not a run's; the message is one sentence for the user."""


class Mark(NamedTuple):
    """By what a run's folder is known: a file of this name that holds this text. A run writes it before all else."""

    file: str
    text: str

    def is_in(self, folder: Path) -> bool:
        """Whether the folder is such a run's."""
        file = folder / self.file
        return file.is_file() and self.text in file.read_text("utf-8", "replace")


def make_way(folder: Path, own_files: Collection[str], mark: Mark, command: str) -> None:
    """Remove an earlier run, so that a new bag, which wants a folder that does not exist, can be written.

    Args:
        own_files: names of the files that a run leaves; a folder with any other is kept.
        mark: of a run; a folder with files but without it is kept, because a bag of the user's may have the same names.
        command: what a run is called in the message.
    Raises:
        RunFolderError: a link, a file, the current folder, or one that holds something else.
        OSError: the earlier run cannot be removed.
    """
    if folder.is_symlink():
        raise RunFolderError(f"{folder} is a link, expected a folder to write to; name the one that it leads to")
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is a file, expected a folder to write to")
    if folder.resolve() == Path.cwd():
        raise RunFolderError(f"{folder} is the current folder, expected one that may be replaced")
    if not folder.is_dir():
        return
    found = sorted(folder.iterdir())
    strange = [path.name for path in found if path.name not in own_files or path.is_dir()]
    if strange:
        raise RunFolderError(
            f"{folder} holds {strange[0]}, which no {command} wrote; name another folder, or move it away"
        )
    if found and not mark.is_in(folder):
        raise RunFolderError(
            f"{folder} is no earlier {command}: its {mark.file} is not there or not a {command}'s; name another "
            "folder, or move it away"
        )
    # The mark last, so that a removal that breaks off can be repeated.
    for path in sorted(found, key=lambda path: path.name == mark.file):
        path.unlink()
    folder.rmdir()
