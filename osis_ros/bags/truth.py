"""The true masks that a bag or a file holds, and the scores of the model's results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sensor_msgs.msg import CompressedImage, Image

from osis_ros.coco.annotations import EvaluationError
from osis_ros.errors import ImageError
from osis_ros.evaluation.jobs.truth_files import CocoTruth, TruthError, label_truth, read_label_classes, with_classes
from osis_ros.evaluation.metrics.agreement import Agreement, FrameScore
from osis_ros.evaluation.metrics.referee import Referee, Verdict
from osis_ros.instances import Instances
from osis_ros.messages.errors import MessageError
from osis_ros.messages.instances import instances_from_message
from osis_ros.messages.label_images import labels_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import InstanceArray
from osis_ros.pipeline.frame import Frame


@dataclass(frozen=True, eq=False)
class TruthSource:
    """Where the true masks come from.

    Attributes:
        name: for the user: a topic or a file; None if there is no truth. Results are then not kept, to save memory.
        class_names: the model's known classes.
        classes: of the values of label images, None for messages of instances.
        areas: whether each connected area of a label image is an object of its own.
        file: the truth, if it is a file; `topic` is None then.
    """

    name: str | None
    class_names: Sequence[str] = ()
    classes: Mapping[int, str] | None = None
    areas: bool = False
    file: CocoTruth | None = None

    @property
    def topic(self) -> str | None:
        return self.name if self.file is None else None

    @classmethod
    def of(
        cls, topic: str | None, labels: bool, class_names: Sequence[str], file: Path | None, classes: Path | None,
        areas: bool,
    ) -> "TruthSource":  # fmt: skip
        """What the user asked for.

        Args:
            topic: of the truth, None if there is none.
            labels: whether it is one of label images.
            file, classes, areas: a COCO file, the classes of label images, `areas`.
        Raises:
            OsisError: a file that cannot be used, or a label image without its classes.
        """
        if file is not None:
            return cls(str(file), class_names, file=CocoTruth(file, class_names))
        if labels and classes is None:
            raise TruthError(f"{topic} is of images; name the class of each of their values with --truth-classes FILE")
        if classes is not None and not labels:
            raise TruthError("--truth-classes is for a --truth-topic of label images")
        return cls(topic, class_names, read_label_classes(classes) if classes else None, areas)

    def read(self, message: InstanceArray | Image | CompressedImage) -> Instances:
        """The objects of a message of the topic.

        Raises:
            MessageError, ImageError: it is damaged, or of another kind.
        """
        if self.classes is None:
            return with_classes(instances_from_message(message), self.class_names)
        return label_truth(labels_from_message(message), self.classes, self.class_names, self.areas)


class Judge:
    """Collects the true masks and the model's results (answers) of a bag, in any order, and scores them."""

    def __init__(self, source: TruthSource) -> None:
        self._source, self._referee = source, Referee()
        self._unusable, self._first_fault = 0, ""

    def saw_truth(self, read: InstanceArray | Image | CompressedImage | MessageError) -> None:
        """A message of the truth, or why it cannot be read."""
        try:
            if isinstance(read, MessageError):
                raise read
            self._referee.saw_truth(stamp_of(read), self._source.read(read))
        except (MessageError, ImageError, EvaluationError) as err:
            self._cannot_use(err)

    def saw_answer(self, frame: Frame, seconds: float, number: int = 0) -> None:
        """What was found in an image, how long that took, and the number of the image in its topic, from 0."""
        if not self._source.name:
            return
        stamp = stamp_of(frame)
        self._referee.saw_frame(stamp)
        try:
            self._referee.saw_answer(stamp, frame.instances, stamp + round(seconds * 1e9))
            if self._source.file is not None:
                truth = self._source.file.of(stamp, number, (frame.instances.height, frame.instances.width))
                if truth is not None:
                    self._referee.saw_truth(stamp, truth)
        except (TruthError, EvaluationError) as err:
            self._cannot_use(err)

    def _cannot_use(self, err: Exception) -> None:
        self._unusable += 1
        self._first_fault = self._first_fault or str(err)

    @property
    def waits(self) -> bool:
        """Whether the truth of an answer is still to come."""
        return self._source.file is None and self._referee.waits

    def verdict(self) -> tuple[Verdict | None, str]:
        """The scores, or None, and a sentence on them."""
        name = self._source.name
        if not name:
            return None, "There is no truth, so nothing is judged."
        if self._referee.repeated:
            return None, f"Images share their stamps, so {name} cannot be told apart: nothing is judged."
        kind = "messages" if self._source.file is None else "images"
        unusable = f" {self._unusable} of its {kind} cannot be used: {self._first_fault}." if self._unusable else ""
        if not self._referee.scores:
            by = "number" if self._source.file is not None and not self._source.file.by_stamp else "stamp"
            return None, f"Nothing on {name} has the {by} of an image: nothing is judged.{unusable}"
        verdict = self._referee.verdict()
        file = self._source.file
        missing = f" {len(file) - len(file.used)} of its images are not in the bag." if file and len(file.used) < len(
            file) else ""  # fmt: skip
        return verdict, f"Judged by {name}; AP and AR are of masks, above the score threshold.{unusable}{missing}"

    def scores(self) -> tuple[dict[int, FrameScore], Agreement]:
        """Each judged image's results against its truth, by stamp, and the agreement of all of them together."""
        return self._referee.scores, self._referee.agreement
