"""Judging a running node: what came of each camera frame, how late, and how right it was."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from osis_ros.coco.annotations import Category, GroundTruth, Image
from osis_ros.coco.masks import Masks
from osis_ros.coco.rle import encode
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.split import open_set_split


class InstanceArrayLike(Protocol):
    """The fields of an osis_ros/msg/InstanceArray that count here."""

    height: int
    width: int
    instances: list


@dataclass(frozen=True)
class Verdict:
    """The closing figures of a run.

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
    """Collects frames, truth and answers by image stamp (ns), in whatever order they come."""

    frames: set[int] = field(default_factory=set)
    truth: dict[int, InstanceArrayLike] = field(default_factory=dict)
    answers: dict[int, InstanceArrayLike] = field(default_factory=dict)
    latencies: dict[int, float] = field(default_factory=dict)

    def saw_frame(self, stamp: int) -> None:
        self.frames.add(stamp)

    def saw_truth(self, stamp: int, truth: InstanceArrayLike) -> None:
        self.truth[stamp] = truth

    def saw_answer(self, stamp: int, answer: InstanceArrayLike, arrival: int) -> None:
        """`arrival` is in ns, on the clock that the stamps are of."""
        self.answers[stamp] = answer
        self.latencies[stamp] = (arrival - stamp) * 1e-9

    @property
    def counted(self) -> set[int]:
        """The frames from the first one that was answered on; before it, the node was not ready."""
        first = min(self.answers.keys() & self.frames, default=None)
        return set() if first is None else {stamp for stamp in self.frames if stamp >= first}

    def verdict(self) -> Verdict:
        """Of the frames that count; an answer to a frame that was never seen does not."""
        frames = self.counted
        answered = sorted(self.answers.keys() & frames)
        latencies = np.array([self.latencies[stamp] for stamp in answered] or [np.nan])
        unknown = [sum(i.unknown for i in self.answers[stamp].instances) for stamp in answered]
        total = [len(self.answers[stamp].instances) for stamp in answered]
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
        names = sorted({i.class_name for message in [*truth, *answers] for i in message.instances if not i.unknown})
        ids = {name: number for number, name in enumerate(names, 1)}
        unknown = Category(len(ids) + 1, "unknown", "unknown")
        categories = (*(Category(number, name, "known") for name, number in ids.items()), unknown)
        images = tuple(Image(n, "", message.height, message.width) for n, message in enumerate(truth))
        objects = _masks(truth, ids, unknown.id)
        if not ids or not len(objects):
            return {"ap_known": -100.0, "ap_unknown": -100.0, "ar_unknown": -100.0}
        ground_truth = GroundTruth(Path("truth"), images, categories, objects)
        scores = score_open_set(ground_truth, _masks(answers, ids, unknown.id), open_set_split(ground_truth))
        return {
            "ap_known": scores["known"]["AP"],
            "ap_unknown": scores["unknown"]["AP"],
            "ar_unknown": scores["unknown"]["AR100"],
        }


def _masks(messages: list[InstanceArrayLike], ids: dict[str, int], unknown_id: int) -> Masks:
    rows = [(n, message, i) for n, message in enumerate(messages) for i in message.instances]
    masks = [np.frombuffer(i.mask, np.uint8).reshape(i.roi.height, i.roi.width) for _, _, i in rows]
    return Masks(
        image=np.array([n for n, _, _ in rows], np.int64),
        category=np.array([unknown_id if i.unknown else ids[i.class_name] for _, _, i in rows], np.int64),
        score=np.array([i.score for _, _, i in rows], float),
        area=np.array([np.count_nonzero(mask) for mask in masks], float),
        crowd=np.zeros(len(rows), bool),
        rles=tuple(
            encode(mask, (i.roi.x_offset, i.roi.y_offset), (message.height, message.width))
            for mask, (_, message, i) in zip(masks, rows, strict=True)
        ),
    )
