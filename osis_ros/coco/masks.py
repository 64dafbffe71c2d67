"""`Masks`: many run-length encoded masks with their image and class, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import faster_coco_eval.core.mask as rle_api
import numpy as np


@dataclass(frozen=True, eq=False)
class Masks:
    """Ground truth or detections of a whole data set.

    Attributes:
        image: [N] int64, index of the image in its data set (not the image's id).
        category: [N] int64 category id.
        score: [N] float64; 1 for ground truth.
        area: [N] float64 px². COCO's own `area` where ground truth has one, else the mask's pixel count.
        crowd: [N] bool, a region of many objects rather than one (COCO's `iscrowd`); never for detections.
        rles: N compressed run-length encodings, `{"size": [height, width], "counts": bytes or str}`.
        box_only: [N] bool, only a box is known, and the mask is that rectangle; never where not asked for.
    """

    image: np.ndarray
    category: np.ndarray
    score: np.ndarray
    area: np.ndarray
    crowd: np.ndarray
    rles: tuple[dict, ...]
    box_only: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.box_only is None:
            object.__setattr__(self, "box_only", np.zeros(len(self.rles), bool))

    def __len__(self) -> int:
        return len(self.rles)

    @property
    def pixels(self) -> np.ndarray:
        """[N] float64, pixels of each mask, whatever `area` says."""
        return np.asarray(rle_api.area(list(self.rles)), float) if self.rles else np.zeros(0)

    def take(self, rows: np.ndarray) -> "Masks":
        """The chosen rows, as indices or as a [N] bool mask, in that order."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Masks(
            self.image[rows], self.category[rows], self.score[rows], self.area[rows], self.crowd[rows],
            tuple(self.rles[i] for i in rows.tolist()), self.box_only[rows],
        )  # fmt: skip

    def with_category(self, category: np.ndarray) -> "Masks":
        """The same masks with other category ids, [N] or one for all."""
        return replace(self, category=np.broadcast_to(np.asarray(category, np.int64), len(self)))

    def rows_by_image(self) -> dict[int, np.ndarray]:
        """Image index -> rows on that image, in file order. Images without masks are absent."""
        order = np.argsort(self.image, kind="stable")
        images, starts = np.unique(self.image[order], return_index=True)
        return dict(zip(images.tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}

    def best(self, limit: int) -> np.ndarray:
        """[N] bool, the `limit` best scores of each image; the first in the file wins a tie."""
        kept = np.zeros(len(self), bool)
        for rows in self.rows_by_image().values():
            kept[rows[np.argsort(-self.score[rows], kind="stable")[:limit]]] = True
        return kept


def mask_iou(detected: Sequence[dict], truth: Sequence[dict], crowd: np.ndarray) -> np.ndarray:
    """[D, G] float64 mask IoU; for a crowd region, the share of the detection that lies in it (COCO)."""
    if not len(detected) or not len(truth):
        return np.zeros((len(detected), len(truth)))
    return np.asarray(rle_api.iou(list(detected), list(truth), crowd.astype(int).tolist()))
