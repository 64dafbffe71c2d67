"""How far two results for the same images agree: two models, two thresholds or two versions. No truth is needed."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from osis_ros.evaluation.metrics.mask_pairs import mask_pairs
from osis_ros.instances import Instances

MATCH = 0.5  # mask IoU from which two instances are the same object
NOTHING = ""  # in place of a class name, where one of the two found nothing


@dataclass(frozen=True, eq=False)
class FrameAgreement:
    """Two results for one image.

    Attributes:
        pairs: [M, 2] int64, rows of A and of B that are the same object, whatever their classes.
        iou: [M] float, of their masks.
        same: [M] bool, whether their class is the same by name.
        only_a, only_b: rows without a partner.
    """

    pairs: np.ndarray
    iou: np.ndarray
    same: np.ndarray
    only_a: np.ndarray
    only_b: np.ndarray

    @property
    def differ(self) -> int:
        """How many objects have two different classes."""
        return int((~self.same).sum())

    @property
    def quality(self) -> float:
        """0..1: IoU of the pairs of one class, over those pairs, those of two classes, and half of the rest; 1 where
        neither found anything. This is panoptic quality (Kirillov et al. 2019) with B as the truth, classes together,
        except that a pair of two classes counts once."""
        total = len(self.pairs) + (len(self.only_a) + len(self.only_b)) / 2
        return float(self.iou[self.same].sum()) / total if total else 1.0


@dataclass(frozen=True, slots=True)
class FrameScore:
    """What was found in an image against its truth.

    Attributes:
        quality: 0..1, as `FrameAgreement.quality`.
        correct, wrong_class: true objects that were found, with the right class or another one.
        false, missed: instances that are no true object, and true objects without an instance.
    """

    quality: float
    correct: int
    wrong_class: int
    false: int
    missed: int

    @classmethod
    def of(cls, found: FrameAgreement) -> "FrameScore":
        """Of the results (A) with the truth (B)."""
        return cls(found.quality, int(found.same.sum()), found.differ, len(found.only_a), len(found.only_b))


def frame_agreement(a: Instances, b: Instances) -> FrameAgreement:
    """Compare the results for one image; both are of its size."""
    rows, columns, iou = mask_pairs(a, b, MATCH)
    same = [a.class_name(row) == b.class_name(column) for row, column in zip(rows, columns, strict=True)]
    return FrameAgreement(
        np.stack([rows, columns], 1), iou, np.array(same, bool),
        np.setdiff1d(np.arange(len(a)), rows), np.setdiff1d(np.arange(len(b)), columns),
    )  # fmt: skip


@dataclass(eq=False)
class Agreement:
    """Sums up the images.

    Attributes:
        matrix: (class of A, class of B) → objects; `NOTHING` where one of them did not find it.
        images: so far.
    """

    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    images: int = 0
    _iou: float = 0.0

    def saw(self, a: Instances, b: Instances, found: FrameAgreement) -> None:
        """The next image."""
        self.images += 1
        self._iou += float(found.iou[found.same].sum())
        self.matrix.update((a.class_name(row), b.class_name(column)) for row, column in found.pairs.tolist())
        self.matrix.update((a.class_name(row), NOTHING) for row in found.only_a)
        self.matrix.update((NOTHING, b.class_name(row)) for row in found.only_b)

    def figures(self) -> dict[str, float]:
        """The agreement of all objects (as `FrameAgreement.quality`), and how many objects there are of each kind."""
        only_a = sum(count for (_, b), count in self.matrix.items() if b == NOTHING)
        only_b = sum(count for (a, _), count in self.matrix.items() if a == NOTHING)
        same = sum(count for (a, b), count in self.matrix.items() if a == b)
        differ = self.matrix.total() - same - only_a - only_b
        total = same + differ + (only_a + only_b) / 2
        return {
            "images": self.images,
            "agreement": self._iou / total if total else 1.0,
            "same": same,
            "class_differs": differ,
            "only_a": only_a,
            "only_b": only_b,
            "mask_iou": self._iou / same if same else 0.0,
        }
