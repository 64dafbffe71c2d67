"""A recorded bag through the model, every image of it: a bag of results, the scores, and a page to look at."""

import contextlib
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rclpy.serialization import serialize_message
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rosbags.rosbag2 import WriterError

from osis_ros.bags.message_types import UnknownTypeError
from osis_ros.bags.reader import BagError, RecordedBag
from osis_ros.bags.writer import BagWriter
from osis_ros.errors import OsisError
from osis_ros.evaluation.metrics.referee import Referee, Verdict
from osis_ros.evaluation.reports.replay_page import GENERATOR, Frame, Picture, ReplayReport, replay_page
from osis_ros.files.atomic import write_whole
from osis_ros.files.result_folder import RunFolderError, make_way
from osis_ros.inference.bundle import BundleError
from osis_ros.inference.label_image import label_image
from osis_ros.inference.overlay import draw_overlay
from osis_ros.inference.segmenter import Segmenter
from osis_ros.messages.colour import colour_converter
from osis_ros.messages.errors import MessageError
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.messages.images import image_to_message, rgb_to_jpeg_message
from osis_ros.messages.instances import instances_from_message, instances_to_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.qos import PICTURES, RESULTS

# As the node names them; below ANEW where the bag has the node's own, which would else be played into one with these.
INSTANCES, LABELS, OVERLAY = "/segmenter/instances", "/segmenter/label_image", "/segmenter/overlay/compressed"
TOPICS = {
    INSTANCES: ("osis_ros/msg/InstanceArray", RESULTS),
    LABELS: ("sensor_msgs/msg/Image", PICTURES),
    OVERLAY: ("sensor_msgs/msg/CompressedImage", PICTURES),
}
ANEW = "/replay"
REPORT = "report.html"
UNFINISHED = f"<!doctype html><title>osis replay</title>{GENERATOR}<p>This replay did not come to its end.</p>\n"
PICTURES_SHOWN = 12
REASONS_TOLD = 5  # some name a number of bytes, so that every image might have its own


class ReplayError(OsisError):
    """A replay that cannot go on; the message is one sentence for the user."""


@dataclass(frozen=True)
class Options:
    """What to replay, and how.

    Attributes:
        bag: a bag's folder, or its .mcap or .db3 file.
        folder: for the results; replaced if it is an earlier replay's.
        model, provider: as `Segmenter` takes them.
        image_topic, truth_topic: None to find them in the bag.
        score_threshold, unknown_threshold, max_instances, max_overlap: as `Segmenter.segment` takes them.
        first: stop after so many images; None for all.
    """

    bag: Path
    folder: Path
    model: str
    provider: str = "auto"
    image_topic: str | None = None
    truth_topic: str | None = None
    score_threshold: float | None = None
    unknown_threshold: float | None = None
    max_instances: int | None = None
    max_overlap: float | None = None
    first: int | None = None

    @property
    def decision(self) -> dict[str, float | int | None]:
        """The keywords of `Segmenter.segment`."""
        names = ("score_threshold", "unknown_threshold", "max_instances", "max_overlap")
        return {name: getattr(self, name) for name in names}


def replay(options: Options, console: Console) -> ReplayReport:
    """Segment every image of a bag; leave FOLDER/FOLDER.mcap, a bag of the results, and FOLDER/report.html.

    The results carry their image's header and were recorded, as far as the bag tells, when it was: both bags play
    together; results of the node that the bag holds already stay apart, the new ones' topics begin with /replay. An
    image that cannot be decoded is counted, reported and skipped.

    Raises:
        ReplayError: a bag, topic, model or folder that cannot be used, no image that can, or an interruption.
    """
    run = None
    try:
        with RecordedBag(options.bag) as recorded:
            image_topic = recorded.image_topic(options.image_topic)
            truth_topic = recorded.truth_topic(image_topic, options.truth_topic)
            segmenter = _ready(options)
            _make_way(options)
            with contextlib.closing(BagWriter(options.folder)) as writer:
                write_whole(options.folder / REPORT, UNFINISHED)
                prefix = ANEW if recorded.holds_any(TOPICS) else ""
                run = _Replay(options, segmenter, writer, image_topic, truth_topic, prefix)
                run.go(recorded, console)
        report = run.report()
        if not report.frames:
            raise ReplayError(f"no image of {image_topic} could be used: {'; '.join(report.failures)}")
        write_whole(options.folder / REPORT, replay_page(report))
    except (BagError, BundleError, RunFolderError, UnknownTypeError) as err:
        raise ReplayError(err) from None
    except (OSError, WriterError) as err:
        raise ReplayError(f"cannot write to {options.folder}: {getattr(err, 'strerror', None) or err}") from None
    except KeyboardInterrupt:
        if run is None:
            raise
        raise ReplayError(f"stopped after {run.done} images; what {options.folder} holds of them is whole") from None
    return report


def _ready(options: Options) -> Segmenter:
    """The model, tried on an empty picture: what it refuses comes before an earlier replay is replaced."""
    segmenter = Segmenter(options.model, options.provider)
    try:
        colour_converter()
        segmenter.segment(np.zeros((8, 8, 3), np.uint8), **options.decision)
    except (ValueError, ImportError) as err:
        raise ReplayError(err) from None
    return segmenter


def _make_way(options: Options) -> None:
    folder, bag = options.folder, options.bag.resolve()
    if folder.resolve() in (bag, bag.parent):
        raise ReplayError(f"{folder} is the bag itself; name another folder with --output")
    earlier = folder / REPORT
    if (
        folder.is_dir()
        and any(folder.iterdir())
        and not (earlier.is_file() and GENERATOR in earlier.read_text("utf-8", "replace"))
    ):
        raise ReplayError(f"{folder} is no earlier replay; name another folder with --output")
    make_way(folder, (f"{folder.name}.mcap", "metadata.yaml", REPORT), "replay")


class _Replay:
    """One run: what was found in each of the `done` images so far, and the bag that it goes to."""

    def __init__(
        self,
        options: Options,
        segmenter: Segmenter,
        writer: BagWriter,
        image_topic: str,
        truth_topic: str | None,
        prefix: str,
    ) -> None:
        self._options, self._segmenter, self._writer = options, segmenter, writer
        self._image_topic, self._truth_topic, self._prefix = image_topic, truth_topic, prefix
        self.done = 0
        self._referee = Referee()
        self._frames: list[Frame] = []
        self._pictures: list[Picture] = []
        self._failures: Counter[str] = Counter()
        self._unfit_truth: list[str] = []
        for topic, (message_type, profile) in TOPICS.items():
            writer.add_topic(prefix + topic, message_type, profile)

    def go(self, recorded: RecordedBag, console: Console) -> None:
        listed = recorded.count(self._image_topic)
        count = min(self._options.first or listed, listed)
        shown = set(np.linspace(0, count - 1, min(PICTURES_SHOWN, count)).round().astype(int).tolist())
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(self._image_topic, total=count)
            for topic, at, message in recorded.read([t for t in (self._image_topic, self._truth_topic) if t]):
                if topic == self._truth_topic:
                    self._truth(message)
                elif self.done < count:
                    self._image(message, at, self.done in shown)
                    self.done += 1
                    progress.update(task, completed=self.done)
                if self.done == count and self._referee.answers.keys() <= self._referee.truth.keys():
                    break
        if self.done < count:
            self._failures["listed in the bag's metadata, but not in its files"] += count - self.done

    def _fail(self, reason: str) -> None:
        known = reason in self._failures or len(self._failures) < REASONS_TOLD
        self._failures[reason if known else "other reasons"] += 1

    def _truth(self, message: InstanceArray) -> None:
        try:
            self._referee.saw_truth(stamp_of(message), instances_from_message(message))
        except MessageError as err:
            self._unfit_truth.append(str(err))

    def _image(self, message: object, at: int, shown: bool) -> None:
        start = time.perf_counter()
        try:
            rgb = rgb_from_message(message)
        except MessageError as err:
            self._fail(str(err))
            return
        instances = self._segmenter.segment(rgb, **self._options.decision)
        seconds = time.perf_counter() - start
        header = message.header
        answer = instances_to_message(instances, header, self._segmenter.bundle.name)
        overlay = draw_overlay(rgb, instances)
        pictures = {
            LABELS: image_to_message(label_image(instances), "16UC1", header),
            OVERLAY: rgb_to_jpeg_message(overlay, header),
        }
        for topic, result in {INSTANCES: answer, **pictures}.items():
            self._writer.write(self._prefix + topic, at, serialize_message(result))
        if self._truth_topic:  # else nobody asks for the masks again, and a long bag's would fill the memory
            self._referee.saw_frame(stamp_of(message))
            self._referee.saw_answer(stamp_of(message), instances, stamp_of(message) + round(seconds * 1e9))
        unknown = int(instances.unknown.sum())
        names = Counter(instances.class_name(i) for i in range(len(instances)))
        self._frames.append(Frame(at * 1e-9, len(instances) - unknown, unknown, seconds, names))
        if shown:
            self._pictures.append(_picture(overlay, self._frames[-1]))

    def report(self) -> ReplayReport:
        options, bundle = self._options, self._segmenter.bundle
        own = bundle.manifest.thresholds
        verdict, note = self._verdict()
        return ReplayReport(
            bag=options.bag.resolve().name, image_topic=self._image_topic, truth_topic=self._truth_topic,
            model=bundle.name, provider=self._segmenter.provider,
            score_threshold=own.score if options.score_threshold is None else options.score_threshold,
            unknown_threshold=own.unknown if options.unknown_threshold is None else options.unknown_threshold,
            frames=self._frames, failures=dict(self._failures), verdict=verdict, note=note, pictures=self._pictures,
        )  # fmt: skip

    def _verdict(self) -> tuple[Verdict | None, str]:
        """The scores, or why there are none."""
        if not self._truth_topic:
            return None, "The bag holds no truth, so nothing is judged."
        if len(self._referee.answers) < len(self._frames):
            return None, f"Images share their stamps, so {self._truth_topic} cannot be told apart: nothing is judged."
        unfit = len(self._unfit_truth)
        unfit = f" Of its messages {unfit} cannot be used: {self._unfit_truth[0]}." if unfit else ""
        if not self._referee.answers.keys() & self._referee.truth.keys():
            return None, f"Nothing on {self._truth_topic} has the stamp of an image: nothing is judged.{unfit}"
        try:
            verdict = self._referee.verdict()
        except OsisError as err:
            return None, f"{self._truth_topic} cannot be judged by: {err}."
        return verdict, f"Judged by {self._truth_topic}; AP and AR are of masks, above the score threshold.{unfit}"


def _picture(overlay: np.ndarray, frame: Frame) -> Picture:
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(overlay, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return Picture(frame, jpeg.tobytes())
