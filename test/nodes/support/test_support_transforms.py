"""Frames over time."""

import threading
import time

import numpy as np
import pytest

from osis_ros.nodes.support.transforms import TransformError, TransformTree, between

MS = 1_000_000


def turned(degrees: float, *place: float) -> np.ndarray:
    angle, pose = np.deg2rad(degrees), np.eye(4)
    pose[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    pose[:3, 3] = place or (0, 0, 0)
    return pose


def test_a_chain_through_fixed_and_moving_frames_up_and_down():
    tree = TransformTree()
    tree.put("world", "arm", turned(90, 1, 0, 0), 1000 * MS)
    tree.put("arm", "camera", turned(0, 0, 0, 2), 0, fixed=True)
    tree.put("world", "table", turned(0, 0, 5, 0), 0, fixed=True)
    np.testing.assert_allclose(tree.look_up("world", "camera", 1000 * MS), turned(90, 1, 0, 2), atol=1e-12)
    np.testing.assert_allclose(tree.look_up("table", "/camera", 1000 * MS), turned(90, 1, -5, 2), atol=1e-12)
    np.testing.assert_allclose(
        tree.look_up("camera", "world", 1000 * MS), np.linalg.inv(turned(90, 1, 0, 2)), atol=1e-9
    )


def test_between_two_moments_the_pose_lies_between():
    tree = TransformTree()
    tree.put("world", "camera", turned(170, 0, 0, 0), 1000 * MS)
    tree.put("world", "camera", turned(-170, 1, 0, 0), 1100 * MS)
    np.testing.assert_allclose(tree.look_up("world", "camera", 1025 * MS), turned(175, 0.25, 0, 0), atol=1e-9)
    np.testing.assert_allclose(between(turned(10), turned(10), 0.5), turned(10), atol=1e-9)


@pytest.mark.parametrize(
    ("target", "source", "stamp", "told"),
    [
        ("world", "camera", 1200, "the newest transform of camera is 0.100 s older than the image"),
        ("world", "camera", 900, "the oldest transform of camera is 0.100 s newer than the image"),
        ("world", "lens", 1000, "there is no frame 'lens'"),
        ("moon", "camera", 1000, "there is no frame 'moon'"),
        ("other", "camera", 1000, "the two frames are not connected"),
    ],
)
def test_what_is_not_known_is_said(target: str, source: str, stamp: int, told: str):
    tree = TransformTree()
    tree.put("world", "camera", np.eye(4), 1000 * MS)
    tree.put("world", "camera", np.eye(4), 1100 * MS)
    tree.put("other", "thing", np.eye(4), 0, fixed=True)
    with pytest.raises(TransformError, match=told):
        tree.look_up(target, source, stamp * MS)


def test_a_transform_that_comes_late_is_waited_for():
    tree = TransformTree()
    tree.put("world", "camera", np.eye(4), 1000 * MS)
    threading.Timer(0.05, tree.put, ["world", "camera", turned(90), 1100 * MS]).start()
    np.testing.assert_allclose(tree.look_up("world", "camera", 1100 * MS, wait=10.0), turned(90))
    begun = time.monotonic()
    with pytest.raises(TransformError):
        tree.look_up("world", "camera", 1200 * MS, wait=0.05)
    assert time.monotonic() - begun < 5


def test_time_that_goes_back_begins_anew():
    tree = TransformTree()
    tree.put("world", "camera", turned(90), 50_000 * MS)
    tree.put("world", "camera", turned(10), 1_000 * MS)
    tree.put("world", "camera", turned(20), 1_100 * MS)
    np.testing.assert_allclose(tree.look_up("world", "camera", 1050 * MS), turned(15), atol=1e-9)
    with pytest.raises(TransformError):
        tree.look_up("world", "camera", 50_000 * MS)


def test_a_frame_that_gets_another_parent_leaves_the_old_one():
    tree = TransformTree()
    tree.put("table", "cup", np.eye(4), 1000 * MS)
    tree.put("hand", "cup", turned(90), 1100 * MS)
    np.testing.assert_allclose(tree.look_up("hand", "cup", 1100 * MS), turned(90))
    with pytest.raises(TransformError):
        tree.look_up("table", "cup", 1000 * MS)


def test_a_circle_of_frames_ends():
    tree = TransformTree()
    tree.put("a", "b", np.eye(4), 0, fixed=True)
    tree.put("b", "a", np.eye(4), 0, fixed=True)
    with pytest.raises(TransformError):
        tree.look_up("world", "a", 0)
