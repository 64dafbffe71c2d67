"""What is wrong with a recording is told from the headers alone: gaps, stamps, encodings, calibration, depth, QoS."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from typer.testing import CliRunner

pytest.importorskip("rosbags", reason="bags are written with rosbags, which pip installs")
pytest.importorskip("mcap", reason="MCAP files are read with mcap, which pip installs")
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from osis_ros.bags import mcap_file
from osis_ros.bags.header import message_header
from osis_ros.bags.health import check_bag
from osis_ros.bags.reader import RecordedBag
from osis_ros.bags.writer import BagWriter
from osis_ros.cli import app
from osis_ros.evaluation.metrics.recording_health import BagHealth
from osis_ros.messages.images import image_to_message
from osis_ros.nodes.support.qos import RESULTS

COLOUR, DEPTH, INFO = "/cam/color/image_raw", "/cam/depth/image_raw", "/cam/color/camera_info"
START, PERIOD, DELAY = 10**18, 100_000_000, 5_000_000  # ns
FORMS = {
    "mcap": (StoragePlugin.MCAP, None),
    "mcap, chunks compressed": (StoragePlugin.MCAP, CompressionMode.STORAGE),
    "mcap, messages compressed": (StoragePlugin.MCAP, CompressionMode.MESSAGE),
    "db3": (StoragePlugin.SQLITE3, None),
    "db3, messages compressed": (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
}


def header(stamp: int, frame: str = "cam") -> Header:
    made = Header(frame_id=frame)
    made.stamp.sec, made.stamp.nanosec = divmod(stamp, 10**9)
    return made


def image(stamp: int, encoding: str = "rgb8", frame: str = "cam", width: int = 12) -> Image:
    shape, kind = {"rgb8": ((8, width, 3), np.uint8), "16UC1": ((8, width), np.uint16)}.get(
        encoding, ((8, width), np.uint8)
    )
    pixels = np.random.default_rng(stamp).integers(0, 255, shape).astype(kind)
    message = image_to_message(pixels, encoding if encoding != "rgb9" else "mono8", header(stamp, frame))
    message.encoding = encoding
    return message


def info(stamp: int, focal: float = 600.0, width: int = 12) -> CameraInfo:
    message = CameraInfo(header=header(stamp), height=8, width=width, distortion_model="plumb_bob", d=[0.0] * 5)
    message.k = [focal, 0.0, 6.0, 0.0, focal, 4.0, 0.0, 0.0, float(focal > 0)]
    return message


def camera(stamps: Iterable[int]) -> list[tuple[str, int, object]]:
    """A healthy camera: image, depth and calibration at each stamp, recorded a little later."""
    recorded = []
    for stamp in stamps:
        for topic, message in ((COLOUR, image(stamp)), (DEPTH, image(stamp, "16UC1")), (INFO, info(stamp))):
            recorded.append((topic, stamp + DELAY, message))
    return recorded


def write(folder: Path, recorded: list[tuple[str, int, object]], form: str = "mcap") -> Path:
    """A bag of (topic, time of recording, message)."""
    storage, mode = FORMS[form]
    writer = Writer(folder, version=9, storage_plugin=storage)
    if mode is not None:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        topics = {}
        for topic, time, message in recorded:
            if topic not in topics:
                kind = f"sensor_msgs/msg/{type(message).__name__}"
                topics[topic] = writer.add_connection(topic, kind, typestore=get_typestore(Stores.ROS2_JAZZY))
            writer.write(topics[topic], time, serialize_message(message))
    return folder


def health(folder: Path) -> BagHealth:
    with RecordedBag(folder) as bag:
        return check_bag(bag)


def said(folder: Path) -> list[str]:
    return [f"{finding.level}: {finding}" for finding in health(folder).findings]


@pytest.mark.parametrize("form", FORMS)
def test_of_a_healthy_bag_of_any_form_nothing_is_said(tmp_path: Path, form: str):
    stamps = range(START, START + 20 * PERIOD, PERIOD)
    found = health(write(tmp_path / "bag", camera(stamps), form))
    assert list(found.findings) == []
    assert found.rows()[1] == (COLOUR, "20", "10.0", "0.10 s", "0", "rgb8", "12x8")
    figures = found.figures(COLOUR)
    assert figures["stamp_delay_ms"] == pytest.approx(5)
    assert (figures["health_errors"], figures["images_missing"], figures["image_rate_hz"]) == (0, 0, 10)


def test_pictures_stay_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    big = image(START, width=20_000)  # 480 kB
    bag = write(tmp_path / "bag", [(COLOUR, START + n * PERIOD, big) for n in range(20)])
    read = []

    class Counting:
        def __init__(self, stream: object) -> None:
            self._stream = stream

        def __getattr__(self, name: str) -> object:
            return getattr(self._stream, name)

        def read(self, count: int = -1) -> bytes:
            data = self._stream.read(count)
            read.append(len(data))
            return data

    monkeypatch.setattr(mcap_file.Path, "open", lambda path, mode: Counting(open(path, mode)))  # noqa: SIM115
    assert health(bag).topics[0].timing.count == 20
    assert sum(read) < 20 * 10_000


def test_stamps_that_repeat_go_back_or_are_missing_are_errors_and_gaps_warnings(tmp_path: Path):
    numbers = [0, 1, 2, 2, 4, 3, 5, 6, 7, 30, 31, 32]
    times = np.maximum.accumulate(numbers) * PERIOD + START + np.arange(len(numbers))
    recorded = [(COLOUR, int(time), image(START + n * PERIOD)) for time, n in zip(times, numbers, strict=True)]
    recorded += [(COLOUR, int(times[-1]) + 1, image(0))]
    assert [line for line in said(write(tmp_path / "bag", recorded)) if not line.startswith("note")] == [
        f"error: {COLOUR}: 1 of 13 messages have no stamp (0)",
        f"error: {COLOUR}: 1 of 13 messages repeat a stamp",
        f"error: {COLOUR}: the stamps go backward 1 times, first at 0.400 s",
        f"warning: {COLOUR}: about 22 messages are missing at 10.0 Hz; the longest gap is 2.30 s, at 0.7 s",
    ]


@pytest.mark.parametrize(
    ("delays", "sentence"),
    [
        ([3600] * 20, "stamps lie 3,600.0 s before the recording of their messages: the clocks differ"),
        ([-0.2] * 20, "stamps lie 0.200 s after the recording of their messages: the clocks differ"),
        (np.linspace(0, 0.9, 20), "the time from stamp to recording changes by +0.85 s over the bag"),
    ],
)
def test_clocks_that_differ_or_drift_are_told(tmp_path: Path, delays: Iterable[float], sentence: str):
    stamps = [START + n * PERIOD for n in range(len(delays))]
    recorded = [(COLOUR, s + round(delay * 1e9), image(s)) for s, delay in zip(stamps, delays, strict=True)]
    assert any(sentence in line for line in said(write(tmp_path / "bag", recorded)))


def test_encodings_sizes_and_frames_that_change_or_are_not_read_are_told(tmp_path: Path):
    stamps = range(START, START + 5 * PERIOD, PERIOD)
    recorded = camera(stamps)
    recorded[3] = (COLOUR, recorded[3][1], image(stamps[1], "rgb9"))
    recorded[6] = (COLOUR, recorded[6][1], image(stamps[2], frame="other"))
    recorded[9] = (COLOUR, recorded[9][1], image(stamps[3], width=14))
    assert said(write(tmp_path / "bag", recorded)) == [
        f"error: {COLOUR}: encoding 'rgb9' is not supported",
        f"warning: {COLOUR}: the encoding changes: 'rgb8' 4 times, 'rgb9' 1 times",
        f"warning: {COLOUR}: the frame_id changes: 'cam' 4 times, 'other' 1 times",
        f"warning: {COLOUR}: the size changes: '12x8' 4 times, '14x8' 1 times",
    ]


def test_a_calibration_that_changes_is_empty_or_of_another_size_is_told(tmp_path: Path):
    stamps = range(START, START + 5 * PERIOD, PERIOD)
    recorded = camera(stamps)
    recorded[11] = (INFO, recorded[11][1], info(stamps[3], 0.0))
    found = said(write(tmp_path / "bag", recorded))
    assert found == [f"error: {INFO}: the calibration is empty (k[0] is 0), so nothing has a place in space",
                     f"warning: {INFO}: the calibration changes: 2 different ones; k at 1000000000.305 s"]  # fmt: skip
    small = [(topic, time, info(time - DELAY, width=99) if topic == INFO else m) for topic, time, m in camera(stamps)]
    assert said(write(tmp_path / "small", small)) == [f"warning: {INFO}: is of 99x8 pixels, the images of 12x8"]


def test_depth_that_is_late_or_missing_is_told(tmp_path: Path):
    stamps = range(START, START + 10 * PERIOD, PERIOD)
    late = camera(stamps)
    for n, (topic, time, _) in enumerate(late):
        if topic == DEPTH and time > START + 5 * PERIOD:
            late[n] = (topic, time, image(time - DELAY + 70_000_000, "16UC1"))
    (finding,) = [line for line in said(write(tmp_path / "late", late)) if "have no depth" in line]
    assert finding.startswith(f"warning: {DEPTH}: 1 of 10 images of {COLOUR} have no depth image within 50 ms")
    colour = [entry for entry in camera(stamps) if entry[0] == COLOUR]
    assert said(write(tmp_path / "none", colour)) == [
        f"note: {COLOUR}: has no camera_info beside it, so nothing has a place in space",
        f"note: {COLOUR}: has no depth images beside it, so nothing has a place in space",
    ]


def test_best_effort_publishers_and_empty_topics_are_told(tmp_path: Path):
    writer = BagWriter(tmp_path / "bag")
    writer.add_topic(COLOUR, "sensor_msgs/msg/Image", QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
    writer.add_topic(DEPTH, "sensor_msgs/msg/Image", RESULTS)
    writer.write(COLOUR, START, serialize_message(image(START)))
    writer.close()
    found = said(tmp_path / "bag")
    assert f"warning: {DEPTH}: no message was recorded: nobody published, or the recorder's QoS did not fit" in found
    assert f"note: {COLOUR}: was published best effort: messages may be lost on the way to the recorder" in found


def test_of_a_bag_that_was_cut_off_the_break_comes_first(tmp_path: Path):
    bag = write(tmp_path / "bag", camera(range(START, START + 40 * PERIOD, PERIOD)))
    file = bag / "bag.mcap"
    with RecordedBag(bag) as whole:
        assert whole.losses == []
    data = file.read_bytes()
    file.write_bytes(data[: len(data) - 40])  # the index at the end is lost
    assert said(bag)[0].startswith("error: bag.mcap was cut off; the 120 messages before the break are used")


def test_the_command_prints_the_findings_writes_nothing_and_fails_on_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    good = write(tmp_path / "good", camera(range(START, START + 3 * PERIOD, PERIOD)))
    result = CliRunner().invoke(app, ["replay", str(good), "--check"], env={"COLUMNS": "200"})
    assert (result.exit_code, "nothing is wrong with the recording" in result.output) == (0, True)
    bad = write(tmp_path / "bad", camera([START, START]))
    result = CliRunner().invoke(app, ["replay", "--check", str(bad)], env={"COLUMNS": "200"})
    assert (result.exit_code, f"error: {COLOUR}: 1 of 2 messages repeat a stamp" in result.output) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "good"]


def test_the_format_of_compressed_images_is_no_encoding_to_complain_of(tmp_path: Path):
    packed = CompressedImage(header=header(START), format="rgb8; jpeg compressed bgr8")
    writer = BagWriter(tmp_path / "bag")
    writer.add_topic(f"{COLOUR}/compressed", "sensor_msgs/msg/CompressedImage", RESULTS)
    writer.write(f"{COLOUR}/compressed", START + DELAY, serialize_message(packed))
    writer.close()
    assert [text for text in said(tmp_path / "bag") if not text.startswith("note")] == []


@pytest.mark.parametrize("frame", ["", "a", "ab", "abc", "camera/ü"])
def test_headers_are_those_that_ros_reads(frame: str):
    stamp = 5 * 10**9 + 7
    read = message_header(serialize_message(image(stamp, frame=frame)), "sensor_msgs/msg/Image")
    assert (read.stamp, read.frame_id, read.width, read.height, read.encoding) == (stamp, frame, 12, 8, "rgb8")
    packed = CompressedImage(header=header(stamp, frame), format="rgb8; jpeg compressed bgr8")
    read = message_header(serialize_message(packed), "sensor_msgs/msg/CompressedImage")
    assert (read.stamp, read.frame_id, read.encoding) == (stamp, frame, "rgb8; jpeg compressed bgr8")
    assert message_header(serialize_message(packed)[:13], "sensor_msgs/msg/CompressedImage") is None
