"""Names taught to the running node, over real DDS."""

import errno
import json
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from bench import Bench, eventually, picture, rgb_message
from sensor_msgs.msg import Image, RegionOfInterest
from std_msgs.msg import Header

from osis_ros.messages.images import image_to_message
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.qos import LATCHED
from osis_ros.srv import Forget, Segment, Taught, Teach
from osis_ros.teaching import gallery_folder

CYAN, PURPLE = (0, 250, 250), (250, 0, 250)
# For the model of colour_cells.py a square in the first quarter and a bar in the last, both unknown.
SQUARE, BAR = (20, 20, 90, 90), (120, 160, 210, 185)
SCENE = picture((*SQUARE, CYAN), (*BAR, PURPLE))
MOVED = picture((132, 132, 202, 202, CYAN), (10, 40, 100, 65, PURPLE))
ROI = RegionOfInterest(x_offset=0, y_offset=0, width=112, height=112)


class Teaching:
    """An active node with a gallery, its camera, and what it publishes."""

    def __init__(self, bench: Bench, model: Path, gallery: Path | str) -> None:
        self.gallery = Path(gallery)
        self.bench, self.heard = bench, bench.listen(InstanceArray, "segmenter/instances")
        self.publish = bench.camera()
        self.node = bench.active(model, teaching__gallery=str(gallery))
        bench.matched("segmenter/instances")
        self.stamp = 100

    def show(self, rgb: np.ndarray) -> InstanceArray:
        self.stamp += 1
        self.publish(rgb_message(rgb, self.bench.stamped(self.stamp)))
        eventually(lambda: self.heard and self.heard[-1].header.stamp.sec == self.stamp, "instances of the image")
        return self.heard[-1]

    def names(self, rgb: np.ndarray) -> list[str]:
        return sorted(one.taught_name for one in self.show(rgb).instances)

    def teach(self, name: str, **request: object) -> Teach.Response:
        return self.bench.call(Teach, "teach", Teach.Request(name=name, **request))


@pytest.fixture
def teaching(bench: Bench, colour_cells: Path, tmp_path: Path) -> Teaching:
    return Teaching(bench, colour_cells, tmp_path / "gallery")


def mask_message(mask: np.ndarray, encoding: str = "mono8") -> Image:
    return image_to_message(mask.astype(np.uint8) * 255, encoding, Header())


def test_a_name_is_taught_used_listed_and_forgotten(teaching: Teaching, bench: Bench):
    assert teaching.names(SCENE) == ["", ""]
    answer = teaching.teach("tile", roi=ROI)
    assert answer.success, answer.message
    assert answer.message.startswith(
        "'tile' is taught with 1 view, threshold 0.70; the nearest other thing is 'unknown"
    )
    assert (answer.taught.name, answer.taught.views, answer.taught.recognised) == ("tile", 1, -1.0)
    assert 0 < answer.taught.nearest_similarity < answer.taught.threshold

    (tile,) = [one for one in teaching.show(MOVED).instances if one.taught_name]
    assert (tile.taught_name, tile.unknown, tile.class_name) == ("tile", True, "unknown")
    assert tile.roi.x_offset == 112
    assert tile.taught_score > 0.9

    listed = bench.call(Taught, "taught", Taught.Request())
    assert listed.success
    assert listed.gallery.endswith("gallery")
    assert [one.name for one in listed.names] == ["tile"]
    answered = bench.call(Segment, "segment", Segment.Request(image=rgb_message(MOVED, bench.stamped())))
    assert "tile" in [one.taught_name for one in answered.instances.instances]

    assert bench.call(Forget, "forget", Forget.Request(name="tile")).success
    assert teaching.names(MOVED) == ["", ""]
    for name, sentence in (
        ("tile", "no name 'tile' was taught; there is none yet"),
        ("../tile", "has the character '/'"),
    ):
        again = bench.call(Forget, "forget", Forget.Request(name=name))
        assert not again.success
        assert sentence in again.message


def test_a_name_does_not_flicker_and_each_image_alone_can_be_asked(teaching: Teaching, bench: Bench):
    marred = picture((*SQUARE, CYAN), (20, 20, 80, 90, (0, 100, 250)), (*BAR, PURPLE))
    teaching.show(SCENE)
    assert teaching.teach("tile", roi=ROI).success
    for _ in range(4):
        (good,) = [one for one in teaching.show(SCENE).instances if one.taught_name]
    (kept,) = [one for one in teaching.show(marred).instances if one.taught_name]
    assert (kept.taught_name, kept.track_id) == ("tile", good.track_id)
    assert good.track_id > 0
    assert kept.taught_score < good.taught_score
    request = Segment.Request(image=rgb_message(marred, bench.stamped(teaching.stamp)))
    answered = bench.call(Segment, "segment", request)
    assert [one.taught_name for one in answered.instances.instances] == ["", ""], "a request is of one image"
    assert bench.set(teaching__memory=0.0).successful
    assert teaching.names(marred) == ["", ""]


def test_an_instance_of_a_recent_frame_and_a_mask_say_which_object(teaching: Teaching):
    shown = teaching.show(SCENE)
    (bar,) = [one for one in shown.instances if one.roi.x_offset == 112]
    teaching.show(picture())
    assert teaching.teach("bar", instance_id=bar.id, stamp=shown.header.stamp).success
    teaching.show(SCENE)
    mask = np.zeros((224, 224), bool)
    mask[22:92, 18:88] = True
    assert teaching.teach("tile", mask=mask_message(mask)).success
    assert teaching.names(MOVED) == ["bar", "tile"]


def test_a_track_says_which_object_and_is_waited_for(teaching: Teaching, bench: Bench):
    teaching.show(SCENE)
    tracks = {one.roi.x_offset == 112: one.track_id for one in teaching.show(SCENE).instances}
    assert sorted(tracks.values()) == [1, 2]
    assert teaching.teach("tile", track_id=tracks[False], views=1).success
    teaching.show(picture())
    answers = []
    bar = {"track_id": tracks[True], "timeout": 60.0}
    request = threading.Thread(target=lambda: answers.append(teaching.teach("bar", **bar)))
    request.start()
    time.sleep(0.3)
    assert answers == []
    while not answers:
        teaching.show(SCENE)
        time.sleep(0.05)
    request.join()
    assert answers[0].success
    assert teaching.names(MOVED) == ["bar", "tile"]
    teaching.show(picture())
    late = teaching.teach("bar", track_id=tracks[True], timeout=0.2)
    assert "there is no track" in late.message
    assert bench.set(tracking__enabled=False).successful
    teaching.show(SCENE)
    assert "tracking is off" in teaching.teach("bar", track_id=tracks[True]).message


def test_views_come_from_the_next_frames_wherever_the_object_is_put(teaching: Teaching):
    teaching.show(SCENE)
    answers = []
    request = threading.Thread(target=lambda: answers.append(teaching.teach("tile", roi=ROI, views=3, timeout=60.0)))
    request.start()
    while not answers:
        teaching.show(MOVED if teaching.stamp % 2 else SCENE)
        time.sleep(0.05)
    request.join()
    assert answers[0].success
    assert answers[0].taught.views == 3
    assert answers[0].taught.recognised == 1


def test_names_survive_a_restart_and_are_told_with_the_classes(teaching: Teaching, bench: Bench):
    vision = pytest.importorskip("vision_msgs.msg", reason="label_info needs vision_msgs")
    infos = bench.listen(vision.LabelInfo, "segmenter/label_info", LATCHED)
    teaching.show(SCENE)
    start = time.monotonic()
    assert teaching.teach("tile", roi=ROI).success
    taught_in = time.monotonic() - start
    assert taught_in < 1 or taught_in < 30 * time_of_a_frame(teaching)  # a loaded machine is slow, not wrong

    def last() -> dict[int, str]:
        return {entry.class_id: entry.class_name for entry in infos[-1].class_map} if infos else {}

    assert eventually(lambda: last().get(1 << 15), "the taught name in label_info") == "tile"
    for transition in ("deactivate", "cleanup", "configure", "activate"):
        assert bench.change(transition)
    assert teaching.names(MOVED) == ["", "tile"]


def time_of_a_frame(teaching: Teaching) -> float:
    start = time.monotonic()
    teaching.show(SCENE)
    return time.monotonic() - start


def test_what_has_its_twin_in_view_is_refused_unless_forced(teaching: Teaching):
    teaching.show(picture((*SQUARE, CYAN), (132, 132, 202, 202, CYAN)))
    refused = teaching.teach("tile", roi=ROI)
    assert not refused.success
    assert "cannot be told apart from 'unknown" in refused.message
    assert refused.taught.nearest_similarity > 0.95
    assert teaching.teach("tile", roi=ROI, force=True).success
    assert teaching.names(picture((*SQUARE, CYAN), (132, 132, 202, 202, CYAN))) == ["tile", "tile"]


def test_a_bad_request_is_one_sentence_and_changes_nothing(teaching: Teaching, tmp_path: Path):
    teaching.show(SCENE)
    empty, small = np.zeros((224, 224), bool), np.ones((10, 10), bool)
    bad = [
        ("a/b", {"roi": ROI}, "has the character '/'"),
        ("", {"roi": ROI}, "the name is empty"),
        ("red", {"roi": ROI}, "a class that the model knows already"),
        ("tile", {}, "which object is given by none, expected one of track_id, instance_id, roi and mask"),
        ("tile", {"roi": ROI, "instance_id": 1}, "is given by instance_id, roi, expected one of"),
        ("tile", {"instance_id": 9}, "there is no instance 9 in the image, there are: 1, 2"),
        ("tile", {"track_id": 4}, "there is no track 4 in the image, there are: "),
        ("tile", {"mask": mask_message(empty)}, "the mask has no pixel on the object"),
        ("tile", {"mask": mask_message(small)}, "the mask is 10x10, expected the image's 224x224 pixels"),
        ("tile", {"mask": Image(encoding="rgb8", height=1, width=1, step=3, data=[1, 2, 3])}, "expected mono8"),
        ("tile", {"mask": Image(encoding="mono8", height=224, width=224, step=224)}, "data holds 0 bytes"),
        ("tile", {"roi": RegionOfInterest(x_offset=200, width=100, height=10)}, "the region is 200 0 300 10"),
        ("tile", {"roi": RegionOfInterest(x_offset=2, width=9, height=9)}, "no instance fits the region"),
        ("tile", {"roi": ROI, "views": 101}, "views is 101, expected 0..100"),
        ("tile", {"roi": ROI, "timeout": float("nan")}, "timeout is nan, expected 0..120 seconds"),
        ("tile", {"instance_id": 1, "stamp": teaching.bench.stamped(5).stamp}, "there is no frame of the stamp 5.0000"),
    ]
    for name, request, sentence in bad:
        answer = teaching.teach(name, **request)
        assert (answer.success, "\n" in answer.message) == (False, False)
        assert sentence in answer.message
    assert not (tmp_path / "gallery").exists()
    assert teaching.names(SCENE) == ["", ""]


def test_a_full_disk_is_one_sentence_and_the_earlier_names_stay(teaching: Teaching, monkeypatch):
    teaching.show(SCENE)
    assert teaching.teach("tile", roi=ROI).success

    def full(path: Path, content: bytes | str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(gallery_folder, "write_whole", full)
    refused = teaching.teach("bar", roi=RegionOfInterest(x_offset=112, y_offset=112, width=112, height=112))
    assert not refused.success
    assert "cannot be written: No space left on device" in refused.message
    assert teaching.names(MOVED) == ["", "tile"]


def test_without_a_gallery_and_before_the_node_is_active_the_services_say_so(
    bench: Bench, colour_cells: Path, tmp_path
):
    requests = ((Teach, "teach", Teach.Request(name="tile", roi=ROI)), (Forget, "forget", Forget.Request(name="tile")),
                (Taught, "taught", Taught.Request()))  # fmt: skip
    bench.segmenter(model=str(colour_cells), provider="cpu", threads=1)
    for call in requests:
        assert bench.call(*call).message == "the node is not configured"
    assert bench.change("configure")
    for call in requests:
        assert bench.call(*call).message.startswith("the parameter teaching.gallery is empty")
    assert bench.change("cleanup")
    assert bench.set(teaching__gallery=str(tmp_path)).successful
    assert bench.change("configure")
    assert bench.call(*requests[0]).message == "the node is not active"
    assert "only while unconfigured" in bench.set(teaching__gallery="").reason


def test_deactivation_ends_the_wait_for_frames(bench: Bench, colour_cells: Path, tmp_path: Path):
    bench.active(colour_cells, teaching__gallery=str(tmp_path))
    answers = []
    request = Teach.Request(name="tile", roi=ROI, timeout=100.0)
    waiting = threading.Thread(target=lambda: answers.append(bench.call(Teach, "teach", request)))
    waiting.start()
    time.sleep(0.5)
    assert bench.change("deactivate")
    waiting.join(30)
    assert [(answer.success, answer.message) for answer in answers] == [(False, "the node is not active")]


def test_a_gallery_cut_short_or_of_another_model_leaves_the_node_unconfigured(
    teaching: Teaching, bench: Bench, errors: list[str]
):
    teaching.show(SCENE)
    assert teaching.teach("tile", roi=ROI).success
    assert bench.change("deactivate")
    assert bench.change("cleanup")
    file = teaching.gallery / "tile" / "name.json"
    whole = file.read_text()
    model = json.loads(whole)["sha256"]
    for content, sentence in (
        (whole[:200], "name.json: the file: Invalid JSON"),
        (whole.replace(model, "f" * 64), "'tile' was taught with the model"),
    ):
        file.write_text(content)
        assert not bench.change("configure")
        assert "not configured" in errors[-1]
        assert sentence in errors[-1]
        assert "\n" not in errors[-1]
        assert bench.state() == "unconfigured"
    file.write_text(whole)
    assert bench.change("configure")
    assert bench.change("activate")
    assert teaching.names(SCENE) == ["", "tile"]


def test_what_another_program_wrote_to_the_folder_meanwhile_is_kept(teaching: Teaching, bench: Bench, tmp_path: Path):
    """As `osis teach` and `osis forget` do, or a copy of a folder."""
    teaching.show(SCENE)
    assert teaching.teach("tile", roi=ROI).success
    shutil.copytree(teaching.gallery, tmp_path / "earlier")
    teaching.show(MOVED)
    moved = RegionOfInterest(x_offset=112, y_offset=112, width=112, height=112)
    assert teaching.teach("tile", roi=moved).taught.views == 2
    shutil.copytree(teaching.gallery, tmp_path / "later")
    shutil.rmtree(teaching.gallery)
    shutil.copytree(tmp_path / "earlier", teaching.gallery)
    assert teaching.teach("tile", roi=moved).taught.views == 2
    shutil.rmtree(teaching.gallery / "tile")
    assert "no name 'tile'" in bench.call(Forget, "forget", Forget.Request(name="tile")).message
    (teaching.gallery / "tile").mkdir()
    (teaching.gallery / "tile" / "name.json").write_text("{")
    assert "name.json" in teaching.teach("tile", roi=moved).message
    assert (teaching.gallery / "tile" / "name.json").read_text() == "{"
