"""COCO average precision and recall of masks, from faster-coco-eval."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from osis_ros.coco.annotations import Image
from osis_ros.coco.masks import Masks

UNDEFINED = -100.0  # what COCO tables show where nothing of a kind exists
BUDGETS = (10, 20, 30, 50, 100)  # detections an image and class that count, best scores first
AREAS = ("all", "small", "medium", "large")  # px² of the object: any, < 32², 32²..96², ≥ 96²
IOUS = tuple(np.linspace(0.5, 0.95, 10).tolist())  # to the last bit those of COCO


@dataclass(frozen=True, eq=False)
class CocoScores:
    """Precision and recall over IoU thresholds, classes, object sizes and detection budgets.

    Attributes:
        classes: the K category ids, in the order of axis K.
        ious: the T thresholds, in the order of axis T.
        budgets: the M numbers of detections an image and class, in the order of axis M.
        precision: [T, 101, K, 4, M] in [0, 1], at recalls 0, 0.01, … 1; -1 where a class has no object.
        recall: [T, K, 4, M] in [0, 1] of the best M-th budget of detections; -1 likewise.
    """

    classes: tuple[int, ...]
    ious: tuple[float, ...]
    budgets: tuple[int, ...]
    precision: np.ndarray
    recall: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence["CocoScores"]) -> "CocoScores":
        """Of all classes together, where each part has some of them; the other axes are the same."""
        return replace(
            parts[0],
            classes=tuple(chain.from_iterable(part.classes for part in parts)),
            precision=np.concatenate([part.precision for part in parts], 2),
            recall=np.concatenate([part.recall for part in parts], 1),
        )

    def ap(self, classes: Sequence[int] | None = None, iou: float | None = None, area: str = "all") -> float:
        """Mean average precision in percent at the largest budget, or UNDEFINED."""
        return _percent(self.precision[self._ious(iou)][:, :, self._rows(classes), AREAS.index(area), -1])

    def ar(
        self, classes: Sequence[int] | None = None, budget: int = 100, iou: float | None = None, area: str = "all"
    ) -> float:
        """Mean average recall in percent, or UNDEFINED."""
        recall = self.recall[self._ious(iou)][:, self._rows(classes), AREAS.index(area), self.budgets.index(budget)]
        return _percent(recall)

    def curve(self, classes: Sequence[int], iou: float = 0.5) -> list[float]:
        """Precision in [0, 1] at the recalls 0, 0.01, … 1: the mean over the classes that have objects; empty where
        none has."""
        precision = self.precision[self._ious(iou)[0]][:, self._rows(classes), AREAS.index("all"), -1]
        defined = precision[:, (precision > -1).all(0)]
        return defined.mean(1).tolist() if defined.size else []

    def figures(self, classes: Sequence[int] | None = None) -> dict[str, float]:
        """AP, AP50, AP75, AP by size (APs, APm, APl), AR at every budget and AR by size at 100, in percent."""
        return {
            "AP": self.ap(classes), "AP50": self.ap(classes, iou=0.5), "AP75": self.ap(classes, iou=0.75),
            **{f"AP{area[0]}": self.ap(classes, area=area) for area in AREAS[1:]},
            **{f"AR{budget}": self.ar(classes, budget) for budget in BUDGETS},
            **{f"AR{area[0]}": self.ar(classes, area=area) for area in AREAS[1:]},
        }  # fmt: skip

    def _rows(self, classes: Sequence[int] | None) -> list[int]:
        return list(range(len(self.classes))) if classes is None else [self.classes.index(c) for c in classes]

    def _ious(self, iou: float | None) -> list[int]:
        return list(range(len(self.ious))) if iou is None else np.flatnonzero(np.isclose(self.ious, iou)).tolist()


def _percent(values: np.ndarray) -> float:
    defined = values[values > -1]
    return float(defined.mean() * 100) if defined.size else UNDEFINED


def coco_scores(
    images: Sequence[Image],
    objects: Masks,
    detections: Masks,
    classes: Sequence[int],
    ious: Sequence[float] = IOUS,
    budgets: Sequence[int] = BUDGETS,
) -> CocoScores:
    """Match detections to objects class by class as COCO does, best score first, and sum up.

    Sizes of detections are those of their masks, not of boxes. Rows of other categories are left out.
    """
    truth = _dataset(images, objects, classes)
    found = _dataset(images, detections, classes)
    evaluation = COCOeval_faster(COCO(truth), COCO(found), iouType="segm", print_function=lambda *_: None)
    evaluation.params.iouThrs = np.asarray(ious, float)
    evaluation.params.maxDets = list(budgets)
    evaluation.params.catIds = list(classes)
    evaluation.params.imgIds = list(range(len(images)))
    evaluation.evaluate()
    evaluation.accumulate()
    order = [sorted(classes).index(c) for c in classes]  # the library sorts the ids
    precision, recall = evaluation.eval["precision"][:, :, order], evaluation.eval["recall"][:, order]
    return CocoScores(tuple(classes), tuple(ious), tuple(budgets), precision, recall)


def _dataset(images: Sequence[Image], masks: Masks, classes: Sequence[int]) -> dict:
    """What faster-coco-eval's COCO class wants; images are named by their index, masks by their row from 1."""
    masks = masks.take(np.isin(masks.category, list(classes)))
    columns = (masks.image, masks.category, masks.score, masks.area, masks.crowd)
    rows = zip(*(column.tolist() for column in columns), masks.rles, strict=True)
    return {
        "images": [{"id": i, "height": im.height, "width": im.width} for i, im in enumerate(images)],
        "categories": [{"id": c, "name": str(c)} for c in classes],
        "annotations": [
            {"id": number, "image_id": image, "category_id": category, "score": score, "area": area,
             "iscrowd": int(crowd), "segmentation": rle}
            for number, (image, category, score, area, crowd, rle) in enumerate(rows, 1)
        ],
    }  # fmt: skip
