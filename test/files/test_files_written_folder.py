"""A folder of results appears whole, and is replaced only while it is as it was written."""

import hashlib
import os
from pathlib import Path

import pytest

from osis_ros.files.result_folder import Mark, RunFolderError
from osis_ros.files.written_folder import SUMS, require_replaceable, written_folder

MARK = Mark("page.html", "written by a test")


def write(folder: Path, text: str = "first") -> None:
    with written_folder(folder, MARK, "the test") as draft:
        (draft / "page.html").write_text(f"written by a test: {text}")
        (draft / "more").mkdir()
        (draft / "more" / "a b.txt").write_text(text)


def test_all_files_are_listed_as_sha256sum_lists_them(tmp_path: Path):
    write(tmp_path / "out")
    digests = {name: hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() for name in
               ("more/a b.txt", "page.html")}  # fmt: skip
    assert (tmp_path / "out" / SUMS).read_text() == "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    assert os.listdir(tmp_path) == ["out"]


def test_what_was_written_is_replaced_as_a_whole(tmp_path: Path):
    write(tmp_path / "out")
    (tmp_path / "out" / "more" / "a b.txt").unlink()  # a lost file is no edit
    write(tmp_path / "out", "second")
    assert (tmp_path / "out" / "more" / "a b.txt").read_text() == "second"
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda out: (out / "more" / "a b.txt").write_text("mine"), "more/a b.txt was changed since the test wrote it"),
        (lambda out: (out / "notes.txt").write_text("mine"), "holds notes.txt, which the test did not write"),
        (lambda out: (out / "link").symlink_to("nowhere"), "holds link, which the test did not write"),
        (lambda out: (out / SUMS).unlink(), "was not written by the test"),
        (lambda out: (out / "page.html").write_text("another's"), "was not written by the test"),
    ],
)
def test_what_somebody_changed_is_kept(edit, sentence: str, tmp_path: Path):
    out = tmp_path / "out"
    write(out)
    edit(out)
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    with pytest.raises(RunFolderError, match=sentence):
        write(out, "second")
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before
    assert os.listdir(tmp_path) == ["out"]


def test_a_file_a_link_and_the_current_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name, reason in {"file": "is a file", "link": "is a link", "here": "is the current folder"}.items():
        with pytest.raises(RunFolderError, match=reason):
            require_replaceable(tmp_path / name, MARK, "the test")


def write_while(folder: Path, happens) -> None:
    with written_folder(folder, MARK, "the test") as draft:
        (draft / "page.html").write_text("written by a test: second")
        happens()


def test_an_error_leaves_nothing_new_and_the_old_as_it_was(tmp_path: Path):
    def interrupt() -> None:
        raise KeyboardInterrupt

    write(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        write_while(tmp_path / "out", interrupt)
    assert (tmp_path / "out" / "page.html").read_text() == "written by a test: first"
    assert os.listdir(tmp_path) == ["out"]


def test_an_edit_while_the_results_are_made_is_kept(tmp_path: Path):
    write(tmp_path / "out")
    edited = tmp_path / "out" / "more" / "a b.txt"
    with pytest.raises(RunFolderError, match="was changed since"):
        write_while(tmp_path / "out", lambda: edited.write_text("edited meanwhile"))
    assert edited.read_text() == "edited meanwhile"
