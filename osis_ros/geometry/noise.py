"""Noise of a depth camera. It grows with the square of the distance, as for every triangulating sensor."""

import numpy as np

from osis_ros.geometry.quantiles import middle

TYPICAL = 0.0027  # 1/m: 1.7 mm at 0.8 m, an active stereo camera with a baseline of 50 mm (z² · 0.08 px / (fx · b))
SPACING = 5  # px between the readings that are compared: nearer ones of a stereo camera share their error
LEAST = 1e-4  # 1/m, of a perfect camera
USELESS = 0.03  # 1/m: 19 mm at 0.8 m; no surface can be told in such readings


def scatter(z: np.ndarray | float, coefficient: float = TYPICAL) -> np.ndarray | float:
    """Standard deviation in metres of a reading at z metres."""
    return coefficient * np.square(z)


def measured_noise(depth: np.ndarray) -> float:
    """The coefficient of `scatter` for this image.

    Along a row, the inverse depth of a flat surface is a linear function. So three equally spaced readings give an
    estimate of the noise. Most triples lie on one surface; the median is not affected by the others.

    Args:
        depth: [H, W] float32 metres, NaN where there is none.
    Returns:
        1/m; TYPICAL where the image has too few readings.
    """
    inverse = 1 / depth[::8]
    bend = inverse[:, : -2 * SPACING : 2] - 2 * inverse[:, SPACING:-SPACING:2] + inverse[:, 2 * SPACING :: 2]
    bend = np.abs(bend[np.isfinite(bend)])
    if len(bend) < 200:
        return TYPICAL
    return max(1.4826 * float(middle(bend)) / np.sqrt(6), LEAST)
