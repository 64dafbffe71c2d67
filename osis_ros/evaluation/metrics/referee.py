"""Scores of a running node: frames processed and dropped, latency and accuracy."""

import pickle
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from osis_ros.coco.annotations import EvaluationError
from osis_ros.evaluation.metrics.agreement import Agreement, FrameScore, frame_agreement
from osis_ros.evaluation.metrics.judged_masks import JudgedMasks
from osis_ros.instances import Instances


@dataclass(frozen=True)
class Verdict:
    """The final figures of a run.

    Attributes:
        frames_in, processed, dropped: camera frames from the first answered one on, those answered, and the rest.
        latency_p50, latency_p95: seconds from the image's stamp to the arrival of its instances; NaN without any.
        known_per_frame, unknown_per_frame: mean number of instances in an answer.
        ap_known, ap_unknown, ar_unknown: AP_k, AP_unk and AR_unk^100 in percent over the processed frames; -100 where
            the truth had no such object.
        judged: processed frames whose truth had arrived.
        precision_at_recall: known and unknown → precision at the recalls 0, 0.01, … 1 and IoU 0.5; empty where the
            truth had no such object.
    """

    frames_in: int
    processed: int
    dropped: int
    latency_p50: float
    latency_p95: float
    known_per_frame: float
    unknown_per_frame: float
    ap_known: float
    ap_unknown: float
    ar_unknown: float
    judged: int
    precision_at_recall: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass
class Referee:
    """Collects frames, true masks and answers (the node's results) by image stamp (ns), in any order.

    True masks and answers are compared by class names; their class ids may differ. Of several messages with one stamp
    the first counts.

    Attributes:
        frames: that the camera sent.
        answered: of each answered frame, how many known and unknown instances were found.
        latencies: of each answered frame, seconds from its stamp to the arrival of the answer.
        scores: of each judged frame, the answer against the truth.
        agreement: of all judged frames.
        repeated: answers to frames that had one already.
    """

    frames: set[int] = field(default_factory=set)
    answered: dict[int, tuple[int, int]] = field(default_factory=dict)
    latencies: dict[int, float] = field(default_factory=dict)
    scores: dict[int, FrameScore] = field(default_factory=dict)
    agreement: Agreement = field(default_factory=Agreement)
    repeated: int = 0
    _truth: dict[int, bytes] = field(default_factory=dict)  # without an answer so far, packed
    _answers: dict[int, bytes] = field(default_factory=dict)  # without a truth so far, packed
    _judged: JudgedMasks = field(default_factory=JudgedMasks)

    def saw_frame(self, stamp: int) -> None:
        self.frames.add(stamp)

    def saw_truth(self, stamp: int, truth: Instances) -> None:
        """
        Raises:
            EvaluationError: it is of another size than the answer, and is not used.
        """
        if stamp in self.scores:
            return
        answer = self._answers.get(stamp)
        if answer is None:
            self._truth[stamp] = _packed(truth)
        else:
            self._judge(stamp, truth, _unpacked(answer))

    def saw_answer(self, stamp: int, answer: Instances, arrival: int) -> None:
        """`arrival` is in ns, on the clock that the stamps are of.

        Raises:
            EvaluationError: the truth is of another size, and is not used.
        """
        if stamp in self.answered:
            self.repeated += 1
            return
        unknown = int(answer.unknown.sum())
        self.answered[stamp] = len(answer) - unknown, unknown
        self.latencies[stamp] = (arrival - stamp) * 1e-9
        truth = self._truth.pop(stamp, None)
        if truth is None:
            self._answers[stamp] = _packed(answer)
        else:
            self._judge(stamp, _unpacked(truth), answer)

    def _judge(self, stamp: int, truth: Instances, answer: Instances) -> None:
        if (truth.width, truth.height) != (answer.width, answer.height):
            raise EvaluationError(
                f"the truth at stamp {stamp} ns is of {truth.width}x{truth.height} pixels, its image of "
                f"{answer.width}x{answer.height}; expected one size"
            )
        self._answers.pop(stamp, None)
        found = frame_agreement(answer, truth)
        self.scores[stamp] = FrameScore.of(found)
        self.agreement.saw(answer, truth, found)
        self._judged.add(stamp, truth, answer)

    def forget(self, before: int) -> None:
        """Wait no longer for the other half of frames with an earlier stamp."""
        for waiting in (self._truth, self._answers):
            for stamp in [stamp for stamp in waiting if stamp < before]:
                del waiting[stamp]

    @property
    def waits(self) -> bool:
        """Whether the truth of an answer is still to come."""
        return bool(self._answers)

    @property
    def counted(self) -> set[int]:
        """The frames from the first one that was answered on; before it, the node was not ready."""
        first = min(self.answered.keys() & self.frames, default=None)
        return set() if first is None else {stamp for stamp in self.frames if stamp >= first}

    def verdict(self) -> Verdict:
        """Of the frames that count; an answer to a frame that was never seen does not."""
        frames = self.counted
        answered = sorted(self.answered.keys() & frames)
        latencies = np.array([self.latencies[stamp] for stamp in answered] or [np.nan])
        known, unknown = (sum(self.answered[stamp][kind] for stamp in answered) for kind in (0, 1))
        count = max(len(answered), 1)
        judged = [stamp for stamp in answered if stamp in self.scores]
        return Verdict(
            frames_in=len(frames),
            processed=len(answered),
            dropped=len(frames) - len(answered),
            latency_p50=float(np.percentile(latencies, 50)),
            latency_p95=float(np.percentile(latencies, 95)),
            known_per_frame=known / count,
            unknown_per_frame=unknown / count,
            judged=len(judged),
            **self._judged.accuracy(judged),
        )


def _packed(found: Instances) -> bytes:
    """In a hundredth of the memory, for the images of a long bag whose truth comes late or never."""
    return zlib.compress(pickle.dumps(found.replaced(embeddings=found.embeddings[:, :0])), 1)


def _unpacked(packed: bytes) -> Instances:
    return pickle.loads(zlib.decompress(packed))
