"""A gallery on disk: a folder with a folder for each name. To merge two galleries, copy the names' folders together.

    gallery/red mug/name.json              what the files are, and of which model; written last
                    view-1f0c….png         the object, alpha 255 on it
                    other-9a41….png        something else that was in view
                    vectors-77e2….npz      `views` [V, D] and `others` [M, D], in name.json's order

Names of files hold a hash of their content, so a change never writes to a file that name.json points at.
"""

import contextlib
import hashlib
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field, ValidationError

from osis_ros.errors import ImageError
from osis_ros.files.atomic import write_whole
from osis_ros.inference.bundle import Bundle
from osis_ros.inference.image_file import read_cut_out
from osis_ros.inference.manifest import Checked
from osis_ros.teaching import appearance
from osis_ros.teaching.errors import GalleryError, TeachError
from osis_ros.teaching.gallery import Gallery, Taught
from osis_ros.teaching.names import checked_name
from osis_ros.teaching.view import View, vectors_of

NAME_FILE = "name.json"
FORMAT_VERSION = 1
HASHED = r"(view|other|vectors)-[0-9a-f]{12}\.(png|npz)"
OWN_FILE = re.compile(rf"{HASHED}|\.({HASHED}|name\.json)\.\d+")  # and the drafts of a writer that was killed
AGAIN = "run osis teach --again"

FileName = Annotated[str, Field(pattern=rf"^{HASHED}$")]


class _ViewEntry(Checked):
    file: FileName
    place: list[int] = Field(min_length=4, max_length=4)
    label: str


class _NameFile(Checked):
    format_version: int
    name: str
    model: str
    sha256: str
    appearance_version: int
    vectors: FileName
    views: list[_ViewEntry] = Field(min_length=1)
    others: list[_ViewEntry]


def read_gallery(folder: Path, bundle: Bundle, *, of_any_model: bool = False) -> Gallery:
    """The gallery of a folder; an empty one if the folder does not exist yet.

    Args:
        bundle: the model that will find the instances.
        of_any_model: also one of another model. Its vectors mean nothing to this one (`again.embedded_again`).
    Raises:
        GalleryError: a file that is missing, cut short or not of this form, or a gallery of another model.
    """
    try:
        if not folder.exists():
            return Gallery.empty(bundle)
        if not folder.is_dir():
            raise GalleryError(f"{folder} is a file, expected the folder of a gallery")
        names = sorted(file.parent.name for file in folder.glob(f"*/{NAME_FILE}"))
    except OSError as err:
        raise GalleryError(f"{err.filename or folder} cannot be read: {err.strerror}") from None
    taught = (read_name(folder, name, bundle, of_any_model=of_any_model) for name in names)
    return replace(Gallery.empty(bundle), taught=tuple(one for one in taught if one))


def read_name(folder: Path, name: str, bundle: Bundle, *, of_any_model: bool = False) -> Taught | None:
    """One name of a gallery's folder, None where it has none such. Arguments and errors are those of `read_gallery`."""
    try:
        return _read_name(folder / name, bundle, of_any_model)
    except OSError as err:
        raise GalleryError(f"{err.filename or folder} cannot be read: {err.strerror}") from None


def _read_name(folder: Path, bundle: Bundle, of_any_model: bool) -> Taught | None:
    file = folder / NAME_FILE
    try:
        entry = _NameFile.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise GalleryError(f"{file}: {where}: {first['msg']}; copy the folder again, or delete it") from None
    if entry.format_version != FORMAT_VERSION:
        raise GalleryError(f"{file}: format_version is {entry.format_version}, expected {FORMAT_VERSION}: it was "
                           "written by another release")  # fmt: skip
    if entry.name != folder.name:
        raise GalleryError(f"{file}: name is '{entry.name}', expected that of its folder, '{folder.name}'; rename one")
    if not of_any_model:
        _check_model(entry, file, bundle)
    try:
        checked_name(entry.name, bundle.class_names)
    except TeachError as err:
        raise GalleryError(f"{file}: {err}") from None
    views, others = _vectors(folder / entry.vectors, len(entry.views), len(entry.others))
    if not of_any_model and views.shape[1] != appearance.LENGTH + bundle.manifest.embedding_dim:
        raise GalleryError(f"{folder / entry.vectors} has vectors of {views.shape[1]} numbers, expected "
                           f"{appearance.LENGTH + bundle.manifest.embedding_dim}: {AGAIN}")  # fmt: skip
    return Taught(
        name=entry.name,
        views=tuple(_read_view(folder, *pair) for pair in zip(entry.views, views, strict=True)),
        others=tuple(_read_view(folder, *pair) for pair in zip(entry.others, others, strict=True)),
    )


def _check_model(entry: _NameFile, file: Path, bundle: Bundle) -> None:
    if entry.sha256 != bundle.manifest.sha256:
        raise GalleryError(
            f"{file}: '{entry.name}' was taught with the model '{entry.model}' ({entry.sha256[:12]}…), this one is "
            f"'{bundle.name}' ({bundle.manifest.sha256[:12]}…), and their vectors cannot be compared: {AGAIN}"
        )
    if entry.appearance_version != appearance.VERSION:
        raise GalleryError(f"{file}: appearance_version is {entry.appearance_version}, expected {appearance.VERSION}: "
                           f"it was taught with another release; {AGAIN}")  # fmt: skip


def _vectors(file: Path, views: int, others: int) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
            found = arrays["views"], arrays["others"]
    except FileNotFoundError:
        raise GalleryError(f"{file} is missing; copy the folder again, or {AGAIN}") from None
    except Exception:  # of a damaged archive NumPy raises whatever zlib, struct or zipfile do
        raise GalleryError(f"{file} is damaged or cut short; copy the folder again, or {AGAIN}") from None
    for array, count in zip(found, (views, others), strict=True):
        good = array.dtype == np.float32 and array.ndim == 2 and len(array) == count and np.isfinite(array).all()
        if not good or array.shape[1] != found[0].shape[1]:
            raise GalleryError(f"{file} does not fit {NAME_FILE}: expected float32 vectors, {views} of views and "
                               f"{others} of others; copy the folder again, or {AGAIN}")  # fmt: skip
    return found


def _read_view(folder: Path, entry: _ViewEntry, vector: np.ndarray) -> View:
    try:
        rgb, mask = read_cut_out(folder / entry.file)
    except ImageError as err:
        raise GalleryError(str(err)) from None
    return View(rgb=rgb, mask=mask, vector=vector, place=tuple(entry.place), label=entry.label)


def write_name(folder: Path, gallery: Gallery, name: str) -> None:
    """Write one name of a gallery. Before name.json is replaced, the earlier one holds.

    Raises:
        GalleryError: it cannot be written; the name is then on disk as it was.
    """
    taught, place = gallery[name], folder / name
    views, others = _files("view", taught.views), _files("other", taught.others)
    length = len(taught.views[0].vector)
    packed = io.BytesIO()
    np.savez(packed, views=vectors_of(taught.views), others=vectors_of(taught.others, length))
    vectors = _hashed("vectors", packed.getvalue(), "npz")
    entry = _NameFile(
        format_version=FORMAT_VERSION, name=name, model=gallery.model.name, sha256=gallery.model.sha256,
        appearance_version=appearance.VERSION, vectors=vectors,
        views=_entries(views, taught.views), others=_entries(others, taught.others),
    )  # fmt: skip
    files = dict([*views, *others, (vectors, packed.getvalue())])
    new: list[str] = []
    try:
        place.mkdir(parents=True, exist_ok=True)
        if not (place / NAME_FILE).exists() and any(not _is_own(file) for file in place.iterdir()):
            raise GalleryError(f"{place} holds other files and no {NAME_FILE}; choose another name, or move it away")
        new += [file for file in files if not (place / file).exists()]
        for file in new:
            write_whole(place / file, files[file])
        write_whole(place / NAME_FILE, json.dumps(entry.model_dump(), indent=1, ensure_ascii=False) + "\n")
    except BaseException as err:  # Ctrl-C too
        _remove(place, new)
        if not isinstance(err, OSError):
            raise
        raise GalleryError(f"{err.filename or place} cannot be written: {err.strerror}") from None
    _remove(place, set(_own_files(place)) - set(files))


def forget_name(folder: Path, name: str) -> None:
    """Delete a name's folder; a file that no gallery wrote stays in it.

    Raises:
        GalleryError: it cannot be deleted.
    """
    place = folder / name
    try:
        (place / NAME_FILE).unlink(missing_ok=True)
    except OSError as err:
        raise GalleryError(f"{place / NAME_FILE} cannot be deleted: {err.strerror}") from None
    _remove(place, _own_files(place))


def _own_files(place: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return [file.name for file in place.iterdir() if _is_own(file)]
    return []


def _remove(place: Path, files: Iterable[str]) -> None:
    """Delete files that nothing points at, and the folder if it is then empty; what cannot be deleted does no harm."""
    for file in files:
        with contextlib.suppress(OSError):
            (place / file).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        place.rmdir()


def _is_own(file: Path) -> bool:
    return OWN_FILE.fullmatch(file.name) is not None


def _hashed(kind: str, content: bytes, suffix: str) -> str:
    return f"{kind}-{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"


def _files(kind: str, views: Sequence[View]) -> list[tuple[str, bytes]]:
    contents = [_png(view) for view in views]
    return [(_hashed(kind, content, "png"), content) for content in contents]


def _entries(files: Sequence[tuple[str, bytes]], views: Sequence[View]) -> list[_ViewEntry]:
    pairs = zip(files, views, strict=True)
    return [_ViewEntry(file=file, place=list(view.place), label=view.label) for (file, _), view in pairs]


def _png(view: View) -> bytes:
    image = cv2.cvtColor(view.rgb, cv2.COLOR_RGB2BGRA)
    image[..., 3] = view.mask * np.uint8(255)
    return cv2.imencode(".png", image)[1].tobytes()
