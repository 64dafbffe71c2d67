"""Draws boxes in space on the image of the camera that saw them."""

from collections.abc import Sequence

import cv2
import numpy as np

from osis_ros.geometry.box import EDGES, Box
from osis_ros.geometry.pinhole import Pinhole

NEAREST = 0.01  # m before the camera, from which on a corner can be drawn
DARK = (20, 20, 20)


def draw_boxes(
    rgb: np.ndarray, boxes: Sequence[Box], camera: Pinhole, colours: Sequence[tuple[int, int, int]]
) -> np.ndarray:
    """A copy of the image with the twelve edges of each box, the farthest box first. A box that reaches the camera is
    left out.

    Args:
        rgb: uint8 [H, W, 3].
        boxes: in the optical frame of the camera.
        colours: RGB of each box.
    Returns:
        uint8 [H, W, 3].
    """
    out = rgb.copy()
    for index in sorted(range(len(boxes)), key=lambda index: -boxes[index].centre[2]):
        corners = boxes[index].corners()
        if (corners[:, 2] <= NEAREST).any():
            continue
        ends = np.round(camera.project(corners)).clip(-32768, 32767).astype(int).tolist()
        for colour, width in ((DARK, 3), (colours[index], 1)):  # a dark rim, seen on any ground
            for a, b in EDGES:
                cv2.line(out, ends[a], ends[b], colour, width, cv2.LINE_AA)
    return out
