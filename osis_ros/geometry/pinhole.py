"""`Pinhole`: conversion between pixels and points with the K matrix of a camera without distortion."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from osis_ros.geometry.errors import GeometryError

WIDEST, NARROWEST = 1e-3, 1e4  # focal length in image sizes: no lens is beyond


@dataclass(frozen=True)
class Pinhole:
    """A camera with the conventions of sensor_msgs/CameraInfo: the centre of the top-left pixel is (0, 0).

    Attributes:
        width, height: image size in pixels.
        fx, fy: focal lengths in pixels.
        cx, cy: principal point in pixels.

    Raises:
        GeometryError: a size or focal length that is not positive, a number that is not finite or that no lens has.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.fx, self.fy, self.cx, self.cy]).all() and self.fx > 0 and self.fy > 0):
            raise GeometryError(
                f"the camera matrix has fx {self.fx:g}, fy {self.fy:g}, cx {self.cx:g}, cy {self.cy:g}; "
                "expected finite numbers and focal lengths above 0: is the camera calibrated?"
            )
        if self.width < 1 or self.height < 1:
            raise GeometryError(f"the camera is {self.width}x{self.height} pixels, expected 1x1 or more")
        size = max(self.width, self.height)
        focal = WIDEST * size <= min(self.fx, self.fy) and max(self.fx, self.fy) <= NARROWEST * size
        if not focal or max(abs(self.cx), abs(self.cy)) > NARROWEST * size:
            raise GeometryError(
                f"the camera matrix has fx {self.fx:g}, fy {self.fy:g}, cx {self.cx:g}, cy {self.cy:g}, which no "
                f"lens has with an image of {self.width}x{self.height} pixels: is it in pixels?"
            )

    @classmethod
    def from_matrix(cls, k: np.ndarray, width: int, height: int) -> "Pinhole":
        """The camera of a K matrix, [3, 3] or its 9 numbers row by row."""
        k = np.asarray(k, float).reshape(-1)
        if k.shape != (9,):
            raise GeometryError(f"the camera matrix has {k.size} numbers, expected 9")
        return cls(int(width), int(height), k[0], k[4], k[2], k[5])

    def points(self, columns: np.ndarray, rows: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """The points seen at these pixels.

        Args:
            columns, rows: [M] pixel coordinates.
            depth: [M] metres along the optical axis.
        Returns:
            [M, 3] float32 x y z in the optical frame.
        """
        points = np.empty((len(depth), 3), np.float32)
        points[:, 0] = (columns - self.cx) * depth / self.fx
        points[:, 1] = (rows - self.cy) * depth / self.fy
        points[:, 2] = depth
        return points

    def cloud(self, depth: np.ndarray, left: int = 0, top: int = 0) -> np.ndarray:
        """The points of a part of a depth image, in the order of its pixels.

        Args:
            depth: [h, w] float32 metres along the optical axis, NaN where there is none.
            left, top: column and row of its first pixel.
        Returns:
            [h, w, 3] float32 x y z in the optical frame, NaN as depth is.
        """
        height, width = depth.shape
        across, down = self._slopes
        return cv2.merge((depth * across[left : left + width], depth * down[top : top + height, None], depth))

    @cached_property
    def _slopes(self) -> tuple[np.ndarray, np.ndarray]:
        """x / z of each column and y / z of each row."""
        across = ((np.arange(self.width) - self.cx) / self.fx).astype(np.float32)
        down = ((np.arange(self.height) - self.cy) / self.fy).astype(np.float32)
        return across, down

    def project(self, points: np.ndarray) -> np.ndarray:
        """Where points [M, 3] in front of the camera are seen: [M, 2] column, row in pixels."""
        points = np.asarray(points, float)
        return points[:, :2] / points[:, 2:] * (self.fx, self.fy) + (self.cx, self.cy)
