"""From directions to groups of pixels: Super-BPD (Wan et al., CVPR 2020), with the thresholds that they published.

A pixel points away from the nearest boundary. Pixels that lead to one root are a super-pixel. Super-pixels that touch
are merged if their directions are alike on both sides of the common border, for then it is no boundary.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

STEP = np.array([(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)])  # row, column; every 45 degrees
NEAR = 3  # rows and columns: roots that are no farther apart are one
INWARDS = 3  # steps from a border to the pixels whose directions are compared


@dataclass(frozen=True)
class Rules:
    """Angles in degrees, areas in cells of the field.

    Attributes:
        turn: a pixel whose parent's direction differs by more is a root.
        repulsion: super-pixels whose directions differ by more are never merged, nor is what they are merged with.
        large_angle, small_angle: merged where the directions differ by less: if both have more than `large` cells, and
            if both have more than `small`.
        large, small: a super-pixel of `small` cells or fewer is merged with its most alike neighbour.
    """

    turn: float = 45
    repulsion: float = 175
    large_angle: float = 64
    small_angle: float = 112
    large: float = 1500
    small: float = 250

    def at_stride(self, stride: int) -> "Rules":
        """The same for a field of cells that are `stride` pixels wide."""
        return replace(self, large=self.large / stride**2, small=self.small / stride**2)


PUBLISHED = Rules()


def group_pixels(field: np.ndarray, rules: Rules = PUBLISHED) -> np.ndarray:
    """The number of each cell's group, from 0 on: [H, W] int64.

    Args:
        field: [2, H, W] float, the direction's parts along rows (down) and columns (to the right), of any length.
    """
    angle = np.degrees(np.arctan2(field[1], field[0])) % 360
    parent = parents(angle, rules.turn)
    labels = super_pixels(parent, angle.shape)
    return _merged(labels, *_borders(labels, angle, parent), rules)


def parents(angle: np.ndarray, turn: float = PUBLISHED.turn) -> np.ndarray:
    """The cell that each cell leads to, as index into the flat field, [H · W] int64; a root leads to itself.

    Args:
        angle: [H, W] degrees in 0..360: 0 is down, 90 to the right.
    """
    height, width = angle.shape
    step = STEP[((angle + 22.5) // 45).astype(np.int64) % 8]
    row, column = np.indices(angle.shape) + np.moveaxis(step, -1, 0)
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    own = np.arange(angle.size).reshape(angle.shape)
    parent = np.where(inside, row * width + column, own)
    return np.where(_between(angle.ravel()[parent], angle) > turn, own, parent).ravel()


def super_pixels(parent: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cells that lead to one root, or to roots near each other, as [H, W] int64 from 0 on."""
    end, least = parent, np.minimum(np.arange(len(parent)), parent)
    for _ in range(len(parent).bit_length()):
        end, least = end[end], np.minimum(least, least[end])
    root = least[end]  # where cells lead round in a circle, its first one stands for the root
    roots = np.flatnonzero(parent == np.arange(len(parent)))
    seen = np.zeros(shape, np.uint8)
    seen.ravel()[roots] = 1
    # squares round two cells touch where these are at most 3 rows and 3 columns apart
    _, united = cv2.connectedComponents(cv2.dilate(seen, np.ones((NEAR, NEAR), np.uint8)), connectivity=8)
    _, first, which = np.unique(united.ravel()[roots], return_index=True, return_inverse=True)
    name = np.arange(len(parent))
    name[roots] = roots[first][which]
    return np.unique(name[root], return_inverse=True)[1].reshape(shape)


class _Sets:
    """Disjoint sets of numbers."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def find(self, number: int) -> int:
        """The number that stands for a number's set."""
        parent = self.parent
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number


def _borders(labels: np.ndarray, angle: np.ndarray, parent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of super-pixels that touch, [P, 2] the smaller number first, and by how much their directions differ."""
    inwards = np.arange(len(parent))
    for _ in range(INWARDS):
        inwards = parent[inwards]
    direction = angle.ravel()[inwards].reshape(angle.shape)
    pairs, differences = [], []
    for here, there in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        border = labels[here] != labels[there]
        pairs.append(np.sort(np.stack((labels[here][border], labels[there][border]), 1), axis=1))
        differences.append(_between(direction[here][border], direction[there][border]))
    distinct, which = np.unique(np.concatenate(pairs), axis=0, return_inverse=True)
    total = np.bincount(which.ravel(), np.concatenate(differences), len(distinct))
    return distinct, total / np.maximum(np.bincount(which.ravel(), minlength=len(distinct)), 1)


def _merged(labels: np.ndarray, pairs: np.ndarray, difference: np.ndarray, rules: Rules) -> np.ndarray:
    """The most alike pairs are merged first: large super-pixels by their angle, then every small one."""
    count = int(labels.max()) + 1
    sets, area = _Sets(count), np.bincount(labels.ravel(), minlength=count).tolist()
    repelled: list[set[int]] = [set() for _ in range(count)]
    for first, second in pairs[difference > rules.repulsion].tolist():
        repelled[first].add(second)
        repelled[second].add(first)
    order = np.argsort(difference, kind="stable")
    for only_small in (False, True):
        for (first, second), apart in zip(pairs[order].tolist(), difference[order].tolist(), strict=True):
            first, second = sets.find(first), sets.find(second)
            smaller = min(area[first], area[second])
            limit = rules.large_angle if smaller > rules.large else rules.small_angle
            wanted = smaller <= rules.small if only_small else smaller > rules.small and apart < limit
            if first == second or not wanted or second in repelled[first]:
                continue
            sets.parent[second] = first
            area[first] += area[second]
            for other in repelled[second]:
                repelled[other].discard(second)
                repelled[other].add(first)
            repelled[first] |= repelled[second]
    united = np.array([sets.find(i) for i in range(count)])
    return np.unique(united, return_inverse=True)[1][labels]


def _between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The angle between two directions in degrees, 0..180."""
    difference = np.abs(first - second)
    return np.minimum(difference, 360 - difference)
