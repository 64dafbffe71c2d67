"""Depth and `Instances` to `Objects`."""

from dataclasses import dataclass

import cv2
import numpy as np

from osis_ros.geometry.box import Box, free_box, silhouette, upright_box
from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.noise import measured_noise, scatter
from osis_ros.geometry.objects import ON_NOTHING, ON_PLANE, Objects
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.support_plane import CONTACT, Plane, SteadyPlane, find_support_plane
from osis_ros.geometry.surface import Surface, measured_surface
from osis_ros.instances import Instances

LEAST_POINTS = 12
SHARED_FOOTPRINT = 0.25  # of an object's footprint that lies over another one, for it to stand on that one
THING_POINTS = 200  # of each object, to choose the plane by
ROUGH_POINTS = 1000  # of each object, for the box that tells which doubtful points are the object's


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
        noise = measured_noise(depth)
        surfaces = measured_surfaces(instances, depth, camera, noise)
        plane = find_support_plane(depth, camera, occupied(instances), thinned(surfaces), self.up, noise)
        return place(instances, surfaces, self._steady.update(plane), camera)


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
    ids = instances.ids[kept]
    chosen = [surfaces[row] for row in kept]
    points = [_above(surface.points, plane) for surface in chosen]
    rough = [cloud[:: max(1, len(cloud) // ROUGH_POINTS)] for cloud in points]
    boxes, _ = _boxes(rough, [_edge_width(surface, camera, surface.eroded) for surface in chosen], ids, plane)
    points = [_readmitted(cloud, surface, box) for cloud, surface, box in zip(points, chosen, boxes)]
    boxes, supports = _boxes(points, [_edge_width(surface, camera) for surface in chosen], ids, plane)
    areas = [int(np.count_nonzero(instances.masks[row])) for row in kept]
    covers = [silhouette(box, camera) for box in boxes]
    return Objects(
        ids=ids,
        centroids=[cloud.mean(0, dtype=float) for cloud in points],
        nearest=[cloud[np.argmin(np.einsum("ij,ij->i", cloud, cloud))] for cloud in points],
        box_centres=[box.centre for box in boxes],
        box_axes=[box.axes for box in boxes],
        box_sizes=[box.size for box in boxes],
        supports=supports,
        point_counts=[len(cloud) for cloud in points],
        valid_shares=[surface.valid_share for surface in chosen],
        visible_shares=[min(1.0, area / cover) if cover else 0.0 for area, cover in zip(areas, covers)],
        touching_border=[surface.touches_border for surface in chosen],
        points=tuple(points),
        plane=plane,
        missing=missing,
    )


def _edge_width(surface: Surface, camera: Pinhole, eroded: int = 0) -> float:
    """Metres between the outermost points and the edge: half a pixel, and the pixels that were taken off the mask."""
    return (0.5 + eroded) * float(np.median(surface.points[:, 2])) / camera.fx


def _readmitted(points: np.ndarray, surface: Surface, box: Box) -> np.ndarray:
    """The points, and of the doubtful ones those that lie within the box: faces seen from the side, cut edges."""
    if not len(surface.doubtful):
        return points
    local = np.abs((surface.doubtful - box.centre.astype(np.float32)) @ box.axes.astype(np.float32))
    inside = (local <= (box.size / 2).astype(np.float32) + np.float32(1e-3)).all(1)
    return np.concatenate([points, surface.doubtful[inside]])


def _above(points: np.ndarray, plane: Plane | None) -> np.ndarray:
    """The points without those of the plane itself, on which a mask may spill; a flat thing keeps all of its own."""
    if plane is None:
        return points
    above = plane.height(points) > 0.001 + 2.5 * scatter(points[:, 2], plane.noise)
    return points[above] if np.count_nonzero(above) >= max(0.6 * len(points), LEAST_POINTS) else points


def _boxes(
    points: list[np.ndarray], margins: list[float], ids: np.ndarray, plane: Plane | None
) -> tuple[list[Box], list[int]]:
    if plane is None:
        return [free_box(cloud, margin) for cloud, margin in zip(points, margins)], [ON_NOTHING] * len(points)
    boxes = [upright_box(cloud, plane, margin=margin) for cloud, margin in zip(points, margins)]
    lows = [_low(plane.height(cloud)) for cloud in points]
    tops = [float(box.size[2]) for box in boxes]
    footprints = [_footprint(box, plane) for box in boxes]
    supports = [ON_PLANE] * len(points)
    for upper in range(len(points)):
        if lows[upper] <= CONTACT / 2:
            continue
        below = [
            (tops[lower], lower)
            for lower in range(len(points))
            if lower != upper and tops[lower] <= lows[upper] + 0.01 and tops[lower] < tops[upper]
            and _shared(footprints[upper], footprints[lower]) >= SHARED_FOOTPRINT
        ]  # fmt: skip
        if below:
            top, lower = max(below)
            supports[upper] = int(ids[lower])
            boxes[upper] = upright_box(points[upper], plane, min(top, lows[upper]), margins[upper])
    return boxes, supports


def _low(heights: np.ndarray) -> float:
    """The height below which three points in a hundred lie."""
    rank = 3 * len(heights) // 100
    return float(np.partition(heights, rank)[rank])


def _footprint(box: Box, plane: Plane) -> tuple:
    """The box seen from above, as OpenCV's rotated rectangle, in millimetres: it wants sides well above its 1e-6."""
    middle, direction = 1000 * box.centre @ plane.axes[:, :2], box.axes[:, 0] @ plane.axes[:, :2]
    angle = float(np.rad2deg(np.arctan2(direction[1], direction[0])))
    return tuple(middle.tolist()), tuple((1000 * box.size[:2]).tolist()), angle


def _shared(upper: tuple, lower: tuple) -> float:
    """Share of the upper footprint that lies over the lower one."""
    kind, corners = cv2.rotatedRectangleIntersection(upper, lower)
    area = upper[1][0] * upper[1][1]
    if kind == cv2.INTERSECT_NONE or corners is None or area <= 0:
        return 0.0
    return float(cv2.contourArea(cv2.convexHull(corners))) / area
