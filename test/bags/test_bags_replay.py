"""A recorded bag through a model: every image once, results under the images' stamps, scores, a page to look at."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from bench import picture, rgb_message
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header, String
from typer.testing import CliRunner

pytest.importorskip("rosbags", reason="bags are read and written with rosbags, which pip installs")
pytest.importorskip("faster_coco_eval", reason="bags with the truth are scored with faster-coco-eval")
pytest.importorskip("jinja2", reason="the report is a template of Jinja2")
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from osis_ros.bags.camera_names import camera_names
from osis_ros.bags.writer import BagWriter
from osis_ros.cli import app
from osis_ros.coco.rle import encode_instances
from osis_ros.evaluation.reports.replay_run import FIGURES
from osis_ros.inference.label_image import label_image
from osis_ros.inference.segmenter import Segmenter
from osis_ros.messages.image_decoding import image_to_rgb
from osis_ros.messages.images import image_from_message, image_to_message, rgb_to_jpeg_message
from osis_ros.messages.instances import instances_to_message
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.qos import RESULTS

# What the model of colour_cells.py answers to: one known thing, or a known and an unknown one.
ONE = picture((16, 8, 96, 48, (255, 0, 0)))
TWO = picture((16, 8, 96, 48, (255, 0, 0)), (120, 120, 200, 160, (204, 0, 0)), (120, 160, 200, 200, (0, 0, 204)))
STEP = 100_000_000  # ns between two images
KINDS = {Image: "sensor_msgs/msg/Image", CompressedImage: "sensor_msgs/msg/CompressedImage",
         InstanceArray: "osis_ros/msg/InstanceArray", String: "std_msgs/msg/String"}  # fmt: skip


def header(number: int) -> Header:
    stamp = Header(frame_id="camera")
    stamp.stamp.sec, stamp.stamp.nanosec = 5, number * STEP
    return stamp


def write_bag(folder: Path, *recorded: tuple[str, int, object]) -> Path:
    """A bag of (topic, number of the image that it belongs to, message)."""
    writer = BagWriter(folder)
    for topic, kind in {topic: KINDS[type(message)] for topic, _, message in recorded}.items():
        writer.add_topic(topic, kind, RESULTS)
    for topic, number, message in recorded:
        writer.write(topic, 9_000_000_000 + number * STEP, serialize_message(message))
    writer.close()
    return folder


def run(*arguments: object) -> tuple[int, str]:
    """Exit status and what was printed, line breaks of the terminal undone."""
    result = CliRunner().invoke(app, ["replay", *map(str, arguments)], env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result.exit_code, " ".join(result.output.split())


def read(folder: Path, topic: str) -> list[tuple[int, object]]:
    with AnyReader([folder]) as reader:
        chosen = [c for c in reader.connections if c.topic == topic]
        return [(time, reader.deserialize(raw, c.msgtype)) for c, time, raw in reader.messages(chosen)]


@pytest.fixture
def camera_bag(tmp_path: Path, colour_cells: Path) -> Path:
    """Four images, the third of which is cut short, and the truth: what the model itself finds in the other three."""
    messages = [rgb_message(pixels, header(n)) for n, pixels in enumerate((ONE, TWO, TWO, ONE))]
    segmenter = Segmenter(colour_cells)
    truths = [instances_to_message(segmenter.segment(image_to_rgb(m)), m.header, "truth") for m in messages]
    messages[2].data = messages[2].data[:1000]
    recorded = [("/camera/color/image_raw", n, message) for n, message in enumerate(messages)]
    recorded += [("/camera/ground_truth", n, truth) for n, truth in enumerate(truths)]
    recorded += [("/camera/depth/image_raw", n, message) for n, message in enumerate(messages)]
    return write_bag(tmp_path / "run", *sorted(recorded, key=lambda item: item[1]))


def test_every_image_is_answered_under_its_own_stamp_and_the_bags_play_together(
    tmp_path: Path, camera_bag: Path, colour_cells: Path
):
    code, said = run(camera_bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    answers = read(tmp_path / "out", "/segmenter/instances")
    assert [time for time, _ in answers] == [9_000_000_000 + n * STEP for n in (0, 1, 3)]
    assert [answer.header.stamp.nanosec for _, answer in answers] == [n * STEP for n in (0, 1, 3)]
    assert {answer.header.frame_id for _, answer in answers} == {"camera"}
    assert [[i.class_name for i in answer.instances] for _, answer in answers] == [["red"], ["red", "unknown"], ["red"]]
    tracked = [[i.track_id for i in answer.instances] for _, answer in answers]
    assert tracked == [[0], [1, 0], [1]], "seen again 0.1 s later, with tracking as in the node"
    tracks = read(tmp_path / "out", "/segmenter/tracks")
    assert [[track.id for track in message.tracks] for _, message in tracks] == [[], [1], [1]]
    lines = [json.loads(line) for line in (tmp_path / "out" / "frames.jsonl").read_text().splitlines()]
    assert [line["tracks"] for line in lines] == [[], [1], [1]]
    page = " ".join((tmp_path / "out" / "report.html").read_text().split())
    row = ("1", "red", "2", "0.1 s", "0.3 s")
    assert "1 object followed" in page
    assert re.findall(r"<td[^>]*>([^<]*)</td>", page[page.index("<h2>Tracks") :])[:5] == list(row)
    (_, labels), *_ = read(tmp_path / "out", "/segmenter/label_image")
    assert (labels.encoding, labels.header.stamp.nanosec) == ("16UC1", 0)
    assert np.frombuffer(labels.data, np.uint16).reshape(224, 224)[28, 50] == 1
    (_, overlay), *_ = read(tmp_path / "out", "/segmenter/overlay/compressed")
    assert cv2.imdecode(np.asarray(overlay.data), cv2.IMREAD_COLOR).shape == (224, 224, 3)


def test_the_nodes_own_results_in_the_bag_stay_apart(tmp_path: Path, colour_cells: Path):
    message = rgb_message(ONE, header(0))
    old = InstanceArray(header=header(0), model="another")
    bag = write_bag(tmp_path / "run", ("/camera/image_raw", 0, message), ("/segmenter/instances", 0, old))
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    with AnyReader([tmp_path / "out"]) as reader:
        assert {c.topic: c.msgcount for c in reader.connections} == {
            f"/replay/segmenter/{name}": 1 for name in ("instances", "label_image", "overlay/compressed", "tracks")
        }


def test_an_interruption_at_the_end_says_what_is_there(
    tmp_path: Path, camera_bag: Path, colour_cells: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("osis_ros.bags.replay.replay_page", interrupted)
    code, said = run(camera_bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 1
    assert f"stopped after 4 images; what {tmp_path / 'out'} holds of them is whole" in said
    assert len(read(tmp_path / "out", "/segmenter/instances")) == 3  # one of the four is cut short


def test_truth_in_the_bag_is_scored_and_a_broken_image_counted_with_its_reason(
    tmp_path: Path, camera_bag: Path, colour_cells: Path
):
    code, said = run(camera_bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    for row in ("images segmented │ 3, 1 skipped", "(AP_k) │ 100.0 %, of 3 images", "(AP_unk) │ 100.0 %, of 3 images",
                "skipped 1: data holds 1000 bytes, expected"):  # fmt: skip
        assert row in said
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<img ") == page.count("data:image/jpeg;base64,") == 3
    assert re.search(r"red</td><td class=\"number\">3</td><td class=\"number\">3<", page)
    assert re.search(r"unknown</td><td class=\"number\">1</td><td class=\"number\">1<", page)
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)  # it needs nothing beside itself


@pytest.mark.parametrize("packed", [False, True])
def test_label_images_are_a_truth(tmp_path: Path, colour_cells: Path, packed: bool):
    """The second image's truth says that the unknown thing is a toy, and has a blue thing that is not there."""
    labels = np.zeros((224, 224), np.uint16)
    one = label_image(Segmenter(colour_cells).segment(ONE))
    labels[:] = label_image(Segmenter(colour_cells).segment(TWO))
    labels[labels == 2] = 40
    labels[150:160, 10:20] = 41
    recorded = []
    for number, (pixels, values) in enumerate(((ONE, one), (TWO, labels))):
        values = image_to_message(values, "16UC1", header(number))
        if packed:
            png = cv2.imencode(".png", image_from_message(values))[1].tobytes()
            values = CompressedImage(header=header(number), format="16UC1; png", data=png)
        recorded += [("/cam/image", number, rgb_message(pixels, header(number))), ("/cam/labels", number, values)]
    bag = write_bag(tmp_path / "run", *recorded)
    classes = tmp_path / "classes.yaml"
    classes.write_text("{1: red, 40: toy, 41: blue}")
    arguments = (bag, "--model", colour_cells, "--output", tmp_path / "out", "--image-topic", "/cam/image")
    code, said = run(*arguments, "--truth-topic", "/cam/labels", "--truth-classes", classes)
    assert code == 0, said
    figures = json.loads((tmp_path / "out" / "summary.json").read_text())["figures"]
    # Found: red, red, unknown, all of them right. Missed: blue.
    assert (figures["recall"], figures["precision"], figures["class_accuracy"]) == (0.75, 1, 1)
    assert (figures["missed_per_image"], figures["images_judged"]) == (0.5, 2)
    assert figures["truth_quality"] == pytest.approx(3 / 3.5)
    lines = [json.loads(line)["truth"] for line in (tmp_path / "out" / "frames.jsonl").read_text().splitlines()]
    assert [(line["correct"], line["missed"]) for line in lines] == [(1, 0), (2, 1)]
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.index('href="#image1"') < page.index('href="#image0"')  # the worst first
    code, said = run(*arguments, "--truth-topic", "/cam/labels")
    assert (code, "name the class of each of their values with --truth-classes FILE" in said) == (1, True)


def test_a_coco_file_is_a_truth_by_stamp_and_what_it_lacks_is_not_judged(tmp_path: Path, colour_cells: Path):
    bag = write_bag(tmp_path / "run", *(("/cam/image", n, rgb_message(p, header(n))) for n, p in enumerate((ONE, TWO))))
    found = Segmenter(colour_cells).segment(TWO)
    truth = tmp_path / "truth.json"
    names = {"red": 1, "unknown": 2}
    truth.write_text(json.dumps({
        "images": [{"id": 3, "file_name": "5.100000000.png", "height": 224, "width": 224},
                   {"id": 4, "file_name": "9.000000000.png", "height": 224, "width": 224}],
        "categories": [{"id": 1, "name": "red"}, {"id": 2, "name": "toy"}],
        "annotations": [{"id": n, "image_id": 3, "category_id": names[found.class_name(n)], "segmentation": rle,
                         "iscrowd": 0, "area": 1, "bbox": [0, 0, 1, 1]}
                        for n, rle in enumerate(encode_instances(found))],
    }))  # fmt: skip
    arguments = (bag, "--model", colour_cells, "--output", tmp_path / "out", "--truth", truth)
    code, said = run(*arguments)
    assert code == 0, said
    assert f"Judged by {truth}; AP and AR are of masks" in said
    assert "1 of its images are not in the bag." in said
    figures = json.loads((tmp_path / "out" / "summary.json").read_text())["figures"]
    assert (figures["images_judged"], figures["truth_quality"], figures["unknown_named_known"]) == (1, 1, 0)
    lines = [json.loads(line)["truth"] for line in (tmp_path / "out" / "frames.jsonl").read_text().splitlines()]
    assert (lines[0], lines[1]["correct"]) == (None, 2)
    code, said = run(*arguments, "--truth-topic", "/cam/labels")
    assert (code, "--truth and --truth-topic are both given, expected one of them" in said) == (1, True)


def test_each_criterion_has_a_verdict_for_people_and_for_machines(tmp_path: Path, camera_bag: Path, colour_cells: Path):
    criteria = tmp_path / "criteria.yaml"
    criteria.write_text("""
criteria:
  - {name: nothing is lost, figure: images_skipped, at_most: 0}
  - {name: always red, figure: seen.red, at_least: 1}
  - {name: right corner, region: [[110, 150], [223, 150], [223, 223], [110, 223]]}
  - {name: left corner, region: [[0, 200], [100, 200], [100, 223]]}
""")
    arguments = (camera_bag, "--model", colour_cells, "--output", tmp_path / "out", "--criteria", criteria)
    code, said = run(*arguments)
    assert code == 1
    assert "failed: nothing is lost: images_skipped is 1, expected at most 0" in said
    assert "passed: always red: seen.red is 1, expected at least 1" in said
    assert "osis: 2 of 4 criteria are not met" in said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    verdicts = {one["name"]: one["passed"] for one in summary["criteria"]}
    assert verdicts == {"nothing is lost": False, "always red": True, "right corner": False, "left corner": True}
    assert (summary["passed"], summary["figures"]["count.unknown"]) == (False, pytest.approx(1 / 3))
    assert summary["run"]["image_topic"] == "/camera/color/image_raw"
    suite = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()[0]
    assert [case.get("name") for case in suite if case.find("failure") is not None] == [
        "nothing is lost", "right corner",
    ]  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "out" / "frames.jsonl").read_text().splitlines()]
    assert [line["stamp"] % 10**9 for line in lines] == [n * STEP for n in (0, 1, 3)]
    assert [line["hits"] for line in lines] == [[], ["right corner"], []]
    assert lines[1]["names"] == {"red": 1, "unknown": 1}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Failed:\n2 of 4 criteria are not met." in page
    criteria.write_text(
        "criteria: [{name: a, figure: seen.purple, at_least: 1}, {name: b, figure: images, at_most: 9}]"
    )
    code, said = run(*arguments)
    assert code == 1
    assert "criteria[0].figure is 'seen.purple', expected a figure of the run, such as " in said
    assert (tmp_path / "out" / "report.html").read_text() == page  # a mistake leaves the earlier replay alone
    criteria.write_text("criteria: [{name: b, figure: images, at_most: 9}]")
    code, said = run(*arguments)
    assert (code, "passed: b: images is 3, expected at most 9" in said) == (0, True)


def test_every_figure_is_explained_in_the_guide():
    guide = (Path(__file__).parents[2] / "docs" / "regression.md").read_text()
    for name, meaning in FIGURES.items():
        assert f"| `{name}` | {meaning} |" in guide


def test_thresholds_and_a_limit_are_kept(tmp_path: Path, camera_bag: Path, colour_cells: Path):
    code, said = run(
        camera_bag, "--model", colour_cells, "--output", tmp_path / "out", "--first", 2, "--unknown-threshold", 2
    )
    assert code == 0, said
    found = [[i.class_name for i in answer.instances] for _, answer in read(tmp_path / "out", "/segmenter/instances")]
    assert found == [["red"], ["red", "red"]]  # as near to blue as to red: the first of them
    code, said = run(camera_bag, "--model", colour_cells, "--output", tmp_path / "out", "--max-instances", 1)
    assert code == 0, said
    assert {len(answer.instances) for _, answer in read(tmp_path / "out", "/segmenter/instances")} == {1}
    code, said = run(camera_bag, "--model", colour_cells, "--output", tmp_path / "out", "--max-overlap", 2)
    assert (code, "max_overlap is 2, expected 0..1" in said) == (1, True)


def test_compressed_images_do_where_there_are_no_raw_ones(tmp_path: Path, colour_cells: Path):
    bag = write_bag(tmp_path / "run", ("/cam/image/compressed", 0, rgb_to_jpeg_message(ONE, header(0))))
    code, said = run(bag / "run.mcap", "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    ((_, answer),) = read(tmp_path / "out", "/segmenter/instances")
    assert [i.class_name for i in answer.instances] == ["red"]
    assert "AP_k" not in said


def test_a_second_replay_takes_the_place_of_the_first_but_of_nothing_else(
    tmp_path: Path, camera_bag: Path, colour_cells: Path
):
    arguments = (camera_bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert run(*arguments)[0] == run(*arguments)[0] == 0
    (tmp_path / "out" / "notes.txt").write_text("mine")
    code, said = run(*arguments)
    assert (code, (tmp_path / "out" / "notes.txt").read_text()) == (1, "mine")
    assert "holds notes.txt, which no replay wrote; name another folder, or move it away" in said
    code, said = run(camera_bag, "--model", colour_cells, "--output", camera_bag)
    assert code == 1
    assert "is the bag itself; name another folder" in said
    assert len(read(camera_bag, "/camera/color/image_raw")) == 4


def test_a_damaged_bag_is_replayed_up_to_the_break_and_says_where_it_broke(
    tmp_path: Path, camera_bag: Path, colour_cells: Path
):
    arguments = ("--model", colour_cells, "--output", tmp_path / "out", "--image-topic", "/left/image_raw")
    noise = np.random.default_rng(0).integers(0, 256, ONE.shape, np.uint8)  # so that compression leaves several chunks
    whole = write_bag(tmp_path / "long", *(("/left/image_raw", n, rgb_message(noise, header(n))) for n in range(40)))
    file = whole / "long.mcap"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) * 3 // 4] = bytes(len(data) * 3 // 4 - len(data) // 2)
    file.write_bytes(data)
    for _ in range(2):  # the second time in the place of the first
        code, said = run(whole, *arguments)
        assert code == 0, said
        found = read(tmp_path / "out", "/segmenter/instances")
        assert 0 < len(found) < 40
        assert f"{file.name} is damaged: " in said
        assert f"; {len(found)} messages before the break are used, up to {(len(found) - 1) / 10:.1f} s" in said
        assert f"skipped {40 - len(found)}: listed in the bag's index, but not in its files" in said
        assert f"{len(found)} messages before the break are used" in (tmp_path / "out" / "report.html").read_text()


def test_what_cannot_be_replayed_is_one_sentence(tmp_path: Path, camera_bag: Path, colour_cells: Path):
    image = rgb_message(ONE, header(0))
    two = write_bag(tmp_path / "two", ("/left/image_raw", 0, image), ("/right/image_raw", 0, image))
    none = write_bag(tmp_path / "none", ("/chatter", 0, String(data="hello")))
    silent = tmp_path / "silent"
    writer = BagWriter(silent)
    writer.add_topic("/left/image_raw", KINDS[Image], RESULTS)
    writer.close()
    cut = write_bag(tmp_path / "cut", ("/left/image_raw", 0, image))
    (cut / "cut.mcap").write_bytes((cut / "cut.mcap").read_bytes()[:200])
    broken = rgb_message(ONE, header(0))
    broken.encoding = "rgb9"
    unusable = write_bag(tmp_path / "unusable", ("/left/image_raw", 0, broken))
    for bag, sentence, *more in (
        (tmp_path / "gone", "gone does not exist, expected a bag's folder, or its .mcap, .db3 or .bag file"),
        (tmp_path, "holds no .mcap, .db3 or .bag file, expected a bag's folder"),
        (two, "with --image-topic, or repeat it for several cameras: /left/image_raw, /right/image_raw"),
        (two, "has no /middle of images; there are /left/image_raw, /right/image_raw", "--image-topic", "/middle"),
        (two, "has no /truth of osis_ros/msg/InstanceArray or of label images; there are /right/image_raw",
         "--image-topic", "/left/image_raw", "--truth-topic", "/truth"),
        (none, "has no topic of images, only /chatter (std_msgs/msg/String)"),
        (silent, "has no topic of images, only /left/image_raw (sensor_msgs/msg/Image, no message)"),
        (silent, "has no /left/image_raw of images; only /left/image_raw (sensor_msgs/msg/Image, no message)",
         "--image-topic", "/left/image_raw"),
        (cut, "cut.mcap was cut off before its first message: "),
        (unusable, "no image of /left/image_raw could be used: encoding 'rgb9' is not supported"),
    ):  # fmt: skip
        code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out", *more)
        assert code == 1, said
        assert sentence in said, said
    code, said = run(camera_bag, "--model", tmp_path / "no_model", "--output", tmp_path / "out")
    assert (code, "no_model" in said) == (1, True)


def test_a_wrong_threshold_leaves_an_earlier_replay_alone(tmp_path: Path, camera_bag: Path, colour_cells: Path):
    arguments = (camera_bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert run(*arguments)[0] == 0
    page = (tmp_path / "out" / "report.html").read_bytes()
    code, said = run(*arguments, "--score-threshold", 7)
    assert (code, "score_threshold is 7, expected 0..1" in said) == (1, True)
    assert (tmp_path / "out" / "report.html").read_bytes() == page


def test_a_folder_with_a_page_of_somebody_else_is_kept(tmp_path: Path, camera_bag: Path, colour_cells: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("<html>pytest</html>")
    code, said = run(camera_bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 1
    assert "out is no earlier replay: its report.html is not there or not a replay's; name another folder" in said
    assert (tmp_path / "out" / "report.html").exists()


def test_of_two_cameras_each_is_judged_by_its_own_truth(tmp_path: Path, colour_cells: Path):
    image = rgb_message(ONE, header(0))
    truth = instances_to_message(Segmenter(colour_cells).segment(image_to_rgb(image)), image.header, "truth")
    nothing = InstanceArray(header=image.header, height=224, width=224)
    bag = write_bag(tmp_path / "run", ("/left/image_raw", 0, image), ("/left/ground_truth", 0, nothing),
                    ("/right/image_raw", 0, image), ("/right/ground_truth", 0, truth))  # fmt: skip
    arguments = (bag, "--model", colour_cells, "--output", tmp_path / "out", "--image-topic", "/right/image_raw")
    code, said = run(*arguments)
    assert code == 0, said
    assert "(AP_k) │ 100.0 %, of 1 images" in said
    code, said = run(*arguments, "--truth-topic", "/left/ground_truth")
    assert (code, "(AP_k) │ not defined" in said) == (0, True)


def test_images_that_share_a_stamp_are_segmented_but_not_judged(tmp_path: Path, colour_cells: Path):
    image = rgb_message(ONE, header(0))
    truth = instances_to_message(Segmenter(colour_cells).segment(image_to_rgb(image)), image.header, "truth")
    bag = write_bag(
        tmp_path / "run", ("/cam/image", 0, image), ("/cam/ground_truth", 0, truth), ("/cam/image", 1, image)
    )
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    assert "images segmented │ 2 " in said
    assert "Images share their stamps, so /cam/ground_truth cannot be told apart: nothing is judged." in said


def test_several_cameras_have_one_report_with_a_part_for_each(tmp_path: Path, colour_cells: Path):
    """The left camera has a truth that says so, the right one sees something unknown, and has none."""
    recorded = []
    for n in range(3):
        left, right = rgb_message(ONE, header(n)), rgb_message(TWO, header(n))
        truth = instances_to_message(Segmenter(colour_cells).segment(ONE), left.header, "truth")
        recorded += [("/left/image_raw", n, left), ("/left/ground_truth", n, truth), ("/right/image_raw", n, right)]
    bag = write_bag(tmp_path / "run", *recorded)
    criteria = tmp_path / "criteria.yaml"
    criteria.write_text("""
criteria:
  - {name: red, figure: seen.red, at_least: 1}
  - {name: no stranger, figure: count.unknown, at_most: 0, camera: right}
""")
    cameras = ("--image-topic", "/left/image_raw", "--image-topic", "/right/image_raw")
    arguments = (bag, "--model", colour_cells, "--output", tmp_path / "out", *cameras, "--criteria", criteria)
    code, said = run(*arguments)
    assert (code, "osis: 1 of 3 criteria are not met" in said) == (1, True)
    assert "failed: right: no stranger: count.unknown is 1, expected at most 0" in said
    found = {name: [[i.class_name for i in answer.instances] for _, answer in
                    read(tmp_path / "out", f"/segmenter/{name}/instances")] for name in ("left", "right")}  # fmt: skip
    assert found == {"left": [["red"]] * 3, "right": [["red", "unknown"]] * 3}
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["passed"] is False
    assert [summary["cameras"][name]["figures"]["images_judged"] for name in ("left", "right")] == [3, 0]
    lines = [json.loads(line) for line in (tmp_path / "out" / "frames.jsonl").read_text().splitlines()]
    both = ("left", "right")
    assert [(line["camera"], line["image"]) for line in lines] == [(name, n) for name in both for n in range(3)]
    tracks = [{track for line in lines if line["camera"] == name for track in line["tracks"]} for name in both]
    assert tracks == [{1}, {1, 2}], "each camera has tracks of its own"
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.index('<h1 id="left">') < page.index('<h1 id="right">')
    assert sorted(re.findall(r'<figure id="(.*?)"', page)) == [
        f"{c}-image{n}" for c in ("left", "right") for n in range(3)
    ]
    once = (tmp_path / "out", tmp_path / "out", "--output", tmp_path / "same.html")
    code, said = run("compare", *once, "--camera", "right")
    assert (code, "agreement 1.000 in 3 images: 6 objects with the same class" in said) == (0, True)
    code, said = run("compare", *once)
    assert (code, "has the cameras left, right: name one with --camera" in said) == (1, True)
    for more, sentence in (
        (
            ("--truth-topic", "/left/ground_truth"),
            "--truth-topic is given 1 times for 2 cameras, expected one for each",
        ),
        (("--image-topic", "/left/image_raw"), "--image-topic names /left/image_raw twice, expected each topic once"),
        (("--truth", tmp_path / "t.json"), "--truth is for a single camera, expected one --image-topic"),
    ):
        code, said = run(*arguments, *more)
        assert (code, sentence in said) == (1, True), said
    criteria.write_text("criteria: [{name: a, figure: images, at_least: 1, camera: middle}]")
    code, said = run(*arguments)
    assert (code, "criteria[0].camera is 'middle', expected left, right" in said) == (1, True)


@pytest.mark.parametrize(
    ("topics", "names"),
    [
        (("/cam/image",), [""]),
        (("/left/image_raw", "/right/image_raw"), ["left", "right"]),
        (("/robot/a/color/image_raw", "/robot/b/color/image_raw"), ["a", "b"]),
        (("/cam/color/image_raw", "/cam/infra1/image_rect"), ["color_image_raw", "infra1_image_rect"]),
        (("/cam/1/image", "/cam/2/image"), ["cam_1_image", "cam_2_image"]),
        (("/image", "/image/left"), ["image", "image_left"]),
    ],
)
def test_a_camera_is_called_by_what_tells_its_topic_apart(topics: tuple[str, ...], names: list[str]):
    assert camera_names(topics) == names


def test_the_worst_images_can_be_labelled_and_are_a_truth_then(tmp_path: Path, colour_cells: Path):
    """Something unknown comes and goes: the images in which that happens are the worst."""
    noise = np.random.default_rng(0).integers(0, 60, ONE.shape, np.uint8)  # by which it is seen that the camera stands
    one, two = np.maximum(ONE, noise), np.maximum(TWO, noise)
    pictures = (one, one, two, two, two, one)
    bag = write_bag(tmp_path / "run", *(("/cam/image", n, rgb_message(p, header(n))) for n, p in enumerate(pictures)))
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    arguments = (tmp_path / "out", bag, "--output", tmp_path / "worst", "--images", 2, "--apart", 0.2)
    code, said = run("worst", *arguments)
    assert (code, "worst: 2 images, and instances.json with what was found in them" in said) == (0, True)
    fields = json.loads((tmp_path / "worst" / "instances.json").read_text())
    assert [image["file_name"] for image in fields["images"]] == ["5.200000000.png", "5.500000000.png"]
    found = [(a["image_id"], fields["categories"][a["category_id"] - 1]["name"]) for a in fields["annotations"]]
    assert found == [(1, "red"), (1, "unknown"), (2, "red")]
    pixels = cv2.imread(str(tmp_path / "worst" / "images" / "5.200000000.png"))[:, :, ::-1]
    assert np.array_equal(pixels, two)
    truth = ("--truth", tmp_path / "worst" / "instances.json")
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "judged", *truth)
    assert code == 0, said
    figures = json.loads((tmp_path / "judged" / "summary.json").read_text())["figures"]
    assert (figures["images_judged"], figures["truth_quality"]) == (2, 1)
    (tmp_path / "worst" / "instances.json").write_text("{}")
    code, said = run("worst", *arguments)
    assert (code, (tmp_path / "worst" / "instances.json").read_text()) == (1, "{}"), said
    other = write_bag(tmp_path / "other", ("/cam/image", 50, rgb_message(ONE, header(0))))
    code, said = run("worst", tmp_path / "out", other, "--output", tmp_path / "none", "--apart", 0)
    assert (code, f"{other} lacks 6 images of {tmp_path / 'out'}" in said) == (1, True), said
    assert not (tmp_path / "none").exists()


def test_raw_images_are_taken_rather_than_the_same_compressed(tmp_path: Path, colour_cells: Path):
    bag = write_bag(tmp_path / "run", ("/cam/image/compressed", 0, rgb_to_jpeg_message(TWO, header(0))),
                    ("/cam/image", 0, rgb_message(ONE, header(0))))  # fmt: skip
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert (code, "colour_cells on /cam/image ┏" in said) == (0, True)


def test_a_bag_of_sqlite_does_as_well(tmp_path: Path, colour_cells: Path):
    with Writer(tmp_path / "run", version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        kind = KINDS[Image]
        connection = writer.add_connection("/cam/image", kind, typestore=get_typestore(Stores.ROS2_JAZZY))
        writer.write(connection, 7, serialize_message(rgb_message(ONE, header(0))))
    code, said = run(tmp_path / "run", "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    assert [time for time, _ in read(tmp_path / "out", "/segmenter/instances")] == [7]


def test_many_different_reasons_do_not_fill_the_page(tmp_path: Path, colour_cells: Path):
    messages = [rgb_message(ONE, header(n)) for n in range(9)]
    for n, message in enumerate(messages[1:]):
        message.data = message.data[: 100 + n]
    bag = write_bag(tmp_path / "run", *(("/cam/image", n, message) for n, message in enumerate(messages)))
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    assert said.count("skipped 1: data holds 10") == 5
    assert "skipped 3: other reasons" in said


def test_a_message_that_cannot_be_read_is_skipped_with_its_topic_and_time(tmp_path: Path, colour_cells: Path):
    writer = BagWriter(tmp_path / "run")
    writer.add_topic("/cam/image", KINDS[Image], RESULTS)
    for n in range(4):
        data = serialize_message(rgb_message(ONE, header(n)))
        writer.write("/cam/image", n * STEP, data[:100] if n == 1 else data)
    writer.close()
    code, said = run(tmp_path / "run", "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    assert "images segmented │ 3, 1 skipped" in said
    assert "skipped 1: the message on /cam/image at 0.100 s, 100 bytes, is damaged: it cannot be deserialized" in said


def test_truth_that_does_not_fit_is_told_and_the_rest_judged(tmp_path: Path, colour_cells: Path):
    images = [rgb_message(ONE, header(n)) for n in range(3)]
    truths = [instances_to_message(Segmenter(colour_cells).segment(image_to_rgb(i)), i.header, "truth") for i in images]
    truths[1].instances[0].mask = truths[1].instances[0].mask[:-1]
    recorded = [("/cam/image", n, image) for n, image in enumerate(images)]
    recorded += [("/cam/ground_truth", n, truth) for n, truth in enumerate(truths)]
    bag = write_bag(tmp_path / "run", *sorted(recorded, key=lambda item: item[1]))
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    assert "(AP_k) │ 100.0 %, of 2 images" in said
    assert "1 of its messages cannot be used: instance 1: mask holds 12543 bytes, expected 12544" in said
    truths[0].height += 1
    bag = write_bag(tmp_path / "other", ("/cam/image", 0, images[0]), ("/cam/ground_truth", 0, truths[0]))
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert (code, "AP_k" in said) == (0, False)
    assert "1 of its messages cannot be used: the truth at stamp 5000000000 ns is of 224x225 pixels" in said


def test_a_bag_that_was_cut_off_is_replayed_up_to_the_break_and_the_page_says_so(tmp_path: Path, colour_cells: Path):
    noise = np.random.default_rng(0).integers(0, 256, ONE.shape, np.uint8)  # so that compression leaves several chunks
    bag = write_bag(tmp_path / "run", *(("/cam/image", n, rgb_message(noise, header(n))) for n in range(20)))
    file = bag / "run.mcap"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    code, said = run(bag, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    (count,) = re.findall(r"run.mcap was cut off; the (\d+) messages before the break are used", said)
    assert f"images segmented │ {count} " in said
    assert 5 <= int(count) < 12
    assert "run.mcap was cut off" in (tmp_path / "out" / "report.html").read_text()


def test_files_out_of_order_give_the_bags_true_length(tmp_path: Path, colour_cells: Path):
    folder = tmp_path / "run"
    folder.mkdir()
    for name, times in (("b", range(3)), ("a", range(5, 8))):
        part = write_bag(tmp_path / name, *(("/cam/image", 10 * n, rgb_message(ONE, header(n))) for n in times))
        (part / f"{name}.mcap").rename(folder / f"{name}.mcap")
    code, said = run(folder, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0, said
    assert "recorded in │ 7.0 s" in said
