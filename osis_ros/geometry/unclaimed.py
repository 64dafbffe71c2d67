"""Objects that no mask shows: patches of points that stand on the support plane, as unknown instances."""

import cv2
import numpy as np

from osis_ros.geometry.clusters import depth_clusters
from osis_ros.geometry.confirmed import LARGEST, extent
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.standing import standing
from osis_ros.geometry.support_plane import Plane
from osis_ros.instances import Instances

MARGIN = 5  # px round each mask that belong to it: stereo cameras widen things by some pixels
SLIVER = 9  # px, what is narrower is the halo of an object and not one itself
SMALLEST = 250  # px
SOLID = 0.6  # of its convex hull, that an object fills; halos are sickles


def with_unclaimed(
    instances: Instances, depth: np.ndarray, camera: Pinhole, plane: Plane, first: int | None = None
) -> Instances:
    """The instances, and after them what else stands on the plane and lies within its outline, as unknown ones.

    Depth alone does not separate objects that touch, so such a patch may be several objects. Its score is 0, because
    the model has given none.

    Args:
        instances: of one image.
        depth: [H, W] float32 metres, NaN where there is none, aligned with the image.
        plane: what things stand on.
        first: id of the first one added; the one after the highest of the instances when None.
    """
    claimed = np.zeros(depth.shape, np.uint8)
    for mask, (x, y, width, height) in zip(instances.masks, instances.rois.tolist(), strict=True):
        claimed[y : y + height, x : x + width] |= mask.view(np.uint8)
    claimed = cv2.dilate(claimed, np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8))
    clusters = depth_clusters(np.where(claimed > 0, np.float32(np.nan), depth), camera, plane)
    clusters = clusters.take([row for row, mask in enumerate(clusters.masks) if _is_broad(mask)])
    clusters = clusters.take(standing(clusters, depth, camera, plane))
    sizes = [extent(mask, roi, depth, camera) for mask, roi in zip(clusters.masks, clusters.rois.tolist(), strict=True)]
    clusters = clusters.take(np.flatnonzero(np.array(sizes) <= LARGEST))
    first = int(instances.ids.max(initial=0)) + 1 if first is None else first
    return _joined(instances, clusters, first) if len(clusters) else instances


def _is_broad(mask: np.ndarray) -> bool:
    """Whether the patch has the form of an object: a good part is left without what is narrow, and it is no sickle."""
    padded = np.pad(mask, SLIVER).view(np.uint8)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((SLIVER, SLIVER), np.uint8))
    area = np.count_nonzero(mask)
    if np.count_nonzero(opened) < max(SMALLEST, area / 2):
        return False
    return area >= SOLID * cv2.contourArea(cv2.convexHull(cv2.findNonZero(padded)))


def _joined(instances: Instances, clusters: Instances, first: int) -> Instances:
    more = len(clusters)
    columns = {
        "boxes": clusters.boxes, "scores": np.zeros(more), "rois": clusters.rois, "distances": clusters.distances,
        "class_ids": np.full(more, len(instances.class_names)), "ids": np.arange(first, first + more),
        "embeddings": np.zeros((more, instances.embeddings.shape[1])),
    }  # fmt: skip
    for name in instances.columns():  # the optional ones: no track, no taught name
        values = getattr(instances, name)
        if name not in columns and values is not None:
            columns[name] = np.zeros(more, values.dtype)
    joined = {name: np.concatenate([getattr(instances, name), values]) for name, values in columns.items()}
    return instances.replaced(**joined, masks=(*instances.masks, *clusters.masks))
