"""A camera's calibration, depth and place as messages."""

import numpy as np
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

# From a camera's body frame (x forward, y left, z up) to its optical frame (z forward, x right, y down), REP 103.
BODY_FROM_OPTICAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])


def camera_info(intrinsics: np.ndarray, width: int, height: int, header: Header) -> CameraInfo:
    """The calibration of a camera without distortion.

    Args:
        intrinsics: [3, 3] K in pixels, where the centre of the top-left pixel is (0.5, 0.5). In the message it is
            (0, 0), as in OpenCV and image_geometry.
    """
    k = intrinsics - np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])
    message = CameraInfo(header=header, width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    message.k, message.r = k.ravel(), np.eye(3).ravel()
    message.p = np.column_stack([k, np.zeros(3)]).ravel()
    return message


def millimetres(depth: np.ndarray) -> np.ndarray:
    """Depth as REP 118's 16UC1.

    Args:
        depth: float32 [H, W] metres, 0 or not finite where there is none.
    Returns:
        uint16 [H, W] millimetres, rounded; 0 where there is none, and beyond 65.535 m.
    """
    scaled = np.rint(np.nan_to_num(depth, nan=0, posinf=0, neginf=0) * 1000)
    return np.where((scaled > 0) & (scaled <= 65535), scaled, 0).astype(np.uint16)


def transform(pose: np.ndarray, child: str, header: Header) -> TransformStamped:
    """The pose of frame `child` in the header's frame.

    Args:
        pose: [4, 4], from child to parent, metres.
    """
    w, x, y, z = _quaternion(pose[:3, :3])
    message = TransformStamped(header=header, child_frame_id=child)
    message.transform.translation = Vector3(**dict(zip("xyz", pose[:3, 3].tolist(), strict=True)))
    message.transform.rotation = Quaternion(x=x, y=y, z=z, w=w)
    return message


def _quaternion(turn: np.ndarray) -> list[float]:
    """w, x, y, z of a rotation matrix [3, 3]: the eigenvector of Bar-Itzhack's symmetric matrix (2000), which is well
    conditioned for every angle."""
    (a, b, c), (d, e, f), (g, h, i) = turn
    k = np.array([[a + e + i, h - f, c - g, d - b],
                  [h - f, a - e - i, b + d, c + g],
                  [c - g, b + d, e - a - i, f + h],
                  [d - b, c + g, f + h, i - a - e]])  # fmt: skip
    vector = np.linalg.eigh(k)[1][:, -1]
    return (vector if vector[0] >= 0 else -vector).tolist()
