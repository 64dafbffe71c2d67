"""What a new run may replace: an earlier run that is known by its mark, and nothing else."""

from pathlib import Path

import pytest

from osis_ros.files.result_folder import Mark, RunFolderError, make_way

OWN, MARK = ("run.mcap", "metadata.yaml", "about.txt"), Mark("about.txt", "left by a run")


def folder_of(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def test_an_earlier_run_goes_as_does_one_that_broke_off_early(tmp_path: Path):
    whole = folder_of(tmp_path / "a", run__mcap="1", metadata__yaml="2", about__txt="It was left by a run.")
    early = folder_of(tmp_path / "b", about__txt="left by a run")
    empty = folder_of(tmp_path / "c")
    for folder in (whole, early, empty, tmp_path / "never"):
        make_way(folder, OWN, MARK, "demo")
        assert not folder.exists()


def test_a_bag_of_the_users_with_the_same_names_stays(tmp_path: Path):
    bag = folder_of(tmp_path / "run", run__mcap="a day's work", metadata__yaml="2")
    with pytest.raises(RunFolderError, match=r"run is no earlier demo: its about.txt is not there or not a demo's"):
        make_way(bag, OWN, MARK, "demo")
    (bag / "about.txt").write_text("notes of my own")
    with pytest.raises(RunFolderError, match=r"is no earlier demo"):
        make_way(bag, OWN, MARK, "demo")
    assert (bag / "run.mcap").read_text() == "a day's work"


def test_a_run_with_a_file_or_folder_of_the_users_in_it_stays_whole(tmp_path: Path):
    run = folder_of(tmp_path / "a", run__mcap="1", about__txt="left by a run", notes__txt="mine")
    with pytest.raises(RunFolderError, match=r"holds notes.txt, which no demo wrote"):
        make_way(run, OWN, MARK, "demo")
    other = folder_of(tmp_path / "b", about__txt="left by a run")
    folder_of(other / "run.mcap", thesis__tex="mine")
    with pytest.raises(RunFolderError, match=r"holds run.mcap, which no demo wrote"):
        make_way(other, OWN, MARK, "demo")
    assert sorted(path.name for path in run.iterdir()) == ["about.txt", "notes.txt", "run.mcap"]
    assert (other / "run.mcap" / "thesis.tex").exists()


def test_links_files_and_the_current_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = folder_of(tmp_path / "run", about__txt="left by a run")
    (tmp_path / "link").symlink_to(run)
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(run)
    for path, sentence in (("link", "is a link"), ("file", "is a file"), ("run", "is the current folder")):
        with pytest.raises(RunFolderError, match=sentence):
            make_way(tmp_path / path, OWN, MARK, "demo")
    assert (run / "about.txt").exists()


def test_a_link_within_a_run_goes_and_what_it_leads_to_stays(tmp_path: Path):
    (tmp_path / "big.mcap").write_text("elsewhere")
    run = folder_of(tmp_path / "run", about__txt="left by a run")
    (run / "run.mcap").symlink_to(tmp_path / "big.mcap")
    make_way(run, OWN, MARK, "demo")
    assert not run.exists()
    assert (tmp_path / "big.mcap").read_text() == "elsewhere"
