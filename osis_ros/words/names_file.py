"""names.npz: a few names and a vector of unit length for each."""

import io
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osis_ros.errors import OsisError
from osis_ros.files.atomic import write_whole


class WordVectorsError(OsisError):
    """A file of word vectors that cannot be used; the message is one sentence that names it."""


class NamesError(OsisError):
    """Names that a model cannot be asked for; the message is one sentence."""


@dataclass(frozen=True, eq=False)
class NamedVectors:
    """Names with a vector each.

    Attributes:
        names: M names, each once.
        vectors: [M, D] float32 of unit length.
        source: where the vectors come from, for people.
    """

    names: tuple[str, ...]
    vectors: np.ndarray
    source: str

    @property
    def dim(self) -> int:
        """D, the length of a vector."""
        return self.vectors.shape[1]


def checked_vectors(names: tuple[str, ...], vectors: np.ndarray, source: str, path: Path) -> NamedVectors:
    """The same vectors at unit length.

    Args:
        vectors: [M, D] numbers.
        path: the file that they are from, for the message.
    Raises:
        WordVectorsError: no name, a name twice, another number of vectors than of names, a vector that is zero or not
            finite; it is named.
    """
    if vectors.ndim != 2 or len(vectors) != len(names) or not vectors.size:
        raise WordVectorsError(
            f"{path}: {len(names)} names and vectors of shape {list(vectors.shape)}, expected one vector for each name"
        )
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise WordVectorsError(f"{path}: {', '.join(twice)} more than once, expected every name once")
    vectors = vectors.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    if bad := [name for name, length in zip(names, lengths, strict=True) if not 0 < length < np.inf]:
        raise WordVectorsError(f"{path}: the vector of {', '.join(bad)} is zero or not finite; leave the name out")
    return NamedVectors(names, (vectors / lengths[:, None]).astype(np.float32), source)


def further_names(named: NamedVectors, classes: tuple[str, ...], dim: int) -> NamedVectors:
    """Those that are none of a model's classes.

    Args:
        dim: length of the vectors that the model was trained with.
    Raises:
        NamesError: vectors of another length, or no name that is left.
    """
    if named.dim != dim:
        raise NamesError(
            f"the names' vectors have {named.dim} numbers, but the network was trained with vectors of {dim}; "
            "take the names from the same word vectors as in training"
        )
    rows = [i for i, name in enumerate(named.names) if name not in classes]
    if not rows:
        raise NamesError("every one of the names is a class of the network already, expected further ones")
    return NamedVectors(tuple(named.names[i] for i in rows), named.vectors[rows], named.source)


def read_names_file(path: Path) -> NamedVectors:
    """Read a names.npz: `names` [M] text, `vectors` [M, D] numbers and, if it is there, `source`.

    Raises:
        WordVectorsError: not such a file, or content that `checked_vectors` refuses.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            names = tuple(str(name) for name in file["names"].ravel().tolist())
            vectors = file["vectors"]
            source = str(file["source"]) if "source" in file else path.name
    except FileNotFoundError:
        raise WordVectorsError(f"{path}: no such file; `osis names` makes one from word vectors") from None
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile):
        raise WordVectorsError(
            f"{path}: expected a NumPy .npz file with `names`, text, and `vectors`, one row for each name"
        ) from None
    if vectors.dtype.kind not in "fiu":
        raise WordVectorsError(f"{path}: vectors are {vectors.dtype}, expected numbers")
    return checked_vectors(names, vectors, source, path)


def write_names_file(path: Path, named: NamedVectors) -> None:
    """Write a names.npz, whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, names=np.array(named.names), vectors=named.vectors, source=np.array(named.source))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getvalue())


def is_names_file(path: Path) -> bool:
    """Whether a file is a names.npz."""
    try:
        read_names_file(path)
    except WordVectorsError:
        return False
    return True
