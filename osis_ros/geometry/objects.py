"""`Objects`: instances in space. The 3D result type that all parts of the package use."""

from dataclasses import dataclass, field

import numpy as np

from osis_ros.columns import Rows, column, frozen
from osis_ros.geometry.box import Box
from osis_ros.geometry.support_plane import Plane

ON_PLANE, ON_NOTHING = 0, -1


@dataclass(frozen=True, eq=False, kw_only=True)
class Objects(Rows):
    """The instances of one image that could be located in space, in the order of the instances.

    Everything is in metres and in one frame: the camera's optical frame, or that of the last `transformed`.

    Attributes:
        ids: [N] int64, the `ids` of the instances.
        centroids: [N, 3] float32, mean of the measured points.
        nearest: [N, 3] float32, the measured point nearest to the camera.
        box_centres, box_sizes: [N, 3] float32; sizes are full lengths along the box's own axes.
        box_axes: [N, 3, 3] float32, rotations whose columns are the box's x, y, z. Where there is a plane, z is its
            normal and x the longer horizontal side. The orientation is ambiguous by 180° about each axis.
        supports: [N] int64, what the object stands on: 0 the plane, else the id of another object, -1 not known.
        point_counts: [N] int64, number of measured points that were used.
        valid_shares: [N] float32 in [0, 1], share of the mask's pixels that have a depth reading.
        visible_shares: [N] float32 in [0, 1], area of the mask divided by the area that the box covers in the image;
            low if something hides the object, or if the object does not fill its box.
        touching_border: [N] bool, the mask reaches the edge of the image: the object may be larger than its box.
        points: N float32 arrays [M, 3], the measured points.
        plane: the support plane; None if no plane was seen, and boxes are then not upright.
        missing: id -> one sentence, for each instance that could not be located.
    """

    ids: np.ndarray = column(np.int64)
    centroids: np.ndarray = column(np.float32, 3)
    nearest: np.ndarray = column(np.float32, 3)
    box_centres: np.ndarray = column(np.float32, 3)
    box_axes: np.ndarray = column(np.float32, 3, 3)
    box_sizes: np.ndarray = column(np.float32, 3)
    supports: np.ndarray = column(np.int64)
    point_counts: np.ndarray = column(np.int64)
    valid_shares: np.ndarray = column(np.float32)
    visible_shares: np.ndarray = column(np.float32)
    touching_border: np.ndarray = column(np.bool_)
    points: tuple[np.ndarray, ...]
    plane: Plane | None = None
    missing: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.points) != len(self):
            raise ValueError(f"Objects.points has {len(self.points)} entries, ids has {len(self)}")
        object.__setattr__(self, "points", tuple(frozen(points) for points in self.points))

    def _rows(self, rows: np.ndarray) -> dict[str, object]:
        return super()._rows(rows) | {"points": tuple(self.points[row] for row in rows)}

    def box(self, index: int) -> Box:
        """The box of object `index`."""
        return Box(self.box_centres[index].astype(float), self.box_axes[index].astype(float),
                   self.box_sizes[index].astype(float))  # fmt: skip

    def transformed(self, transform: np.ndarray) -> "Objects":
        """The same objects in another frame.

        Args:
            transform: [4, 4] rigid, from the present frame to the other one.
        """
        turn, shift = transform[:3, :3], transform[:3, 3]

        def moved(points: np.ndarray) -> np.ndarray:
            return (points @ turn.T + shift).astype(np.float32)

        plane = self.plane
        if plane is not None:
            normal = turn @ plane.normal
            plane = Plane(normal, plane.offset - float(normal @ shift), plane.noise, plane.share)
        return self.replaced(
            centroids=moved(self.centroids), nearest=moved(self.nearest), box_centres=moved(self.box_centres),
            box_axes=turn @ self.box_axes, points=tuple(moved(points) for points in self.points), plane=plane,
        )  # fmt: skip

    @classmethod
    def empty(cls, plane: Plane | None = None, missing: dict[int, str] | None = None) -> "Objects":
        """No object at all."""
        none, threes = np.zeros(0), np.zeros((0, 3))
        return cls(
            ids=none, centroids=threes, nearest=threes, box_centres=threes, box_axes=np.zeros((0, 3, 3)),
            box_sizes=threes, supports=none, point_counts=none, valid_shares=none, visible_shares=none,
            touching_border=np.zeros(0, bool), points=(), plane=plane, missing=missing or {},
        )  # fmt: skip
