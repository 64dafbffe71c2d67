"""Meshes are closed, face outwards and have the size they were asked for."""

import numpy as np
import pytest

from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.categories import ALL, KNOWN, OUTLIERS, UNKNOWN, build
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.ellipsoid import ellipsoid
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.lathe import curve, lathe
from osis_ros.simulation.mesh import Mesh, rotation
from osis_ros.simulation.sweep import line, sweep


def volume(mesh: Mesh) -> float:
    """By the divergence theorem; positive where faces look outwards."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def test_a_turned_cylinder_has_the_volume_of_its_prism():
    mesh = lathe(np.array([(0, 0), (2, 0), (2, 3), (0, 3)]), segments=8)
    prism = 0.5 * 8 * 2**2 * np.sin(2 * np.pi / 8) * 3  # eight triangles of sides 2, 2, times the height
    assert volume(mesh) == pytest.approx(prism)


def test_a_turned_cylinder_has_flat_lids_and_a_round_wall():
    mesh = lathe(np.array([(0, 0), (2, 0), (2, 3), (0, 3)]), segments=8)
    for point, normal in zip(mesh.vertices, mesh.normals, strict=True):
        outwards = np.array([*point[:2], 0]) / max(np.hypot(*point[:2]), 1e-9)
        assert any(np.allclose(normal, choice, atol=1e-6) for choice in (outwards, (0, 0, 1), (0, 0, -1)))


def test_a_swept_square_bar_has_the_volume_of_a_box():
    mesh = sweep(line((0, 0, 0), (4, 0, 0), 3), (1.0, 0.5), exponent=200, segments=64)
    assert volume(mesh) == pytest.approx(4 * 2 * 1, rel=0.02)


def test_a_rounded_box_loses_only_its_edges():
    size, radius = (3.0, 2.0, 1.0), 0.1
    mesh = rounded_box(size, radius, bevel=12)
    assert np.allclose(mesh.vertices.max(0), np.array(size) / 2)
    edges = 4 * sum(extent - 2 * radius for extent in size) * radius**2 * (1 - np.pi / 4)
    corners = (2 * radius) ** 3 - 4 / 3 * np.pi * radius**3
    assert volume(mesh) == pytest.approx(6 - edges - corners, rel=1e-3)


def test_a_ball_has_nearly_the_volume_of_an_ellipsoid_and_a_dent_takes_of_it():
    full = 4 / 3 * np.pi * 1 * 2 * 3
    assert volume(ellipsoid((1, 2, 3), segments=96)) == pytest.approx(full, rel=0.01)
    assert volume(ellipsoid((1, 2, 3), np.full((4, 8), 0.5), 96)) == pytest.approx(full / 8, rel=0.01)


def test_a_prism_has_the_volume_of_its_outline_times_its_height():
    star = np.array([(3, 0), (1, 1), (0, 3), (-1, 1), (-3, 0), (-1, -1), (0, -3), (1, -1)])
    area = 4 * 2 * (3 * 1 / 2)  # in each quadrant two triangles of base 3 and height 1
    mesh = extrude(star, 0.5)
    assert volume(mesh) == pytest.approx(area * 0.5)
    assert (mesh.vertices[:, 2].min(), mesh.vertices[:, 2].max()) == (0, 0.5)


def test_a_box_face_reads_from_left_to_right():
    mesh = rounded_box((2, 2, 2), 0.01)
    front = mesh.normals[:, 0] > 0.99  # seen from +x with z up, +y is on the right
    left, right = mesh.vertices[front, 1] < 0, mesh.vertices[front, 1] > 0
    assert mesh.uv[front][left, 0].max() < mesh.uv[front][right, 0].min()
    top, bottom = mesh.vertices[front, 2] > 0, mesh.vertices[front, 2] < 0
    assert mesh.uv[front][top, 1].max() < mesh.uv[front][bottom, 1].min()


def test_a_curve_passes_through_its_ends_and_never_crosses_the_axis():
    points = curve([(0, 0), (1, 0.1), (0.2, 1), (0, 2)], 50)
    assert np.allclose(points[[0, -1]], [(0, 0), (0, 2)])
    assert points[:, 0].min() >= 0


def test_rotation_is_right_handed():
    assert np.allclose(rotation("z", 90) @ (1, 0, 0), (0, 1, 0))
    assert np.allclose(rotation("x", 90) @ (0, 1, 0), (0, 0, 1))
    assert np.allclose(rotation("y", 90) @ (0, 0, 1), (1, 0, 0))


def test_there_are_twelve_known_twelve_unknown_and_further_outlying_categories():
    assert len(set(KNOWN)) == len(set(UNKNOWN)) == 12
    assert len(set(ALL)) == len(ALL) == 24 + len(OUTLIERS)


@pytest.mark.parametrize("category", ALL)
def test_objects_are_well_made_and_of_household_size(category: str):
    extents = []
    for seed in range(6):
        shape = build(category, Draw("train", seed, category))
        low, high = shape.bounds()
        assert np.allclose(low, -high), "the frame is in the middle of the bounding box"
        assert 0.02 < (high - low).max() < 0.34, "between a toy brick and a hammer or wine bottle, in metres"
        assert (high - low).min() > 0.002
        extents.append(high - low)
        for surface in shape.surfaces:
            mesh = surface.mesh
            assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-4)
            a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
            facing = np.einsum("ij,ij->i", np.cross(b - a, c - a), mesh.normals[mesh.faces].sum(1))
            least = 0.9 if category in OUTLIERS else 0.97  # thin stalks and wires are bent sharply
            assert (facing > 0).mean() > least, "normals look the way their faces do"
            assert mesh.faces.max() < len(mesh.vertices) == len(mesh.uv)
    assert np.ptp(extents, axis=0).max() > 0.1 * np.mean(extents), "sizes vary"
