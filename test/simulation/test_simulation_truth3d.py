"""The truth in space agrees with the picture, and with a referee for boxes."""

import numpy as np
import pytest

from osis_ros.simulation.render import Renderer
from osis_ros.simulation.scene import make_scene
from osis_ros.simulation.truth3d import body_mesh, object_truths, upright_bounds


@pytest.fixture(scope="module")
def seen():
    scene = make_scene(3, "val", 6)
    with Renderer() as renderer:
        return scene, renderer.frame(scene, scene.view(0))


def test_measured_points_lie_in_the_true_boxes(seen):
    scene, frame = seen
    pose, k = frame.camera.pose, frame.camera.intrinsics
    for item in object_truths(scene, frame):
        rows, columns = np.nonzero(frame.instance_ids == item.instance_id)
        z = frame.depth[rows, columns]
        local = np.stack([(columns + 0.5 - k[0, 2]) / k[0, 0] * z, (rows + 0.5 - k[1, 2]) / k[1, 1] * z, z], 1)
        points = local @ pose[:3, :3].T + pose[:3, 3] - item.centre
        turn = np.array([[np.cos(item.yaw), -np.sin(item.yaw)], [np.sin(item.yaw), np.cos(item.yaw)]])
        inside = np.abs(np.column_stack([points[:, :2] @ turn, points[:, 2]])) <= item.size / 2 + 0.002
        assert inside.all(1).mean() > 0.995, item.category


def test_the_visible_share_is_that_of_the_silhouette(seen):
    scene, frame = seen
    shares = [item.visible_share for item in object_truths(scene, frame)]
    assert all(0 < share <= 1 for share in shares)
    assert max(shares) > 0.95  # what nothing hides fills its silhouette


def test_an_upright_box_is_the_smallest_on_the_plane(seen):
    scene, _ = seen
    vertices, triangles = body_mesh(scene, scene.objects[0])
    assert triangles.max() < len(vertices)
    centre, size, yaw = upright_bounds(vertices)
    assert size[0] >= size[1]
    areas = []
    for angle in np.deg2rad(np.arange(0, 90, 0.5)):
        turned = vertices[:, :2] @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        areas.append(np.prod(np.ptp(turned, axis=0)))
    assert size[0] * size[1] <= min(areas) * 1.001
    assert centre[2] == pytest.approx((vertices[:, 2].min() + vertices[:, 2].max()) / 2)
    assert 0 <= yaw < np.pi
