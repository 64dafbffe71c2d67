"""Positions and rotations to geometry_msgs, and back."""

import numpy as np
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3

from osis_ros.messages.errors import MessageError


def point_to_message(place: np.ndarray) -> Point:
    """A Point of [3] metres."""
    x, y, z = np.asarray(place, float).tolist()
    return Point(x=x, y=y, z=z)


def vector_to_message(vector: np.ndarray) -> Vector3:
    """A Vector3 of [3]."""
    x, y, z = np.asarray(vector, float).tolist()
    return Vector3(x=x, y=y, z=z)


def xyz(message: Point | Vector3) -> tuple[float, float, float]:
    """The three numbers of a Point or a Vector3."""
    return message.x, message.y, message.z


def pose_of(place: np.ndarray, axes: np.ndarray) -> Pose:
    """A Pose.

    Args:
        place: [3] metres.
        axes: [3, 3] rotation whose columns are the x, y and z axes.
    """
    return Pose(position=point_to_message(place), orientation=quaternion_to_message(axes))


def quaternion_to_message(turn: np.ndarray) -> Quaternion:
    """A Quaternion of a rotation matrix [3, 3]: the eigenvector of Bar-Itzhack's symmetric matrix (2000), which is well
    conditioned for every angle; its w is not negative."""
    (a, b, c), (d, e, f), (g, h, i) = np.asarray(turn, float)
    k = np.array([[a + e + i, h - f, c - g, d - b],
                  [h - f, a - e - i, b + d, c + g],
                  [c - g, b + d, e - a - i, f + h],
                  [d - b, c + g, f + h, i - a - e]])  # fmt: skip
    vector = np.linalg.eigh(k)[1][:, -1]
    w, x, y, z = (vector if vector[0] >= 0 else -vector).tolist()
    return Quaternion(x=x, y=y, z=z, w=w)


def rotation_from_message(message: Quaternion, owner: str) -> np.ndarray:
    """The rotation matrix [3, 3] of a Quaternion.

    Args:
        owner: what it is of, for the error: `the transform to base_link`.
    Raises:
        MessageError: a quaternion that is far from unit length, such as one that was never set.
    """
    x, y, z, w = message.x, message.y, message.z, message.w
    length = np.sqrt(x * x + y * y + z * z + w * w)
    if not abs(length - 1) < 0.01:
        raise MessageError(f"{owner} has a rotation of length {length:g}, expected a quaternion of length 1")
    x, y, z, w = np.array((x, y, z, w)) / length
    return np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                     [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                     [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])  # fmt: skip
