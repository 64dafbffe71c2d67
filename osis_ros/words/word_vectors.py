"""Word vectors from the files in which others publish them: word2vec (text and binary), GloVe, fastText, .npz."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from osis_ros.words.names_file import NamedVectors, WordVectorsError, checked_vectors, read_names_file

CHUNK = 1 << 22  # bytes that a binary file is read in
MOST_DIMENSIONS = 100_000
Entry = tuple[bytes, Callable[[], np.ndarray]]  # a word, and what returns its vector, float64 [D]


def read_word_vectors(path: Path, names: Sequence[str]) -> NamedVectors:
    """The vectors of names, in their order.

    A name that the file has as one entry ("traffic light", "traffic_light") gets that entry's vector. Otherwise the
    name is split into words, and it gets the mean of the words' unit vectors. What is not there as it is written is
    looked up in lower case. The vectors are then made unit.

    Args:
        path: text of word2vec, GloVe or fastText (`word number number …`, with or without a first line of counts),
            binary word2vec, either of them gzipped, or a names.npz.
    Raises:
        WordVectorsError: the file cannot be read, or has no vector for some names; all of them are listed.
    """
    path = Path(path)
    wanted = {spelling for name in names for spelling in (*_entries_of(name), *_words_of(name))}
    wanted |= {spelling.lower() for spelling in wanted}
    if path.suffix == ".npz":
        bank = read_names_file(path)
        found, source = dict(zip(bank.names, bank.vectors, strict=True)), bank.source
    else:
        found, source = _read_entries(path, wanted), path.name
    vectors = [_vector_of(name, found) for name in names]
    if missing := [name for name, vector in zip(names, vectors, strict=True) if vector is None]:
        raise WordVectorsError(
            f"{path} has no vector for {', '.join(missing)}; use other names for them, or a file that has these words"
        )
    if not names:
        raise WordVectorsError(f"{path}: no name is asked for, expected at least one")
    return checked_vectors(tuple(names), np.array(vectors), source, path)


def _entries_of(name: str) -> tuple[str, ...]:
    """How a file may spell a name as one entry."""
    words = _words_of(name)
    return name, "_".join(words), "-".join(words), " ".join(words)


def _words_of(name: str) -> list[str]:
    return [word for word in re.split(r"[\s_\-]+", name) if word]


def _vector_of(name: str, found: dict[str, np.ndarray]) -> np.ndarray | None:
    """Its entry's vector, or the mean of its words' unit vectors; None if there is neither."""
    entries = _entries_of(name)
    for entry in (*entries, *(entry.lower() for entry in entries)):
        if entry in found:
            return found[entry]
    words = [found.get(word, found.get(word.lower())) for word in _words_of(name)]
    if not words or any(word is None for word in words):
        return None
    units = [word / max(np.linalg.norm(word), 1e-12) for word in words]
    return np.mean(units, axis=0)


def _read_entries(path: Path, wanted: set[str]) -> dict[str, np.ndarray]:
    """The wanted entries of a text or binary file, float64 [D] each; of entries that it has twice, the first."""
    keys = {word.encode(): word for word in wanted}
    found: dict[str, np.ndarray] = {}
    try:
        with path.open("rb") as file, gzip.open(file) as unpacked:
            stream = unpacked if file.peek(2)[:2] == b"\x1f\x8b" else file
            for word, values in _entries(stream, path):
                if word in keys and keys[word] not in found:
                    found[keys[word]] = values()
    except (OSError, EOFError, zlib.error) as err:
        reason = getattr(err, "strerror", None) or err
        raise WordVectorsError(f"{path} cannot be read as word vectors: {reason}") from None
    return found


def _entries(stream: BinaryIO, path: Path) -> Iterator[Entry]:
    """Every word with its vector."""
    first = stream.readline()
    fields = first.split()
    counted = len(fields) == 2 and all(field.isdigit() for field in fields)
    dim = int(fields[1]) if counted else len(fields) - 1
    if not 0 < dim <= MOST_DIMENSIONS:
        raise WordVectorsError(
            f"{path}: expected lines of a word and its numbers (word2vec's or GloVe's text form), or binary word2vec; "
            "a table of numbers without words cannot be used"
        )
    if counted and not _begins_with_text(stream.peek(1 << 13)):
        yield from _binary_entries(stream, dim, path)
        return
    if not counted:
        yield _text_entry(first, dim, path)
    for line in stream:
        if line.strip():
            yield _text_entry(line, dim, path)


def _begins_with_text(sample: bytes) -> bool:
    """Whether a line of a word and its numbers stands at the beginning; the sample may end within a number."""
    fields = sample.split(b"\n", 1)[0].split()
    try:
        return bool([float(field) for field in fields[1 : max(2, len(fields) - 1)]])
    except ValueError:
        return False


def _text_entry(line: bytes, dim: int, path: Path) -> Entry:
    word, *rest = line.split(None, 1)  # only the wanted lines are split further, there may be millions of them

    def values() -> np.ndarray:
        try:
            vector = np.array(b"".join(rest).split(), np.float64)
        except ValueError:
            vector = np.empty(0)
        if len(vector) != dim:
            raise WordVectorsError(f"{path}: the line of {word.decode(errors='replace')!r} has not {dim} numbers")
        return vector

    return word, values


def _binary_entries(stream: BinaryIO, dim: int, path: Path) -> Iterator[Entry]:
    """word2vec's binary form: the word, a space, and D float32."""
    size, data, start = 4 * dim, b"", 0
    while True:
        end = data.find(b" ", start) + 1
        if end and end + size <= len(data):
            vector = data[end : end + size]
            yield data[start : end - 1].lstrip(b"\n"), lambda vector=vector: np.frombuffer(vector, "<f4").astype(float)
            start = end + size
            continue
        more = stream.read(CHUNK)
        if not more:
            if data[start:].strip():
                raise WordVectorsError(f"{path} ends within a vector; it was cut off, copy it again")
            return
        data, start = data[start:] + more, 0
