"""A folder of results that appears whole or not at all, and that a later run replaces only while nobody changed it."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from osis_ros.files.result_folder import Mark, RunFolderError

SUMS = "SHA256SUMS"  # lists every other file, in the form that `sha256sum --check` reads


def require_replaceable(folder: Path, mark: Mark, command: str) -> None:
    """Check, before any work is done, that the results may be written to this folder.

    It may be new, empty, or an earlier result of the same command in which no file was added or changed.

    Args:
        mark: by which a result of the command is known.
        command: what wrote it, for the message.
    Raises:
        RunFolderError: a link, a file, the current folder, or one that holds anything else.
    """
    if folder.is_symlink():
        raise RunFolderError(f"{folder} is a link, expected a folder to write to; name the one that it leads to")
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is a file, expected a folder to write to")
    if folder.resolve() == Path.cwd():
        raise RunFolderError(f"{folder} is the current folder, expected one that may be replaced")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    away = "name another folder, or move it away"
    if not (folder / SUMS).is_file() or not mark.is_in(folder):
        first = min(folder.iterdir()).name
        raise RunFolderError(f"{folder} holds {first} and was not written by {command}; {away}")
    written = _read_sums(folder / SUMS)
    for file in _files_in(folder):
        name = file.relative_to(folder).as_posix()
        if name not in written:
            raise RunFolderError(f"{folder} holds {name}, which {command} did not write; {away}")
        if _digest(file) != written[name]:
            raise RunFolderError(f"{folder}/{name} was changed since {command} wrote it; {away}")


@contextlib.contextmanager
def written_folder(folder: Path, mark: Mark, command: str) -> Iterator[Path]:
    """A draft folder beside `folder`. It takes the place of `folder` if the block ends without an error.

    Raises:
        RunFolderError: as `require_replaceable`.
        OSError: it cannot be written; nothing is left behind.
    """
    require_replaceable(folder, mark, command)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
        draft = Path(place) / "new"
        draft.mkdir()
        yield draft
        sums = (f"{_digest(file)}  {file.relative_to(draft).as_posix()}\n" for file in _files_in(draft))
        (draft / SUMS).write_text("".join(sums), "utf-8")
        require_replaceable(folder, mark, command)  # somebody may have edited it meanwhile
        aside = Path(place) / "old"
        replaces = folder.is_dir()
        if replaces:
            folder.rename(aside)
        try:
            draft.rename(folder)
        except BaseException:  # Ctrl-C too
            if replaces:
                aside.rename(folder)
            raise


def _files_in(folder: Path) -> list[Path]:
    """All files of a folder but its list of them, links too."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir() and path != folder / SUMS)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read_sums(file: Path) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in file.read_text("utf-8", "replace").splitlines())
    return {parts[1]: parts[0] for parts in lines if len(parts) == 2}
