"""Objects from depth alone: connected patches of points above the support plane (Euclidean clustering, as in PCL).

It gives no classes and does not separate objects that touch. It is the baseline for the model's masks.
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from osis_ros.geometry.noise import scatter
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.support_plane import Plane
from osis_ros.instances import Instances

TOLERANCE = 0.01  # m between neighbouring points of one cluster
LEAST_POINTS = 100
HIGHEST = 0.6  # m above the plane


def depth_clusters(depth: np.ndarray, camera: Pinhole, plane: Plane) -> Instances:
    """The clusters as unknown instances, the largest first; every score is 1.

    Args:
        depth: [H, W] float32 metres, NaN where there is none.
    """
    rows, columns = np.nonzero(np.isfinite(depth))
    points = camera.points(columns, rows, depth[rows, columns])
    heights = plane.height(points)
    above = (heights > 0.003 + 3 * scatter(points[:, 2], plane.noise)) & (heights < HIGHEST)
    number = np.full(depth.shape, -1)
    number[rows[above], columns[above]] = np.arange(np.count_nonzero(above))
    points = points[above]
    first, second = [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = number[: depth.shape[0] - down, max(0, -right) : depth.shape[1] - max(0, right)]
        b = number[down:, max(0, right) : depth.shape[1] + min(0, right)]
        pair = (a >= 0) & (b >= 0)
        i, j = a[pair], b[pair]
        near = np.square(points[i] - points[j]).sum(1) <= TOLERANCE**2
        first.append(i[near])
        second.append(j[near])
    i, j = np.concatenate(first), np.concatenate(second)
    _, labels = connected_components(coo_matrix((np.ones(len(i), bool), (i, j)), shape=(len(points),) * 2), False)
    sizes = np.bincount(labels)
    image = np.full(depth.shape, -1)
    image[number >= 0] = labels
    return _instances(image, [c for c in np.argsort(-sizes, kind="stable") if sizes[c] >= LEAST_POINTS])


def _instances(image: np.ndarray, clusters: list[int]) -> Instances:
    rois, masks = [], []
    for cluster in clusters:
        rows, columns = np.nonzero(image == cluster)
        x, y, right, below = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        rois.append((x, y, right - x, below - y))
        masks.append(image[y:below, x:right] == cluster)
    rois = np.array(rois, np.int64).reshape(-1, 4)
    count = len(clusters)
    return Instances(
        boxes=np.concatenate([rois[:, :2], rois[:, :2] + rois[:, 2:]], 1), scores=np.ones(count),
        class_ids=np.zeros(count), distances=np.ones(count), embeddings=np.zeros((count, 0)), rois=rois,
        masks=tuple(masks), height=image.shape[0], width=image.shape[1], class_names=(),
    )  # fmt: skip
