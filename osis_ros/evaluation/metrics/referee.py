"""Scores of a running node: frames processed and dropped, latency and accuracy."""

import pickle
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from osis_ros.coco.annotations import Category, EvaluationError, GroundTruth, Image
from osis_ros.coco.masks import Masks
from osis_ros.coco.rle import encode_instances
from osis_ros.evaluation.metrics.agreement import Agreement, FrameAgreement, frame_agreement
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.instances import UNKNOWN_NAME, Instances


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


class _Rows(NamedTuple):
    """The masks of an image as they are scored, run-length encoded: many images fit into memory."""

    names: list[str]
    scores: np.ndarray
    areas: list[int]
    rles: list[dict]

    @classmethod
    def of(cls, found: Instances) -> "_Rows":
        areas = [np.count_nonzero(mask) for mask in found.masks]
        return cls(_names(found), found.scores, areas, encode_instances(found))


class _Judged(NamedTuple):
    size: tuple[int, int]  # height and width
    truth: _Rows
    answer: _Rows


@dataclass
class Referee:
    """Collects frames, true masks and answers (the node's results) by image stamp (ns), in any order.

    True masks and answers are compared by class names; their class ids may differ. Of several messages with one stamp
    the first counts.

    Attributes:
        frames: that the camera sent.
        answered: of each answered frame, how many known and unknown instances were found.
        latencies: of each answered frame, seconds from its stamp to the arrival of the answer.
        scores: of each judged frame, the answer (A) against the truth (B).
        agreement: of all judged frames.
        repeated: answers to frames that had one already.
    """

    frames: set[int] = field(default_factory=set)
    answered: dict[int, tuple[int, int]] = field(default_factory=dict)
    latencies: dict[int, float] = field(default_factory=dict)
    scores: dict[int, FrameAgreement] = field(default_factory=dict)
    agreement: Agreement = field(default_factory=Agreement)
    repeated: int = 0
    _truth: dict[int, bytes] = field(default_factory=dict)  # without an answer so far, packed
    _answers: dict[int, bytes] = field(default_factory=dict)  # without a truth so far, packed
    _judged: dict[int, _Judged] = field(default_factory=dict)

    def saw_frame(self, stamp: int) -> None:
        self.frames.add(stamp)

    def saw_truth(self, stamp: int, truth: Instances) -> None:
        """
        Raises:
            EvaluationError: it is of another size than the answer, and is not used.
        """
        if stamp in self._judged:
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
        self.scores[stamp] = frame_agreement(answer, truth)
        self.agreement.saw(answer, truth, self.scores[stamp])
        self._judged[stamp] = _Judged((truth.height, truth.width), _Rows.of(truth), _Rows.of(answer))

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
        judged = [self._judged[stamp] for stamp in answered if stamp in self._judged]
        return Verdict(
            frames_in=len(frames),
            processed=len(answered),
            dropped=len(frames) - len(answered),
            latency_p50=float(np.percentile(latencies, 50)),
            latency_p95=float(np.percentile(latencies, 95)),
            known_per_frame=known / count,
            unknown_per_frame=unknown / count,
            judged=len(judged),
            **_accuracy(judged),
        )


def _packed(found: Instances) -> bytes:
    """In a hundredth of the memory, for the images of a long bag whose truth comes late or never."""
    return zlib.compress(pickle.dumps(found.replaced(embeddings=found.embeddings[:, :0])), 1)


def _unpacked(packed: bytes) -> Instances:
    return pickle.loads(zlib.decompress(packed))


def _accuracy(judged: Sequence[_Judged]) -> dict[str, object]:
    truth, answers = [one.truth for one in judged], [one.answer for one in judged]
    names = sorted({name for rows in [*truth, *answers] for name in rows.names} - {UNKNOWN_NAME})
    ids = {name: number for number, name in enumerate(names, 1)}
    unknown = Category(len(ids) + 1, UNKNOWN_NAME, UNKNOWN_NAME)
    categories = (*(Category(number, name, "known") for name, number in ids.items()), unknown)
    ids |= {UNKNOWN_NAME: unknown.id}
    images = tuple(Image(number, "", *one.size) for number, one in enumerate(judged))
    objects = _masks(truth, ids)
    if not names or not len(objects):
        undefined = dict.fromkeys(("ap_known", "ap_unknown", "ar_unknown"), UNDEFINED)
        return undefined | {"precision_at_recall": {"known": [], "unknown": []}}
    ground_truth = GroundTruth(Path("truth"), images, categories, objects)
    scores = score_open_set(ground_truth, _masks(answers, ids), open_set_split(ground_truth))
    return {
        "ap_known": scores["known"]["AP"],
        "ap_unknown": scores["unknown"]["AP"],
        "ar_unknown": scores["unknown"]["AR100"],
        "precision_at_recall": scores["precision_at_recall"],
    }


def _names(found: Instances) -> list[str]:
    return [found.class_name(i) for i in range(len(found))]


def _masks(frames: Sequence[_Rows], ids: Mapping[str, int]) -> Masks:
    """The masks of all frames, their classes numbered by name."""
    count = sum(len(rows.names) for rows in frames)
    return Masks(
        image=np.repeat(np.arange(len(frames)), [len(rows.names) for rows in frames]),
        category=np.array([ids[name] for rows in frames for name in rows.names], np.int64),
        score=np.concatenate([np.zeros(0), *(rows.scores for rows in frames)]),
        area=np.array([area for rows in frames for area in rows.areas], float),
        crowd=np.zeros(count, bool),
        rles=tuple(rle for rows in frames for rle in rows.rles),
    )
