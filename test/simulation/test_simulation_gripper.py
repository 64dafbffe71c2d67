"""The simulated hand lifts what it holds, and nothing else."""

import mujoco
import numpy as np
import pytest

from osis_ros.simulation.gripper import OPENING, Gripper, add_gripper
from osis_ros.simulation.scene import Scene, SceneObject, make_scene

SIZE = np.array([0.03, 0.02, 0.025])  # m, half extents
ALONG_Y = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, -1]])  # columns x closing (y), y, z approach (down)


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A block of 60 × 40 × 50 mm on a table."""
    spec = mujoco.MjSpec()
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=(1, 1, 0.05), pos=(0, 0, -0.05))
    block = spec.worldbody.add_body(pos=(0, 0, SIZE[2]))
    block.add_freejoint()
    block.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=SIZE, mass=0.1)
    add_gripper(spec)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    pose = np.eye(4)
    pose[2, 3] = SIZE[2]
    return Scene(0, "val", (SceneObject("block", 1, pose),), model, data, 1, np.zeros(3), 0.1, False)


def test_what_lies_between_the_jaws_is_lifted_each_time(scene):
    gripper = Gripper(scene)
    for _ in range(2):  # the scene is as it was before
        outcome = gripper.grasp(np.array([0, 0, 0.015]), ALONG_Y, 2 * SIZE[1])
        assert (outcome.why, outcome.body) == ("lifted", 1)


def test_beside_the_thing_nothing_is_lifted(scene):
    outcome = Gripper(scene).grasp(np.array([0.15, 0.1, 0.015]), ALONG_Y, 2 * SIZE[1])
    assert (outcome.why, outcome.body) == ("missed", None)


def test_a_hand_that_strikes_the_table_is_blocked(scene):
    assert Gripper(scene).grasp(np.array([0.15, 0.1, -0.03]), ALONG_Y, OPENING).why == "blocked"


def test_a_hand_in_the_scene_leaves_the_objects_where_they_were():
    plain, with_hand = make_scene(0, "val", 4), make_scene(0, "val", 4, add_gripper)
    for a, b in zip(plain.objects, with_hand.objects, strict=True):
        np.testing.assert_array_equal(a.pose, b.pose)
