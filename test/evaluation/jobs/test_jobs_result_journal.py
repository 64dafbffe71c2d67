"""The journal of a long run: what is in it is never lost."""

import resource
import signal
from pathlib import Path

import pytest

from osis_ros.evaluation.jobs.result_journal import JournalError, ResultJournal

RUN = {"model": "a"}
RESULTS = [{"segmentation": "x" * 200}]


def work(path: Path, images: int, run: dict = RUN) -> None:
    """Do so many images that the journal does not have yet; then, Ctrl-C."""
    with ResultJournal(path, run) as journal:
        start = len(journal.done)
        for image in range(start, start + images):
            journal.add(image, RESULTS)
        raise KeyboardInterrupt


def interrupted_run(path: Path, images: int, run: dict = RUN) -> Path:
    with pytest.raises(KeyboardInterrupt):
        work(path, images, run)
    return path.with_name(path.name + ".part")


def test_a_run_that_was_interrupted_finds_what_it_did(tmp_path):
    interrupted_run(tmp_path / "out.json", 3)
    with ResultJournal(tmp_path / "out.json", RUN) as journal:
        assert journal.done == dict.fromkeys(range(3), RESULTS)
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_was_cut_short_is_done_again_and_the_others_stay(tmp_path):
    part = interrupted_run(tmp_path / "out.json", 3)
    part.write_bytes(part.read_bytes()[:-5])
    assert interrupted_run(tmp_path / "out.json", 1).read_bytes().count(b"\n") == 1 + 3
    with ResultJournal(tmp_path / "out.json", RUN) as journal:
        assert journal.done.keys() == {0, 1, 2}


def test_a_disk_that_is_full_at_the_restart_takes_nothing_away(tmp_path):
    part = interrupted_run(tmp_path / "out.json", 500)
    before = part.read_bytes()
    limit, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))  # stands for a full disk
        with pytest.raises(OSError, match=r"out\.json\.part"):
            work(tmp_path / "out.json", 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert part.read_bytes() == before


def test_what_another_run_has_done_is_refused_and_kept(tmp_path):
    part = interrupted_run(tmp_path / "out.json", 2, {"model": "b"})
    before = part.read_bytes()
    with pytest.raises(JournalError, match=r"out\.json\.part holds results of another run"):
        ResultJournal(tmp_path / "out.json", RUN)
    assert part.read_bytes() == before


def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path):
    part = tmp_path / "out.json.part"  # where browsers keep half a download
    part.write_bytes(b"\x1f\x8b\x08 half a download")
    with pytest.raises(JournalError, match="holds results of another run"):
        ResultJournal(tmp_path / "out.json", RUN)
    assert part.read_bytes() == b"\x1f\x8b\x08 half a download"


def test_a_run_that_did_nothing_leaves_nothing(tmp_path):
    assert not interrupted_run(tmp_path / "out.json", 0).exists()


def test_two_processes_do_not_write_one_journal(tmp_path):
    with (
        ResultJournal(tmp_path / "out.json", RUN),
        pytest.raises(JournalError, match="is being written by another process"),
    ):
        ResultJournal(tmp_path / "out.json", RUN)
