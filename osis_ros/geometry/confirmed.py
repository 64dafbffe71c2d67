"""Which instances of low score the depth confirms to be objects."""

import numpy as np

from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.support_plane import Plane, heights_above
from osis_ros.instances import Instances

ABOVE = 0.5  # of its readings, that must be above the plane
FREE = 0.8  # of its mask, that no better instance may cover
LARGEST = 0.4  # m; what is larger is furniture, a bin or a wall


def confirmed(instances: Instances, depth: np.ndarray, camera: Pinhole, plane: Plane, sure: float) -> np.ndarray:
    """[N] bool: true for each instance with a score of `sure` or more, and for those below that are above the plane,
    not too large, and not covered by better ones.

    Args:
        depth: [H, W] float32 metres, NaN where there is none, aligned with the image.
        plane: what things stand on.
    """
    chosen = instances.scores >= sure
    if chosen.all():
        return chosen
    heights, slack = heights_above(plane, depth, camera)
    taken = np.zeros(depth.shape, bool)
    for row in np.argsort(-instances.scores, kind="stable").tolist():
        x, y, width, height = instances.rois[row].tolist()
        part, mask = (slice(y, y + height), slice(x, x + width)), instances.masks[row]
        if not chosen[row]:
            measured = mask & np.isfinite(depth[part])
            count = np.count_nonzero(measured)
            chosen[row] = (
                count > 0
                and np.count_nonzero(mask & ~taken[part]) >= FREE * np.count_nonzero(mask)
                and np.count_nonzero(measured & (heights[part] > slack[part])) >= ABOVE * count
                and extent(mask, (x, y, width, height), depth, camera) <= LARGEST
            )
        if chosen[row]:
            taken[part] |= mask
    return chosen


def extent(mask: np.ndarray, roi: tuple[int, int, int, int], depth: np.ndarray, camera: Pinhole) -> float:
    """Metres, about the diameter of what a mask [h, w] in the roi (x y width height) shows."""
    x, y, width, height = roi
    z = np.ascontiguousarray(depth[y : y + height, x : x + width])
    points = camera.cloud(z, x, y)[mask & np.isfinite(z)]
    return float(np.linalg.norm(np.percentile(points, 98, axis=0) - np.percentile(points, 2, axis=0)))
