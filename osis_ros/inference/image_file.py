"""The only reader of image files. It returns upright 8-bit RGB images and refuses truncated files.

`osis segment`, `train`, `evaluate` and `data check` all read pictures with it, with OpenCV 4 as with 5.
"""

import threading
from pathlib import Path

import cv2
import numpy as np

from osis_ros.errors import ImageError
from osis_ros.files.cut_off import cut_off

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")

LOG, SILENT = getattr(cv2.utils, "logging", cv2), 0  # OpenCV 5 moved its log level there


def read_image(file: str | Path) -> np.ndarray:
    """Decode an image file.

    Grey becomes RGB, alpha is dropped, 16-bit channels keep their upper 8 bits, and the EXIF orientation of a
    photograph is applied.

    Returns:
        uint8 [H, W, 3] RGB.
    Raises:
        ImageError: no such file, empty, truncated, not an image, or of a kind that OpenCV does not decode.
    """
    image = _decode(Path(file), cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)


def read_label_image(file: str | Path) -> np.ndarray:
    """Decode an image file of one channel, such as a map of object numbers, as it is stored.

    Returns:
        uint8 or uint16 [H, W].
    Raises:
        ImageError: as `read_image`; or it has several channels.
    """
    image = _decode(Path(file), cv2.IMREAD_UNCHANGED)
    if image.ndim != 2:
        raise ImageError(f"{file} has {image.shape[2]} channels, expected a label image of one")
    return image


def read_cut_out(file: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Decode an image file whose alpha channel marks an object.

    Returns:
        uint8 [H, W, 3] RGB, and bool [H, W], True where alpha is above 127.
    Raises:
        ImageError: as `read_image`; or it has no alpha channel.
    """
    image = _decode(Path(file), cv2.IMREAD_UNCHANGED)
    if image.ndim != 3 or image.shape[2] != 4 or image.dtype != np.uint8:
        raise ImageError(f"{file} has no alpha channel of 8 bits, expected one that marks the object")
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGB), image[..., 3] > 127


def stored_size(file: str | Path) -> tuple[int, int]:
    """Height and width of a picture as stored, before its EXIF orientation turns it. Raises ImageError."""
    return _decode(Path(file), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION).shape[:2]


def _decode(file: Path, how: int) -> np.ndarray:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{file} does not exist") from None
    except IsADirectoryError:
        raise ImageError(f"{file} is a folder, expected an image file") from None
    except OSError as err:
        raise ImageError(f"{file} cannot be read: {err.strerror}") from None
    if not data:
        raise ImageError(f"{file} is empty, expected an image")
    if kind := cut_off(data):
        raise ImageError(f"{file} is a {kind} of {len(data)} bytes that was cut off: its end is missing; copy it again")
    image = _silently_decoded(np.frombuffer(data, np.uint8), how)
    if image is None:
        raise ImageError(
            f"{file} cannot be decoded ({len(data)} bytes): damaged or not an image; PNG, JPEG, BMP, WebP, TIFF and "
            "PNM of 8 or 16 bits are read"
        )
    return image


def _silently_decoded(data: np.ndarray, how: int) -> np.ndarray | None:
    with _SILENCE:  # the error raised here says it once
        try:
            return cv2.imdecode(data, how)
        except cv2.error:
            return None


class _Silence:
    """OpenCV's log, which the whole process shares, is off while any thread is inside."""

    def __init__(self) -> None:
        self._lock, self._inside, self._level = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._level = LOG.getLogLevel()
                LOG.setLogLevel(SILENT)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                LOG.setLogLevel(self._level)


_SILENCE = _Silence()
