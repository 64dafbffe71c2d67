"""Scores of boxes in space that a running node publishes, against the simulator's truth."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from osis_ros.columns import Rows
from osis_ros.evaluation.metrics.boxes3d import upright_iou
from osis_ros.geometry.objects import Objects
from osis_ros.instances import Instances
from osis_ros.tracking.mask_overlap import mask_overlap

SAME = 0.5  # IoU of two masks, above which they are of one object
GOOD = 0.5  # IoU of two boxes


class SpaceVerdict(NamedTuple):
    """The figures of a run.

    Attributes:
        frames: that were judged.
        found: objects whose mask was found, over all frames; placed: those of them that got a box.
        centre_median, centre_p90: metres between the centres of the box and of the true box; NaN without any.
        iou_median: of the boxes with the true ones; good: share of the boxes with an IoU above GOOD; NaN without any.
    """

    frames: int
    found: int
    placed: int
    centre_median: float
    centre_p90: float
    iou_median: float
    good: float


class _Frame(NamedTuple):
    true_masks: Instances | None = None
    masks: Instances | None = None
    true_objects: Objects | None = None
    objects: Objects | None = None


@dataclass
class SpaceReferee:
    """Collects the masks and boxes of truth and answer by image stamp, in any order; judges a frame that has all four.

    Boxes are compared for objects whose masks overlap by more than SAME (IoU): others are errors of the masks, which
    AP and AR count.
    """

    frames: int = 0
    found: int = 0
    centres: list[float] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)
    _waiting: dict[int, _Frame] = field(default_factory=dict)

    def saw(self, stamp: int, **part: Rows) -> None:
        """`true_masks` and `masks`: `Instances`; `true_objects` and `objects`: `Objects` in one frame."""
        frame = self._waiting.get(stamp, _Frame())._replace(**part)
        self._waiting[stamp] = frame
        if all(item is not None for item in frame):
            del self._waiting[stamp]
            self._judge(frame)

    def forget(self, before: int) -> None:
        """Wait no longer for the rest of frames with an earlier stamp."""
        self._waiting = {stamp: frame for stamp, frame in self._waiting.items() if stamp >= before}

    def verdict(self) -> SpaceVerdict:
        """The figures so far."""
        centres, ious = (np.array(values or [np.nan]) for values in (self.centres, self.ious))
        middle, high = np.percentile(centres, (50, 90)).tolist()
        good = float((ious > GOOD).mean()) if self.ious else np.nan
        return SpaceVerdict(self.frames, self.found, len(self.ious), middle, high, float(np.median(ious)), good)

    def _judge(self, frame: _Frame) -> None:
        self.frames += 1
        turn = frame.true_objects.plane.axes.T
        for true_id, id_ in _same(frame.true_masks, frame.masks):
            self.found += 1
            real, got = (np.flatnonzero(side.ids == number) for side, number in
                         ((frame.true_objects, true_id), (frame.objects, id_)))  # fmt: skip
            if len(real) and len(got):
                centre, size, yaw = _upright(frame.true_objects, real[0], turn)
                own = _upright(frame.objects, got[0], turn)
                self.centres.append(float(np.linalg.norm(own[0] - centre)))
                self.ious.append(upright_iou(*own, (centre, size, yaw)))


def _same(truth: Instances, found: Instances) -> list[tuple[int, int]]:
    """The ids of the true and the found mask of each object that was found."""
    if not len(truth) or not len(found):
        return []
    overlap = mask_overlap(truth.rois, truth.masks, found.rois, found.masks)[0]
    pairs = []
    for row, column in enumerate(overlap.argmax(1).tolist()):
        if overlap[row, column] > SAME and overlap[:, column].argmax() == row:
            pairs.append((int(truth.ids[row]), int(found.ids[column])))
    return pairs


def _upright(objects: Objects, row: int, turn: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Centre, size and yaw of a box in the frame of the table; what it leans by is left out."""
    box = objects.box(row)
    x = turn @ box.axes[:, 0]
    return turn @ box.centre, box.size, float(np.arctan2(x[1], x[0]))
