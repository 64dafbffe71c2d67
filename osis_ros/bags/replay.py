"""Runs the node's pipeline on every image of a recorded bag. Writes a bag of results, scores and an HTML report."""

import contextlib
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rosbags.rosbag2 import WriterError
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from osis_ros.bags.bag_file import RawMessage
from osis_ros.bags.reader import RecordedBag, decoded
from osis_ros.bags.results import SETTINGS, Results
from osis_ros.bags.truth import Judge
from osis_ros.bags.writer import BagWriter
from osis_ros.errors import ImageError, OsisError
from osis_ros.evaluation.reports import replay_page as page
from osis_ros.evaluation.reports.replay_page import GENERATOR, Picture, ReplayReport
from osis_ros.files.atomic import write_whole
from osis_ros.files.result_folder import Mark, RunFolderError, make_way
from osis_ros.messages.colour import colour_converter
from osis_ros.messages.errors import MessageError
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.pipeline import pipeline
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.pipeline import Pipeline
from osis_ros.pipeline.setting import values_of

REPORT = "report.html"
MARK = Mark(REPORT, GENERATOR)
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
        folder: for the results; an earlier replay in it is replaced.
        model, provider: settings of the pipeline.
        image_topic, truth_topic: None to find them in the bag.
        score_threshold, unknown_threshold, max_instances, max_overlap: the same; None for their defaults.
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


def replay(options: Options, console: Console) -> ReplayReport:
    """Segment every image of a bag; write FOLDER/FOLDER.mcap, a bag of the results, and FOLDER/report.html.

    A result has the header and the recording time of its image, so that both bags can be played together. If the bag
    already holds results of the node, the topics of the new results begin with /replay. An image that cannot be read
    or decoded is counted, reported and skipped.

    Raises:
        OsisError: a bag, topic, model, setting or folder that cannot be used; no usable image; or an interruption.
    """
    run = None
    try:
        with RecordedBag(options.bag) as recorded:
            image_topic = recorded.image_topic(options.image_topic)
            truth_topic = recorded.truth_topic(image_topic, options.truth_topic)
            values = values_of((*pipeline.SETTINGS, *SETTINGS), **asdict(options))
            segment = _ready(values)
            _make_way(options)
            with contextlib.closing(BagWriter(options.folder)) as writer:
                write_whole(options.folder / REPORT, UNFINISHED)
                results = Results(writer, recorded, values)
                run = _Replay(options, segment, values, results, image_topic, truth_topic)
                run.go(recorded, console)
        report = run.report(recorded.losses)
        if not report.frames:
            raise ReplayError(f"no image of {image_topic} could be used: {'; '.join(report.failures)}")
        write_whole(options.folder / REPORT, page.replay_page(report))
    except (OSError, WriterError) as err:
        raise ReplayError(f"cannot write to {options.folder}: {getattr(err, 'strerror', None) or err}") from None
    except KeyboardInterrupt:
        if run is None:
            raise
        raise ReplayError(f"stopped after {run.done} images; what {options.folder} holds of them is whole") from None
    return report


def _ready(values: dict[str, object]) -> Pipeline:
    """The pipeline, tried on an empty picture: what it refuses comes before an earlier replay is replaced."""
    segment = Pipeline(values)
    try:
        colour_converter()
    except ImportError as err:
        raise ReplayError(err) from None
    segment(Frame(rgb=np.zeros((8, 8, 3), np.uint8), header=Header(), in_stream=False), values)
    return segment


def _make_way(options: Options) -> None:
    folder, bag = options.folder, options.bag.resolve()
    if folder.resolve() in (bag, bag.parent):
        raise RunFolderError(f"{folder} is the bag itself; name another folder with --output")
    make_way(folder, (f"{folder.name}.mcap", "metadata.yaml", REPORT), MARK, "replay")


class _Replay:
    """One run: what was found in each of the `done` images so far."""

    def __init__(
        self,
        options: Options,
        segment: Pipeline,
        values: dict[str, object],
        results: Results,
        image_topic: str,
        truth_topic: str | None,
    ) -> None:
        self._options, self._pipeline, self._values, self._results = options, segment, values, results
        self._image_topic, self._truth_topic = image_topic, truth_topic
        self.done = 0
        self._judge = Judge(truth_topic)
        self._frames: list[page.Frame] = []
        self._pictures: list[Picture] = []
        self._failures: Counter[str] = Counter()

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
            for message in recorded.read([t for t in (self._image_topic, self._truth_topic) if t]):
                if message.topic == self._truth_topic:
                    self._judge.saw_truth(_decoded_or_why_not(message))
                elif self.done < count:
                    self._image(message, self.done in shown)
                    self.done += 1
                    progress.update(task, completed=self.done)
                if self.done == count and not self._judge.waits:
                    break
        if self.done < count:
            self._failures["listed in the bag's index, but not in its files"] += count - self.done

    def _image(self, raw: RawMessage, shown: bool) -> None:
        start = time.perf_counter()
        try:
            message: Image | CompressedImage = decoded(raw)
            frame = Frame(rgb=rgb_from_message(message), header=message.header)
        except (MessageError, ImageError) as err:
            reason = str(err) if str(err) in self._failures or len(self._failures) < REASONS_TOLD else "other reasons"
            self._failures[reason] += 1
            return
        frame = self._pipeline(frame, self._values)
        seconds = time.perf_counter() - start
        overlay = self._results.write(frame, raw.time)
        self._judge.saw_answer(frame, seconds)
        instances = frame.instances
        unknown = int(instances.unknown.sum())
        names = Counter(instances.class_name(i) for i in range(len(instances)))
        self._frames.append(page.Frame(raw.time * 1e-9, len(instances) - unknown, unknown, seconds, names))
        if shown:
            self._pictures.append(_picture(overlay, self._frames[-1]))

    def report(self, losses: list[str]) -> ReplayReport:
        """
        Args:
            losses: sentences on what of the bag could not be read.
        """
        segmenter = self._pipeline.segment.segmenter
        own, given = segmenter.bundle.manifest.thresholds, self._options
        verdict, note = self._judge.verdict()
        return ReplayReport(
            bag=given.bag.resolve().name, image_topic=self._image_topic, truth_topic=self._truth_topic,
            model=segmenter.bundle.name, provider=segmenter.provider,
            score_threshold=own.score if given.score_threshold is None else given.score_threshold,
            unknown_threshold=own.unknown if given.unknown_threshold is None else given.unknown_threshold,
            frames=sorted(self._frames, key=lambda frame: frame.time), failures=dict(self._failures), verdict=verdict,
            note=" ".join([note, *(f"{loss}." for loss in losses)]), pictures=self._pictures,
        )  # fmt: skip


def _decoded_or_why_not(raw: RawMessage) -> object:
    try:
        return decoded(raw)
    except MessageError as err:
        return err


def _picture(overlay: np.ndarray, frame: page.Frame) -> Picture:
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(overlay, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return Picture(frame, jpeg.tobytes())
