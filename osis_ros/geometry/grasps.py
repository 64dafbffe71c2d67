"""Simple grasps for a parallel gripper, from above and from the side, computed from objects' boxes and points.

They need no trained planner and work for unknown objects too.
"""

from dataclasses import dataclass

import numpy as np

from osis_ros.columns import Rows, column
from osis_ros.geometry.holds import FROM_ABOVE, FROM_SIDE, JAW, Gripper, Hold, holds
from osis_ros.geometry.objects import Objects

__all__ = ["FROM_ABOVE", "FROM_SIDE", "Grasps", "Gripper", "box_grasps"]

OBSTACLE_POINTS = 120  # of each object, to see whether it is in the way of another's grasp
SHAPE_POINTS = 4000  # of each object, to see where it is narrow
MOST = 6  # grasps of an object
PALM = (0.045, 0.02)  # m, half extents of the palm along the closing direction and across it


@dataclass(frozen=True, eq=False, kw_only=True)
class Grasps(Rows):
    """Grasps of objects, sorted by object and then by quality, best first; in the frame of the objects, metres.

    Attributes:
        object_ids: [G] int64.
        positions: [G, 3] float32, the point midway between the fingertips when they hold the object.
        axes: [G, 3, 3] float32, rotations. Column x is the direction in which the jaws close, z the approach.
        widths: [G] float32, distance between the jaws when they touch the object.
        qualities: [G] float32 in [0, 1], for comparing grasps of one frame; not a probability.
        kinds: [G] int64, FROM_ABOVE or FROM_SIDE.
    """

    object_ids: np.ndarray = column(np.int64)
    positions: np.ndarray = column(np.float32, 3)
    axes: np.ndarray = column(np.float32, 3, 3)
    widths: np.ndarray = column(np.float32)
    qualities: np.ndarray = column(np.float32)
    kinds: np.ndarray = column(np.int64)


def box_grasps(objects: Objects, gripper: Gripper = Gripper()) -> Grasps:  # noqa: B008  it is immutable
    """Antipodal grasps on all objects whose support is known, where they fit between the jaws; MOST of each object.

    From above, the jaws close across the object's box, wherever it is narrow enough, or on the rim of an open vessel.
    From the side, the hand comes level along the longer side. Quality is higher near the centre of mass, lower for wide
    objects, for unreliable ones (little of it visible, few depth readings, cut by the image's edge) and where other
    objects are in the way.
    """
    rows, found = [], []
    for row in range(len(objects) if objects.plane is not None else 0):
        box = objects.box(row)
        points = _thinned(objects.points[row], SHAPE_POINTS)
        local = box.axes.T.astype(np.float32) @ (points - box.centre.astype(np.float32)).T
        local[2] += np.float32(box.size[2] / 2)
        own = sorted(holds(local, box.size, gripper), key=lambda hold: -hold.ease)
        own = [hold for kind in (FROM_ABOVE, FROM_SIDE) for hold in [h for h in own if h.kind == kind][: MOST - 2]]
        rows += [row] * len(own)
        found += own
    if not found:
        none = np.zeros(0)
        return Grasps(object_ids=none, positions=np.zeros((0, 3)), axes=np.zeros((0, 3, 3)), widths=none,
                      qualities=none, kinds=none)  # fmt: skip
    rows, widths = np.array(rows), np.array([hold.width for hold in found])
    positions, axes = _placed(objects, rows, found)
    quality = np.array([hold.ease for hold in found]) * (1 - 0.5 * widths / gripper.opening) * _trust(objects)[rows]
    quality *= _free(objects, rows, positions, axes, widths, gripper)
    order = np.lexsort((-quality, rows))
    return Grasps(
        object_ids=objects.ids[rows], positions=positions, axes=axes, widths=widths, qualities=np.clip(quality, 0, 1),
        kinds=[hold.kind for hold in found],
    ).take(order)  # fmt: skip


def _thinned(points: np.ndarray, most: int) -> np.ndarray:
    return points[:: max(1, -(-len(points) // most))]


def _trust(objects: Objects) -> np.ndarray:
    """[N] in [0, 1], how reliable each box is."""
    return np.sqrt(objects.visible_shares * objects.valid_shares) * np.where(objects.touching_border, 0.5, 1.0)


def _placed(objects: Objects, rows: np.ndarray, found: list[Hold]) -> tuple[np.ndarray, np.ndarray]:
    """[G, 3] positions and [G, 3, 3] axes of the hand, in the frame of the objects."""
    turns, sizes = objects.box_axes[rows].astype(float), objects.box_sizes[rows].astype(float)
    place = np.array([hold.place for hold in found])
    place[:, 2] -= sizes[:, 2] / 2
    closing = np.array([(*hold.closing, 0.0) for hold in found])
    approach = np.array([hold.approach for hold in found])
    hand = np.stack([closing, np.cross(approach, closing), approach], axis=2)
    return objects.box_centres[rows] + np.einsum("gij,gj->gi", turns, place), turns @ hand


def _free(
    objects: Objects, rows: np.ndarray, positions: np.ndarray, axes: np.ndarray, widths: np.ndarray, gripper: Gripper
) -> np.ndarray:
    """[G] 1 where the hand comes and closes freely, less the more points of other objects it would strike."""
    clouds = [_thinned(points, OBSTACLE_POINTS) for points in objects.points]
    owner = np.repeat(np.arange(len(clouds)), [len(cloud) for cloud in clouds])
    points = np.concatenate(clouds).astype(np.float32)
    frames = axes.astype(np.float32).transpose(0, 2, 1).reshape(-1, 3)  # rows: x, y, z of each hand
    local = (frames @ points.T).reshape(len(rows), 3, -1)
    local -= np.einsum("gij,gj->gi", axes.transpose(0, 2, 1), positions).astype(np.float32)[:, :, None]
    x, y, z = np.abs(local[:, 0]), np.abs(local[:, 1]), local[:, 2]
    inner = (widths / 2).astype(np.float32)[:, None]
    jaws = (x > inner) & (x < inner + JAW + gripper.clearance) & (y < gripper.finger_width / 2 + 0.004) & (z < 0.002)
    palm = (x < PALM[0]) & (y < PALM[1]) & (z < -gripper.finger_length)
    struck = (jaws | palm) & (owner[None] != rows[:, None])
    return 1 / (1 + 0.5 * np.count_nonzero(struck, axis=1))
