"""A camera's calibration, depth and pose: by hand, and there and back."""

import numpy as np
import pytest
from encodings_of import encoded
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from osis_ros.errors import ImageError
from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.messages.camera import (
    BODY_FROM_OPTICAL,
    depth_from_message,
    depth_to_message,
    intrinsics_from_message,
    intrinsics_to_message,
    millimetres,
    pinhole_from_message,
    pose_from_message,
    pose_to_message,
)
from osis_ros.messages.errors import MessageError
from osis_ros.messages.images import byte_array, image_to_message

K = np.array([[100.0, 0, 32], [0, 110, 24], [0, 0, 1]])


def test_depth_in_millimetres_by_hand():
    depth = np.array([[0, 0.0004, 0.0006, 1.2346, 65.535, 65.6, np.nan, np.inf, -1]], np.float32)
    assert millimetres(depth).tolist() == [[0, 0, 1, 1235, 65535, 0, 0, 0, 0]]


def test_depth_comes_back_to_the_millimetre_and_nothing_as_nan():
    depth = np.array([[0, 1.2346, np.nan], [0.5, 65.535, -1]], np.float32)
    message = depth_to_message(depth, Header(frame_id="eye"))
    assert (message.encoding, message.header.frame_id) == ("16UC1", "eye")
    again = depth_from_message(message)
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, [[np.nan, 1.235, np.nan], [0.5, 65.535, np.nan]], rtol=1e-6)


def test_depth_in_metres_keeps_every_digit_and_knows_each_kind_of_nothing():
    values = np.array([[0.12345679, 0, -1, np.nan, np.inf, -np.inf]], np.float32)
    metres = depth_from_message(image_to_message(values, "32FC1", Header()))
    np.testing.assert_array_equal(metres, np.array([[0.12345679, *[np.nan] * 5]], np.float32))


def test_big_endian_depth_with_padded_rows():
    values = np.array([[256, 1], [2, 3]], ">u2").view(np.uint8).reshape(2, 4)
    rows = np.concatenate([values, np.full((2, 3), 9, np.uint8)], axis=1)
    message = Image(height=2, width=2, encoding="16UC1", step=7, is_bigendian=1, data=byte_array(rows))
    np.testing.assert_allclose(depth_from_message(message), [[0.256, 0.001], [0.002, 0.003]], rtol=1e-6)
    message.encoding, message.step = "32FC1", 8
    message.data = byte_array(np.array([[1.5, 2], [3, 4]], ">f4"))
    assert depth_from_message(message).tolist() == [[1.5, 2], [3, 4]]


def test_a_picture_is_not_depth():
    with pytest.raises(ImageError, match=r"encoding 'rgb8' is not depth, expected 16UC1 \(millimetres\) or 32FC1"):
        depth_from_message(encoded(np.zeros((8, 16, 3), np.uint8), "rgb8"))


def test_the_principal_point_is_given_for_pixel_centres_at_whole_numbers():
    info = intrinsics_to_message(K, 64, 48, Header())
    assert (info.width, info.height) == (64, 48)
    assert list(info.k) == [100, 0, 31.5, 0, 110, 23.5, 0, 0, 1]
    assert list(info.p) == [100, 0, 31.5, 0, 0, 110, 23.5, 0, 0, 0, 1, 0]
    assert (list(info.r), list(info.d)) == ([1, 0, 0, 0, 1, 0, 0, 0, 1], [0] * 5)
    np.testing.assert_array_equal(intrinsics_from_message(info), K)
    np.testing.assert_array_equal(intrinsics_from_message(info, rectified=True), K)


def test_rectified_images_have_the_intrinsics_of_p():
    info = intrinsics_to_message(K, 64, 48, Header())
    info.p[0], info.p[2], info.p[3] = 90.0, 30.5, -7.0  # a right camera's base line is no part of K
    assert intrinsics_from_message(info, rectified=True).tolist() == [[90, 0, 31], [0, 110, 24], [0, 0, 1]]
    assert intrinsics_from_message(info)[0].tolist() == [100, 0, 32]


def test_a_region_of_interest_and_binning_move_and_scale_the_intrinsics():
    """A ray through pixel (u, v) of the full image goes through ((u - 8) / 2, (v - 4) / 4) of the part that is sent."""
    info = intrinsics_to_message(K, 64, 48, Header())
    info.roi = RegionOfInterest(x_offset=8, y_offset=4, width=48, height=40)
    info.binning_x, info.binning_y = 2, 4
    assert intrinsics_from_message(info).tolist() == [[50, 0, 12], [0, 27.5, 5], [0, 0, 1]]


def test_the_geometrys_camera_counts_pixels_as_the_message_does():
    info = intrinsics_to_message(K, 64, 48, Header())
    assert pinhole_from_message(info) == Pinhole(64, 48, 100, 110, 31.5, 23.5)
    info.roi = RegionOfInterest(x_offset=8, y_offset=4, width=48, height=40)
    info.binning_x, info.binning_y = 2, 4
    assert pinhole_from_message(info) == Pinhole(24, 10, 50, 27.5, 11.5, 4.5)
    with pytest.raises(GeometryError, match="the camera is 0x0 pixels"):
        pinhole_from_message(intrinsics_to_message(K, 0, 0, Header()))


@pytest.mark.parametrize("rectified", [False, True])
def test_a_camera_without_calibration_is_one_sentence(rectified: bool):
    field = "p" if rectified else "k"
    with pytest.raises(MessageError, match=rf"focal lengths 0 and 0 in {field}, .*the camera is not calibrated"):
        intrinsics_from_message(CameraInfo(width=64, height=48), rectified)
    for in_k, in_p, value in ((0, 0, 0.0), (4, 5, 0.0), (0, 0, np.nan), (2, 2, np.nan), (5, 6, np.inf)):
        info = intrinsics_to_message(K, 64, 48, Header())
        info.k[in_k] = info.p[in_p] = value
        with pytest.raises(MessageError, match="not calibrated"):
            intrinsics_from_message(info, rectified)


def test_poses_by_hand_and_back():
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = BODY_FROM_OPTICAL, (1, 2, 3)
    message = pose_to_message(pose, "child", Header(frame_id="parent"))
    assert (message.child_frame_id, message.header.frame_id) == ("child", "parent")
    q, t = message.transform.rotation, message.transform.translation
    assert (t.x, t.y, t.z) == (1, 2, 3)
    np.testing.assert_allclose(np.array([q.w, q.x, q.y, q.z]), [0.5, -0.5, 0.5, -0.5], atol=1e-12)
    half_turns = (np.diag([1, -1, -1]), np.diag([-1, 1, -1]), np.diag([-1, -1, 1]))  # where w is 0
    oblique = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    for turn in (BODY_FROM_OPTICAL, *half_turns, oblique * np.linalg.det(oblique)):
        pose[:3, :3] = turn
        np.testing.assert_allclose(pose_from_message(pose_to_message(pose, "child", Header())), pose, atol=1e-12)


def test_a_rotation_that_was_never_set_is_one_sentence():
    message = pose_to_message(np.eye(4), "hand", Header())
    message.transform.rotation.w = 0.0
    with pytest.raises(MessageError, match="the transform to hand has a rotation of length 0, expected a quaternion"):
        pose_from_message(message)
