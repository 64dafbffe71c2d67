"""Seamless-looking random fields, the raw material of the procedural textures. All are float32 [size, size]."""

import cv2
import numpy as np

from osis_ros.simulation.draws import Draw


def smooth_noise(draw: Draw, size: int, cells: float, stretch: float = 1.0) -> np.ndarray:
    """Bicubic value noise in 0..1 with about `cells` blobs across and `cells / stretch` down."""
    columns, rows = max(2, round(cells)) + 3, max(1, round(cells / stretch)) + 3
    field = cv2.resize(draw.rng.random((rows, columns), np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    return np.clip(field, 0, 1)


def fractal_noise(draw: Draw, size: int, cells: float, octaves: int = 4, stretch: float = 1.0) -> np.ndarray:
    """Octaves of value noise, each twice as fine and half as strong, stretched to 0..1."""
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        if cells * 2**octave > size:
            break
        total += smooth_noise(draw, size, cells * 2**octave, stretch) * 0.5**octave
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def grain(draw: Draw, size: int) -> np.ndarray:
    """White noise of mean 0 and standard deviation 1."""
    return draw.rng.standard_normal((size, size), np.float32)


def blend(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """[size, size, 3] float32 from colour `first` (weight 0) to `second` (weight 1); either may be a picture."""
    first, second = np.asarray(first, np.float32), np.asarray(second, np.float32)
    return first + (second - first) * weight[..., None]


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """0..1 floats as uint8, contiguous."""
    return np.ascontiguousarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
