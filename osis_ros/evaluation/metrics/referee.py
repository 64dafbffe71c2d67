"""Scores of a running node: frames processed and dropped, latency and accuracy."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from osis_ros.coco.annotations import Category, EvaluationError, GroundTruth, Image
from osis_ros.coco.masks import Masks
from osis_ros.coco.rle import encode_instances
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


@dataclass
class Referee:
    """Collects frames, true masks and answers (the node's results) by image stamp (ns), in any order.

    True masks and answers are compared by class names; their class ids may differ.
    """

    frames: set[int] = field(default_factory=set)
    truth: dict[int, Instances] = field(default_factory=dict)
    answers: dict[int, Instances] = field(default_factory=dict)
    latencies: dict[int, float] = field(default_factory=dict)

    def saw_frame(self, stamp: int) -> None:
        self.frames.add(stamp)

    def saw_truth(self, stamp: int, truth: Instances) -> None:
        self.truth[stamp] = truth

    def saw_answer(self, stamp: int, answer: Instances, arrival: int) -> None:
        """`arrival` is in ns, on the clock that the stamps are of."""
        self.answers[stamp] = answer
        self.latencies[stamp] = (arrival - stamp) * 1e-9

    @property
    def counted(self) -> set[int]:
        """The frames from the first one that was answered on; before it, the node was not ready."""
        first = min(self.answers.keys() & self.frames, default=None)
        return set() if first is None else {stamp for stamp in self.frames if stamp >= first}

    def verdict(self) -> Verdict:
        """Of the frames that count; an answer to a frame that was never seen does not.

        Raises:
            EvaluationError: the truth of an image is of another size than the image.
        """
        frames = self.counted
        answered = sorted(self.answers.keys() & frames)
        latencies = np.array([self.latencies[stamp] for stamp in answered] or [np.nan])
        unknown = [int(self.answers[stamp].unknown.sum()) for stamp in answered]
        total = [len(self.answers[stamp]) for stamp in answered]
        count = max(len(answered), 1)
        judged = [stamp for stamp in answered if stamp in self.truth]
        return Verdict(
            frames_in=len(frames),
            processed=len(answered),
            dropped=len(frames) - len(answered),
            latency_p50=float(np.percentile(latencies, 50)),
            latency_p95=float(np.percentile(latencies, 95)),
            known_per_frame=(sum(total) - sum(unknown)) / count,
            unknown_per_frame=sum(unknown) / count,
            judged=len(judged),
            **self._accuracy(judged),
        )

    def _accuracy(self, stamps: list[int]) -> dict[str, float]:
        truth, answers = [self.truth[s] for s in stamps], [self.answers[s] for s in stamps]
        for stamp, true, found in zip(stamps, truth, answers, strict=True):
            if (true.width, true.height) != (found.width, found.height):
                raise EvaluationError(
                    f"the truth at stamp {stamp} ns is of {true.width}x{true.height} pixels, its image of "
                    f"{found.width}x{found.height}; expected one size"
                )
        names = sorted({name for found in [*truth, *answers] for name in _names(found)} - {UNKNOWN_NAME})
        ids = {name: number for number, name in enumerate(names, 1)}
        unknown = Category(len(ids) + 1, UNKNOWN_NAME, UNKNOWN_NAME)
        categories = (*(Category(number, name, "known") for name, number in ids.items()), unknown)
        ids |= {UNKNOWN_NAME: unknown.id}
        images = tuple(Image(n, "", found.height, found.width) for n, found in enumerate(truth))
        objects = _masks(truth, ids)
        if not names or not len(objects):
            return {"ap_known": -100.0, "ap_unknown": -100.0, "ar_unknown": -100.0}
        ground_truth = GroundTruth(Path("truth"), images, categories, objects)
        scores = score_open_set(ground_truth, _masks(answers, ids), open_set_split(ground_truth))
        return {
            "ap_known": scores["known"]["AP"],
            "ap_unknown": scores["unknown"]["AP"],
            "ar_unknown": scores["unknown"]["AR100"],
        }


def _names(found: Instances) -> list[str]:
    return [found.class_name(i) for i in range(len(found))]


def _masks(frames: list[Instances], ids: dict[str, int]) -> Masks:
    """The masks of all frames, their classes numbered by name."""
    areas = [np.count_nonzero(mask) for found in frames for mask in found.masks]
    return Masks(
        image=np.repeat(np.arange(len(frames)), [len(found) for found in frames]),
        category=np.array([ids[name] for found in frames for name in _names(found)], np.int64),
        score=np.concatenate([np.zeros(0), *(found.scores for found in frames)]),
        area=np.array(areas, float),
        crowd=np.zeros(len(areas), bool),
        rles=tuple(rle for found in frames for rle in encode_instances(found)),
    )
