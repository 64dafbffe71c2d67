"""Bags as recordings: their pictures, and things that are followed from one to the next."""

import json
from pathlib import Path

import numpy as np
import pytest
from cell_pictures import PURPLE, RED, YELLOW, cells, shade
from typer.testing import CliRunner

pytest.importorskip("rclpy", reason="bags are read with ROS 2")
pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
pytest.importorskip("rosbags", reason="bags are read with rosbags")
from rclpy.serialization import serialize_message
from std_msgs.msg import Header

from osis_ros.bags.writer import BagWriter
from osis_ros.cli import app
from osis_ros.discovery.recording import Recordings, is_bag
from osis_ros.messages.images import image_to_message
from osis_ros.nodes.support.qos import RESULTS

TOPIC, START = "/camera/image_raw", 100
RATE = 10  # images a second


def write_bag(folder: Path, *images: np.ndarray, broken: int | None = None) -> Path:
    writer = BagWriter(folder)
    writer.add_topic(TOPIC, "sensor_msgs/msg/Image", RESULTS)
    for number, rgb in enumerate(images):
        header = Header(frame_id="camera")
        header.stamp.sec, nanoseconds = START + number // RATE, number % RATE * (1_000_000_000 // RATE)
        header.stamp.nanosec = nanoseconds
        message = image_to_message(rgb, "rgb8", header)
        if number == broken:
            message.data = message.data[:100]
        writer.write(TOPIC, 10**9 * header.stamp.sec + nanoseconds, serialize_message(message))
    writer.close()
    return folder


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.2 s of two purple and two yellow things that stand still; the light changes a little."""
    images = [cells(shade(PURPLE, n % 3), PURPLE, YELLOW, shade(YELLOW, n % 2)) for n in range(12)]
    return write_bag(tmp_path_factory.mktemp("bags") / "run", *images, broken=4)


def test_a_bag_is_a_folder_with_its_files_and_no_pictures(bag: Path, pictures: Path, tmp_path: Path):
    assert is_bag(bag)
    assert is_bag(next(bag.glob("*.mcap")))
    assert not is_bag(pictures)
    assert not is_bag(tmp_path)


def test_pictures_of_a_bag_are_thinned_to_the_rate_and_bad_ones_are_counted(bag: Path):
    recordings = Recordings([bag], rate=5)
    for _ in range(2):  # as often as wanted
        assert [round(picture.stamp, 3) for picture in recordings] == [100.0, 100.2, 100.6, 100.8, 101.0]
        assert list(recordings.skipped.values()) == [1]  # the one at 100.4 s
    stamps = [round(picture.stamp, 3) for picture in Recordings([bag], rate=1000, first=3)]
    assert stamps == [100.0, 100.1, 100.2]


def test_bags_come_first_and_each_is_a_recording_of_its_own(bag: Path, pictures: Path):
    found = list(Recordings([pictures, bag, bag], rate=1))
    assert [picture.recording for picture in found] == [0, 0, 1, 1] + [2] * 6
    assert [picture.stamp is None for picture in found] == [False] * 4 + [True] * 6
    assert found[0].source == "run /camera/image_raw at 100.000 s"


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["discover", *map(str, arguments)], env={"COLUMNS": "300"})
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result.exit_code, result.stderr if result.exit_code else result.stdout


def test_what_is_seen_in_many_pictures_of_a_bag_is_one_thing(bag: Path, colour_cells: Path, tmp_path: Path):
    out = tmp_path / "out"
    code, said = run(bag, "--model", colour_cells, "--output", out, "--rate", 10, "--min-cluster", 2)
    assert code == 0, said
    assert "11 pictures: 0 known and 4 unknown things, 2 clusters, 0 unknown things in no cluster" in said
    record = json.loads((out / "discovery.json").read_text())
    medoids = [instance for instance in record["instances"] if instance["medoid"]]
    assert len({instance["thing"] for instance in medoids}) == len(medoids) == 4
    assert {instance["thing"] for instance in record["instances"]} == {instance["thing"] for instance in medoids}
    assert len(record["pictures"]) <= 4  # only those that show a thing best


def test_things_of_two_bags_are_different_things(bag: Path, colour_cells: Path, tmp_path: Path):
    code, said = run(bag, bag, "--model", colour_cells, "--output", tmp_path / "out", "--rate", 10)
    assert code == 0, said
    assert "22 pictures: 0 known and 8 unknown things, 2 clusters" in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--image-topic", "/nothing"], "has no /nothing of images; there are /camera/image_raw"),
        (
            ["--min-views", "50"],
            "no unknown things were found in 5 pictures, beside 0 known ones, and a cluster needs 3; 4 were seen too",
        ),
    ],
)
def test_what_a_bag_lacks_is_one_sentence(
    options: list[str], sentence: str, bag: Path, colour_cells: Path, tmp_path: Path
):
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out", *options)
    assert (code, said.count("\n")) == (1, 1), said
    assert sentence in said
    assert not (tmp_path / "out").exists()


def test_a_bag_without_a_usable_image_is_one_sentence(colour_cells: Path, tmp_path: Path):
    bag = write_bag(tmp_path / "run", cells(RED), broken=0)
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert (code, said.count("\n")) == (1, 1), said
    assert "no picture could be used: " in said
