"""Runs the node's pipeline on every image of a recorded bag. Writes a bag of results, figures, verdicts and a page."""

import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rosbags.rosbag2 import WriterError
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from osis_ros import __version__
from osis_ros.bags.bag_file import RawMessage
from osis_ros.bags.health import check_bag
from osis_ros.bags.reader import RecordedBag, decoded
from osis_ros.bags.replayed import FRAMES, SUMMARY, ReplayedRun
from osis_ros.bags.results import SETTINGS, Results
from osis_ros.bags.truth import Judge, TruthSource
from osis_ros.bags.writer import BagWriter
from osis_ros.errors import ImageError, OsisError
from osis_ros.evaluation.jobs.criteria import Criterion, EmptyRegion, Outcome, read_criteria
from osis_ros.evaluation.metrics.recording_health import BagHealth
from osis_ros.evaluation.metrics.steadiness import Steadiness
from osis_ros.evaluation.reports.junit import junit_xml
from osis_ros.evaluation.reports.replay_page import GENERATOR, replay_page
from osis_ros.evaluation.reports.replay_run import Frame as FoundFrame
from osis_ros.evaluation.reports.replay_run import FrameScore, Picture, ReplayReport, figure_names
from osis_ros.files.atomic import write_whole
from osis_ros.files.result_folder import Mark, RunFolderError, make_way
from osis_ros.messages.colour import colour_converter
from osis_ros.messages.errors import MessageError
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.pipeline import pipeline
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.pipeline import Pipeline
from osis_ros.pipeline.setting import values_of

REPORT, JUNIT = "report.html", "junit.xml"
MARK = Mark(REPORT, GENERATOR)
UNFINISHED = f"<!doctype html><title>osis replay</title>{GENERATOR}<p>This replay did not come to its end.</p>\n"
EVENLY_SHOWN, WORST_SHOWN = 9, 6  # pictures on the page
REASONS_TOLD = 5  # some name a number of bytes, so that every image might have its own


class ReplayError(OsisError):
    """A replay that cannot go on; the message is one sentence for the user."""


@dataclass(frozen=True)
class Options:
    """What to replay, and how.

    Attributes:
        bag: a bag's folder, or its .mcap, .db3 or .bag file.
        folder: for the results; an earlier replay in it is replaced.
        model, provider: settings of the pipeline.
        image_topic, truth_topic: None to find them in the bag.
        truth: a COCO file with the true masks, instead of a topic.
        truth_classes, truth_areas: of label images, as in `TruthSource`.
        score_threshold, unknown_threshold, max_instances, max_overlap: the same; None for their defaults.
        first: stop after so many images; None for all.
        criteria: a file of criteria to meet, or None.
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
    criteria: Path | None = None
    truth: Path | None = None
    truth_classes: Path | None = None
    truth_areas: bool = False


def replay(options: Options, console: Console) -> ReplayReport:
    """Segment every image of a bag. In the folder are then:

    - `FOLDER.mcap`, `metadata.yaml`: a bag of the results. Each has the header and the recording time of its image, so
      that both bags can be played together. If the bag already holds results of the node, the topics of the new ones
      begin with /replay.
    - `frames.jsonl`, a line for each segmented image, and `summary.json`, the figures and verdicts.
    - `report.html`, the same for people; with criteria `junit.xml`, for continuous integration.

    An image that cannot be read or decoded is counted, reported and skipped.

    Raises:
        OsisError: a bag, topic, model, setting, criterion or folder that cannot be used; no usable image; or an
            interruption.
    """
    run = None
    try:
        with RecordedBag(options.bag) as recorded:
            image_topic = recorded.image_topic(options.image_topic)
            truth_topic = _truth_topic(options, recorded, image_topic)
            values = values_of((*pipeline.SETTINGS, *SETTINGS), **asdict(options))
            segment = _ready(values)
            criteria = _criteria(options, segment)
            truth = TruthSource.of(
                truth_topic,
                truth_topic is not None and recorded.is_of_images(truth_topic),
                _class_names(segment),
                options.truth,
                options.truth_classes,
                options.truth_areas,
            )
            with console.status(f"checking {options.bag.name}"):
                health = check_bag(recorded)
            _make_way(options)
            with (
                contextlib.closing(BagWriter(options.folder)) as writer,
                (options.folder / FRAMES).open("w", buffering=1, encoding="utf-8") as lines,
            ):
                write_whole(options.folder / REPORT, UNFINISHED)
                results = Results(writer, recorded, values)
                run = _Replay(options, segment, values, results, lines, criteria, image_topic, truth_topic, truth)
                run.go(recorded, console)
        report = run.report(recorded.losses, health)
        if not report.frames:
            raise ReplayError(f"no image of {image_topic} could be used: {'; '.join(report.failures)}")
        _write(options.folder, report)
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


def _criteria(options: Options, segment: Pipeline) -> tuple[Criterion, ...]:
    if options.criteria is None:
        return ()
    return read_criteria(options.criteria, figure_names(_class_names(segment)))


def _class_names(segment: Pipeline) -> Sequence[str]:
    return segment.segment.segmenter.bundle.manifest.class_names


def _truth_topic(options: Options, recorded: RecordedBag, image_topic: str) -> str | None:
    if options.truth is None:
        return recorded.truth_topic(image_topic, options.truth_topic)
    if options.truth_topic is not None:
        raise ReplayError("--truth and --truth-topic are both given, expected one of them")
    return None


def _make_way(options: Options) -> None:
    folder, bag = options.folder, options.bag.resolve()
    if folder.resolve() in (bag, bag.parent):
        raise RunFolderError(f"{folder} is the bag itself; name another folder with --output")
    make_way(folder, (f"{folder.name}.mcap", "metadata.yaml", REPORT, FRAMES, SUMMARY, JUNIT), MARK, "replay")


def _write(folder: Path, report: ReplayReport) -> None:
    """The page last: an earlier one is then replaced only by one that is whole."""
    write_whole(folder / FRAMES, "".join(frame.line(number) for number, frame in enumerate(report.frames)))
    write_whole(folder / SUMMARY, report.summary())
    if report.outcomes:
        write_whole(folder / JUNIT, junit_xml(report.outcomes, f"osis replay {report.bag}"))
    numbers = _worth_showing(report.frames)
    with ReplayedRun(folder) as run:
        jpegs = run.overlays(set(numbers))
    pictures = [Picture(number, report.frames[number], jpegs[number]) for number in numbers if number in jpegs]
    write_whole(folder / REPORT, replay_page(replace(report, pictures=pictures)))


def _worth_showing(frames: Sequence[FoundFrame]) -> list[int]:
    """Numbers of images: those that are least steady, and some spread over the whole recording."""
    worst = sorted(range(len(frames)), key=lambda number: (-frames[number].concern, number))[:WORST_SHOWN]
    evenly = np.linspace(0, len(frames) - 1, EVENLY_SHOWN).round().astype(int).tolist()
    return sorted({*evenly, *(number for number in worst if frames[number].concern > 0)})


class _Replay:
    """One run: what was found in each of the `done` images so far."""

    def __init__(
        self,
        options: Options,
        segment: Pipeline,
        values: dict[str, object],
        results: Results,
        lines: TextIO,
        criteria: Sequence[Criterion],
        image_topic: str,
        truth_topic: str | None,
        truth: TruthSource,
    ) -> None:
        self._options, self._pipeline, self._values, self._results = options, segment, values, results
        self._lines, self._criteria = lines, criteria
        self._regions = [one for one in criteria if isinstance(one, EmptyRegion)]
        self._image_topic, self._truth_topic = image_topic, truth_topic
        self.done = 0
        self._truth, self._judge = truth, Judge(truth)
        self._steadiness = Steadiness()
        self._frames: list[FoundFrame] = []
        self._failures: Counter[str] = Counter()
        self._notices: Counter[str] = Counter()

    def go(self, recorded: RecordedBag, console: Console) -> None:
        listed = recorded.count(self._image_topic)
        count = min(self._options.first or listed, listed)
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
                    self._image(message)
                    self.done += 1
                    progress.update(task, completed=self.done)
                if self.done == count and not self._judge.waits:
                    break
        if self.done < count:
            self._failures["listed in the bag's index, but not in its files"] += count - self.done

    def _image(self, raw: RawMessage) -> None:
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
        self._notices.update(frame.notices)
        self._results.write(frame, raw.time)
        self._judge.saw_answer(frame, seconds, self.done)
        instances = frame.instances
        unknown = int(instances.unknown.sum())
        found = FoundFrame(
            time=raw.time * 1e-9, stamp=stamp_of(frame), known=len(instances) - unknown, unknown=unknown,
            latency=seconds, names=Counter(instances.class_name(i) for i in range(len(instances))),
            steadiness=self._steadiness.saw(instances, frame.rgb, (stamp_of(frame) or raw.time) * 1e-9),
            hits=tuple(one.name for one in self._regions if one.hits(instances).any()), tracks=_seen(frame),
        )  # fmt: skip
        self._lines.write(found.line(len(self._frames)))
        self._frames.append(found)

    def report(self, losses: list[str], health: BagHealth) -> ReplayReport:
        """
        Args:
            losses: sentences on what of the bag could not be read.
            health: of the recording.
        """
        segmenter = self._pipeline.segment.segmenter
        own, given = segmenter.bundle.manifest.thresholds, self._options
        verdict, note = self._judge.verdict()
        scores, agreement = self._judge.scores() if verdict else ({}, None)
        frames = [replace(frame, truth=FrameScore.of(scores.get(frame.stamp))) for frame in self._frames]
        told = {finding.text for finding in health.findings}
        more = [*(loss for loss in losses if loss not in told), *list(self._notices)[:REASONS_TOLD]]
        report = ReplayReport(
            bag=given.bag.resolve().name, image_topic=self._image_topic, truth=self._truth.name,
            model=segmenter.bundle.name, model_sha256=segmenter.bundle.manifest.sha256,
            version=__version__, provider=segmenter.provider,
            score_threshold=own.score if given.score_threshold is None else given.score_threshold,
            unknown_threshold=own.unknown if given.unknown_threshold is None else given.unknown_threshold,
            class_names=segmenter.bundle.manifest.class_names, health=health,
            frames=sorted(frames, key=lambda frame: frame.time), agreement=agreement,
            steadiness=self._steadiness, failures=dict(self._failures), verdict=verdict,
            note=" ".join([note, *(f"{sentence}." for sentence in more)]),
        )  # fmt: skip
        return replace(report, outcomes=self._outcomes(report)) if self._criteria else report

    def _outcomes(self, report: ReplayReport) -> list[Outcome]:
        figures = report.figures()
        frames = report.frames
        return [
            one.outcome(len(frames), [f.time - frames[0].time for f in frames if one.name in f.hits])
            if isinstance(one, EmptyRegion) else one.outcome(figures)
            for one in self._criteria
        ]  # fmt: skip


def _seen(frame: Frame) -> dict[int, str]:
    """The tracks of the objects in an image: id → class by vote."""
    if frame.tracks is None:
        return {}
    seen = frame.tracks.take(frame.tracks.instance_ids > 0)
    return dict(zip(seen.ids.tolist(), seen.class_names.tolist(), strict=True))


def _decoded_or_why_not(raw: RawMessage) -> object:
    try:
        return decoded(raw)
    except MessageError as err:
        return err
