"""Word vectors in every form that they are published in, and what is said of a file that cannot be used."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.words.names_file import (
    NamedVectors,
    WordVectorsError,
    is_names_file,
    read_names_file,
    write_names_file,
)
from osis_ros.words.word_vectors import read_word_vectors

VECTORS = {"cat": (3.0, 4.0), "traffic": (2.0, 0.0), "light": (0.0, 0.5), "hot_dog": (0.0, -2.0), "TV": (-1.0, 0.0)}
LINES = "".join(f"{word} {x} {y}\n" for word, (x, y) in VECTORS.items())


def binary() -> bytes:
    rows = b"".join(f"{word} ".encode() + np.array(v, "<f4").tobytes() + b"\n" for word, v in VECTORS.items())
    return f"{len(VECTORS)} 2\n".encode() + rows


def written(folder: Path, form: str) -> Path:
    path = folder / ("vectors.npz" if form == "npz" else "vectors.bin")
    if form == "npz":
        np.savez(path, names=np.array(list(VECTORS)), vectors=np.array(list(VECTORS.values())), source="test")
        return path
    content = {
        "glove": LINES.encode(), "word2vec text": f"{len(VECTORS)} 2\n{LINES}".encode(), "binary": binary(),
        "binary without line ends": binary().replace(b"\n", b"").replace(b"5 2", b"5 2\n"),
        "gzip": gzip.compress(binary()), "tabs": LINES.replace(" ", "\t").encode(),
    }  # fmt: skip
    path.write_bytes(content[form])
    return path


@pytest.mark.parametrize(
    "form", ["glove", "word2vec text", "binary", "binary without line ends", "gzip", "tabs", "npz"]
)
def test_a_name_gets_its_entry_or_the_unit_mean_of_its_words(tmp_path, form):
    """traffic (1, 0) and light (0, 1), made unit, have the mean (.5, .5), which is .7071, .7071 at unit length."""
    names = ("cat", "traffic light", "hot dog", "Cat", "TV")
    found = read_word_vectors(written(tmp_path, form), names)
    assert found.names == names
    assert found.vectors.dtype == np.float32
    np.testing.assert_allclose(found.vectors, [(0.6, 0.8), (0.5**0.5, 0.5**0.5), (0, -1), (0.6, 0.8), (-1, 0)], 1e-6)


def test_every_missing_name_is_listed(tmp_path):
    with pytest.raises(WordVectorsError, match=r"vectors\.bin has no vector for fork, traffic jam; use other names"):
        read_word_vectors(written(tmp_path, "glove"), ("cat", "fork", "traffic jam"))


def test_the_order_of_the_file_does_not_matter(tmp_path):
    (tmp_path / "one.txt").write_text(LINES)
    (tmp_path / "other.txt").write_text("".join(reversed(LINES.splitlines(keepends=True))))
    one, other = (read_word_vectors(tmp_path / name, tuple(VECTORS)) for name in ("one.txt", "other.txt"))
    np.testing.assert_array_equal(one.vectors, other.vectors)


def test_large_binary_files_are_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("osis_ros.words.word_vectors.CHUNK", 5)
    found = read_word_vectors(written(tmp_path, "binary"), ("TV",))
    np.testing.assert_array_equal(found.vectors, [(-1, 0)])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"0.1,0.2,0.3\n0.4,0.5,0.6\n", "a table of numbers without words"),
        (b"", "expected lines of a word and its numbers"),
        (b"cat 1 2\ndog 1\n", "line of 'dog' has not 2 numbers"),
        (b"cat 1 2\ndog 1 x\n", "line of 'dog' has not 2 numbers"),
        (b"cat 1 2\ndog 0 0\n", "vector of dog is zero or not finite"),
        (b"cat 1 2\ndog nan 0\n", "vector of dog is zero or not finite"),
        (binary()[:-3], "ends within a vector"),
        (gzip.compress(binary(), mtime=0)[:-9], "cannot be read as word vectors"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(WordVectorsError, match=sentence):
        read_word_vectors(path, ("cat", "dog"))


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(WordVectorsError, match="No such file"):
        read_word_vectors(tmp_path / "none.txt", ("cat",))


def test_a_names_file_comes_back_as_it_was_written(tmp_path):
    named = NamedVectors(("mug", "hex key"), np.array([(0.6, 0.8), (1, 0)], np.float32), "word2vec")
    write_names_file(tmp_path / "names.npz", named)
    again = read_names_file(tmp_path / "names.npz")
    assert (again.names, again.source, again.dim) == (named.names, "word2vec", 2)
    np.testing.assert_array_equal(again.vectors, named.vectors)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"names": ["mug"]}, "expected a NumPy .npz file with `names`"),
        ({"names": ["mug", "mug"], "vectors": np.eye(2)}, "mug more than once"),
        ({"names": ["mug"], "vectors": np.eye(2)}, "1 names and vectors of shape"),
        ({"names": ["mug"], "vectors": np.zeros((1, 3))}, "vector of mug is zero"),
        ({"names": ["mug"], "vectors": np.array([["a", "b"]])}, "expected numbers"),
        ({"names": np.array([{}]), "vectors": np.eye(1)}, "expected a NumPy .npz file"),
    ],
)
def test_a_names_file_that_cannot_be_used_is_refused(tmp_path, content, sentence):
    np.savez(tmp_path / "names.npz", **content)
    with pytest.raises(WordVectorsError, match=sentence):
        read_names_file(tmp_path / "names.npz")
    assert not is_names_file(tmp_path / "names.npz")


def test_the_command_writes_names(tmp_path):
    vectors, output, listed = written(tmp_path, "glove"), tmp_path / "names.npz", tmp_path / "list.txt"
    listed.write_text("cat\n\n traffic light \n")
    for choice in (["--names", "cat, traffic light"], ["--file", str(listed)]):
        done = CliRunner().invoke(app, ["names", str(vectors), str(output), *choice])
        assert done.exit_code == 0, done.output
        assert "2 names, 2 numbers each" in done.output
        assert read_names_file(output).names == ("cat", "traffic light")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "give either --names or --file"),
        (["--names", "fork"], "has no vector for fork"),
        (["--names", " "], "no name is asked for"),
        (["--file", "vectors.npy"], "vectors.npy"),
    ],
)
def test_the_command_refuses_in_a_sentence(tmp_path, arguments, sentence):
    done = CliRunner().invoke(app, ["names", str(written(tmp_path, "glove")), str(tmp_path / "n.npz"), *arguments])
    assert done.exit_code == 1
    assert sentence in done.output
