"""Depth images in the two encodings of REP 118 → metres, NaN where there is no reading."""

import numpy as np

from osis_ros.geometry.errors import GeometryError

MILLIMETRES = ("16UC1", "mono16")
METRES = ("32FC1",)
FARTHEST = 1000.0  # m; what lies beyond is no reading of a depth camera


def depth_in_metres(image: np.ndarray, encoding: str) -> np.ndarray:
    """Metres along the optical axis, float32 [H, W]; NaN where the camera has no reading (REP 117, REP 118).

    Args:
        image: uint16 [H, W] millimetres, 0 for no depth, or float32 [H, W] metres, where NaN, 0, negative numbers and
            ±Inf (too near, too far) are no depth; nor is what lies beyond FARTHEST.
        encoding: that of the sensor_msgs/Image. It decides the unit.
    Raises:
        GeometryError: another encoding, or an array that is not of this one.
    """
    if encoding in MILLIMETRES and image.dtype == np.uint16:
        depth = image.astype(np.float32)
        depth *= np.float32(0.001)
    elif encoding in METRES and image.dtype == np.float32:
        depth = image.copy()
        depth[~np.isfinite(depth)] = 0
    else:
        raise GeometryError(
            f"a depth image of encoding {encoding} and type {image.dtype} is not supported, "
            "expected 16UC1 (millimetres) or 32FC1 (metres)"
        )
    if depth.ndim != 2:
        raise GeometryError(f"a depth image has shape {list(image.shape)}, expected [height, width]")
    depth[(depth <= 0) | (depth > FARTHEST)] = np.nan
    return depth
