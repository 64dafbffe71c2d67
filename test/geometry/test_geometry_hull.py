"""Hulls are closed, look outwards, and reach down to what the object stands on."""

import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking

from osis_ros.geometry.box import Box
from osis_ros.geometry.hull import convex_hull
from osis_ros.geometry.locate import Locator

BRICK = Cuboid((0.0, 0.0, 0.05), (0.12, 0.06, 0.10), 0.4)


def volume(vertices: np.ndarray, triangles: np.ndarray) -> float:
    """Positive where the triangles look outwards (divergence theorem)."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("pitch", [35, 60, 89])
def test_the_hull_of_a_brick_is_the_brick(pitch):
    pose = looking(pitch, 0.8)
    depth, owner = cast(pose, [BRICK])
    objects = Locator().locate(instances_of(owner), depth, CAMERA)
    vertices, triangles = convex_hull(objects.points[0], objects.box(0), objects.plane)
    assert volume(vertices, triangles) == pytest.approx(np.prod(BRICK.size), rel=0.06)
    edges = {frozenset(pair) for t in triangles.tolist() for pair in zip(t, (*t[1:], t[0]), strict=True)}
    assert len(vertices) - len(edges) + len(triangles) == 2  # closed (Euler)
    assert objects.plane.height(vertices).min() == pytest.approx(0, abs=1e-3)
    inside = objects.points[0].astype(float)
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    assert (inside @ normals.T - np.einsum("ij,ij->i", normals, a) < 1e-5).all()


def test_a_flat_thing_has_a_hull_all_the_same():
    box = Box(np.array([0, 0, 1.0]), np.eye(3), np.array([0.1, 0.05, 0.0]))
    points = np.array([[0.05, 0, 1], [-0.05, 0, 1], [0, 0.025, 1], [0, -0.025, 1], [0.01, 0.01, 1]])
    vertices, triangles = convex_hull(points, box)
    assert volume(vertices, triangles) == pytest.approx(0.1 * 0.05 * 0.002, rel=1e-6)


def test_points_on_a_line_have_a_hull_all_the_same():
    box = Box(np.array([0, 0, 1.0]), np.eye(3), np.array([0.1, 0.05, 0.05]))
    vertices, _ = convex_hull(np.array([[x, 0, 1.0] for x in np.linspace(-0.05, 0.05, 9)]), box)
    assert len(vertices) == 8
