"""A camera's calibration, depth and pose to messages, and back."""

import numpy as np
from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from osis_ros.errors import ImageError
from osis_ros.geometry.depth import METRES, MILLIMETRES, depth_in_metres
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.messages.errors import MessageError
from osis_ros.messages.images import image_from_message, image_to_message
from osis_ros.messages.poses import quaternion_to_message, rotation_from_message, vector_to_message, xyz

# From a camera's body frame (x forward, y left, z up) to its optical frame (z forward, x right, y down), REP 103.
BODY_FROM_OPTICAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])


DEPTH = (*MILLIMETRES, *METRES)
PIXEL_CENTRE = np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])  # ours less the message's


def intrinsics_to_message(intrinsics: np.ndarray, width: int, height: int, header: Header) -> CameraInfo:
    """The calibration of a camera without distortion.

    Args:
        intrinsics: [3, 3] K in pixels, where the centre of the top-left pixel is (0.5, 0.5). In the message it is
            (0, 0), as in OpenCV and image_geometry.
    """
    k = intrinsics - PIXEL_CENTRE
    message = CameraInfo(header=header, width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    message.k, message.r = k.ravel(), np.eye(3).ravel()
    message.p = np.column_stack([k, np.zeros(3)]).ravel()
    return message


def intrinsics_from_message(message: CameraInfo, rectified: bool = False) -> np.ndarray:
    """The calibration of the images that come with a CameraInfo: [3, 3] K in pixels of the image.

    The centre of the top-left pixel is (0.5, 0.5). K in the message is of the full resolution; it is scaled here by
    the binning and moved by the region of interest that the camera was set to. Distortion is not undone
    (`osis_ros.geometry.distortion` says how large it is).

    Args:
        rectified: the images are rectified ones (`image_rect`), whose K is in the message's P.
    Raises:
        MessageError: a camera that was never calibrated, or values that are not finite numbers.
    """
    field = "p" if rectified else "k"
    k = np.array(message.p, float).reshape(3, 4)[:, :3] if rectified else np.array(message.k, float).reshape(3, 3)
    if not (np.isfinite(k).all() and k[0, 0] > 0 and k[1, 1] > 0):
        raise MessageError(
            f"camera_info has the focal lengths {k[0, 0]:g} and {k[1, 1]:g} in {field}, expected numbers above 0: "
            "the camera is not calibrated"
        )
    k = k + PIXEL_CENTRE
    k[:2, 2] -= message.roi.x_offset, message.roi.y_offset
    k[:2] /= np.array([[max(message.binning_x, 1)], [max(message.binning_y, 1)]])
    return k


def pinhole_from_message(message: CameraInfo, rectified: bool = False) -> Pinhole:
    """The `Pinhole` of a CameraInfo. As in the message, the centre of the top-left pixel is (0, 0).

    Args:
        rectified: as in `intrinsics_from_message`.
    Raises:
        MessageError, GeometryError: a camera that was never calibrated, or one without a size.
    """
    roi, binning = message.roi, (max(message.binning_x, 1), max(message.binning_y, 1))
    width, height = (roi.width, roi.height) if roi.width and roi.height else (message.width, message.height)
    k = intrinsics_from_message(message, rectified) - PIXEL_CENTRE
    return Pinhole.from_matrix(k, width // binning[0], height // binning[1])


def millimetres(depth: np.ndarray) -> np.ndarray:
    """Depth in the 16UC1 form of REP 118.

    Args:
        depth: float32 [H, W] metres; 0 or not finite means no depth.
    Returns:
        uint16 [H, W] millimetres, rounded; 0 means no depth or more than 65.535 m.
    """
    scaled = np.rint(np.nan_to_num(depth, nan=0, posinf=0, neginf=0) * 1000)
    return np.where((scaled > 0) & (scaled <= 65535), scaled, 0).astype(np.uint16)


def depth_to_message(depth: np.ndarray, header: Header) -> Image:
    """A 16UC1 depth image (REP 118) from float32 [H, W] metres; 0 or not finite means no depth."""
    return image_to_message(millimetres(depth), "16UC1", header)


def depth_from_message(message: Image) -> np.ndarray:
    """Metres along the optical axis, float32 [H, W], NaN where the camera saw nothing (REP 117, REP 118).

    Args:
        message: 16UC1 or mono16, millimetres, 0 for nothing; or 32FC1, metres, where 0, negative numbers, NaN and
            ±Inf (too near, too far) are nothing.
    Raises:
        ImageError: another encoding, or a message whose sizes and data do not fit together.
    """
    if message.encoding not in DEPTH:
        raise ImageError(f"encoding '{message.encoding}' is not depth, expected 16UC1 (millimetres) or 32FC1 (metres)")
    return depth_in_metres(image_from_message(message), message.encoding)


def pose_to_message(pose: np.ndarray, child: str, header: Header) -> TransformStamped:
    """The pose of frame `child` in the header's frame.

    Args:
        pose: [4, 4], from child to parent, metres.
    """
    message = TransformStamped(header=header, child_frame_id=child)
    message.transform.translation = vector_to_message(pose[:3, 3])
    message.transform.rotation = quaternion_to_message(pose[:3, :3])
    return message


def pose_from_message(message: TransformStamped) -> np.ndarray:
    """[4, 4] float64, from the message's child frame to its parent, metres.

    Raises:
        MessageError: a quaternion that is far from unit length, such as one that was never set, or a translation that
            is not finite.
    """
    pose = np.eye(4)
    pose[:3, :3] = rotation_from_message(message.transform.rotation, f"the transform to {message.child_frame_id}")
    pose[:3, 3] = xyz(message.transform.translation)
    if not np.isfinite(pose).all():
        raise MessageError(
            f"the transform to {message.child_frame_id} has the translation {pose[:3, 3].tolist()}, expected finite "
            "numbers"
        )
    return pose
