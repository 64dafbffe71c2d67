"""How far a lens bends an image away from the pinhole camera that the geometry computes with."""

from collections.abc import Sequence

import cv2
import numpy as np

from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.pinhole import Pinhole

POLYNOMIAL = ("plumb_bob", "rational_polynomial")
FISHEYE = ("equidistant", "fisheye")
LENGTHS = (4, 5, 8, 12, 14)  # of the polynomial model's coefficients, as OpenCV takes them


def largest_shift(model: str, coefficients: Sequence[float], camera: Pinhole) -> float:
    """Pixels by which distortion moves the point of the image that it moves most.

    Args:
        model: `distortion_model` of sensor_msgs/CameraInfo.
        coefficients: its `d`; empty or all zero for a lens without distortion.
    Raises:
        GeometryError: a model that is not known, coefficients that are not of it or not finite.
    """
    d = np.asarray(coefficients, float)
    if not d.any():
        return 0.0
    known = d.size in LENGTHS if model in POLYNOMIAL else model in FISHEYE and d.size == 4
    if not (known and np.isfinite(d).all()):
        raise GeometryError(
            f"camera_info has the distortion model '{model}' with {d.size} coefficients, expected plumb_bob (5), "
            "rational_polynomial (8) or equidistant (4), and finite numbers"
        )
    across, down = np.meshgrid(np.linspace(0, camera.width - 1, 17), np.linspace(0, camera.height - 1, 13))
    pixels = np.stack([across.ravel(), down.ravel()], axis=1)
    rays = (pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    k = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    if model in FISHEYE:
        bent = cv2.fisheye.distortPoints(rays[:, None], k, d)
    else:
        spatial = np.concatenate([rays, np.ones((len(rays), 1))], axis=1)
        bent = cv2.projectPoints(spatial, np.zeros(3), np.zeros(3), k, d)[0]
    return float(np.linalg.norm(bent[:, 0] - pixels, axis=1).max())
