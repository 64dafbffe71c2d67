"""Where a parallel gripper can take hold of one object: across it, at an open rim, or from the side.

Coordinates are those of the object's upright box: metres, x and y from its centre, z from its lower face.
"""

from dataclasses import dataclass

import numpy as np

FROM_ABOVE, FROM_SIDE = 0, 1
LEAST_SEEN = 5  # points of a slice
SHALLOW = 0.012  # m that the fingers reach down beside a thing at least, if it is high enough
RIM_DEPTH = 0.02  # m that the fingers reach down at a rim
JAW = 0.012  # m, thickness of a finger
EDGE = 0.002  # m by which points may lie below the fingertips and still be between them


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
    finger_height: float = 0.004
    finger_width: float = 0.02

    def fits(self, width: float | np.ndarray) -> bool | np.ndarray:
        """Whether things of this width go between the jaws."""
        return width + 2 * self.clearance <= self.opening

    def depth(self, height: float | np.ndarray) -> float | np.ndarray:
        """How far the fingers reach down beside things of this height."""
        reach = np.minimum(self.finger_length, np.maximum(0.5 * height, SHALLOW))
        return np.clip(height - self.finger_height, 0.0, reach)


@dataclass(frozen=True)
class Hold:
    """Attributes:
    place: x, y, z of the point midway between the fingertips.
    closing: x, y of the direction in which the jaws close.
    approach: x, y, z of the direction in which the hand comes.
    width: metres between the jaws when they touch the object.
    ease: in [0, 1], how easily the object is held there: 1 at its centre of mass.
    kind: FROM_ABOVE or FROM_SIDE.
    """

    place: tuple[float, float, float]
    closing: tuple[float, float]
    approach: tuple[float, float, float]
    width: float
    ease: float
    kind: int


def holds(points: np.ndarray, size: np.ndarray, gripper: Gripper) -> list[Hold]:
    """All holds on an object.

    Args:
        points: [3, M] float32, the measured ones.
        size: [3] of the box, its longer horizontal side first.
    """
    found = [hold for closing in (1, 0) for hold in _across(points, size, closing, gripper)]
    for closing in (1, 0):
        found += _at_rims(points, size, closing, gripper)
    return found + _from_the_side(size, gripper)


def _across(points: np.ndarray, size: np.ndarray, closing: int, gripper: Gripper) -> list[Hold]:
    """Slices across the object, as broad as a finger, that fit between the jaws.

    Each slice is measured by itself, at the height that the fingers reach there: a hammer's handle is lower and
    narrower than its head. The centre of mass is that of all slices, each taken for a solid block.
    """
    along, half = 1 - closing, gripper.finger_width / 2
    count = max(2, int(np.ceil(size[along] / half)))
    start = -half * count / 2
    number = np.clip(((points[along] - start) / half).astype(np.int64), 0, count - 1)
    top = np.zeros(count, np.float32)
    np.maximum.at(top, number, points[2])
    tip = top - gripper.depth(top).astype(np.float32)
    deep = points[2] >= tip[number] - np.float32(EDGE)
    number, across = number.compress(deep), points[closing].compress(deep)
    low, high = np.full(count, np.inf, np.float32), np.full(count, -np.inf, np.float32)
    np.minimum.at(low, number, across)
    np.maximum.at(high, number, across)
    seen = np.bincount(number, minlength=count)
    span = np.where(seen > 0, np.maximum(high - low, EDGE), 0.0)
    mass = span * top
    middle = float(mass @ (start + half * (np.arange(count) + 0.5))) / max(float(mass.sum()), 1e-9)
    taper = np.abs(np.diff(span)) / (2 * half)  # tangent of the angle between each jaw and the surface
    low, high = np.minimum(low[:-1], low[1:]), np.maximum(high[:-1], high[1:])  # a finger covers two neighbours
    tip = np.where(seen[:-1] == 0, tip[1:], np.where(seen[1:] == 0, tip[:-1], np.minimum(tip[:-1], tip[1:])))
    covered = np.minimum(1.0, 0.3 + (np.maximum(top[:-1], top[1:]) - tip) / SHALLOW)
    flush = min(1.0, size[along] / gripper.finger_width + 0.3)
    found = []
    for slice_ in np.flatnonzero(seen[:-1] + seen[1:] >= LEAST_SEEN).tolist():
        left, right = float(low[slice_]), float(high[slice_])
        if not gripper.fits(right - left):
            continue
        place = np.empty(3)
        place[along], place[closing], place[2] = start + half * (slice_ + 1), (left + right) / 2, tip[slice_]
        lever = abs(place[along] - middle) / max(size[along], 1e-6)
        ease = max(0.05, 1 - 1.5 * lever) * max(0.1, 1 - float(taper[slice_])) * float(covered[slice_]) * flush
        found.append(_down(place, closing, max(right - left, EDGE), ease))
    return found


def _at_rims(points: np.ndarray, size: np.ndarray, closing: int, gripper: Gripper) -> list[Hold]:
    """The two ends of an open vessel, one jaw outside and one inside, as at a bowl, a plate or a mug."""
    band = np.abs(points[1 - closing]) <= gripper.finger_width / 2
    place, height = points[closing].compress(band), points[2].compress(band)
    found = []
    for side in (-1, 1):
        inward = size[closing] / 2 - side * place  # metres from the end of the box
        near = inward < size[closing] / 2
        if np.count_nonzero(near) < LEAST_SEEN:
            continue
        top = float(height[near & (inward < 0.02)].max(initial=0))
        depth = min(float(gripper.depth(top)), RIM_DEPTH)
        deep = near & (height >= top - depth - EDGE)
        wall = np.sort(inward[deep])
        if len(wall) < LEAST_SEEN or depth <= 0:
            continue
        gaps = np.flatnonzero(np.diff(wall) > JAW)
        end = float(wall[gaps[0]] if len(gaps) else wall[-1])
        width = end - float(wall[0])
        inside = near & ~deep & (inward > end) & (inward < end + JAW + 2 * gripper.clearance)
        if end > size[closing] / 2 - JAW or np.count_nonzero(inside) < LEAST_SEEN or not gripper.fits(width):
            continue
        position = np.zeros(3)
        position[closing], position[2] = side * (size[closing] / 2 - (float(wall[0]) + end) / 2), top - depth
        found.append(_down(position, closing, max(width, EDGE), 0.5))
    return found


def _down(place: np.ndarray, closing: int, width: float, ease: float) -> Hold:
    return Hold(tuple(place), ((1.0, 0.0), (0.0, 1.0))[closing], (0.0, 0.0, -1.0), width, ease, FROM_ABOVE)


def _from_the_side(size: np.ndarray, gripper: Gripper) -> list[Hold]:
    """The hand comes level along the longer side, from either end, and closes across the shorter one."""
    length, width, height = size
    lowest = gripper.finger_height + gripper.finger_width / 2  # of the fingers' middle
    if height < 2 * lowest or not gripper.fits(width):
        return []
    reach = max(0.0, length / 2 - gripper.finger_length)
    return [Hold((-side * reach, 0.0, height / 2), (0.0, 1.0), (side, 0.0, 0.0), width, 0.8, FROM_SIDE)
            for side in (1.0, -1.0)]  # fmt: skip
