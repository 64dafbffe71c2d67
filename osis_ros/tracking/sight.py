"""What a depth image says about places where objects were: hidden, empty, or still something there."""

from dataclasses import dataclass

import numpy as np

from osis_ros.geometry.noise import scatter
from osis_ros.geometry.pinhole import Pinhole

MARGIN = 0.015  # m nearer or farther than the object's surface, for a reading to be of something else
ENOUGH = 0.5  # share of an object's points that must say so
LEAST_POINTS = 4


@dataclass(frozen=True, eq=False, kw_only=True)
class Sight:
    """One depth image, and where it was taken from.

    Attributes:
        depth: [H, W] float32 metres along the optical axis, NaN where there is none.
        camera: of the depth image.
        pose: [4, 4], the optical frame in the fixed frame of the objects.
    """

    depth: np.ndarray
    camera: Pinhole
    pose: np.ndarray

    def hidden_and_empty(self, points: np.ndarray) -> tuple[bool, bool]:
        """Whether something nearer hides a place, and whether the camera sees through it to what lies behind.

        Args:
            points: [M, 3] float, of the object's surface in the fixed frame.
        """
        local = (points - self.pose[:3, 3]) @ self.pose[:3, :3]
        local = local[local[:, 2] > 0.01]
        columns, rows = np.round(self.camera.project(local)).astype(int).T if len(local) else np.zeros((2, 0), int)
        inside = (columns >= 0) & (columns < self.camera.width) & (rows >= 0) & (rows < self.camera.height)
        measured, expected = self.depth[rows[inside], columns[inside]], local[inside, 2]
        known = np.isfinite(measured)
        if np.count_nonzero(known) < LEAST_POINTS:
            return False, False
        margin = MARGIN + 3 * scatter(expected[known])
        behind = measured[known] - expected[known]
        hidden, empty = np.count_nonzero(behind < -margin), np.count_nonzero(behind > margin)
        enough = ENOUGH * len(points)
        return bool(hidden >= enough), bool(empty >= enough)
