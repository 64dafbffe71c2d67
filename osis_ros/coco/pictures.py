"""Reads the image of an entry in a COCO-format file."""

from pathlib import Path

import numpy as np

from osis_ros.errors import DatasetError
from osis_ros.inference.image_file import read_image, stored_size


def read_picture(path: Path, height: int, width: int) -> np.ndarray:
    """The image, turned upright by its EXIF orientation, as labelling tools show it.

    Args:
        height, width: from the entry, in pixels; 0 if the entry has none.
    Returns:
        uint8 [H, W, 3] RGB.
    Raises:
        ImageError: a file that cannot be read, as in `read_image`.
        DatasetError: a picture of another size.
    """
    rgb = read_image(path)
    found = rgb.shape[:2]
    if found == (height or found[0], width or found[1]):
        return rgb
    if stored_size(path) == (height, width):
        raise DatasetError(
            f"{path} is {found[1]}x{found[0]} pixels once its EXIF orientation turns it upright, but its annotations "
            f"say {width}x{height}: they were drawn on the picture as stored; remove the EXIF orientation from the file"
        )
    raise DatasetError(f"{path} is {found[1]}x{found[0]} pixels, its annotations say {width}x{height}")
