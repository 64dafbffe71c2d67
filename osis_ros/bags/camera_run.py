"""What a replay finds in the images of one camera, image by image, and its report."""

import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sensor_msgs.msg import CompressedImage, Image

from osis_ros.bags.bag_file import RawMessage
from osis_ros.bags.reader import decoded
from osis_ros.bags.results import Results
from osis_ros.bags.truth import Judge, TruthSource
from osis_ros.errors import ImageError
from osis_ros.evaluation.jobs.criteria import Criterion, EmptyRegion, Outcome
from osis_ros.evaluation.metrics.steadiness import Steadiness, small_grey
from osis_ros.evaluation.reports.replay_run import Frame as FoundFrame
from osis_ros.evaluation.reports.replay_run import ReplayReport, SeenTrack, found_frame, outcomes
from osis_ros.messages.errors import MessageError
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.pipeline import Pipeline

REASONS_TOLD = 5  # some name a number of bytes, so that every image might have its own


@dataclass(frozen=True)
class ReplayedImage:
    """An image on its way through the replay.

    Attributes:
        number: in its topic, from 0.
        frame: what is known of it so far; None for one that cannot be used.
        reason: why it cannot be.
        decoding, inference: seconds that these took.
    """

    raw: RawMessage
    number: int
    frame: Frame | None = None
    reason: str = ""
    decoding: float = 0.0
    inference: float = 0.0

    def decoded(self) -> "ReplayedImage":
        """With its frame."""
        begun = time.perf_counter()
        try:
            message: Image | CompressedImage = decoded(self.raw)
            frame = Frame(rgb=rgb_from_message(message), header=message.header)
        except (MessageError, ImageError) as err:
            return replace(self, reason=str(err))
        return replace(self, frame=frame, decoding=time.perf_counter() - begun)


@dataclass
class CameraRun:
    """One camera of a replay.

    Attributes:
        name: empty where there is one camera only.
        topic, truth: of its images, and where its true masks come from.
        listed: images to segment.
        pipeline, values: the stages with tracks of its own, and their settings.
        criteria: those that are for this camera.
        begun, done: images that were read, and that were done with.
    """

    name: str
    topic: str
    truth: TruthSource
    listed: int
    pipeline: Pipeline
    values: dict[str, object]
    criteria: Sequence[Criterion]
    begun: int = 0
    done: int = 0
    frames: list[FoundFrame] = field(default_factory=list)
    _failures: Counter[str] = field(default_factory=Counter)
    _notices: Counter[str] = field(default_factory=Counter)
    _steadiness: Steadiness = field(default_factory=Steadiness)
    _tracks: dict[int, SeenTrack] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.judge = Judge(self.truth)
        self._regions = [one for one in self.criteria if isinstance(one, EmptyRegion)]

    @property
    def over(self) -> bool:
        """Whether nothing more is to be read for it."""
        return self.done == self.listed and not self.judge.waits

    def finish(self, image: ReplayedImage, results: Results) -> FoundFrame | None:
        """Take in what the model found in the next image, and write it; None for an image that cannot be used."""
        self.done += 1
        if image.frame is None:
            told = image.reason in self._failures or len(self._failures) < REASONS_TOLD
            self._failures[image.reason if told else "other reasons"] += 1
            return None
        begun = time.perf_counter()
        frame = self.pipeline.follow(image.frame, self.values)
        seconds = image.decoding + image.inference + time.perf_counter() - begun
        self._notices.update(frame.notices)
        results.write(frame, image.raw.time)
        self.judge.saw_answer(frame, seconds, image.number)
        stamp, recorded = stamp_of(frame), image.raw.time * 1e-9
        steadiness = self._steadiness.saw(frame.instances, small_grey(frame.rgb), (stamp or image.raw.time) * 1e-9)
        tracks = self._followed(frame, recorded)
        found = found_frame(frame.instances, recorded, stamp, seconds, steadiness, self._regions, tracks)
        self.frames.append(found)
        return found

    def _followed(self, frame: Frame, time: float) -> array:
        """The ids of the objects' tracks in an image; takes note of what the image adds to each track."""
        if frame.tracks is None:
            return array("I")
        seen = frame.tracks.take(frame.tracks.instance_ids > 0)
        ids = seen.ids.tolist()
        for id_, name in zip(ids, seen.class_names.tolist(), strict=True):
            before = self._tracks.get(id_)
            images, first = (before.images, before.first) if before else (0, time)
            self._tracks[id_] = SeenTrack(id_, name, images + 1, first, time)
        return array("I", ids)

    def missing(self) -> None:
        """The bag has been read, whether or not it held all images that it lists."""
        if self.done < self.listed:
            self._failures["listed in the bag's index, but not in its files"] += self.listed - self.done

    def report(self, report: ReplayReport, more: Sequence[str]) -> ReplayReport:
        """
        Args:
            report: what is the same for all cameras.
            more: sentences to tell.
        """
        verdict, note = self.judge.verdict()
        scores, agreement = self.judge.scores() if verdict else ({}, None)
        frames = [replace(frame, truth=scores.get(frame.stamp)) for frame in self.frames]
        sentences = [*more, *list(self._notices)[:REASONS_TOLD]]
        report = replace(
            report, camera=self.name, image_topic=self.topic, truth=self.truth.name,
            frames=sorted(frames, key=lambda frame: frame.time), agreement=agreement, steadiness=self._steadiness,
            failures=dict(self._failures), verdict=verdict, tracks=[self._tracks[id_] for id_ in sorted(self._tracks)],
            note=" ".join([note, *(f"{sentence}." for sentence in sentences)]),
        )  # fmt: skip
        return replace(report, outcomes=self._outcomes(report)) if self.criteria else report

    def _outcomes(self, report: ReplayReport) -> list[Outcome]:
        before = f"{self.name}: " if self.name else ""
        judged = outcomes(self.criteria, report.figures(), report.frames)
        return [replace(outcome, name=before + outcome.name) for outcome in judged]
