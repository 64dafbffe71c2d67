"""A model bundle: a folder with model.onnx, model.yaml (its manifest) and README.md (its model card)."""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from osis_ros.files.share import share_folders
from osis_ros.inference.class_table import CLASSES_FILE, COLUMNS, ClassTable, ClassTableError, read_class_table
from osis_ros.inference.manifest import (
    FORMAT_VERSION,
    BundleError,
    Manifest,
    read_fields,
    read_manifest,
    validate_manifest,
)

DEFAULT_MODEL = "tabletop"
MODEL_FILE, MANIFEST_FILE, CARD_FILE = "model.onnx", "model.yaml", "README.md"


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk that has been checked: `manifest` is valid and model.onnx is the file it was written for.

    Attributes:
        classes: the rows of its classes; None where they are constants of the graph.
    """

    path: Path
    manifest: Manifest
    classes: ClassTable | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def model_file(self) -> Path:
        return self.path / MODEL_FILE

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.manifest.class_names

    @property
    def sha256(self) -> str:
        """SHA-256 of all that decides its answers: the graph, the rows of the classes, and model.yaml but for where the
        weights come from. `manifest.sha256` is that of the graph alone."""
        fields = self.manifest.model_dump(mode="json", exclude={"format_version", "provenance"}, exclude_defaults=True)
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode())
        if self.classes is not None:
            digest.update(b"".join(getattr(self.classes, name).tobytes() for name in COLUMNS))
        return digest.hexdigest()

    @property
    def class_rows(self) -> ClassTable:
        """`classes`. Raises ClassTableError where they are constants of the graph."""
        if self.classes is None:
            raise ClassTableError(f"the classes of the model '{self.name}' are part of its graph and cannot be "
                                  "changed; export it again with this release")  # fmt: skip
        return self.classes

    def with_classes(self, classes: ClassTable) -> "Bundle":
        """The same graph with other classes.

        Raises:
            BundleError: names that model.yaml does not allow.
            ClassTableError: the bundle has no rows of classes, or rows of another length.
        """
        if (given := classes.centres.shape[1]) != (own := self.class_rows.centres.shape[1]):
            raise ClassTableError(f"the rows of the classes have {given} numbers, those of '{self.name}' have {own}")
        fields = self.manifest.model_dump() | {"class_names": classes.names}
        return replace(self, manifest=validate_manifest(fields, self.path / MANIFEST_FILE), classes=classes)


def load_bundle(path: str | Path) -> Bundle:
    """Read and check a bundle.

    Args:
        path: the bundle's folder, or the bare name of a model that came with the package (`tabletop`).
    Raises:
        BundleError: anything missing, malformed or damaged, in one sentence.
    """
    folder = find_bundle(path)
    manifest = read_manifest(folder / MANIFEST_FILE)
    digest = _sha256(folder / MODEL_FILE)
    if digest != manifest.sha256:
        raise BundleError(
            f"{MODEL_FILE}: its SHA-256 is {digest[:12]}…, {MANIFEST_FILE} expects {manifest.sha256[:12]}…: the file "
            f"is truncated, damaged or of another export; copy the bundle again ({folder})"
        )
    if not manifest.class_table:
        return Bundle(folder, manifest)
    try:
        return Bundle(folder, manifest, read_class_table(folder / CLASSES_FILE, manifest.class_names))
    except ClassTableError as err:
        raise BundleError(str(err)) from None


def find_bundle(path: str | Path) -> Path:
    """The folder of a bundle given by path, or by name among the models that came with the package.

    Raises:
        BundleError: there is no such folder.
    """
    try:
        folder = Path(path).expanduser()
        places = _model_folders() if len(folder.parts) == 1 else ()
        for candidate in (folder, *(place / folder for place in places)):
            if (candidate / MANIFEST_FILE).is_file():
                return candidate.resolve()
        if folder.is_dir():  # no bundle; whoever loads it says what it lacks
            return folder.resolve()
        if folder.exists():
            raise BundleError(f"{folder} is a file, expected a bundle's folder with {MODEL_FILE} and {MANIFEST_FILE}")
    except (OSError, RuntimeError) as err:  # no permission on the way there, a name too long, ~ of nobody
        raise BundleError(f"model bundle '{path}' cannot be reached: {getattr(err, 'strerror', None) or err}") from None
    names = sorted({file.parent.name for place in places for file in place.glob(f"*/{MANIFEST_FILE}")})
    installed = f" or the name of an installed model ({', '.join(names)})" if names else ""
    raise BundleError(f"model bundle '{path}' does not exist in {Path.cwd()}; give a bundle's folder{installed}")


def write_bundle(
    folder: str | Path,
    onnx_file: str | Path,
    manifest: dict[str, Any],
    card: str,
    *others: Path,
    classes: ClassTable | None = None,
) -> Bundle:
    """Write a bundle, whole or not at all: it is built beside its place and then moved there.

    Args:
        folder: the new bundle's folder; a bundle that is there already is replaced, anything else is not.
        onnx_file: the graph; copied to model.onnx.
        manifest: the fields of `Manifest`, except `format_version`, `sha256` and `class_table`, which are set here.
        card: README.md.
        others: further files to lie beside these, under their own names.
        classes: the rows of the classes, where they are inputs of the graph.
    Raises:
        BundleError: a manifest that would not load again, or a folder that holds something else.
    """
    folder = Path(os.path.abspath(folder))  # "." has neither a name nor a parent to build beside it
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BundleError(f"{folder} is a file or a link, expected a folder to write the bundle to")
    if folder.is_dir() and any(folder.iterdir()) and not _is_manifest(folder / MANIFEST_FILE):
        raise BundleError(
            f"{folder} holds other files and no {MANIFEST_FILE} of a bundle; choose an empty or new folder"
        )
    set_here = {"format_version": FORMAT_VERSION, "sha256": _sha256(Path(onnx_file))}
    fields = {**manifest, **set_here, "class_table": classes is not None}
    checked = validate_manifest(fields, folder / MANIFEST_FILE)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
        new = Path(place) / "bundle"
        if folder.is_dir():
            shutil.copytree(folder, new, symlinks=True)  # weights.safetensors and pictures beside the graph stay
        new.mkdir(exist_ok=True)
        for name in (MODEL_FILE, MANIFEST_FILE, CARD_FILE, CLASSES_FILE, *(other.name for other in others)):
            (new / name).unlink(missing_ok=True)  # a link: what it leads to is another's
        shutil.copyfile(onnx_file, new / MODEL_FILE)
        for other in others:
            shutil.copyfile(other, new / other.name)
        text = yaml.safe_dump(checked.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        (new / MANIFEST_FILE).write_text(text, "utf-8")
        (new / CARD_FILE).write_text(card, "utf-8")
        if classes is not None:
            (new / CLASSES_FILE).write_bytes(classes.packed())
        _put_in_place(new, folder, Path(place) / "old")
    return load_bundle(folder)


def _is_manifest(file: Path) -> bool:
    """Whether a file is a model.yaml of ours, of whatever release; other tools use that name too."""
    try:
        fields = read_fields(file)
    except BundleError:
        return False
    return {"format_version", "sha256"} <= fields.keys()


def _put_in_place(new: Path, folder: Path, aside: Path) -> None:
    """Rename `new` to `folder`; what was there goes aside, and comes back if its successor does not take its place."""
    replaces = folder.is_dir()
    if replaces:
        folder.rename(aside)
    try:
        new.rename(folder)
    except BaseException:  # Ctrl-C too
        if replaces:
            aside.rename(folder)
        raise


def _model_folders() -> tuple[Path, ...]:
    """Where models that came with the package lie: beside its source, or in an installed share."""
    beside = Path(__file__).resolve().parents[2] / "models"
    return beside, *(share / "osis_ros" / "models" for share in share_folders())


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            digest = hashlib.sha256()
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    except FileNotFoundError:
        raise BundleError(f"{file.name} is missing ({file}); copy the bundle again or export it") from None
    except OSError as err:
        raise BundleError(f"{file.name} cannot be read: {err.strerror} ({file})") from None
