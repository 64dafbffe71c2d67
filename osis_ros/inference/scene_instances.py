"""From a label for each pixel to instances: one for each known class in the image, one for each group of unknown pixels
(GOSS, Hong et al. 2024, section 4.1.4)."""

from collections.abc import Mapping

import cv2
import numpy as np

from osis_ros.inference.letterbox import Letterbox
from osis_ros.inference.super_bpd import PUBLISHED, group_pixels
from osis_ros.instances import Instances

STRIDE = 4  # pixels of the network's input for each cell of the field


def scene_instances(
    found: Mapping[str, np.ndarray], place: Letterbox, class_names: tuple[str, ...], score_threshold: float
) -> Instances:
    """The segments of an image; no pixel belongs to two.

    An instance's score and distance are the means of its pixels.

    Args:
        found: the network's `labels`, `scores`, `distances` [h, w] (0..K-1 known, K unknown) and `field`
            [2, h/4, w/4], the direction away from the nearest boundary.
        place: where the image lies in these.
        class_names: the K known classes.
        score_threshold: segments of a lower score are left out.
    """
    rows, columns = (
        ((np.arange(side) + 0.5) * inner / side).astype(np.int64)
        for side, inner in ((place.height, place.inner_height), (place.width, place.inner_width))
    )
    cells = -(-place.inner_height // STRIDE), -(-place.inner_width // STRIDE)
    groups = group_pixels(found["field"][:, : cells[0], : cells[1]], PUBLISHED.at_stride(STRIDE))
    labels = found["labels"][rows[:, None], columns]
    numbers = np.where(labels == len(class_names), labels + groups[rows[:, None] // STRIDE, columns // STRIDE], labels)
    present, segment = np.unique(numbers, return_inverse=True)
    segment = segment.reshape(numbers.shape)
    area = np.bincount(segment.ravel())
    scores, distances = (
        np.bincount(segment.ravel(), found[name][rows[:, None], columns].ravel()) / area
        for name in ("scores", "distances")
    )
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= score_threshold]
    masks = [(segment == number).astype(np.uint8) for number in order.tolist()]
    rois = np.array([cv2.boundingRect(mask) for mask in masks], np.int64).reshape(-1, 4)
    cut = tuple(mask[y : y + h, x : x + w] > 0 for mask, (x, y, w, h) in zip(masks, rois.tolist(), strict=True))
    return Instances(
        boxes=np.concatenate((rois[:, :2], rois[:, :2] + rois[:, 2:]), 1), scores=np.clip(scores[order], 0, 1),
        class_ids=np.minimum(present[order], len(class_names)), distances=distances[order],
        embeddings=np.zeros((len(order), 0)), rois=rois, masks=cut,
        height=place.height, width=place.width, class_names=class_names,
    )  # fmt: skip
