"""The whole demo, as a user starts it: four processes over real DDS, and what they leave behind."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

pytest.importorskip("rosbags", reason="bags are read with rosbags, which pip installs")
pytest.importorskip("mujoco", reason="the simulated camera needs MuJoCo: pip install '.[sim]'")
pytest.importorskip("faster_coco_eval", reason="the demo is scored with faster-coco-eval")
from rosbags.highlevel import AnyReader

from osis_ros.demo import MARK, OWN_FILES
from osis_ros.evaluation.metrics.referee import Verdict
from osis_ros.files.result_folder import make_way

REPOSITORY = Path(__file__).parents[2]


def demo(folder: Path, *arguments: object, **changes: str) -> subprocess.Popen:
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "osis_ros.cli", "demo", str(folder), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONPATH": path} | changes,
    )  # fmt: skip


def children_of(pid: int) -> list[Path]:
    statuses = {path.parent: path.read_text() for path in Path("/proc").glob("[0-9]*/status")}
    return [process for process, status in statuses.items() if f"\nPPid:\t{pid}\n" in status]


def in_one_line(output: str) -> str:
    return " ".join(output.split())


def test_a_run_leaves_a_table_a_picture_and_a_bag_of_every_topic(tmp_path: Path, colour_cells: Path):
    run = demo(tmp_path / "demo", "--model", colour_cells, "--frames", 5, "--rate", 2)
    output = run.communicate(timeout=240)[0]
    assert run.returncode == 0, output
    rows = {
        cells[1].strip(): cells[2].strip() for cells in (line.split("│") for line in output.split("\n")) if cells[2:]
    }
    assert int(rows["camera frames"]) >= 5
    assert int(rows["processed"]) + int(rows["dropped (a newer one had come)"]) == int(rows["camera frames"])
    assert {"latency p50, stamp to instances", "AP of known classes (AP_k)"} <= rows.keys()
    assert rows["'my light bulb' taught"]
    placed, found = rows["found objects with a box in space"].split(",")[0].split(" of ")
    assert 0 <= int(placed) <= int(found)
    assert 1 <= int(rows["request to answer, camera off"].removesuffix(" ms")) < 5000
    assert cv2.imread(str(tmp_path / "demo" / "overlay.png")).shape == (960, 1280, 3)
    with AnyReader([tmp_path / "demo"]) as bag:
        counts = {connection.topic: connection.msgcount for connection in bag.connections}
    for topic in ("/camera/color/image_raw", "/camera/color/image_raw/compressed", "/camera/color/camera_info",
                  "/camera/depth/image_raw", "/camera/ground_truth", "/segmenter/instances", "/segmenter/overlay",
                  "/segmenter/label_image", "/camera/ground_truth_objects", "/localizer/objects",
                  "/diagnostics"):  # fmt: skip
        assert counts.get(topic, 0) > 0, topic
    assert (tmp_path / "demo" / "demo.mcap").is_file()
    make_way(tmp_path / "demo", (*OWN_FILES, "demo.mcap"), MARK, "demo")  # the next demo may take its place


def test_it_keeps_to_this_machine_and_off_the_domain_of_the_shell(monkeypatch: pytest.MonkeyPatch):
    from rich.console import Console

    from osis_ros.demo import _prepare_middleware

    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", os.environ.get("FASTRTPS_DEFAULT_PROFILES_FILE", ""))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    monkeypatch.setenv("ROS_STATIC_PEERS", "192.0.2.7")
    for shells in range(1, 101):
        monkeypatch.setenv("ROS_DOMAIN_ID", str(shells))
        _prepare_middleware(Console(quiet=True))
        assert int(os.environ["ROS_DOMAIN_ID"]) in {*range(1, 101)} - {shells}
    assert os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert "ROS_STATIC_PEERS" not in os.environ


def test_the_table_says_when_the_machine_and_not_the_model_sets_the_pace():
    from rich.console import Console

    from osis_ros.demo import Outcome, Recognition, verdict_table
    from osis_ros.evaluation.metrics.naming import NameScore
    from osis_ros.evaluation.metrics.space_referee import SpaceVerdict

    def shown(latency: float) -> str:
        verdict = Verdict(
            frames_in=9, processed=8, dropped=1, latency_p50=latency, latency_p95=1.0, known_per_frame=2.0,
            unknown_per_frame=1.0, ap_known=40.0, ap_unknown=-100.0, ar_unknown=30.0, judged=8,
        )  # fmt: skip
        console = Console(file=io.StringIO(), record=True, width=120)
        recognition = Recognition("'my light bulb' is taught with 6 views, threshold 0.83; so", NameScore(8, 7, 6, 2))
        space = SpaceVerdict(8, 20, 18, 0.0061, 0.0273, 0.714, 0.83)
        console.print(verdict_table(Outcome(verdict, space, 0.25, recognition)))
        return " ".join(console.export_text().split())

    assert "latency p50, stamp to instances │ 300 ms" in shown(0.3)
    assert "request to answer, camera off │ 250 ms" in shown(0.3)
    assert "AP of unknown objects (AP_unk) │ not defined" in shown(0.3)
    assert "'my light bulb' taught │ with 6 views, threshold 0.83" in shown(0.3)
    assert "it is found, and has its name │ 7, 6" in shown(0.3)
    assert "others with its name │ 2" in shown(0.3)
    assert "found objects with a box in space │ 18 of 20, in 8 frames" in shown(0.3)
    assert "box centre error, median (p90) │ 6 (27) mm" in shown(0.3)
    assert "boxes with an IoU above 0.5 │ 83 %" in shown(0.3)
    assert "share the" not in shown(0.3)
    assert "camera and segmenter share the" in shown(0.9)


def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path):
    run = demo(tmp_path / "demo", "--model", tmp_path / "nothing")
    output = run.communicate(timeout=60)[0]
    assert run.returncode == 1
    assert "nothing' does not exist" in in_one_line(output)
    assert "Traceback" not in output
    assert not (tmp_path / "demo").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, colour_cells: Path):
    (tmp_path / "thesis.tex").write_text("all of it")
    run = demo(tmp_path, "--model", colour_cells)
    output = run.communicate(timeout=60)[0]
    assert run.returncode == 1
    assert "thesis.tex, which no demo wrote" in in_one_line(output)
    assert (tmp_path / "thesis.tex").read_text() == "all of it"


def test_a_bag_of_the_users_is_left_alone(tmp_path: Path, colour_cells: Path):
    """rosbags names the files of every MCAP bag as the demo's are."""
    from rosbags.rosbag2 import StoragePlugin, Writer

    with Writer(tmp_path / "mybag", version=9, storage_plugin=StoragePlugin.MCAP):
        pass
    before = {path.name: path.read_bytes() for path in (tmp_path / "mybag").iterdir()}
    run = demo(tmp_path / "mybag", "--model", colour_cells)
    output = run.communicate(timeout=60)[0]
    assert run.returncode == 1
    assert "mybag is no earlier demo: its about.txt is not there or not a demo's" in in_one_line(output)
    assert {path.name: path.read_bytes() for path in (tmp_path / "mybag").iterdir()} == before


def test_a_link_in_the_place_of_the_folder_is_one_sentence(tmp_path: Path, colour_cells: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "demo").symlink_to(tmp_path / "real")
    run = demo(tmp_path / "demo", "--model", colour_cells)
    output = run.communicate(timeout=60)[0]
    assert run.returncode == 1
    assert "demo is a link, expected a folder to write to" in in_one_line(output)
    assert "Traceback" not in output


def test_a_place_that_takes_no_folder_is_one_sentence(colour_cells: Path):
    run = demo(Path("/proc/osis_demo"), "--model", colour_cells)  # refused to everybody, root included
    output = run.communicate(timeout=60)[0]
    assert run.returncode == 1
    assert "cannot write to /proc/osis_demo: " in in_one_line(output)
    assert "Traceback" not in output


def test_a_camera_that_cannot_draw_ends_the_demo_with_its_reason(tmp_path: Path, colour_cells: Path):
    run = demo(tmp_path / "demo", "--model", colour_cells, MUJOCO_GL="no such backend")
    output = run.communicate(timeout=120)[0]
    assert run.returncode == 1
    assert "the camera ended by itself with status 1" in in_one_line(output)
    assert "Traceback (most recent call last)" not in output.split("the end of")[0]


def test_an_interrupt_ends_every_process_and_leaves_a_bag_that_can_be_read(tmp_path: Path, colour_cells: Path):
    run = demo(tmp_path / "demo", "--model", colour_cells, "--frames", 1000)
    lines = iter(run.stdout.readline, "")
    next(line for line in lines if "camera: renders" in line)
    time.sleep(3)
    children = children_of(run.pid)
    run.send_signal(signal.SIGINT)
    output = run.communicate(timeout=60)[0]
    assert run.returncode != 0
    assert "Traceback" not in output
    assert len(children) == 3
    assert [process for process in children if process.exists()] == []
    with AnyReader([tmp_path / "demo"]) as bag:
        assert bag.connections
