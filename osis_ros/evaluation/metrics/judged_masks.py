"""The masks of many images with their true masks, kept in little memory, and their AP and AR."""

import pickle
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from osis_ros.coco.annotations import Image
from osis_ros.coco.masks import Masks
from osis_ros.coco.rle import encode_instances
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED, CocoScores, coco_scores
from osis_ros.instances import UNKNOWN_NAME, Instances

BLOCK = 64  # images that are packed together: what hardly changes from image to image then takes little memory
AT_ONCE = 50_000  # masks that are unpacked and scored together, unless one class alone has more


class _Rows(NamedTuple):
    names: list[str]
    scores: list[float]
    areas: list[int]  # px²
    rles: list[dict]

    @classmethod
    def of(cls, found: Instances) -> "_Rows":
        areas = [int(np.count_nonzero(mask)) for mask in found.masks]
        names = [found.class_name(row) for row in range(len(found))]
        return cls(names, found.scores.tolist(), areas, encode_instances(found))


class _Judged(NamedTuple):
    stamp: int
    size: tuple[int, int]  # height and width
    truth: _Rows
    answer: _Rows


class JudgedMasks:
    """Takes image by image. A mask needs about as many bytes as its compressed outline."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._open: list[_Judged] = []
        self._counts: Counter[str] = Counter()  # masks by class name

    def add(self, stamp: int, truth: Instances, answer: Instances) -> None:
        """An image, by its stamp (ns)."""
        judged = _Judged(stamp, (truth.height, truth.width), _Rows.of(truth), _Rows.of(answer))
        self._counts.update(judged.truth.names + judged.answer.names)
        self._open.append(judged)
        if len(self._open) == BLOCK:
            self._blocks.append(zlib.compress(pickle.dumps(self._open), 1))
            self._open = []

    def accuracy(self, stamps: Sequence[int]) -> dict[str, object]:
        """The figures of the images with these stamps, all of which were added: `ap_known`, `ap_unknown` and
        `ar_unknown` in percent, and `precision_at_recall`, as `Verdict` has them."""
        place = {stamp: number for number, stamp in enumerate(stamps)}
        ids = {name: number for number, name in enumerate(sorted(self._counts), 1)}
        kinds = {
            "known": [number for name, number in ids.items() if name != UNKNOWN_NAME],
            "unknown": [number for name, number in ids.items() if name == UNKNOWN_NAME],
        }
        parts = [self._scores({name: ids[name] for name in names}, place) for names in self._groups()] if place else []
        if not parts:
            undefined = dict.fromkeys(("ap_known", "ap_unknown", "ar_unknown"), UNDEFINED)
            return undefined | {"precision_at_recall": {kind: [] for kind in kinds}}
        scores = CocoScores.joined(parts)
        return {
            "ap_known": scores.ap(kinds["known"]),
            "ap_unknown": scores.ap(kinds["unknown"]),
            "ar_unknown": scores.ar(kinds["unknown"]),
            "precision_at_recall": {kind: scores.curve(mine) for kind, mine in kinds.items()},
        }

    def _groups(self) -> Iterator[list[str]]:
        """The class names, in groups with at most `AT_ONCE` masks."""
        group, masks = [], 0
        for name in sorted(self._counts):
            if group and masks + self._counts[name] > AT_ONCE:
                yield group
                group, masks = [], 0
            group.append(name)
            masks += self._counts[name]
        if group:
            yield group

    def _scores(self, ids: Mapping[str, int], place: Mapping[int, int]) -> CocoScores:
        """Of some classes, in the images that have a place."""
        sizes, rows = {}, ([], [])
        for judged in self._images():
            if judged.stamp not in place:
                continue
            sizes[place[judged.stamp]] = judged.size
            for kept, found in zip(rows, (judged.truth, judged.answer), strict=True):
                kept += [
                    (place[judged.stamp], ids[name], score, area, rle)
                    for name, score, area, rle in zip(*found, strict=True) if name in ids
                ]  # fmt: skip
        images = [Image(number, "", *sizes[number]) for number in range(len(place))]
        return coco_scores(images, *map(_masks, rows), list(ids.values()))

    def _images(self) -> Iterator[_Judged]:
        for block in self._blocks:
            yield from pickle.loads(zlib.decompress(block))
        yield from self._open


def _masks(rows: Sequence[tuple[int, int, float, int, dict]]) -> Masks:
    image, category, score, area, rles = zip(*rows, strict=True) if rows else ((),) * 5
    return Masks(
        np.array(image, np.int64), np.array(category, np.int64), np.array(score, float), np.array(area, float),
        np.zeros(len(rows), bool), tuple(rles),
    )  # fmt: skip
