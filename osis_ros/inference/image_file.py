"""Read an image file as the network needs it: 8-bit RGB, upright."""

from pathlib import Path

import cv2
import numpy as np

from osis_ros.errors import OsisError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")

LOG, SILENT = getattr(cv2.utils, "logging", cv2), 0  # OpenCV 5 moved its log level there


class ImageError(OsisError, ValueError):
    """A file or folder that cannot be read as images; the message is one sentence that names it."""


def read_image(file: str | Path) -> np.ndarray:
    """Decode an image file.

    Grey becomes RGB, alpha is dropped, 16-bit channels keep their upper 8 bits, and the EXIF orientation of a
    photograph is applied.

    Returns:
        uint8 [H, W, 3] RGB.
    Raises:
        ImageError: no such file, empty, truncated, not an image, or of a kind that OpenCV does not decode.
    """
    file = Path(file)
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
    except FileNotFoundError:
        raise ImageError(f"{file} does not exist") from None
    except IsADirectoryError:
        raise ImageError(f"{file} is a folder, expected an image file") from None
    except OSError as err:
        raise ImageError(f"{file} cannot be read: {err.strerror}") from None
    if not len(data):
        raise ImageError(f"{file} is empty, expected an image")
    image = _decode(data)
    if image is None:
        raise ImageError(
            f"{file} cannot be decoded ({len(data)} bytes): damaged or not an image; PNG, JPEG, BMP, WebP, TIFF and "
            "PNM of 8 or 16 bits are read"
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)


def _decode(data: np.ndarray) -> np.ndarray | None:
    level = LOG.getLogLevel()
    LOG.setLogLevel(SILENT)  # the error raised here says it once
    try:
        return cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    finally:
        LOG.setLogLevel(level)
