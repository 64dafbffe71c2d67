"""A small picture of one object, with its outline."""

import cv2
import numpy as np

from osis_ros.inference.overlay import UNKNOWN_COLOUR

SIDE = 128  # px
MARGIN = 0.15  # of the longer side of the mask's region, on each side
QUALITY = 82  # of JPEG


def crop(rgb: np.ndarray, mask: np.ndarray, roi: tuple[int, int, int, int]) -> bytes:
    """A square JPEG, the object in its middle and outlined. What lies outside the picture is grey.

    Args:
        rgb: uint8 [H, W, 3].
        mask: [H, W] bool.
        roi: x y width height of the mask in whole pixels.
    """
    x, y, width, height = roi
    half = max(width, height, 8) * (0.5 + MARGIN)
    scale = SIDE / (2 * half)
    shift = np.array([[scale, 0, SIDE / 2 - scale * (x + width / 2)], [0, scale, SIDE / 2 - scale * (y + height / 2)]])
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = _shrunk(rgb, shift, smooth, (128, 128, 128))
    inside = _shrunk(mask.astype(np.uint8) * 255, shift, cv2.INTER_LINEAR, 0) > 127
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(small, outlines, -1, UNKNOWN_COLOUR, 1, cv2.LINE_AA)
    return jpeg(small, QUALITY)


def jpeg(rgb: np.ndarray, quality: int) -> bytes:
    """A JPEG file's bytes of uint8 [H, W, 3] RGB."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def _shrunk(image: np.ndarray, shift: np.ndarray, how: int, outside: object) -> np.ndarray:
    return cv2.warpAffine(image, shift, (SIDE, SIDE), flags=how, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
