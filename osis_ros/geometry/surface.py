"""The depth readings that belong to an object: those in its mask, without flying pixels and background."""

from dataclasses import dataclass

import cv2
import numpy as np

from osis_ros.geometry.noise import TYPICAL, scatter
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.quantiles import middle, ranked

EROSION = 2  # px taken off a mask whose edge is not clean
DIRTY_EDGE = 0.04  # share of the edge's pixels at jumps of depth, above which it is not clean
JUMP = 0.012  # m between neighbours beyond noise: two surfaces, not one steep one
SMALL_PART = 0.05  # of the largest part; smaller ones are dropped
PART_GAP = 0.03  # m along the ray that another part of the object may lie before or behind the largest
MANY = 1000  # readings of an object, above which not all of them are taken
NEIGHBOURS = np.ones((3, 3), np.uint8)
NEVER_LOWEST = 1e9  # m, in place of a reading that does not count


@dataclass(frozen=True, eq=False)
class Surface:
    """The measured points of one object.

    Attributes:
        points: [M, 3] float32 metres, in the camera's optical frame: points that certainly belong to the object. Of
            more than MANY, those at its edge and every fifth of the others, which are enough for its box.
        rest: [R, 3] float32 metres: the others of them.
        doubtful: [D, 3] float32 metres: the mask's other readings, at its edge and at jumps of depth. Some belong to
            the object, on faces seen almost from the side; some are flying pixels or background.
        eroded: number of pixels by which the mask was eroded.
        area: number of pixels of the mask.
        valid_share: share of the mask's pixels that have a depth reading.
        touches_border: whether the mask reaches the edge of the image, so that the object may be only partly seen.
    """

    points: np.ndarray
    rest: np.ndarray
    doubtful: np.ndarray
    eroded: int
    area: int
    valid_share: float
    touches_border: bool


def measured_surface(
    mask: np.ndarray, roi: tuple[int, int, int, int], depth: np.ndarray, camera: Pinhole, noise: float = TYPICAL
) -> Surface:
    """The points of the surface that a mask shows.

    Readings at jumps of depth are doubtful, because sensors report points between the two surfaces there (flying
    pixels). If many readings at the mask's edge are doubtful, the whole edge is. Of the connected parts that remain,
    the largest is kept, and all parts at the same distance: another object may divide this one in the image.

    Args:
        mask: bool [h, w], the pixels within the roi.
        roi: x y width height in pixels.
        depth: [H, W] float32 metres of the whole image, NaN where there is none.
        camera: of the depth image.
        noise: 1/m, scatter of a reading divided by the square of its distance.
    """
    x, y, width, height = roi
    z = np.ascontiguousarray(depth[y : y + height, x : x + width])
    valid = mask & np.isfinite(z)
    total, measured = int(np.count_nonzero(mask)), int(np.count_nonzero(valid))
    border = _touches_border(mask, roi, depth.shape)
    if measured == 0:
        nothing = np.zeros((0, 3), np.float32)
        return Surface(nothing, nothing, nothing, 0, total, 0.0, border)
    steady = valid & ~_jumps(z, valid, noise)
    inner = _eroded(mask, roi, depth.shape, EROSION)
    edge = valid & ~inner
    dirty = np.count_nonzero(edge & ~steady) > DIRTY_EDGE * np.count_nonzero(edge)
    eroded = EROSION if dirty and np.count_nonzero(steady & inner) >= 0.2 * measured else 0
    kept = steady & inner if eroded else steady
    kept = _main_parts(kept, z) if kept.any() else valid
    cloud = camera.cloud(z, x, y).reshape(-1, 3)
    chosen = _thinned(kept)
    points, rest, doubtful = (
        cloud.take(np.flatnonzero(pixels), axis=0) for pixels in (chosen, kept ^ chosen, valid ^ kept)
    )
    return Surface(points, rest, doubtful, eroded, total, measured / total, border)


def _thinned(kept: np.ndarray) -> np.ndarray:
    """Of many pixels, those at the edge, which the outline needs, and a grid of the others."""
    if np.count_nonzero(kept) <= MANY:
        return kept
    within = cv2.erode(kept.view(np.uint8), NEIGHBOURS, borderValue=0).view(bool)
    for row in range(5):  # a grid turned out of the rows, so that the mean of its points is that of all
        within[row::5, 3 * row % 5 :: 5] = False
    return kept ^ within


def _touches_border(mask: np.ndarray, roi: tuple[int, int, int, int], shape: tuple[int, int]) -> bool:
    x, y, width, height = roi
    sides = (
        (y == 0, mask[:1]), (x == 0, mask[:, :1]),
        (y + height == shape[0], mask[-1:]), (x + width == shape[1], mask[:, -1:]),
    )  # fmt: skip
    return any(at_border and bool(line.any()) for at_border, line in sides)


def _jumps(z: np.ndarray, valid: np.ndarray, noise: float) -> np.ndarray:
    """[h, w] bool: readings of which some neighbour in the mask differs by more than noise and a steep surface."""
    counted = valid.view(np.uint8)
    highest = cv2.dilate(cv2.copyTo(z, counted, np.zeros_like(z)), NEIGHBOURS)
    lowest = cv2.erode(cv2.copyTo(z, counted, np.full_like(z, NEVER_LOWEST)), NEIGHBOURS)
    allowed = scatter(z, np.float32(noise))
    allowed *= 6
    allowed += np.float32(JUMP)
    return np.subtract(highest, lowest, out=highest) > allowed


def _eroded(mask: np.ndarray, roi: tuple[int, int, int, int], shape: tuple[int, int], pixels: int) -> np.ndarray:
    """The mask without its edge; the border of the image is no edge."""
    x, y, width, height = roi
    above, left = pixels * (y > 0), pixels * (x > 0)
    below, right = pixels * (y + height < shape[0]), pixels * (x + width < shape[1])
    padded = cv2.copyMakeBorder(mask.view(np.uint8), above, below, left, right, cv2.BORDER_CONSTANT, value=0)
    side = 2 * pixels + 1
    inner = cv2.erode(padded, np.ones((side, side), np.uint8))  # what is beyond the picture does not count
    return inner[above : above + height, left : left + width] > 0


def _main_parts(kept: np.ndarray, z: np.ndarray) -> np.ndarray:
    count, labels = cv2.connectedComponents(kept.view(np.uint8), connectivity=8)
    if count <= 2:
        return kept
    sizes = np.bincount(labels.ravel())[1:]
    largest = int(sizes.argmax()) + 1
    main = labels == largest
    others = [part for part in np.flatnonzero(sizes >= SMALL_PART * sizes[largest - 1]) + 1 if part != largest]
    if others:
        readings = np.sort(z[main])
        low, high = ranked(readings, 0.02), readings[-1 - len(readings) // 50]
        for part in others:
            also = labels == part
            if low - PART_GAP <= middle(z[also]) <= high + PART_GAP:
                main |= also
    return main
