"""The convex hull of an object, down to its support: a collision shape for a motion planner."""

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from osis_ros.geometry.box import Box
from osis_ros.geometry.support_plane import Plane

LEAST_THICKNESS = 0.002  # m; a flatter thing is given as its box


def convex_hull(points: np.ndarray, box: Box, plane: Plane | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The hull of the measured points and of their vertical projection onto the box's lower face.

    A camera sees only the upper side of an object on a table, so everything below it counts as solid. Without a plane,
    the hull is that of the points alone. For an object that is too flat, the hull is its box.

    Args:
        points: [M, 3] metres.
        box: the object's, upright where there is a plane; its lower face is what the object stands on.
    Returns:
        vertices [V, 3] metres, and triangles [T, 3] of their indices, counter-clockwise seen from outside.
    """
    cloud = np.asarray(points, float)
    if plane is not None:
        bottom = float(plane.height(box.centre[None])[0] - box.size[2] / 2)
        cloud = np.concatenate([cloud, cloud - (plane.height(cloud) - bottom)[:, None] * plane.normal])
    if len(cloud) < 4 or min(box.size) < LEAST_THICKNESS:
        cloud = _thick(box)
    try:
        hull = ConvexHull(cloud)
    except QhullError:  # all points in one plane
        cloud = _thick(box)
        hull = ConvexHull(cloud)
    return _outward(cloud, hull)


def _thick(box: Box) -> np.ndarray:
    """The corners of the box, made thick enough to have a volume."""
    return Box(box.centre, box.axes, np.maximum(box.size, LEAST_THICKNESS)).corners()


def _outward(cloud: np.ndarray, hull: ConvexHull) -> tuple[np.ndarray, np.ndarray]:
    number = np.full(len(cloud), -1)
    number[hull.vertices] = np.arange(len(hull.vertices))
    triangles = number[hull.simplices]
    vertices = cloud[hull.vertices]
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), hull.equations[:, :3]) < 0
    triangles[inward] = triangles[inward][:, ::-1]
    return vertices, triangles.astype(np.int64)
