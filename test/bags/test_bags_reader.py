"""Reading the bags that recorders leave: split, compressed, cut off, damaged, of other kinds; every message once."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header, String

pytest.importorskip("rosbags", reason="bags are written with rosbags, which pip installs")
pytest.importorskip("mcap", reason="MCAP files are read with mcap, which pip installs")
import zstandard
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from osis_ros.bags.bag_file import BagError
from osis_ros.bags.message_types import add_type
from osis_ros.bags.reader import RecordedBag, decoded
from osis_ros.messages.errors import MessageError
from osis_ros.messages.images import image_from_message, image_to_message

IMAGE, ARRAY, TEXT = "sensor_msgs/msg/Image", "osis_ros/msg/InstanceArray", "std_msgs/msg/String"
TOPIC = "/cam/image_raw"
STORAGES = {"mcap": StoragePlugin.MCAP, "db3": StoragePlugin.SQLITE3}


def pixels(number: int) -> np.ndarray:
    """100 pixels of noise, by which their number is told."""
    noise = np.random.default_rng(number).integers(0, 256, (10, 10, 3), np.uint8)
    noise[0, 0, 0] = number
    return noise


def image(number: int) -> bytes:
    """A picture of `pixels`. Bytes between its fields, which align them, may differ from call to call."""
    return serialize_message(image_to_message(pixels(number), "rgb8", Header()))


def write(folder: Path, times: Iterable[int], storage: str = "mcap", mode: CompressionMode | None = None) -> Path:
    """A bag with the image `n` at each time `n`."""
    writer = Writer(folder, version=9, storage_plugin=STORAGES[storage])
    if mode is not None:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection(TOPIC, IMAGE, typestore=get_typestore(Stores.ROS2_JAZZY))
        for n in times:
            writer.write(connection, n, image(n))
    return folder


def numbers(path: Path, topic: str = TOPIC) -> list[int]:
    """The numbers of a bag's images in the order in which they are read; each has its own time."""
    with RecordedBag(path) as bag:
        found = [(m.time, int(image_from_message(decoded(m))[0, 0, 0])) for m in bag.read([topic])]
        assert bag.count(topic) == len(found)
    assert all(time == number for time, number in found)
    return [number for _, number in found]


@pytest.mark.parametrize("mode", [None, CompressionMode.FILE, CompressionMode.MESSAGE])
@pytest.mark.parametrize("storage", STORAGES)
def test_each_storage_and_compression(tmp_path: Path, storage: str, mode: CompressionMode | None):
    bag = write(tmp_path / "run", range(5), storage, mode)
    assert numbers(bag) == [0, 1, 2, 3, 4]
    (bag / "metadata.yaml").unlink()
    assert numbers(bag) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("compression", CompressionType)
@pytest.mark.parametrize("index", [IndexType.ALL, IndexType.NONE])
def test_mcap_files_of_every_form(tmp_path: Path, compression: CompressionType, index: IndexType):
    with (tmp_path / "a.mcap").open("wb") as stream:
        writer = McapWriter(stream, chunk_size=500, compression=compression, index_types=index)
        mcap_images(writer, range(5))
        writer.finish()
    assert numbers(tmp_path / "a.mcap") == [0, 1, 2, 3, 4]


def mcap_images(writer: McapWriter, times: Iterable[int]) -> None:
    writer.start("ros2")
    schema = writer.register_schema(IMAGE, "ros2msg", b"")
    channel = writer.register_channel(TOPIC, "cdr", schema)
    for n in times:
        writer.add_message(channel, n, image(n), n)


def test_an_mcap_file_without_chunks_and_summary(tmp_path: Path):
    with (tmp_path / "a.mcap").open("wb") as stream:
        writer = McapWriter(stream, use_chunking=False, use_statistics=False, use_summary_offsets=False,
                            index_types=IndexType.NONE, repeat_channels=False, repeat_schemas=False)  # fmt: skip
        mcap_images(writer, range(5))
        writer.finish()
    assert numbers(tmp_path / "a.mcap") == [0, 1, 2, 3, 4]
    with RecordedBag(tmp_path / "a.mcap") as bag:
        assert bag.losses == []


def test_channels_of_other_encodings_are_listed_and_left_alone(tmp_path: Path):
    with (tmp_path / "a.mcap").open("wb") as stream:
        writer = McapWriter(stream)
        mcap_images(writer, range(3))
        schema = writer.register_schema("Note", "jsonschema", b"{}")
        channel = writer.register_channel("/notes", "json", schema)
        writer.add_message(channel, 1, json.dumps({"a": 1}).encode(), 1)
        writer.add_message(writer.register_channel("/bare", "protobuf", 0), 1, b"", 1)
        writer.finish()
    assert numbers(tmp_path / "a.mcap") == [0, 1, 2]
    with RecordedBag(tmp_path / "a.mcap") as bag:
        with pytest.raises(BagError, match=r"no /notes of images; there are /cam/image_raw"):
            bag.image_topic("/notes")
        with pytest.raises(BagError, match=r"/bare \(no type, protobuf encoding\).*/notes \(Note, json encoding\)"):
            bag.truth_topic(TOPIC, "/truth")


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_of_an_mcap_file_that_was_cut_off_everything_up_to_the_break_is_read(tmp_path: Path, share: float):
    with (tmp_path / "whole.mcap").open("wb") as stream:
        writer = McapWriter(stream, chunk_size=1000, compression=CompressionType.NONE)
        mcap_images(writer, range(40))
        writer.finish()
    data = (tmp_path / "whole.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(data[: int(len(data) * share)])
    read = numbers(tmp_path / "cut.mcap")
    assert read == list(range(len(read)))
    body = data.rindex(pixels(39).tobytes())  # where the last message lies
    assert len(read) == pytest.approx(min(1, share * len(data) / body) * 40, abs=5)
    with RecordedBag(tmp_path / "cut.mcap") as bag:
        (loss,) = bag.losses
    assert loss.startswith(f"cut.mcap was cut off; the {len(read)} messages before the break are used (`mcap recover` ")
    told = re.search(r"it broke at byte ([\d,]+) of ([\d,]+), 0\.0 s after the first message$", loss)
    broke, size = (int(number.replace(",", "")) for number in told.groups())
    assert size == int(len(data) * share)
    assert size - 1500 < broke <= size  # a chunk is 1000 bytes and one image


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("name", ["run #3", "what?", "50%25 done", "a'b\"c", "日本"])
def test_any_name_of_a_folder_and_its_file(tmp_path: Path, storage: str, name: str):
    bag = write(tmp_path / "plain", range(2), storage)
    (bag / f"plain.{storage}").rename(bag / f"{name}.{storage}")
    (bag / "metadata.yaml").unlink()
    bag = bag.rename(tmp_path / name)
    assert numbers(bag) == numbers(bag / f"{name}.{storage}") == [0, 1]


def test_what_sqlite_left_in_its_log_is_read_and_the_users_files_stay(tmp_path: Path):
    file = write(tmp_path / "run", range(3), "db3") / "run.db3"
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA wal_autocheckpoint=0")
    for n in range(3, 10):
        database.execute("INSERT INTO messages (topic_id, timestamp, data) VALUES (1, ?, ?)", (n, image(n)))
    cut = tmp_path / "cut"  # as the recorder's machine lost its power
    cut.mkdir()
    for path in (file, file.with_name("run.db3-wal")):
        shutil.copy(path, cut / path.name)
    database.close()
    before = {path.name: path.read_bytes() for path in cut.iterdir()}
    assert numbers(cut) == list(range(10))
    assert {path.name: path.read_bytes() for path in cut.iterdir()} == before


def test_what_sqlite_had_not_finished_is_undone(tmp_path: Path):
    """A rollback journal beside the file: its last transaction was half written to the file when the power went."""
    file = write(tmp_path / "run", range(3), "db3") / "run.db3"
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode=DELETE")
    database.execute("PRAGMA cache_size=2")
    database.execute("BEGIN")
    database.execute("DELETE FROM messages")
    for n in range(3, 300):
        database.execute("INSERT INTO messages (topic_id, timestamp, data) VALUES (1, ?, ?)", (n, image(0)))
    cut = tmp_path / "cut"
    cut.mkdir()
    for path in (file, file.with_name("run.db3-journal")):
        shutil.copy(path, cut / path.name)
    database.close()
    assert numbers(cut) == [0, 1, 2]


def test_a_file_that_was_cut_off_takes_its_place_among_the_others(tmp_path: Path):
    folder = tmp_path / "run"
    folder.mkdir()
    with (tmp_path / "whole.mcap").open("wb") as stream:
        writer = McapWriter(stream, chunk_size=1000, compression=CompressionType.NONE)
        mcap_images(writer, range(0, 80, 2))
        writer.finish()
    data = (tmp_path / "whole.mcap").read_bytes()
    (folder / "a.mcap").write_bytes(data[: len(data) // 2])
    write(tmp_path / "b", (3, 5, 7))
    shutil.copy(tmp_path / "b" / "b.mcap", folder)
    read = numbers(folder)
    assert read == sorted(read)
    assert {3, 5, 7} < set(read)


@pytest.mark.parametrize("storage", STORAGES)
def test_files_of_a_split_bag_are_read_in_the_order_of_their_times(tmp_path: Path, storage: str):
    """The third file, by its name, is the first by its times; a fourth overlaps with it."""
    parts = (range(10, 15), range(20, 22), range(5), (3, 7))
    for i, times in enumerate(parts):
        write(tmp_path / f"run_{i}", times, storage)
    folder = tmp_path / "run"
    folder.mkdir()
    names = [f"run_{i}.{storage}" for i in range(4)]
    for i, name in enumerate(names):
        shutil.copy(tmp_path / f"run_{i}" / name, folder)
    metadata = "rosbag2_bagfile_information:\n  relative_file_paths:\n"
    (folder / "metadata.yaml").write_text(metadata + "".join(f"  - run/{name}\n" for name in names))
    assert numbers(folder) == [0, 1, 2, 3, 3, 4, 7, 10, 11, 12, 13, 14, 20, 21]
    (folder / "metadata.yaml").write_text(metadata + f"  - {names[0]}\n")  # the rest is not the bag's
    assert numbers(folder) == [10, 11, 12, 13, 14]
    (folder / "metadata.yaml").write_text("rosbag2_bagfile_information: [half a fi")
    assert len(numbers(folder)) == 14
    lists = "a: &a [x, x, x, x, x]\nb: &b [*a, *a, *a]\n"  # ten such lines name more than a memory holds
    for torn in (f"{lists}{metadata}  - *b\n", "2026-13-01", "[" * 5000):
        (folder / "metadata.yaml").write_text(torn)
        assert len(numbers(folder)) == 14
    (folder / "metadata.yaml").write_text(metadata + "  - run_7.db3\n  - run_0.mcap\n  - run_0.db3\n")
    with pytest.raises(BagError, match=r"metadata.yaml lists .*run_7.db3, but there is no such file; .*bag reindex"):
        RecordedBag(folder)


def test_a_message_that_is_no_message_is_one_sentence_and_the_next_is_read(tmp_path: Path):
    with Writer(tmp_path / "run", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(TOPIC, IMAGE, typestore=get_typestore(Stores.ROS2_JAZZY))
        for time, data in ((1_000_000_000, image(1)), (2_500_000_000, image(2)[:50]), (2_600_000_000, b""),
                           (2_700_000_000, b"\x28\xb5\x2f\xfd rubbish"), (3_000_000_000, image(3))):  # fmt: skip
            writer.write(connection, time, data)
    read, said = [], []
    with RecordedBag(tmp_path / "run") as bag:
        for message in bag.read([TOPIC]):
            try:
                read.append(int(image_from_message(decoded(message))[0, 0, 0]))
            except MessageError as err:
                said.append(str(err))
    assert read == [1, 3]
    assert said[0] == (
        "the message on /cam/image_raw at 2.500 s, 50 bytes, is damaged: it cannot be deserialized as "
        "sensor_msgs/msg/Image"
    )
    assert len(said) == 3


def test_only_images_and_instances_of_a_topic_are_read(tmp_path: Path):
    """Two types under one name, as after a node was changed between two recordings."""
    store = get_typestore(Stores.ROS2_JAZZY)
    with Writer(tmp_path / "run", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        images = writer.add_connection(TOPIC, IMAGE, typestore=store)
        words = writer.add_connection(TOPIC, TEXT, typestore=store)
        writer.write(words, 1, serialize_message(String(data="hello")))
        writer.write(images, 2, image(2))
    assert numbers(tmp_path / "run") == [2]


@pytest.mark.parametrize("storage", ["mcap", "db3"])
@pytest.mark.parametrize("mode", [None, CompressionMode.MESSAGE])
def test_instances_of_another_release_are_read_by_the_types_that_the_bag_holds(
    tmp_path: Path, storage: str, mode: CompressionMode | None
):
    text = (Path(__file__).parents[2] / "msg" / "Instance.msg").read_text()
    text = re.sub(r"^(string guess|float32 guess_score)$", "", text, flags=re.MULTILINE)  # as before there were guesses
    text = text.replace("float32 score", "float64[2] of_another_release\nfloat32 score")
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(text, "osis_ros/msg/Instance"))
    add_type(types, ARRAY)
    kinds = types.types
    roi = kinds["sensor_msgs/msg/RegionOfInterest"](x_offset=1, y_offset=2, width=3, height=1, do_rectify=False)
    instance = kinds["osis_ros/msg/Instance"](
        id=7, class_id=1, class_name="cup", unknown=False, of_another_release=np.ones(2), score=0.5, distance=0.25,
        roi=roi, mask=np.array([0, 255, 255], np.uint8), embedding=np.array([1.0], np.float32), track_id=4,
        track_state=2, taught_name="mine", taught_score=0.75,
    )  # fmt: skip
    header = kinds["std_msgs/msg/Header"](stamp=kinds["builtin_interfaces/msg/Time"](sec=5, nanosec=6), frame_id="cam")
    array = kinds[ARRAY](header=header, height=8, width=9, model="m", instances=[instance])
    writer = Writer(tmp_path / "bag", version=9, storage_plugin=STORAGES[storage])
    if mode is not None:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection("/truth", ARRAY, typestore=types)
        writer.write(connection, 1, types.serialize_cdr(array, ARRAY))
        writer.write(connection, 2, bytes(types.serialize_cdr(array, ARRAY))[:60])  # half a message
    with RecordedBag(tmp_path / "bag") as bag:
        whole, half = bag.read(["/truth"])
    (found,) = decoded(whole).instances
    assert (decoded(whole).header.frame_id, decoded(whole).header.stamp.nanosec) == ("cam", 6)
    assert (found.id, found.class_name, found.score, found.roi.width) == (7, "cup", 0.5, 3)
    assert found.mask.tolist() == [0, 255, 255]
    assert (found.track_id, found.track_state, found.taught_name, found.taught_score) == (4, 2, "mine", 0.75)
    assert (found.guess, found.guess_score) == ("", 0)
    with pytest.raises(MessageError, match=r"the message on /truth at 0\.000 s, 0 bytes, is damaged"):
        decoded(half)


def topics(folder: Path, **kinds: str) -> Path:
    """A bag with one message on each topic, `__` in its name for `/`."""
    from osis_ros.bags.message_types import add_type, jazzy_types
    from osis_ros.msg import InstanceArray

    store = jazzy_types()
    add_type(store, ARRAY)
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        for name, kind in kinds.items():
            connection = writer.add_connection(name.replace("__", "/"), kind, typestore=store)
            writer.write(connection, 1, image(1) if kind == IMAGE else serialize_message(InstanceArray()))
    return folder


def test_relative_names_of_topics_are_those_with_a_slash(tmp_path: Path):
    bag = topics(tmp_path / "a", camera__image=IMAGE, __camera__ground_truth=ARRAY, __other__ground_truth=ARRAY,
                 segmenter__instances=ARRAY)  # fmt: skip
    with RecordedBag(bag) as recorded:
        assert recorded.image_topic() == recorded.image_topic("/camera/image") == "camera/image"
        assert recorded.truth_topic("camera/image") == "/camera/ground_truth"
        assert recorded.holds_any(["/segmenter/instances"])
        assert not recorded.holds_any(["/segmenter"])


def test_the_nearest_truth_is_the_one_with_most_parts_of_the_name_in_common(tmp_path: Path):
    bag = topics(tmp_path / "a", __cam__left__image=IMAGE, __cam__ground_truth=ARRAY, __cam__left__ground_truth=ARRAY)
    with RecordedBag(bag) as recorded:
        assert recorded.truth_topic("/cam/left/image") == "/cam/left/ground_truth"
    bag = topics(tmp_path / "b", __cam_a__image=IMAGE, __cam_b__ground_truth=ARRAY, __cam_c__ground_truth=ARRAY)
    with RecordedBag(bag) as recorded, pytest.raises(BagError, match="several truths; name one with --truth-topic"):
        recorded.truth_topic("/cam_a/image")  # letters in common are none


def test_depth_is_no_photograph_however_its_topic_is_spelt(tmp_path: Path):
    names = {"__a__image": IMAGE, "__a__Depth": IMAGE, "__b__aligned_depth_to_color": IMAGE, "__b__infra1": IMAGE}
    with RecordedBag(topics(tmp_path / "a", **names)) as recorded:
        assert recorded.image_topic() == "/a/image"


def damaged(path: Path, share: float = 0.25) -> Path:
    """The file with zeros for a quarter of it, from that share of it on."""
    data = bytearray(path.read_bytes())
    start, length = int(len(data) * share), len(data) // 4
    data[start : start + length] = bytes(length)
    path.write_bytes(data)
    return path


def cut(path: Path, share: float) -> Path:
    """The file without its end."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


@pytest.mark.parametrize("broken", [lambda path: damaged(path, 0.6), lambda path: cut(path, 0.6)])
def test_of_a_broken_sqlite_file_everything_up_to_the_break_is_read(tmp_path: Path, broken: Callable[[Path], Path]):
    file = broken(write(tmp_path / "run", range(200), "db3") / "run.db3")
    with RecordedBag(file) as bag:
        read = [(m.time, int(image_from_message(decoded(m))[0, 0, 0])) for m in bag.read([TOPIC])]
        assert read == [(number, number) for number in range(len(read))]
        assert 20 < len(read) < 200
        assert bag.count(TOPIC) == len(read) == len(list(bag.heads([TOPIC])))
        (loss,) = bag.losses
    assert loss.startswith("run.db3 is damaged or was cut off (")
    assert f"the {len(read)} messages before the break are used; it broke 0.0 s after the first message" in loss


def test_of_a_holed_mcap_file_everything_before_the_hole_is_read_and_the_other_files(tmp_path: Path):
    with (tmp_path / "a.mcap").open("wb") as stream:
        writer = McapWriter(stream, chunk_size=1000, compression=CompressionType.NONE)
        mcap_images(writer, range(40))
        writer.finish()
    damaged(tmp_path / "a.mcap")
    write(tmp_path / "b", range(60, 63))
    shutil.copy(tmp_path / "b" / "b.mcap", tmp_path)
    with RecordedBag(tmp_path) as bag:
        read = [message.time for message in bag.read([TOPIC])]
        (loss,) = bag.losses
    before = len(read) - 3
    assert read == [*range(before), 60, 61, 62]
    assert 5 < before < 15
    assert "a.mcap is damaged: " in loss
    assert loss.endswith(f"; {before} messages before the break are used, up to 0.0 s")


def ros1_bag(path: Path, images: Iterable[int]) -> Path:
    """A bag of ROS 1 with the image `n` at each time `n`, a calibration, and a text."""
    from rosbags.rosbag1 import Writer as Ros1Writer

    jazzy, noetic = get_typestore(Stores.ROS2_JAZZY), get_typestore(Stores.ROS1_NOETIC)
    info = CameraInfo(header=Header(frame_id="cam"), height=8, width=12, distortion_model="plumb_bob", d=[0.5] * 5)
    info.k = [600.0, 0.0, 6.0, 0.0, 600.0, 4.0, 0.0, 0.0, 1.0]
    with Ros1Writer(path) as writer:
        for topic, kind, messages in (
            ("/cam/camera_info", "sensor_msgs/msg/CameraInfo", [(1, serialize_message(info))]),
            ("/chatter", TEXT, [(2, serialize_message(String(data="hello")))]),
            (TOPIC, IMAGE, [(n, image(n)) for n in images]),
        ):
            connection = writer.add_connection(topic, kind, typestore=noetic)
            for time, data in messages:
                writer.write(connection, time, bytes(jazzy.cdr_to_ros1(data, kind)))
    return path


def test_a_bag_of_ros_1_is_read_as_one_of_ros_2(tmp_path: Path):
    path = ros1_bag(tmp_path / "old.bag", range(1, 6))
    assert numbers(path) == numbers(tmp_path) == [1, 2, 3, 4, 5]
    with RecordedBag(path) as bag:
        assert bag.image_topic() == TOPIC
        assert {topic.name: topic.type for topic in bag.topics}["/chatter"] == f"{TEXT}, ROS 1 encoding"
        assert list(bag.read(["/chatter"])) == []
        (head,) = bag.heads(["/cam/camera_info"])
    info = deserialize_message(head.data, CameraInfo)
    assert (info.header.frame_id, info.width, info.d.tolist(), info.k[0]) == ("cam", 12, [0.5] * 5, 600)


def test_a_bag_of_ros_1_whose_recording_broke_off_says_what_repairs_it(tmp_path: Path):
    path = cut(ros1_bag(tmp_path / "old.bag", range(1, 6)), 0.7)
    with pytest.raises(
        BagError, match=r"old\.bag cannot be read as a bag of ROS 1: .*rosbag reindex old\.bag"
    ) as caught:
        RecordedBag(path)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path):
    def file(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    (tmp_path / "empty").mkdir()
    (tmp_path / "ros1").mkdir()
    (tmp_path / "ros1" / "old.bag").write_bytes(b"#ROSBAG V2.0\n")
    half = zstandard.compress(b"whatever" * 100)[:15]
    for path, sentence in (
        (tmp_path / "gone", "gone does not exist, expected a bag's folder, or its .mcap, .db3 or .bag file"),
        (tmp_path / "empty", "empty holds no .mcap, .db3 or .bag file, expected a bag's folder"),
        (
            tmp_path / "ros1",
            "old.bag cannot be read as a bag of ROS 1: ",
        ),
        (
            file("photo.png", b"x"),
            "photo.png is of no kind that is read, expected .mcap, .db3 or .bag, or one of them with",
        ),
        (file("photo.zstd", b"x"), "photo.zstd is of no kind that is read"),
        (file("a.mcap", b""), "a.mcap cannot be read as an MCAP file: "),
        (file("b.mcap", b"no mcap at all, but longer than the magic"), "b.mcap cannot be read as an MCAP file: "),
        (file("a.db3", b""), "a.db3 cannot be read as an SQLite bag: "),
        (file("b.db3", b"no database"), "b.db3 cannot be read as an SQLite bag: "),
        (file("c.db3.zstd", b"no zstd"), "c.db3.zstd cannot be unpacked: "),
        (file("c.mcap.zstd", half), "c.mcap.zstd c"),
        (file("d.mcap.zstd", zstandard.compress(b"no mcap")), "d.mcap.zstd cannot be read as an MCAP file: "),
        (file("d.db3.zstd", zstandard.compress(b"no db")), "d.db3.zstd cannot be read as an SQLite bag: "),
    ):
        with pytest.raises(BagError) as caught, RecordedBag(path) as bag:
            list(bag.read([TOPIC]))
        assert sentence in str(caught.value), str(caught.value)
        assert "\n" not in str(caught.value)
        assert "osis-bag-" not in str(caught.value)  # a copy that the user has never heard of


def test_an_empty_bag_has_no_topic(tmp_path: Path):
    for storage in STORAGES:
        with Writer(tmp_path / storage, version=9, storage_plugin=STORAGES[storage]):
            pass
        with RecordedBag(tmp_path / storage) as bag, pytest.raises(BagError, match="no topic of images, only nothing"):
            bag.image_topic()


def test_a_bag_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Root may read everything, so the refusal is the kernel's of another file."""
    bag = write(tmp_path / "run", range(1))

    def refused(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(BagError, match=r"run.mcap cannot be read: Permission denied"):
        RecordedBag(bag / "run.mcap")
    monkeypatch.setattr(Path, "iterdir", refused)
    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(BagError, match="run cannot be read: Permission denied"):
        RecordedBag(bag)


def test_nothing_stays_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    for storage in STORAGES:
        assert numbers(write(tmp_path / storage, range(2), storage, CompressionMode.FILE)) == [0, 1]
    with pytest.raises(BagError):
        RecordedBag(cut(write(tmp_path / "torn", range(200), "db3") / "torn.db3", 0.001))
    with RecordedBag(damaged(write(tmp_path / "holed", range(200), "db3") / "holed.db3", 0.6)):
        pass
    assert list(place.iterdir()) == []
