"""A recorded bag through the model, every image of it: a bag of results, the scores, and a page to look at."""

import contextlib
import shutil
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from rclpy.serialization import serialize_message
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rosbags.rosbag2 import WriterError
from sensor_msgs.msg import CompressedImage

from osis_ros.evaluation.bag_types import UnknownTypeError
from osis_ros.evaluation.referee import Referee
from osis_ros.evaluation.replay_report import Frame, Picture, ReplayReport, replay_page
from osis_ros.inference.bundle import BundleError
from osis_ros.inference.label_image import label_image
from osis_ros.inference.overlay import draw_overlay
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.msg import InstanceArray
from osis_ros.nodes.bag_writer import BagWriter
from osis_ros.nodes.image_decoding import ImageError, compressed_to_rgb, image_to_rgb
from osis_ros.nodes.image_messages import image_message, jpeg_message
from osis_ros.nodes.instance_messages import instance_array
from osis_ros.nodes.qos import PICTURES, RESULTS
from osis_ros.nodes.recorded_bag import BagError, RecordedBag
from osis_ros.whole_file import write_whole

INSTANCES, LABELS, OVERLAY = "/segmenter/instances", "/segmenter/label_image", "/segmenter/overlay/compressed"
TOPICS = {
    INSTANCES: ("osis_ros/msg/InstanceArray", RESULTS),
    LABELS: ("sensor_msgs/msg/Image", PICTURES),
    OVERLAY: ("sensor_msgs/msg/CompressedImage", PICTURES),
}
REPORT = "report.html"
PICTURES_SHOWN = 12
UNFINISHED = "<!doctype html><title>osis replay</title><p>This replay did not come to its end.</p>\n"


class ReplayError(Exception):
    """A replay that cannot go on; the message is one sentence for the user."""


def replay(
    bag: Path, folder: Path, model: str, provider: str, image_topic: str | None, truth_topic: str | None,
    thresholds: dict[str, float | None], first: int | None, console: Console,
) -> ReplayReport:  # fmt: skip
    """Segment every image of a bag; leave FOLDER/FOLDER.mcap, a bag of the results, and FOLDER/report.html.

    The results carry their image's header and were recorded, as far as the bag tells, when it was: both bags play
    together. An image that cannot be decoded is counted, reported and skipped.

    Args:
        bag: what was recorded.
        folder: replaced if it is an earlier replay's.
        thresholds: `score_threshold` and `unknown_threshold` of `Segmenter.segment`.
        first: stop after so many images; None for all.
    Raises:
        ReplayError: a bag, topic, model or folder that cannot be used, or no image that can.
    """
    try:
        segmenter = Segmenter(model, provider)
        with RecordedBag(bag) as recorded:
            image_topic, truth_topic = recorded.image_topic(image_topic), recorded.truth_topic(truth_topic)
            _clear(folder, bag)
            run = _Replay(segmenter, BagWriter(folder), image_topic, truth_topic, thresholds)
            write_whole(folder / REPORT, UNFINISHED)  # marks the folder as a replay's, which the next one may replace
            with contextlib.closing(run):
                run.go(recorded, min(first or recorded.count(image_topic), recorded.count(image_topic)), console)
            report = run.report(bag)
            if not report.frames:
                raise ReplayError(f"no image of {image_topic} could be used: {'; '.join(report.failures)}")
            write_whole(folder / REPORT, replay_page(report))
    except (BagError, BundleError, UnknownTypeError, ValueError, ImportError) as err:
        raise ReplayError(err) from None
    except (OSError, WriterError) as err:
        raise ReplayError(f"cannot write to {folder}: {getattr(err, 'strerror', None) or err}") from None
    return report


def _clear(folder: Path, bag: Path) -> None:
    """Make way for a new bag, which wants a folder that does not exist."""
    if folder.is_dir() and not folder.is_symlink():
        own = {f"{folder.name}.mcap", "metadata.yaml", REPORT}
        strange = sorted(p.name for p in folder.iterdir() if p.name not in own)
        source = folder.resolve() in (bag.resolve(), bag.resolve().parent)
        if strange or source or not ((folder / REPORT).exists() or not any(folder.iterdir())):
            found = strange[0] if strange else "another bag"
            raise ReplayError(f"{folder} holds {found}, which no replay wrote; name another folder with --output")
        shutil.rmtree(folder)
    elif folder.exists() or folder.is_symlink():
        raise ReplayError(f"{folder} is no folder; name one to write to with --output")


class _Replay:
    """One run: what was found in each image so far, and the bag that it goes to."""

    def __init__(
        self, segmenter: Segmenter, writer: BagWriter, image_topic: str, truth_topic: str | None,
        thresholds: dict[str, float | None],
    ) -> None:  # fmt: skip
        self._segmenter, self._writer, self._thresholds = segmenter, writer, thresholds
        self._image_topic, self._truth_topic = image_topic, truth_topic
        self._referee = Referee()
        self._frames: list[Frame] = []
        self._pictures: list[Picture] = []
        self._failures: Counter[str] = Counter()
        for topic, (message_type, profile) in TOPICS.items():
            writer.add_topic(topic, message_type, profile)

    def close(self) -> None:
        self._writer.close()

    def go(self, recorded: RecordedBag, count: int, console: Console) -> None:
        shown = set(np.linspace(0, count - 1, min(PICTURES_SHOWN, count)).round().astype(int).tolist())
        topics = [topic for topic in (self._image_topic, self._truth_topic) if topic]
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        done = 0
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(self._image_topic, total=count)
            for topic, at, message in recorded.read(topics):
                if topic == self._truth_topic:
                    self._referee.saw_truth(_stamp(message), message)
                elif done < count:
                    self._image(message, at, done in shown)
                    done += 1
                    progress.update(task, completed=done)

    def _image(self, message: object, at: int, shown: bool) -> None:
        start = time.perf_counter()
        try:
            rgb = compressed_to_rgb(message) if isinstance(message, CompressedImage) else image_to_rgb(message)
        except ImageError as err:
            self._failures[str(err)] += 1
            return
        instances = self._segmenter.segment(rgb, **self._thresholds)
        seconds = time.perf_counter() - start
        answer = instance_array(instances, message.header, self._segmenter.bundle.name)
        overlay = draw_overlay(rgb, instances)
        self._write(answer, label_image(instances), overlay, at)
        stamp = _stamp(message)
        self._referee.saw_frame(stamp)
        self._referee.saw_answer(stamp, answer, stamp + round(seconds * 1e9))
        unknown = int(instances.unknown.sum())
        names = Counter(instances.class_name(i) for i in range(len(instances)))
        self._frames.append(Frame(at * 1e-9, len(instances) - unknown, unknown, seconds, names))
        if shown:
            self._pictures.append(_picture(overlay, at * 1e-9, instances))

    def _write(self, answer: InstanceArray, labels: np.ndarray, overlay: np.ndarray, at: int) -> None:
        pictures = {
            LABELS: image_message(labels, "16UC1", answer.header),
            OVERLAY: jpeg_message(overlay, answer.header),
        }
        for topic, message in {INSTANCES: answer, **pictures}.items():
            self._writer.write(topic, at, serialize_message(message))

    def report(self, bag: Path) -> ReplayReport:
        bundle = self._segmenter.bundle
        limits = bundle.manifest.thresholds
        given = (self._thresholds["score_threshold"], self._thresholds["unknown_threshold"])
        score, unknown = (own if value is None else value for value, own in zip(given, (limits.score, limits.unknown)))
        return ReplayReport(
            bag=str(bag), image_topic=self._image_topic, truth_topic=self._truth_topic, model=bundle.name,
            provider=self._segmenter.provider, score_threshold=score, unknown_threshold=unknown,
            frames=self._frames, failures=dict(self._failures),
            verdict=self._referee.verdict() if self._referee.truth else None, pictures=self._pictures,
        )  # fmt: skip


def _picture(overlay: np.ndarray, seconds: float, instances: Instances) -> Picture:
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(overlay, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    unknown = int(instances.unknown.sum())
    return Picture(seconds, jpeg.tobytes(), len(instances) - unknown, unknown)


def _stamp(message: object) -> int:
    """ns"""
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
