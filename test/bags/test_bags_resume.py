"""A replay that was interrupted goes on, and what it leaves is that of one that was not."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bench import eventually, rgb_message
from test_bags_replay import ONE, TWO, header, read, run, write_bag

pytest.importorskip("rosbags", reason="bags are read and written with rosbags, which pip installs")
pytest.importorskip("faster_coco_eval", reason="bags with the truth are scored with faster-coco-eval")
from osis_ros.bags.answer_journal import Answer, AnswerJournal, AnswerJournalError
from osis_ros.inference.segmenter import Segmenter
from osis_ros.messages.instances import instances_to_message

COLUMNS = ("boxes", "scores", "class_ids", "distances", "embeddings", "rois", "ids")
RUN = {"bag": "b", "class_names": ["red", "green", "blue"]}
# Replays, and stops as by a loss of power when so many images have been segmented.
DIES = """
import os, signal, sys
from osis_ros.bags import camera_run
from osis_ros.cli import app
finish, count, most = camera_run.CameraRun.finish, 0, int(sys.argv[1])
def finish_or_die(self, image, results):
    global count
    count += 1
    if count > most:
        os.kill(os.getpid(), signal.SIGKILL)
    return finish(self, image, results)
camera_run.CameraRun.finish = finish_or_die
sys.argv = ["osis", *sys.argv[2:]]
app()
"""


@pytest.fixture
def bag(tmp_path: Path, colour_cells: Path) -> Path:
    """Two cameras; the left one has a truth, and an image that cannot be used."""
    recorded = []
    for n in range(6):
        left, right = rgb_message((ONE, TWO)[n % 2], header(n)), rgb_message(TWO, header(n))
        truth = instances_to_message(Segmenter(colour_cells).segment(ONE), left.header, "truth")
        if n == 1:
            left.encoding = "rgb9"
        recorded += [("/left/image", n, left), ("/left/ground_truth", n, truth), ("/right/image", n, right)]
    return write_bag(tmp_path / "run", *recorded)


def options(bag: Path, model: Path, output: Path) -> list[str]:
    topics = ["--image-topic", "/left/image", "--image-topic", "/right/image"]
    return [str(bag), "--model", str(model), "--output", str(output), *topics]


def timeless(folder: Path) -> dict[str, object]:
    """Everything in a folder of a replay but the times that it took; the bag to the last byte."""
    texts = {name: (folder / name).read_text() for name in ("frames.jsonl", "summary.json", "metadata.yaml")}
    kept = {name: re.sub(r'"(ms|latency_p\d\d_ms)": [\d.]+', "", text) for name, text in texts.items()}
    page = (folder / "report.html").read_text()
    page = re.sub(r"[\d.]+ / [\d.]+ / [\d.]+ ms|Milliseconds an image.*?</svg>", "", page, flags=re.DOTALL)
    kept["metadata.yaml"] = kept["metadata.yaml"].replace(folder.name, "FOLDER")
    return kept | {"report.html": page, "bag": (folder / f"{folder.name}.mcap").read_bytes()}


@pytest.mark.parametrize("torn", [0, 5])
def test_after_a_loss_of_power_it_goes_on_and_ends_as_if_nothing_had_been(
    tmp_path: Path, bag: Path, colour_cells: Path, monkeypatch: pytest.MonkeyPatch, torn: int
):
    assert run(*options(bag, colour_cells, tmp_path / "whole" / "out"))[0] == 0
    broken = tmp_path / "broken" / "out"
    died = subprocess.run(
        [sys.executable, "-c", DIES, "7", "replay", *options(bag, colour_cells, broken)], capture_output=True, text=True
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    part = broken.with_name("out.part")
    os.truncate(part, part.stat().st_size - torn)  # what the disk had not got yet
    computed = []
    segment = Segmenter.segment
    monkeypatch.setattr(Segmenter, "segment", lambda *a, **k: computed.append(1) or segment(*a, **k))
    code, said = run(*options(bag, colour_cells, broken), "--resume")
    assert code == 0, said
    # Of the 11 images that can be used 7 or, where the last record was torn, 6 had an answer; and two to try the model.
    assert len(computed) == (5 if torn else 4) + 2
    assert timeless(broken) == timeless(tmp_path / "whole" / "out")
    assert not part.exists()


def test_ctrl_c_leaves_a_whole_bag_and_says_how_to_go_on(tmp_path: Path, bag: Path, colour_cells: Path):
    program = DIES.replace("SIGKILL", "SIGINT")
    arguments = [sys.executable, "-c", program, "4", "replay", *options(bag, colour_cells, tmp_path / "out")]
    stopped = subprocess.run(arguments, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"})
    assert stopped.returncode == 1
    assert f"what {tmp_path / 'out'} holds of them is whole; add --resume to go on" in stopped.stderr
    answers = read(tmp_path / "out", "/segmenter/right/instances")
    lines = [json.loads(line) for line in (tmp_path / "out" / "frames.jsonl").read_text().splitlines()]
    assert len(answers) == sum(line["camera"] == "right" for line in lines) >= 2
    code, said = run(*options(bag, colour_cells, tmp_path / "out"), "--score-threshold", 0.9, "--resume")
    assert (code, "out.part is of another replay: score_threshold was the model's own and is 0.9; give" in said) == (
        1,
        True,
    )
    assert len(read(tmp_path / "out", "/segmenter/right/instances")) == len(answers), "nothing is lost by that"
    assert run(*options(bag, colour_cells, tmp_path / "out"), "--resume")[0] == 0
    code, said = run(*options(bag, colour_cells, tmp_path / "out"), "--resume")
    assert (code, "there is no" in said, "out.part of an interrupted replay; leave out --resume" in said) == (
        1,
        True,
        True,
    )


def test_two_replays_leave_the_same_bytes_but_for_times(tmp_path: Path, bag: Path, colour_cells: Path):
    for place in ("a", "b"):
        assert run(*options(bag, colour_cells, tmp_path / place / "out"))[0] == 0
    assert timeless(tmp_path / "a" / "out") == timeless(tmp_path / "b" / "out")


def test_an_answer_comes_back_as_it_was(tmp_path: Path, colour_cells: Path):
    segmenter = Segmenter(colour_cells)
    found = {n: segmenter.segment(pixels) for n, pixels in enumerate((ONE, TWO, np.zeros_like(ONE)))}
    journal = AnswerJournal(tmp_path / "out", RUN, resume=False)
    for number, instances in found.items():
        journal.add(0, number, Answer(instances, 0.5 + number))
    journal.close()
    journal = AnswerJournal(tmp_path / "out", RUN, resume=True)
    assert len(journal) == 3
    assert journal.find(1, 0) is None
    for number, instances in found.items():
        again, seconds = journal.find(0, number)
        assert seconds == 0.5 + number
        assert all(np.array_equal(getattr(again, name), getattr(instances, name)) for name in COLUMNS)
        assert all(np.array_equal(one, other) for one, other in zip(again.masks, instances.masks, strict=True))
        assert (again.height, again.width, again.class_names) == (224, 224, ("red", "green", "blue"))
    with pytest.raises(AnswerJournalError, match="is being written by another process"):
        AnswerJournal(tmp_path / "out", RUN, resume=True)
    journal.close()
    assert eventually((tmp_path / "out.part").exists, "it stays until it is removed")
