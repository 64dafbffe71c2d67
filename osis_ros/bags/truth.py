"""The true masks that a bag may hold, and the scores of the model's results."""

from osis_ros.errors import OsisError
from osis_ros.evaluation.metrics.referee import Referee, Verdict
from osis_ros.instances import Instances
from osis_ros.messages.errors import MessageError
from osis_ros.messages.instances import instances_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import InstanceArray
from osis_ros.pipeline.frame import Frame


class Judge:
    """Collects the true masks and the model's results (answers) of a bag, in any order, and scores them.

    Args:
        topic: topic of the true masks; None if the bag has none. Results are then not kept, to save memory.
    """

    def __init__(self, topic: str | None) -> None:
        self._topic, self._referee = topic, Referee()
        self._answered = 0
        self._unusable: list[str] = []

    def saw_truth(self, read: InstanceArray | MessageError) -> None:
        """A message of the truth, or why it cannot be read."""
        try:
            if isinstance(read, MessageError):
                raise read
            self._referee.saw_truth(stamp_of(read), instances_from_message(read))
        except MessageError as err:
            self._unusable.append(str(err))

    def saw_answer(self, frame: Frame, seconds: float) -> None:
        """What was found in an image, and how long that took."""
        self._answered += 1
        if self._topic:
            stamp = stamp_of(frame)
            self._referee.saw_frame(stamp)
            self._referee.saw_answer(stamp, _scored(frame.instances), stamp + round(seconds * 1e9))

    @property
    def waits(self) -> bool:
        """Whether the truth of an answer is still to come."""
        return not self._referee.answers.keys() <= self._referee.truth.keys()

    def verdict(self) -> tuple[Verdict | None, str]:
        """The scores, or None, and a sentence on them."""
        if not self._topic:
            return None, "The bag holds no truth, so nothing is judged."
        if len(self._referee.answers) < self._answered:
            return None, f"Images share their stamps, so {self._topic} cannot be told apart: nothing is judged."
        unusable = (
            f" {len(self._unusable)} of its messages cannot be used: {self._unusable[0]}." if self._unusable else ""
        )
        if not self._referee.answers.keys() & self._referee.truth.keys():
            return None, f"Nothing on {self._topic} has the stamp of an image: nothing is judged.{unusable}"
        try:
            verdict = self._referee.verdict()
        except OsisError as err:
            return None, f"{self._topic} cannot be judged by: {err}."
        return verdict, f"Judged by {self._topic}; AP and AR are of masks, above the score threshold.{unusable}"


def _scored(instances: Instances) -> Instances:
    """Without the embeddings, which no score needs and a long bag's memory would hold."""
    return instances.replaced(embeddings=instances.embeddings[:, :0])
