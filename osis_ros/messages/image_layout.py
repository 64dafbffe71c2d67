"""Memory layout of a sensor_msgs Image: sizes, padding of rows, byte order.

This module checks the layout and returns plain arrays, without a copy if possible. The libraries that convert colours
do not check it, or read it wrongly.
"""

import sys
from typing import TYPE_CHECKING

import numpy as np

from osis_ros.errors import ImageError

if TYPE_CHECKING:
    from sensor_msgs.msg import Image

MAX_SIDE = 16384


def check_sides(width: int, height: int) -> None:
    """Raises:
    ImageError: an image without pixels, or one too large to be meant.
    """
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ImageError(f"image is {width}x{height}, expected each side in 1..{MAX_SIDE}")


def samples(message: "Image", dtype: type, channels: int, rows: int | None = None) -> np.ndarray:
    """The samples of an image in the machine's byte order; a view of the message's data where that is possible.

    Args:
        dtype: of a sample. The message tells the byte order of those of several bytes.
        channels: samples of a pixel.
        rows: of samples, where an encoding has others than `height`.
    Returns:
        [rows, width], or [rows, width, channels] for several channels.
    Raises:
        ImageError: impossible or contradictory sizes, missing data.
    """
    height, width, step = message.height, message.width, message.step
    check_sides(width, height)
    rows = rows or height
    stored = np.dtype(dtype).newbyteorder(">" if message.is_bigendian else "<")
    row = width * channels * stored.itemsize
    if step < row:
        raise ImageError(f"step is {step}, expected at least {row} bytes for {width} pixels of {message.encoding}")
    needed = (rows - 1) * step + row  # the last row's padding may be missing
    if len(message.data) < needed:
        raise ImageError(
            f"data holds {len(message.data)} bytes, expected {rows * step} for {width}x{height} {message.encoding} "
            f"with step {step}"
        )
    shape = (rows, width) if channels == 1 else (rows, width, channels)
    strides = (step, stored.itemsize * channels, stored.itemsize)[: len(shape)]
    array = np.ndarray(shape, stored, buffer=message.data, strides=strides)
    if not array.flags.aligned:  # 16-bit rows of an odd number of bytes, which OpenCV would read shifted
        array = array.copy()
    native = stored.itemsize == 1 or bool(message.is_bigendian) == (sys.byteorder == "big")
    return array if native else array.astype(stored.newbyteorder("="))
