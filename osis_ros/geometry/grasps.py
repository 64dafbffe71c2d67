"""Simple grasps for a parallel gripper, from above and from the side, computed from an object's upright box.

They need no trained planner and work for unknown objects too. Each grasp is a pose of the gripper with its jaws on two
opposite faces of the box.
"""

from dataclasses import dataclass

import numpy as np

from osis_ros.columns import Rows, column
from osis_ros.geometry.objects import Objects

FROM_ABOVE, FROM_SIDE = 0, 1
OBSTACLE_POINTS = 150  # of each object, to see whether it is in the way of another's grasp


@dataclass(frozen=True)
class Gripper:
    """Dimensions of a parallel gripper, in metres.

    Attributes:
        opening: greatest distance between the jaws.
        clearance: free space on each side of the object while the jaws go down.
        finger_length: from the fingertips to the palm.
        finger_height: lowest height of the fingertips above the support.
        finger_width: width of a jaw, across the direction in which it closes.
    """

    opening: float = 0.085
    clearance: float = 0.005
    finger_length: float = 0.045
    finger_height: float = 0.008
    finger_width: float = 0.02


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


def box_grasps(objects: Objects, gripper: Gripper = Gripper()) -> Grasps:
    """Antipodal grasps on the boxes of all objects whose support is known, if they fit between the jaws.

    From above, the jaws close across the shorter side. They also close across the longer side if it fits, or where the
    object is narrower than its box. From the side, the hand approaches horizontally along the longer side, and the
    jaws close across the shorter one. Quality is lower for wide objects, for unreliable ones (little of it visible, few
    depth readings, cut by the image's edge) and where other objects are in the way.
    """
    rows, clouds = [], [points[:: max(1, len(points) // OBSTACLE_POINTS)] for points in objects.points]
    for row in range(len(objects) if objects.plane is not None else 0):
        others = np.concatenate([*(cloud for other, cloud in enumerate(clouds) if other != row), np.zeros((0, 3))])
        rows += sorted(_of_box(objects, row, gripper, others), key=lambda grasp: -grasp["qualities"])
    names = ("object_ids", "positions", "axes", "widths", "qualities", "kinds")
    columns = {name: [grasp[name] for grasp in rows] for name in names}
    if not rows:
        columns |= {"positions": np.zeros((0, 3)), "axes": np.zeros((0, 3, 3))}
    return Grasps(**columns)


def _trust(objects: Objects, row: int) -> float:
    seen = float(np.sqrt(objects.visible_shares[row] * objects.valid_shares[row]))
    return seen * (0.5 if objects.touching_border[row] else 1.0)


def _of_box(objects: Objects, row: int, gripper: Gripper, others: np.ndarray) -> list[dict]:
    """`others` are points [M, 3] of the other objects, which may be in the way."""
    box, trust = objects.box(row), _trust(objects, row)
    x, y, up = box.axes.T
    length, width, height = box.size
    found = []
    depth = float(np.clip(height - gripper.finger_height, 0.0, min(gripper.finger_length, max(0.5 * height, 0.012))))
    above = box.centre + up * (height / 2 - depth)
    for closing, along, span, reach in ((y, x, width, length), (x, y, length, width)):
        axes = np.stack([closing, np.cross(-up, closing), -up], axis=1)
        fits = _fits(span, gripper)
        places = [(above, span)] if fits else _narrow_places(objects, row, above, closing, along, gripper)
        for position, narrow in places:
            free = _free_above(others, position, axes, narrow, gripper)
            off = min(1.0, np.linalg.norm(position - above) / max(length, 1e-6))
            grip = min(1.0, reach / gripper.finger_width + 0.3)
            quality = trust * free * (1 - 0.5 * narrow / gripper.opening) * (1 - off) * grip
            found.append(_grasp(objects, row, position, axes, narrow, quality, FROM_ABOVE))
    lowest = gripper.finger_height + gripper.finger_width / 2  # of the fingers' middle, when the hand comes level
    if height >= 2 * lowest and _fits(width, gripper):
        middle = box.centre
        for approach in (x, -x):
            point = middle - approach * max(0.0, length / 2 - gripper.finger_length)
            axes = np.stack([y, np.cross(approach, y), approach], axis=1)
            free = _free_beside(others, point, approach, gripper)
            quality = 0.8 * trust * free * (1 - 0.5 * width / gripper.opening)
            found.append(_grasp(objects, row, point, axes, width, quality, FROM_SIDE))
    return found


def _fits(span: float, gripper: Gripper) -> bool:
    return span + 2 * gripper.clearance <= gripper.opening


def _narrow_places(
    objects: Objects, row: int, above: np.ndarray, closing: np.ndarray, along: np.ndarray, gripper: Gripper
) -> list[tuple[np.ndarray, float]]:
    """Where a thing that is too wide as a whole fits between the jaws: a handle, a rim, a waist.

    Slices across the thing, as broad as a finger, are measured where the fingers would reach.

    Returns:
        fingertip positions [3] and widths, the slice nearest to the middle first.
    """
    points = objects.points[row].astype(float) - above
    points = points[points @ objects.plane.normal >= -0.002]
    if not len(points):
        return []
    across, place = points @ closing, points @ along
    half = gripper.finger_width / 2
    found = []
    for centre in np.arange(place.min() + half, place.max() - half + 1e-9, half):
        slice_ = across[np.abs(place - centre) <= half]
        if len(slice_) < 5:
            continue
        low, high = float(slice_.min()), float(slice_.max())
        if _fits(high - low, gripper):
            found.append((above + centre * along + (low + high) / 2 * closing, max(high - low, 0.002)))
    return sorted(found, key=lambda place: float(np.linalg.norm(place[0] - above)))[:3]


def _grasp(
    objects: Objects, row: int, position: np.ndarray, axes: np.ndarray, width: float, quality: float, kind: int
) -> dict:
    return {"object_ids": objects.ids[row], "positions": position, "axes": axes, "widths": width,
            "qualities": float(np.clip(quality, 0, 1)), "kinds": kind}  # fmt: skip


def _free_above(others: np.ndarray, position: np.ndarray, axes: np.ndarray, span: float, gripper: Gripper) -> float:
    """1 where both jaws go down freely, less the more points of other objects lie where they would be."""
    local = (others - position) @ axes
    outside = np.abs(local[:, 0]) - span / 2
    beside = (outside > 0) & (outside < 0.012 + gripper.clearance)
    jaws = beside & (np.abs(local[:, 1]) < gripper.finger_width / 2 + 0.004) & (local[:, 2] < 0.002)
    return 1.0 / (1.0 + 0.5 * np.count_nonzero(jaws))


def _free_beside(others: np.ndarray, position: np.ndarray, approach: np.ndarray, gripper: Gripper) -> float:
    """1 where the hand comes freely from the side, less the more points of other objects lie on its way."""
    offset = others - position
    along = offset @ approach
    aside = np.linalg.norm(offset - along[:, None] * approach, axis=1)
    return 1.0 / (1.0 + 0.5 * np.count_nonzero((along < 0.01) & (aside < gripper.opening / 2 + 0.015)))
