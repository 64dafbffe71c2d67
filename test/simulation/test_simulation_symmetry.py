"""Symmetries of shapes: known answers, and pictures of the turned mesh that are the same."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from osis_ros.simulation.box import rounded_box
from osis_ros.simulation.categories import build
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.extrusion import extrude
from osis_ros.simulation.lathe import cylinder, lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.mesh import Mesh, join, rotation
from osis_ros.simulation.shape import ObjectShape, Surface
from osis_ros.simulation.symmetry import Symmetry, rotation_symmetry

TILTED = rotation("x", 31) @ rotation("z", 57)
ANGLE = np.linspace(0, np.pi, 25)
BALL = np.stack([0.04 * np.sin(ANGLE), -0.04 * np.cos(ANGLE)], -1)


def shape_of(*meshes: Mesh) -> ObjectShape:
    return ObjectShape(tuple(Surface(mesh, Material((1, 1, 1))) for mesh in meshes), ())


def prism(sides: int, phase: float = 0.0) -> Mesh:
    angle = 2 * np.pi * np.arange(sides) / sides + phase
    return extrude(0.05 * np.stack([np.cos(angle), np.sin(angle)], -1), 0.03)


@dataclass(frozen=True)
class Case:
    mesh: Mesh
    axes: int
    turns: int


CASES = {
    "box": Case(rounded_box((0.05, 0.08, 0.13)), 0, 3),
    "box on a square": Case(rounded_box((0.06, 0.06, 0.1)), 0, 7),
    "cube": Case(rounded_box((0.06, 0.06, 0.06)), 0, 23),
    "cylinder": Case(cylinder(0.03, 0, 0.1), 1, 1),
    "cone": Case(lathe(np.array([(0, 0), (0.04, 0), (0, 0.1)])), 1, 0),
    "ball": Case(lathe(BALL), 3, 0),
    "triangular prism": Case(prism(3, 0.3), 0, 5),
    "hexagonal prism": Case(prism(6, 0.3), 0, 11),
    "cylinder with a handle": Case(join(cylinder(0.04, 0, 0.1),
                                        rounded_box((0.03, 0.01, 0.06)).moved((0.05, 0, 0.05))), 0, 1),
    "cylinder with a handle above its middle": Case(join(cylinder(0.04, 0, 0.1),
                                        rounded_box((0.03, 0.01, 0.03)).moved((0.05, 0, 0.08))), 0, 0),
}  # fmt: skip


@pytest.mark.parametrize(("name", "tilted"), [*((name, False) for name in CASES),
                                              *((name, True) for name in CASES if name != "cube")])  # fmt: skip
def test_each_shape_has_its_own_symmetries(name: str, tilted: bool):
    """A tilted cube's are not found: its principal axes are any, and shapes are made along the axes of their frame."""
    case, tilt = CASES[name], TILTED if tilted else np.eye(3)
    found = rotation_symmetry(shape_of(case.mesh.moved((0.01, -0.02, 0.005), tilt)))
    assert (len(found.axes), len(found.turns)) == (case.axes, case.turns)
    assert np.allclose(np.linalg.det(found.turns), 1)
    if case.axes == 1:
        assert abs(found.axes[0] @ tilt[:, 2]) == pytest.approx(1, abs=1e-4)


def test_what_is_smaller_than_a_hundredth_of_the_object_does_not_count():
    body = cylinder(0.04, -0.05, 0.05)
    for height, axes in ((0.0008, 1), (0.003, 0)):  # of a stud on the side; the diameter is 0.128 m
        stud = rounded_box((2 * height, 0.005, 0.005)).moved((0.04, 0, 0))
        assert len(rotation_symmetry(shape_of(body, stud)).axes) == axes


def all_of(symmetry: Symmetry) -> list[np.ndarray]:
    """[4, 4] each, by the rules of BOP's toolkit: each discrete one, the identity too, with steps about each axis."""
    written = symmetry.written()
    discrete = [np.eye(4), *map(np.array, written["symmetries_discrete"])]
    steps = [np.eye(4)]
    for item in written["symmetries_continuous"]:
        for angle in np.deg2rad(np.arange(23, 360, 61)):
            step = np.eye(4)
            step[:3, :3] = cv2.Rodrigues(np.array(item["axis"]) * angle)[0]
            step[:3, 3] = item["offset"] - step[:3, :3] @ item["offset"]
            steps.append(step)
    return [one @ step for one in discrete for step in steps]


def pictures(shape: ObjectShape, placed: np.ndarray) -> np.ndarray:
    """[3, 200, 200] bool, its silhouettes from three sides."""
    low, high = shape.bounds()
    scale = 90 / np.linalg.norm(np.maximum(high, -low))
    views = np.zeros((3, 200, 200), np.uint8)
    for part in shape.surfaces:
        vertices = part.mesh.vertices @ placed[:3, :3].T + placed[:3, 3]
        for view, axes in zip(views, ((0, 1), (1, 2), (2, 0))):
            corners = np.round((vertices[:, axes] * scale + 100) * 16).astype(np.int32)
            for triangle in corners[part.mesh.faces]:
                cv2.fillConvexPoly(view, triangle, 1, shift=4)
    return views > 0


def looks_the_same(shape: ObjectShape, turn: np.ndarray) -> bool:
    """Are the silhouettes before and after a turn the same to 3 px of 180? Tilted before, so that no side is hidden."""
    tilt, round_ = np.eye(4), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    tilt[:3, :3] = TILTED
    before, after = pictures(shape, tilt), pictures(shape, tilt @ turn)
    return not any(
        (one & ~(cv2.dilate(other.astype(np.uint8), round_) > 0)).any()
        for pair in zip(before, after) for one, other in (pair, pair[::-1])
    )  # fmt: skip


@pytest.mark.parametrize(
    ("category", "seed", "axes", "turns"),
    [("mug", 0, 0, 0), ("bowl", 0, 1, 0), ("plate", 1, 1, 0), ("marker", 0, 1, 1), ("tape_roll", 0, 1, 1),
     ("carton", 0, 0, 7), ("carton", 1, 0, 3), ("toy_brick", 0, 0, 1), ("hammer", 0, 0, 0), ("banana", 0, 0, 0)],
)  # fmt: skip
def test_an_object_of_the_scenes_looks_the_same_after_each_of_its_symmetries(category, seed, axes, turns):
    shape = build(category, Draw("val", seed, "object", 0, category))
    found = rotation_symmetry(shape)
    assert (len(found.axes), len(found.turns)) == (axes, turns)
    assert all(looks_the_same(shape, one) for one in all_of(found))
    if not axes:
        quarter = np.eye(4)
        quarter[:3, :3] = rotation("y", 90)
        assert not looks_the_same(shape, quarter), "another turn is seen"
