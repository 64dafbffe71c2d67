"""The support plane, such as a table top, found in the pixels that no object covers."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from osis_ros.geometry.noise import TYPICAL, USELESS, measured_noise, scatter
from osis_ros.geometry.pinhole import Pinhole

SAMPLES = 6000  # pixels looked at, on a regular grid
HYPOTHESES = 192
NEIGHBOURHOOD = 16  # grid cells between the three points of a hypothesis, so that they tend to lie on one surface
SCORED = 1200  # points on which hypotheses are compared
FINALISTS = 32  # hypotheses that are compared on all of these; the others hold fewer of every fourth
CANDIDATES = 4  # planes looked for, one after the other
LEAST_SHARE = 0.03  # of the samples, that a plane must hold
LEAST_POINTS = 60
CONTACT = 0.04  # m above the plane, within which the lowest points of a thing that stands on it lie
MARGIN = 3  # px round each object that are not looked at: edges mix


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane in front of the camera: normal · p + offset = 0.

    Attributes:
        normal: [3] unit vector that points to the camera's side.
        offset: metres, the height of the camera above the plane, so at least 0.
        noise: 1/m, scatter of the readings on it divided by the square of their distance.
        share: share of the examined pixels that lie on the plane.
    """

    normal: np.ndarray
    offset: float
    noise: float = TYPICAL
    share: float = 1.0

    def height(self, points: np.ndarray) -> np.ndarray:
        """[M] metres above the plane, of points [M, 3]."""
        return points @ self.normal.astype(points.dtype) + points.dtype.type(self.offset)

    def local(self, points: np.ndarray) -> np.ndarray:
        """[3, M] float32 metres: points [M, 3] float32 as x and y along the plane and z above it."""
        local = self.axes.T.astype(np.float32) @ points.T
        local[2] += np.float32(self.offset)
        return local

    @cached_property
    def axes(self) -> np.ndarray:
        """[3, 3] whose columns are x and y along the plane and z, its normal: right-handed, x as far to the right of
        the image as it can be."""
        right = np.array([1.0, 0, 0]) if abs(self.normal[0]) < 0.9 else np.array([0, 0, 1.0])
        x = right - self.normal * (right @ self.normal)
        x /= np.linalg.norm(x)
        return np.stack([x, np.cross(self.normal, x), self.normal], axis=1)


def heights_above(plane: Plane, depth: np.ndarray, camera: Pinhole) -> tuple[np.ndarray, np.ndarray]:
    """[H, W] metres above the plane, NaN where there is no depth; and [H, W] metres by which readings may be off."""
    across = plane.normal[0] * (np.arange(camera.width) - camera.cx) / camera.fx
    down = plane.normal[1] * (np.arange(camera.height) - camera.cy) / camera.fy
    slope = (across[None] + down[:, None] + plane.normal[2]).astype(np.float32)
    return depth * slope + np.float32(plane.offset), np.float32(0.003) + 3 * scatter(depth, np.float32(plane.noise))


def find_support_plane(
    depth: np.ndarray,
    camera: Pinhole,
    occupied: np.ndarray | None = None,
    things: list[np.ndarray] = (),
    up: np.ndarray | None = None,
    noise: float | None = None,
) -> Plane | None:
    """The plane with the greatest sum of two shares: that of the objects that stand on it, and that of the pixels.

    So a table that all objects stand on is preferred to the larger floor around it, and a table top that is nearly all
    of the image to the side of a bin that a few more objects are close to.

    RANSAC with hypotheses from neighbouring points, then least squares on the points within three deviations.

    Args:
        depth: [H, W] float32 metres, NaN where there is none.
        camera: of the depth image.
        occupied: [H, W] bool, the pixels of objects, which are not examined.
        things: points [M, 3] of each object; with them, a table is told apart from the floor and the wall.
        up: [3] unit vector against gravity, or None; with it, only planes that are level within 15 degrees are found.
        noise: the coefficient of `scatter`; measured in the image when None.
    Returns:
        None where no plane is seen.
    """
    points, grid = _samples(depth, camera, occupied)
    if len(points) < LEAST_POINTS:
        return None
    rng = np.random.default_rng(0)
    noise = measured_noise(depth) if noise is None else noise
    if noise > USELESS:
        return None
    tolerance = np.float32(0.001) + 3 * scatter(points[:, 2], np.float32(noise))
    free = np.ones(len(points), bool)
    best, most, holding = None, -np.inf, 0.0
    for _ in range(CANDIDATES):
        rough = _best_hypothesis(points, grid, free, tolerance, up, rng)
        if rough is None or rough.share < LEAST_SHARE:
            break
        plane = _refined(rough, points, free, noise)
        free &= np.abs(plane.height(points)) > 2 * tolerance
        if up is not None and plane.normal @ up <= np.cos(np.deg2rad(15)):
            continue
        held = _supported(plane, things) / len(things) if things else 0.0
        if held + plane.share > most:
            best, most, holding = plane, held + plane.share, held
        if most > 1 - holding + np.count_nonzero(free) / len(points):  # what others can have at the most
            break
    return best


def _samples(depth: np.ndarray, camera: Pinhole, occupied: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Points [M, 3] on a grid of pixels, and that grid: the index of each one's point, -1 for none."""
    step = max(1, int(np.sqrt(depth.size / SAMPLES)))
    offset = step // 2
    z = depth[offset::step, offset::step]
    usable = np.isfinite(z)
    if occupied is not None:
        wide = cv2.dilate(occupied.view(np.uint8), np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8))
        usable &= wide[offset::step, offset::step] == 0
    rows, columns = np.nonzero(usable)
    points = camera.points(columns * step + offset, rows * step + offset, z[rows, columns])
    grid = np.full(z.shape, -1)
    grid[rows, columns] = np.arange(len(points))
    return points, grid


def _best_hypothesis(
    points: np.ndarray,
    grid: np.ndarray,
    free: np.ndarray,
    tolerance: np.ndarray,
    up: np.ndarray | None,
    rng: np.random.Generator,
) -> Plane | None:
    """The plane through three neighbouring points that holds most of the free ones."""
    candidates = np.flatnonzero(free)
    if len(candidates) < LEAST_POINTS:
        return None
    corners = _neighbouring_triples(grid, candidates, free, rng)
    a, b, c = (points[corners[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    good = lengths > 1e-6
    normals = normals[good] / lengths[good, None]
    offsets = -np.einsum("ij,ij->i", normals, a[good])
    flip = np.where(offsets < 0, -1, 1).astype(np.float32)
    normals, offsets = normals * flip[:, None], offsets * flip
    if up is not None:
        level = normals @ np.asarray(up, np.float32) > np.cos(np.deg2rad(20))
        normals, offsets = normals[level], offsets[level]
    if not len(normals):
        return None
    scored = candidates[:: max(1, len(candidates) // SCORED)]
    first = _held(normals, offsets, points, tolerance, scored[::4])
    finalists = np.argpartition(first, -min(FINALISTS, len(first)))[-FINALISTS:]
    normals, offsets = normals[finalists], offsets[finalists]
    counts = _held(normals, offsets, points, tolerance, scored)
    best = int(counts.argmax())
    share = counts[best] / len(scored) * len(candidates) / len(points)
    return Plane(normals[best].astype(float), float(offsets[best]), share=float(share))


def _held(
    normals: np.ndarray, offsets: np.ndarray, points: np.ndarray, tolerance: np.ndarray, chosen: np.ndarray
) -> np.ndarray:
    """[H] how many of the chosen points each plane holds."""
    apart = normals @ points[chosen].T
    apart += offsets[:, None]
    return np.count_nonzero(np.abs(apart, out=apart) <= tolerance[chosen], axis=1)


def _neighbouring_triples(
    grid: np.ndarray, candidates: np.ndarray, free: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """[H, 3] indices of free points, the second and third near the first on the grid."""
    rows, columns = np.nonzero(grid >= 0)  # in the order of the points
    first = rng.choice(candidates, HYPOTHESES)
    triples = [first]
    for _ in range(2):
        down, right = rng.integers(-NEIGHBOURHOOD, NEIGHBOURHOOD + 1, (2, HYPOTHESES))
        near = grid[np.clip(rows[first] + down, 0, grid.shape[0] - 1),
                    np.clip(columns[first] + right, 0, grid.shape[1] - 1)]  # fmt: skip
        usable = (near >= 0) & free[near]
        triples.append(np.where(usable, near, rng.choice(candidates, HYPOTHESES)))
    return np.stack(triples, axis=1)


def _refined(plane: Plane, points: np.ndarray, free: np.ndarray, noise: float) -> Plane:
    """Least squares on the free points near the plane, each weighted by what its distance lets expect."""
    points = points.compress(free, axis=0).astype(float)
    deviation = scatter(points[:, 2], noise)
    weights = 1 / np.square(deviation + 1e-4)
    tolerance = 0.001 + 3 * deviation
    moments = np.concatenate([points, np.ones((len(points), 1))], axis=1).T  # x, y, z and 1 of each point
    normal, offset = plane.normal, plane.offset
    for width in (2, 1, 1, 1):  # a hypothesis of three noisy points is tilted a little
        near = np.abs(np.append(normal, offset) @ moments) <= width * tolerance
        if np.count_nonzero(near) < 3:
            break
        sums = (moments * (weights * near)) @ moments.T
        centre = sums[3, :3] / sums[3, 3]
        normal = np.linalg.eigh(sums[:3, :3] - sums[3, 3] * np.outer(centre, centre))[1][:, 0]
        offset = -float(normal @ centre)
        if offset < 0:
            normal, offset = -normal, -offset
    return Plane(normal, offset, noise, plane.share)


def _supported(plane: Plane, things: list[np.ndarray]) -> int:
    """How many things stand on the plane, less those that are below it."""
    count = 0
    for points in things:
        if len(points):
            heights = np.sort(plane.height(points))
            low, middle = heights[len(heights) // 20], heights[len(heights) // 2]
            slack = 0.004 + 3 * float(scatter(points[0, 2], plane.noise))
            count += int(-slack <= low <= CONTACT) - int(middle < -slack)
    return count


class SteadyPlane:
    """Smooths the plane over the frames of a camera that stands still; restarts when the camera has moved."""

    def __init__(self, weight: float = 0.2, max_turn: float = 2.0, max_shift: float = 0.01) -> None:
        """
        Args:
            weight: of the newest plane in the mean.
            max_turn: degrees, max_shift: metres, by which a plane may differ from the mean and still be the same.
        """
        self._weight, self._max_turn, self._max_shift = weight, max_turn, max_shift
        self._mean: Plane | None = None

    def update(self, plane: Plane | None) -> Plane | None:
        """The smoothed plane after one more observation; None where none was seen."""
        mean = self._mean
        if plane is None or mean is None or not self._same(mean, plane):
            self._mean = plane
            return plane
        w = self._weight
        normal = (1 - w) * mean.normal + w * plane.normal
        normal /= np.linalg.norm(normal)
        noise = (1 - w) * mean.noise + w * plane.noise
        self._mean = Plane(normal, (1 - w) * mean.offset + w * plane.offset, noise, plane.share)
        return self._mean

    def _same(self, mean: Plane, plane: Plane) -> bool:
        turn = np.degrees(np.arccos(np.clip(mean.normal @ plane.normal, -1, 1)))
        return turn <= self._max_turn and abs(mean.offset - plane.offset) <= self._max_shift
