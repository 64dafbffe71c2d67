"""How steady a model's results are over a recording. No truth is needed: what flickers on a table at rest is wrong.

Between two images in which the camera stands still, instances are paired by the overlap of their masks. What has no
partner was born or has died. While the camera moves, only tracks tell which instance is which.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from osis_ros.evaluation.metrics.mask_pairs import mask_pairs
from osis_ros.instances import Instances
from osis_ros.tracking.mask_overlap import mask_overlap

SIZE = (160, 120)  # px, to which images are scaled to see whether the camera moved
STILL = 0.5  # px of that size that the image may be shifted while the camera stands
ALIKE = 0.3  # response of phase correlation, 0..1, below which two images do not show one scene
SAME = 0.3  # mask IoU from which instances of two images are one object
DUPLICATE = 0.5  # mask IoU from which the lower-scoring of two instances is a duplicate
PART = 0.9  # share of a mask within another one from which it is a part of it
# The figures that need the pictures themselves, because they ask whether the camera moved.
OF_PICTURES = ("standing_share", "flicker_per_object_minute", "class_changes_per_object_minute", "mask_agreement",
               "count_change_per_image", "track_flicker_per_object_minute")  # fmt: skip
BINS = np.linspace(0, 1, 11)  # of the histogram of scores
DISTANCE_BINS = np.linspace(0, 2, 41)  # of that of the distances from the known classes


@dataclass(frozen=True, slots=True)
class FrameSteadiness:
    """One image against the one before.

    Attributes:
        standing: whether the camera stood still since the image before; None for the first image.
        agreement: mean mask IoU of the objects seen in both images; None where the camera moved or no object is.
        births, deaths: objects in one of the two images only; None where the camera moved.
        class_changes: objects in both images with different classes.
        duplicates, parts: instances of this image that cover a better one, or lie within another one.
    """

    standing: bool | None
    agreement: float | None
    births: int | None
    deaths: int | None
    class_changes: int
    duplicates: int
    parts: int


@dataclass(eq=False)
class Steadiness:
    """Takes the images of a recording one by one, and counts what is not steady."""

    _last: Instances | None = None
    _grey: np.ndarray | None = None
    _stamp: float = 0.0
    _frames: list[FrameSteadiness] = field(default_factory=list)
    _standing_seconds: float = 0.0  # of all objects, while the camera stood
    _paired_seconds: float = 0.0  # of all objects that were followed, by overlap or by track
    _tracked_seconds: float = 0.0
    _track_ends: int = 0
    _tracks: set[int] | None = None
    _scores: np.ndarray = field(default_factory=lambda: np.zeros(len(BINS) - 1, np.int64))
    _distances: np.ndarray = field(default_factory=lambda: np.zeros(len(DISTANCE_BINS) - 1, np.int64))
    _instances: int = 0
    _unknown: int = 0

    def saw(self, instances: Instances, grey: np.ndarray | None, stamp: float) -> FrameSteadiness:
        """The next image.

        Args:
            grey: the image as `small_grey` has it; None if it is not known, and with it nothing of `OF_PICTURES`.
            stamp: seconds; an image that is not newer than the one before adds no time.
        """
        standing = None if self._grey is None or grey is None else _stands(self._grey, grey)
        frame = self._compared(instances, standing, max(0.0, stamp - self._stamp))
        self._last, self._grey, self._stamp = instances, grey, stamp
        self._frames.append(frame)
        self._scores += np.histogram(np.clip(instances.scores, 0, 1), BINS)[0]
        self._distances += np.histogram(np.clip(instances.distances, 0, 2), DISTANCE_BINS)[0]
        self._instances += len(instances)
        self._unknown += int(instances.unknown.sum())
        if instances.track_ids is not None:
            self._tracks = (self._tracks or set()) | (set(instances.track_ids.tolist()) - {0})
        return frame

    def _compared(self, instances: Instances, standing: bool | None, seconds: float) -> FrameSteadiness:
        duplicates, parts = duplicates_and_parts(instances)
        if standing is None:
            return FrameSteadiness(None, None, None, None, 0, duplicates, parts)
        last = self._last
        objects = (len(last) + len(instances)) / 2
        agreement = births = deaths = None
        rows, columns, iou = mask_pairs(last, instances, SAME)
        if standing:
            births, deaths = len(instances) - len(columns), len(last) - len(rows)
            agreement = float(iou.mean()) if len(iou) else None
            self._standing_seconds += seconds * objects
        if last.track_ids is not None and instances.track_ids is not None:
            followed, old, new = np.intersect1d(last.track_ids, instances.track_ids, return_indices=True)
            tracked = [int(np.count_nonzero(found.track_ids)) for found in (last, instances)]
            self._track_ends += sum(tracked) - 2 * int(np.count_nonzero(followed))
            self._tracked_seconds += seconds * sum(tracked) / 2
            if not standing:
                rows, columns = old[followed > 0], new[followed > 0]
        elif not standing:
            rows = columns = np.zeros(0, np.int64)
        changes = int((last.class_ids[rows] != instances.class_ids[columns]).sum())
        self._paired_seconds += seconds * len(rows)
        return FrameSteadiness(standing, agreement, births, deaths, changes, duplicates, parts)

    @property
    def score_histogram(self) -> list[int]:
        """How many instances have a score in 0..0.1, 0.1..0.2 and so on to 1."""
        return self._scores.tolist()

    @property
    def distance_histogram(self) -> list[int]:
        """How many instances have a distance in 0..0.05, 0.05..0.1 and so on to 2."""
        return self._distances.tolist()

    def figures(self) -> dict[str, float | None]:
        """The figures by name; None where the recording does not allow one, as where the camera never stood."""
        frames = self._frames
        pairs = [frame.standing for frame in frames if frame.standing is not None]
        agreements = [frame.agreement for frame in frames if frame.agreement is not None]
        still = [frame for frame in frames if frame.standing]
        changes = sum(frame.class_changes for frame in frames)
        return {
            "standing_share": _ratio(sum(pairs), len(pairs)),
            "flicker_per_object_minute": _ratio(
                sum(frame.births + frame.deaths for frame in still), self._standing_seconds / 60
            ),
            "class_changes_per_object_minute": _ratio(changes, self._paired_seconds / 60),
            "mask_agreement": float(np.mean(agreements)) if agreements else None,
            "count_change_per_image": _ratio(sum(abs(frame.births - frame.deaths) for frame in still), len(still)),
            "tracks": None if self._tracks is None else len(self._tracks),
            "track_flicker_per_object_minute": _ratio(self._track_ends, self._tracked_seconds / 60),
            "unknown_share": _ratio(self._unknown, self._instances),
            "duplicates_per_image": _ratio(sum(frame.duplicates for frame in frames), len(frames)),
            "parts_per_image": _ratio(sum(frame.parts for frame in frames), len(frames)),
        }


def duplicates_and_parts(instances: Instances) -> tuple[int, int]:
    """How many instances of an image cover a better one, and how many lie within another one but are no duplicates."""
    iou, covered = mask_overlap(instances.rois, instances.masks, instances.rois, instances.masks)
    np.fill_diagonal(iou, 0)
    np.fill_diagonal(covered, 0)
    score = instances.scores
    better = score[None] > score[:, None]
    better |= (score[None] == score[:, None]) & np.tri(len(score), k=-1, dtype=bool)
    duplicate = ((iou >= DUPLICATE) & better).any(1)
    part = ((covered >= PART) & (iou < DUPLICATE)).any(1) & ~duplicate
    return int(duplicate.sum()), int(part.sum())


def small_grey(rgb: np.ndarray) -> np.ndarray:
    """A small picture by which one sees whether the camera moved: uint8 [120, 160] of uint8 [H, W, 3] RGB."""
    return cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), SIZE, interpolation=cv2.INTER_AREA)


def _stands(before: np.ndarray, now: np.ndarray) -> bool:
    """Whether two small grey pictures are shifted against each other by less than `STILL`."""
    if np.array_equal(before, now):  # phase correlation is not defined for a picture of one colour
        return True
    window = cv2.createHanningWindow(SIZE, cv2.CV_32F)
    (x, y), response = cv2.phaseCorrelate(before.astype(np.float32), now.astype(np.float32), window)
    return bool(np.hypot(x, y) <= STILL and response >= ALIKE)


def _ratio(value: float, of: float) -> float | None:
    return float(value) / of if of > 0 else None
