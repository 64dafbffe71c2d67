"""Runs the node's pipeline on every image of a recorded bag. Writes a bag of results, figures, verdicts and a page."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rosbags.rosbag2 import WriterError
from std_msgs.msg import Header

from osis_ros import __version__
from osis_ros.bags.answer_journal import Answer, AnswerJournal
from osis_ros.bags.bag_file import RawMessage
from osis_ros.bags.camera_names import camera_names
from osis_ros.bags.camera_run import CameraRun, ReplayedImage
from osis_ros.bags.health import check_bag
from osis_ros.bags.reader import RecordedBag, decoded, shared_parts
from osis_ros.bags.replayed import FRAMES, SUMMARY, overlays, result_topics
from osis_ros.bags.results import SETTINGS, Results
from osis_ros.bags.truth import TruthSource
from osis_ros.bags.writer import BagWriter
from osis_ros.errors import OsisError
from osis_ros.evaluation.jobs.criteria import read_criteria
from osis_ros.evaluation.metrics.recording_health import BagHealth
from osis_ros.evaluation.metrics.steadiness import Steadiness
from osis_ros.evaluation.reports.junit import junit_xml
from osis_ros.evaluation.reports.replay_page import GENERATOR, replay_page
from osis_ros.evaluation.reports.replay_run import Frame as FoundFrame
from osis_ros.evaluation.reports.replay_run import Picture, ReplayReport, figure_names, summary
from osis_ros.files.atomic import write_whole
from osis_ros.files.result_folder import Mark, RunFolderError, make_way
from osis_ros.messages.colour import colour_converter
from osis_ros.messages.errors import MessageError
from osis_ros.pipeline import pipeline
from osis_ros.pipeline.ahead import ahead
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.pipeline import Pipeline
from osis_ros.pipeline.setting import values_of

REPORT, JUNIT = "report.html", "junit.xml"
MARK = Mark(REPORT, GENERATOR)
UNFINISHED = f"<!doctype html><title>osis replay</title>{GENERATOR}<p>This replay did not come to its end.</p>\n"
REFRESHES = 2  # of the progress bar a second; rich's ten cost as much as decoding and writing
EVENLY_SHOWN, WORST_SHOWN = 9, 12  # pictures of a camera on the page


class ReplayError(OsisError):
    """A replay that cannot go on; the message is one sentence for the user."""


@dataclass(frozen=True)
class Options:
    """What to replay, and how.

    Attributes:
        bag: a bag's folder, or its .mcap, .db3 or .bag file.
        folder: for the results; an earlier replay in it is replaced.
        model, provider: settings of the pipeline.
        image_topics: one for each camera; empty for the only one in the bag.
        truth_topics: one for each camera; empty to find them in the bag.
        truth: a COCO file with the true masks, instead of a topic.
        truth_classes, truth_areas: of label images, as in `TruthSource`.
        score_threshold, unknown_threshold, max_instances, max_overlap: the same; None for their defaults.
        first: stop after so many images; None for all.
        criteria: a file of criteria to meet, or None.
        resume: use what an interrupted replay with the same options has found so far.
    """

    bag: Path
    folder: Path
    model: str
    provider: str = "auto"
    image_topics: tuple[str, ...] = ()
    truth_topics: tuple[str, ...] = ()
    score_threshold: float | None = None
    unknown_threshold: float | None = None
    max_instances: int | None = None
    max_overlap: float | None = None
    first: int | None = None
    criteria: Path | None = None
    truth: Path | None = None
    truth_classes: Path | None = None
    truth_areas: bool = False
    resume: bool = False


def replay(options: Options, console: Console) -> list[ReplayReport]:
    """Segment every image of a bag. In the folder are then:

    - `FOLDER.mcap`, `metadata.yaml`: a bag of the results. Each has the header and the recording time of its image, so
      that both bags can be played together. If the bag already holds results of the node, the topics of the new ones
      begin with /replay.
    - `frames.jsonl`, a line for each segmented image, and `summary.json`, the figures and verdicts.
    - `report.html`, the same for people; with criteria `junit.xml`, for continuous integration.

    An image that cannot be read or decoded is counted, reported and skipped. While it runs, what the model finds is
    also kept in FOLDER.part, for `resume`.

    Returns:
        a report for each camera.
    Raises:
        OsisError: a bag, topic, model, setting, criterion or folder that cannot be used; no usable image; or an
            interruption.
    """
    run = None
    try:
        with RecordedBag(options.bag) as recorded:
            values = values_of((*pipeline.SETTINGS, *SETTINGS), **asdict(options))
            segment = _ready(values)
            cameras = _cameras(options, recorded, segment, values)
            with console.status(f"checking {options.bag.name}"):
                health = check_bag(recorded)
            _refuse_own_bag(options)
            journal = AnswerJournal(options.folder, _decisive(options, recorded, cameras), options.resume)
            with contextlib.closing(journal):
                make_way(options.folder, _own_files(options.folder), MARK, "replay")
                with (
                    contextlib.closing(BagWriter(options.folder)) as writer,
                    (options.folder / FRAMES).open("w", buffering=1, encoding="utf-8") as lines,
                ):
                    write_whole(options.folder / REPORT, UNFINISHED)
                    results = [Results(writer, recorded, values, camera.name) for camera in cameras]
                    run = _Replay(cameras, results, lines, journal)
                    run.go(recorded, console)
                reports = _reports(options, segment, cameras, health, recorded.losses)
                _write(options.folder, reports)
                journal.remove()
    except (OSError, WriterError) as err:
        raise ReplayError(f"cannot write to {options.folder}: {getattr(err, 'strerror', None) or err}") from None
    except KeyboardInterrupt:
        if run is None:
            raise
        done = sum(camera.done for camera in run.cameras)
        raise ReplayError(
            f"stopped after {done} images; what {options.folder} holds of them is whole; add --resume to go on"
        ) from None
    return reports


def _ready(values: dict[str, object]) -> Pipeline:
    """The pipeline, tried on an empty picture: what it refuses comes before an earlier replay is replaced."""
    segment = Pipeline(values)
    try:
        colour_converter()
    except ImportError as err:
        raise ReplayError(err) from None
    segment(Frame(rgb=np.zeros((8, 8, 3), np.uint8), header=Header(), in_stream=False), values)
    return segment


def _cameras(options: Options, recorded: RecordedBag, segment: Pipeline, values: dict[str, object]) -> list[CameraRun]:
    topics = [recorded.image_topic(asked) for asked in options.image_topics or (None,)]
    if twice := [topic for topic in topics if topics.count(topic) > 1]:
        raise ReplayError(f"--image-topic names {twice[0]} twice, expected each topic once")
    names, class_names = camera_names(topics), segment.segment.segmenter.bundle.class_names
    criteria = read_criteria(options.criteria, figure_names(class_names), names) if options.criteria else ()
    cameras = []
    for name, topic, truth_topic in zip(names, topics, _truth_topics(options, recorded, topics), strict=True):
        labels = truth_topic is not None and recorded.is_of_images(truth_topic)
        truth = TruthSource.of(
            truth_topic, labels, class_names, options.truth, options.truth_classes, options.truth_areas
        )
        listed = recorded.count(topic)
        mine = [one for one in criteria if one.camera in (None, name)]
        cameras.append(
            CameraRun(name, topic, truth, min(options.first or listed, listed), segment.another(), values, mine)
        )
    return cameras


def _truth_topics(options: Options, recorded: RecordedBag, topics: Sequence[str]) -> list[str | None]:
    """The topic with the true masks of each camera, None where there is none."""
    asked = options.truth_topics
    if options.truth is not None and asked:
        raise ReplayError("--truth and --truth-topic are both given, expected one of them")
    if options.truth is not None and len(topics) > 1:
        raise ReplayError("--truth is for a single camera, expected one --image-topic")
    if options.truth is not None:
        return [None]
    if asked and len(asked) != len(topics):
        raise ReplayError(
            f"--truth-topic is given {len(asked)} times for {len(topics)} cameras, expected one for each in the order "
            "of their --image-topic"
        )
    found = [recorded.truth_topic(topic, one) for topic, one in zip(topics, asked or [None] * len(topics), strict=True)]
    if asked:
        return found
    # A truth that is near to several cameras is that of the nearest.
    shared = [shared_parts(topic, truth) if truth else 0 for topic, truth in zip(topics, found, strict=True)]
    best = {truth: max(n for n, one in zip(shared, found, strict=True) if one == truth) for truth in found}
    return [truth if n == best[truth] else None for n, truth in zip(shared, found, strict=True)]


def _decisive(options: Options, recorded: RecordedBag, cameras: Sequence[CameraRun]) -> dict[str, object]:
    """What decides the answers of the model, for `AnswerJournal`."""
    segmenter = cameras[0].pipeline.segment.segmenter
    return {
        "bag": str(options.bag.resolve()), "bytes": recorded.size, "topics": [camera.topic for camera in cameras],
        "model": segmenter.bundle.sha256, "class_names": list(segmenter.bundle.class_names),
        "provider": segmenter.provider, "score_threshold": options.score_threshold,
        "unknown_threshold": options.unknown_threshold, "version": __version__,
    }  # fmt: skip


def _refuse_own_bag(options: Options) -> None:
    folder, bag = options.folder, options.bag.resolve()
    if folder.resolve() in (bag, bag.parent):
        raise RunFolderError(f"{folder} is the bag itself; name another folder with --output")


def _own_files(folder: Path) -> tuple[str, ...]:
    return f"{folder.name}.mcap", "metadata.yaml", REPORT, FRAMES, SUMMARY, JUNIT


def _reports(
    options: Options, segment: Pipeline, cameras: Sequence[CameraRun], health: BagHealth, losses: Sequence[str]
) -> list[ReplayReport]:
    segmenter = segment.segment.segmenter
    own = segmenter.bundle.manifest.thresholds
    common = ReplayReport(
        bag=options.bag.resolve().name, image_topic="", truth=None,
        model=segmenter.bundle.name, model_sha256=segmenter.bundle.manifest.sha256,
        bundle_sha256=segmenter.bundle.sha256, version=__version__, provider=segmenter.provider,
        score_threshold=own.score if options.score_threshold is None else options.score_threshold,
        unknown_threshold=own.unknown if options.unknown_threshold is None else options.unknown_threshold,
        class_names=segmenter.bundle.class_names, health=health, frames=(), steadiness=Steadiness(), failures={},
        verdict=None, note="",
    )  # fmt: skip
    told = {finding.text for finding in health.findings}
    reports = [camera.report(common, [loss for loss in losses if loss not in told]) for camera in cameras]
    for report in reports:
        if not report.frames:
            raise ReplayError(f"no image of {report.image_topic} could be used: {'; '.join(report.failures)}")
    return reports


def _write(folder: Path, reports: Sequence[ReplayReport]) -> None:
    """The page last: an earlier one is then replaced only by one that is whole."""
    lines = [frame.line(number, report.camera) for report in reports for number, frame in enumerate(report.frames)]
    write_whole(folder / FRAMES, "".join(lines))
    write_whole(folder / SUMMARY, summary(reports))
    outcomes = [outcome for report in reports for outcome in report.outcomes]
    if outcomes:
        write_whole(folder / JUNIT, junit_xml(outcomes, f"osis replay {reports[0].bag}"))
    with RecordedBag(folder) as results:
        shown = [replace(report, pictures=_pictures(report, results)) for report in reports]
    write_whole(folder / REPORT, replay_page(shown))


def _pictures(report: ReplayReport, results: RecordedBag) -> list[Picture]:
    numbers = _worth_showing(report.frames)
    jpegs = overlays(results, result_topics(results, report.camera)[1], set(numbers))
    return [Picture(number, report.frames[number], jpegs[number]) for number in numbers if number in jpegs]


def _worth_showing(frames: Sequence[FoundFrame]) -> list[int]:
    """Numbers of images: those of most concern, and some spread over the whole recording."""
    worst = sorted(range(len(frames)), key=lambda number: (-frames[number].concern, number))[:WORST_SHOWN]
    evenly = np.linspace(0, len(frames) - 1, EVENLY_SHOWN).round().astype(int).tolist()
    return sorted({*evenly, *(number for number in worst if frames[number].concern > 0)})


class _Replay:
    """One run over the bag. Reading and decoding, the model, and all else overlap: each has a thread of its own."""

    def __init__(
        self, cameras: Sequence[CameraRun], results: Sequence[Results], lines: TextIO, journal: AnswerJournal
    ) -> None:
        self.cameras, self._results, self._lines, self._journal = cameras, results, lines, journal
        self._of_images = {camera.topic: number for number, camera in enumerate(cameras)}
        self._of_truth = {camera.truth.topic: camera for camera in cameras if camera.truth.topic}

    def go(self, recorded: RecordedBag, console: Console) -> None:
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
                   TimeRemainingColumn())  # fmt: skip
        with (
            Progress(*columns, console=console, transient=True, refresh_per_second=REFRESHES) as progress,
            contextlib.closing(ahead(self._decoded, self._wanted(recorded))) as read,
            contextlib.closing(ahead(self._segmented, read)) as segmented,
        ):
            task = progress.add_task(", ".join(self._of_images), total=sum(camera.listed for camera in self.cameras))
            for item in segmented:
                if isinstance(item, ReplayedImage):
                    self._finish(item)
                    progress.advance(task)
                else:
                    topic, truth = item
                    self._of_truth[topic].judge.saw_truth(truth)
                if all(camera.over for camera in self.cameras):
                    break
        for camera in self.cameras:
            camera.missing()

    def _wanted(self, recorded: RecordedBag) -> Iterator[RawMessage | ReplayedImage]:
        for message in recorded.read([*self._of_images, *self._of_truth]):
            if message.topic in self._of_truth:
                yield message
                continue
            camera = self.cameras[self._of_images[message.topic]]
            if camera.begun < camera.listed:
                camera.begun += 1
                yield ReplayedImage(message, camera.begun - 1)

    def _decoded(self, item: RawMessage | ReplayedImage) -> tuple[str, object] | ReplayedImage:
        if isinstance(item, ReplayedImage):
            return item.decoded()
        try:
            return item.topic, decoded(item)
        except MessageError as err:
            return item.topic, err

    def _segmented(self, item: tuple[str, object] | ReplayedImage) -> tuple[str, object] | ReplayedImage:
        if not isinstance(item, ReplayedImage) or item.frame is None:
            return item
        number = self._of_images[item.raw.topic]
        camera = self.cameras[number]
        if (answer := self._journal.find(number, item.number)) is not None:
            model = camera.pipeline.segment.segmenter.bundle.name
            return replace(item, frame=replace(item.frame, instances=answer.instances, model=model),
                           inference=answer.seconds)  # fmt: skip
        begun = time.perf_counter()
        frame = camera.pipeline.segment(item.frame, camera.values)
        return replace(item, frame=frame, inference=time.perf_counter() - begun)

    def _finish(self, item: ReplayedImage) -> None:
        number = self._of_images[item.raw.topic]
        camera = self.cameras[number]
        if item.frame is not None:
            self._journal.add(number, item.number, Answer(item.frame.instances, item.inference))
        found = camera.finish(item, self._results[number])
        if found is not None:
            self._lines.write(found.line(len(camera.frames) - 1, camera.name))
