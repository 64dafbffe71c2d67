"""The library that converts a camera's encoding to RGB: cv_bridge if it works, else rosbags-image."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class ColourConverter:
    """A library that converts colours.

    Attributes:
        name: the library's.
        note: why it was chosen, in a few words.
        to_rgb: from a uint8 array [H, W] or [H, W, C] and the name of its encoding
            (sensor_msgs/image_encodings.hpp) to uint8 [H, W, 3] RGB.
    """

    name: str
    note: str
    to_rgb: Callable[[np.ndarray, str], np.ndarray]


@cache
def colour_converter() -> ColourConverter:
    """The converter of this machine, chosen once by trying.

    cv_bridge built against NumPy 1 fails under NumPy 2 with an ImportError, an AttributeError or a wrong picture,
    depending on the release; so one pixel is converted and checked.

    Raises:
        ImportError: neither library is installed.
    """
    try:
        from cv_bridge.boost.cv_bridge_boost import cvtColor2

        def by_cv_bridge(array: np.ndarray, encoding: str) -> np.ndarray:
            return cvtColor2(np.ascontiguousarray(array), encoding, "rgb8")

        pixel = by_cv_bridge(np.array([[[1, 2, 3]]], np.uint8), "bgr8")
        if pixel.tolist() != [[[3, 2, 1]]]:
            raise RuntimeError(f"it turned the BGR pixel 1 2 3 into {pixel.tolist()}")
        return ColourConverter("cv_bridge", "it is installed and works", by_cv_bridge)
    except Exception as err:  # whatever a broken binary raises, it is not usable
        reason = f"cv_bridge is not usable: {err}"
    try:
        from rosbags.image.image import convert_color
    except ImportError as err:
        raise ImportError(f"{reason}; install rosbags-image: pip install 'rosbags-image>=0.10' ({err})") from err
    return ColourConverter("rosbags-image", reason, lambda array, encoding: convert_color(array, encoding, "rgb8"))
