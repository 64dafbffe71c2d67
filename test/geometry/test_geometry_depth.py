"""Units and holes of depth images (REP 117, REP 118), and the camera's K."""

import numpy as np
import pytest

from osis_ros.geometry.depth import depth_in_metres
from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.pinhole import Pinhole


def test_the_encoding_decides_the_unit():
    millimetres = np.array([[1000, 0], [65535, 1]], np.uint16)
    np.testing.assert_allclose(depth_in_metres(millimetres, "16UC1"), [[1.0, np.nan], [65.535, 0.001]], rtol=1e-6)
    metres = np.array([[1.0, 0.0]], np.float32)
    np.testing.assert_array_equal(depth_in_metres(metres, "32FC1"), np.array([[1.0, np.nan]], np.float32))


def test_what_is_no_distance_is_no_depth():
    image = np.array([[np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5]], np.float32)
    assert np.isnan(depth_in_metres(image, "32FC1")).tolist() == [[True, True, True, True, True, False]]
    assert image[0, 1] == np.inf  # the camera's own array stays as it is


@pytest.mark.parametrize(
    ("image", "encoding"),
    [
        (np.zeros((2, 2), np.uint8), "8UC1"),
        (np.zeros((2, 2), np.float32), "16UC1"),
        (np.zeros((2, 2), np.float64), "32FC1"),
    ],
)
def test_another_form_is_refused_with_the_two_that_serve(image, encoding):
    with pytest.raises(GeometryError, match=r"expected 16UC1 \(millimetres\) or 32FC1 \(metres\)"):
        depth_in_metres(image, encoding)


def test_the_principal_point_looks_straight_ahead():
    camera = Pinhole(640, 480, 600.0, 500.0, 320.5, 240.25)
    points = camera.points(np.array([320.5, 920.5]), np.array([240.25, 740.25]), np.array([2.0, 2.0]))
    np.testing.assert_allclose(points, [[0, 0, 2], [2, 2, 2]], atol=1e-6)
    np.testing.assert_allclose(camera.project(points), [[320.5, 240.25], [920.5, 740.25]], atol=1e-4)


@pytest.mark.parametrize("k", [[-600, 0, 320, 0, 600, 240, 0, 0, 1], [np.nan, 0, 1, 0, 1, 1, 0, 0, 1], [0] * 9])
def test_a_camera_that_is_not_calibrated_is_refused(k):
    with pytest.raises(GeometryError, match="is the camera calibrated"):
        Pinhole.from_matrix(k, 640, 480)


def test_what_no_depth_camera_sees_is_no_reading():
    depth = depth_in_metres(np.array([[2.0, 999.0, 1001.0, 3e38]], np.float32), "32FC1")
    np.testing.assert_array_equal(np.isfinite(depth), [[True, True, False, False]])


@pytest.mark.parametrize("change", [{"fx": 1e-6}, {"fy": 1e9}, {"cx": 1e300}, {"cy": -1e9}])
def test_a_camera_matrix_that_no_lens_has_is_refused(change):
    numbers = {"width": 640, "height": 480, "fx": 600.0, "fy": 600.0, "cx": 320.0, "cy": 240.0} | change
    with pytest.raises(GeometryError, match="which no lens has with an image of 640x480 pixels"):
        Pinhole(**numbers)
