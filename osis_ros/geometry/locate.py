"""Depth and `Instances` to `Objects`."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from osis_ros.geometry.box import Box, footprint_hull, free_box, raised, silhouettes, upright_boxes
from osis_ros.geometry.confirmed import confirmed
from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.noise import measured_noise, scatter
from osis_ros.geometry.objects import ON_NOTHING, ON_PLANE, Objects
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.quantiles import middle, ranked
from osis_ros.geometry.standing import standing
from osis_ros.geometry.support_plane import CONTACT, Plane, SteadyPlane, find_support_plane
from osis_ros.geometry.surface import Surface, measured_surface
from osis_ros.geometry.unclaimed import with_unclaimed
from osis_ros.instances import Instances

LEAST_POINTS = 12
SHARED_FOOTPRINT = 0.25  # of an object's footprint that lies over another one, for it to stand on that one
NOT_STANDING = "it is not on the support plane, but part of it, below it or beyond its seen part"
NOT_CONFIRMED = "its score is low, and the depth does not confirm it"
THING_POINTS = 200  # of each object, to choose the plane by


@dataclass
class Locator:
    """Locates the instances of one camera's frames in space.

    Attributes:
        up: [3] unit vector against gravity in the optical frame; None if it is not known.
    """

    up: np.ndarray | None = None

    def __post_init__(self) -> None:
        self._steady = SteadyPlane()

    def restart(self) -> None:
        """Forget the plane of the frames before: the camera has moved, or time has gone back."""
        self._steady = SteadyPlane()

    def locate(self, instances: Instances, depth: np.ndarray, camera: Pinhole) -> Objects:
        """The objects of one frame; the plane is smoothed over the frames before it.

        Args:
            instances: found in the colour image that the depth image is aligned to.
            depth: [H, W] float32 metres, NaN where there is none (`depth_in_metres`).
            camera: of the depth image.
        Raises:
            GeometryError: depth, camera and instances are not of one size.
        """
        surfaces, plane = self._measured(instances, depth, camera)
        return place(instances, surfaces, plane, camera)

    def locate_mended(
        self,
        instances: Instances,
        depth: np.ndarray,
        camera: Pinhole,
        drop: bool = True,
        add: bool = True,
        sure: float = 0.0,
    ) -> tuple[Objects, Instances]:
        """As `locate`, after the depth has corrected which instances there are; and those instances.

        Args:
            drop: leave out what does not stand on the plane (`standing`); it is among the `missing` objects.
            add: also what stands on the plane without a mask (`with_unclaimed`).
            sure: a score below which an instance is left out unless the depth confirms it (`confirmed`).
        Raises:
            GeometryError: depth, camera and instances are not of one size.
        """
        surfaces, plane = self._measured(instances, depth, camera, sure)
        next_id = int(instances.ids.max(initial=0)) + 1
        stands = (
            standing(instances, depth, camera, plane) if plane is not None and drop else np.ones(len(instances), bool)
        )
        trusted = instances.scores >= sure
        if plane is not None and not trusted.all():
            trusted[stands] = confirmed(instances.take(stands), depth, camera, plane, sure)
        dropped = dict.fromkeys(instances.ids[~trusted].tolist(), NOT_CONFIRMED)
        dropped |= dict.fromkeys(instances.ids[~stands].tolist(), NOT_STANDING)
        kept = stands & trusted
        surfaces, instances = [surfaces[row] for row in np.flatnonzero(kept)], instances.take(kept)
        if plane is not None and add:
            instances = with_unclaimed(instances, depth, camera, plane, next_id)
            added = instances.take(np.arange(len(surfaces), len(instances)))
            surfaces += measured_surfaces(added, depth, camera, plane.noise)
        objects = place(instances, surfaces, plane, camera)
        return objects.replaced(missing=objects.missing | dropped), instances

    def _measured(
        self, instances: Instances, depth: np.ndarray, camera: Pinhole, sure: float = 0.0
    ) -> tuple[list[Surface], Plane | None]:
        """What was measured of each instance, and the plane, which those with a low score do not tell about."""
        noise = measured_noise(depth)
        surfaces = measured_surfaces(instances, depth, camera, noise)
        trusted = instances.scores >= sure
        things = thinned([surfaces[row] for row in np.flatnonzero(trusted)])
        covered = occupied(instances if trusted.all() else instances.take(trusted))
        plane = find_support_plane(depth, camera, covered, things, self.up, noise)
        return surfaces, self._steady.update(plane)


def measured_surfaces(instances: Instances, depth: np.ndarray, camera: Pinhole, noise: float) -> list[Surface]:
    """What was measured of each instance.

    Raises:
        GeometryError: depth, camera and instances are not of one size.
    """
    sizes = {"the depth image": depth.shape[::-1], "its camera_info": (camera.width, camera.height),
             "the image of the instances": (instances.width, instances.height)}  # fmt: skip
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} is {width}x{height}" for name, (width, height) in sizes.items())
        raise GeometryError(f"{told}; expected one size: use the depth topic that is aligned to the colour image")
    rois = instances.rois.tolist()
    return [measured_surface(mask, roi, depth, camera, noise) for mask, roi in zip(instances.masks, rois, strict=True)]


def occupied(instances: Instances) -> np.ndarray:
    """[height, width] bool, the pixels of any instance."""
    pixels = np.zeros((instances.height, instances.width), bool)
    for mask, (x, y, width, height) in zip(instances.masks, instances.rois.tolist(), strict=True):
        pixels[y : y + height, x : x + width] |= mask
    return pixels


def thinned(surfaces: list[Surface]) -> list[np.ndarray]:
    """At most THING_POINTS points of each surface."""
    return [surface.points[:: max(1, len(surface.points) // THING_POINTS)] for surface in surfaces]


def place(instances: Instances, surfaces: list[Surface], plane: Plane | None, camera: Pinhole) -> Objects:
    """Boxes and evidence for what was measured; `plane` is what things stand on, None where none was seen."""
    kept, missing = [], {}
    for row, surface in enumerate(surfaces):
        if len(surface.points) < LEAST_POINTS:
            missing[int(instances.ids[row])] = (
                f"{len(surface.points)} depth readings on its mask, expected {LEAST_POINTS} or more"
            )
        else:
            kept.append(row)
    if not kept:
        return Objects.empty(plane, missing)
    ids, chosen = instances.ids[kept], [surfaces[row] for row in kept]
    pixels = [float(middle(surface.points[:, 2])) / camera.fx for surface in chosen]  # metres that a pixel covers
    clouds = _clouds(chosen, plane)
    margins = [(0.5 + surface.eroded) * pixel for surface, pixel in zip(chosen, pixels)]  # from the points to the edge
    boxes, _ = _boxes(clouds, margins, ids, plane)
    clouds = [_with_doubtful(cloud, surface.doubtful, box, plane) for cloud, surface, box in zip(clouds, chosen, boxes)]
    boxes, supports = _boxes(clouds, [0.5 * pixel for pixel in pixels], ids, plane)
    points = [_whole(cloud, surface.rest, plane) for cloud, surface in zip(clouds, chosen)]
    covers = silhouettes(boxes, camera)
    return Objects(
        ids=ids,
        centroids=[cv2.mean(cloud.reshape(-1, 1, 3))[:3] for cloud in points],
        nearest=[cloud[np.einsum("ij,ij->i", cloud, cloud).argmin()] for cloud in points],
        box_centres=[box.centre for box in boxes],
        box_axes=[box.axes for box in boxes],
        box_sizes=[box.size for box in boxes],
        supports=supports,
        point_counts=[len(cloud) for cloud in points],
        valid_shares=[surface.valid_share for surface in chosen],
        visible_shares=[min(1.0, part.area / cover) if cover else 0.0 for part, cover in zip(chosen, covers)],
        touching_border=[surface.touches_border for surface in chosen],
        points=tuple(points),
        plane=plane,
        missing=missing,
    )


@dataclass(frozen=True, eq=False)
class _Cloud:
    """The points of one object [M, 3]. Where there is a plane, also their heights above it [M] in ascending order, the
    hull [V, 2] of their footprint, along the plane, and whether points of the plane were taken out."""

    points: np.ndarray
    heights: np.ndarray | None = None
    outline: np.ndarray | None = None
    cut: bool = False


def _clouds(surfaces: list[Surface], plane: Plane | None) -> list[_Cloud]:
    """Without the points of the plane itself, on which a mask may spill; a flat thing keeps all of its own."""
    if plane is None:
        return [_Cloud(surface.points) for surface in surfaces]
    counts = np.array([len(surface.points) for surface in surfaces])
    starts = np.append(0, np.cumsum(counts))
    points = np.concatenate([surface.points for surface in surfaces])
    local = plane.local(points)
    above = _above(local[2], points, plane)
    clouds = []
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist()):
        own, part = points[start:end], local[:, start:end]
        chosen = np.flatnonzero(above[start:end])
        cut = len(own) > len(chosen) >= max(0.6 * len(own), LEAST_POINTS)
        if cut:
            own, part = own.take(chosen, axis=0), part.take(chosen, axis=1)
        clouds.append(_Cloud(own, np.sort(part[2]), footprint_hull(part[:2]), cut))
    return clouds


def _above(heights: np.ndarray, points: np.ndarray, plane: Plane) -> np.ndarray:
    """[M] bool: which points are above the plane by more than noise."""
    return heights > np.float32(0.001) + 2.5 * scatter(points[:, 2], np.float32(plane.noise))


def _whole(cloud: _Cloud, rest: np.ndarray, plane: Plane | None) -> np.ndarray:
    """All points: those that the box was made of, and the rest of the surface."""
    if cloud.cut:
        rest = rest.compress(_above(plane.height(rest), rest, plane), axis=0)
    return np.concatenate((cloud.points, rest)) if len(rest) else cloud.points


def _with_doubtful(cloud: _Cloud, doubtful: np.ndarray, box: Box, plane: Plane | None) -> _Cloud:
    """Also the doubtful points [D, 3] that lie within the box: faces seen from the side, cut edges."""
    inside = np.flatnonzero(box.holds(doubtful, 1e-3))
    if not len(inside):
        return cloud
    more = doubtful.take(inside, axis=0)
    points = np.concatenate((cloud.points, more))
    if plane is None:
        return _Cloud(points)
    local = plane.local(more)
    heights = np.concatenate((cloud.heights, local[2]))
    heights.sort()
    return _Cloud(points, heights, np.concatenate((cloud.outline, local[:2].T)), cloud.cut)


def _boxes(
    clouds: list[_Cloud], margins: list[float], ids: np.ndarray, plane: Plane | None
) -> tuple[list[Box], list[int]]:
    if plane is None:
        return [free_box(cloud.points, margin) for cloud, margin in zip(clouds, margins)], [ON_NOTHING] * len(clouds)
    boxes = upright_boxes([cloud.outline for cloud in clouds], [cloud.heights for cloud in clouds], plane, margins)
    lows = [float(ranked(cloud.heights, 0.03)) for cloud in clouds]
    tops = [float(box.size[2]) for box in boxes]
    lifted = [upper for upper, low in enumerate(lows) if low > CONTACT / 2]
    footprints = [_footprint(box, plane) for box in boxes] if lifted else []
    supports = [ON_PLANE] * len(clouds)
    for upper in lifted:
        below = [
            (tops[lower], lower)
            for lower in range(len(clouds))
            if lower != upper and tops[lower] <= lows[upper] + 0.01 and tops[lower] < tops[upper]
            and _shared(footprints[upper], footprints[lower]) >= SHARED_FOOTPRINT
        ]  # fmt: skip
        if below:
            top, lower = max(below)
            supports[upper] = int(ids[lower])
            boxes[upper] = raised(boxes[upper], min(top, lows[upper]))
    return boxes, supports


def _footprint(box: Box, plane: Plane) -> tuple:
    """The box seen from above, as OpenCV's rotated rectangle, in millimetres: it wants sides well above its 1e-6."""
    middle, direction = 1000 * box.centre @ plane.axes[:, :2], box.axes[:, 0] @ plane.axes[:, :2]
    angle = float(np.rad2deg(np.arctan2(direction[1], direction[0])))
    return tuple(middle.tolist()), tuple((1000 * box.size[:2]).tolist()), angle


def _shared(upper: tuple, lower: tuple) -> float:
    """Share of the upper footprint that lies over the lower one."""
    area = upper[1][0] * upper[1][1]
    if area <= 0 or math.dist(upper[0], lower[0]) > (math.hypot(*upper[1]) + math.hypot(*lower[1])) / 2:
        return 0.0
    kind, corners = cv2.rotatedRectangleIntersection(upper, lower)
    if kind == cv2.INTERSECT_NONE or corners is None:
        return 0.0
    return float(cv2.contourArea(cv2.convexHull(corners))) / area
