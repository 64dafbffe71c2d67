"""What a planner is told of objects that come, stay, move, hide, are picked up and go."""

from dataclasses import replace

import numpy as np
import pytest

from osis_ros.geometry.box import Box
from osis_ros.geometry.collision_scene import CollisionBox, CollisionScene

BOX = Box(np.array([0.5, 0.1, 0.05]), np.eye(3), np.array([0.2, 0.08, 0.1]))
MUG, CAN = CollisionBox(BOX, "mug"), CollisionBox(replace(BOX, centre=np.array([0.3, 0, 0.05])), "can")


def at(x: float, degrees: float = 0.0, size=BOX.size) -> CollisionBox:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    axes = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return CollisionBox(Box(BOX.centre + np.array([x, 0, 0]), axes, np.asarray(size)), "mug")


class Planner:
    """A scene and the planner that is told of it."""

    def __init__(self) -> None:
        self.scene, self.world, self.attached = CollisionScene(keep=5.0), {}, set()

    def tell(self, now: float) -> tuple[list[str], list[str], list[str]]:
        self.scene.planner_has(self.world, self.attached, now)
        diff = self.scene.diff(now)
        self.world = {id_: box for id_, box in (self.world | diff.add | diff.move).items() if id_ not in diff.remove}
        self.scene.applied(diff)
        return sorted(diff.add), sorted(diff.move), sorted(diff.remove)


@pytest.fixture
def planner() -> Planner:
    planner = Planner()
    planner.scene.see({"osis_1": MUG, "osis_2": CAN}, 0.0)
    assert planner.tell(0.0) == (["osis_1", "osis_2"], [], [])
    return planner


def test_what_stays_is_told_once(planner):
    planner.scene.see({"osis_1": MUG, "osis_2": CAN}, 1.0)
    assert planner.tell(1.0) == ([], [], [])


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (at(0.004), ([], [], [])), (at(0.006), ([], ["osis_1"], [])),
        (at(0, 2), ([], [], [])), (at(0, 4), ([], ["osis_1"], [])), (at(0, 179), ([], [], [])),
        (at(0, 0, (0.209, 0.08, 0.1)), ([], [], [])), (at(0, 0, (0.2, 0.08, 0.111)), (["osis_1"], [], [])),
        (CollisionBox(BOX, "bowl"), (["osis_1"], [], [])),
    ],
)  # fmt: skip
def test_small_changes_are_kept_back(planner, now, told):
    planner.scene.see({"osis_1": now}, 1.0)
    assert planner.tell(1.0) == told


def test_small_steps_add_up():
    planner = Planner()
    told = []
    for step in range(5):
        planner.scene.see({"osis_1": at(0.002 * step)}, float(step))
        told.append(planner.tell(float(step))[1])
    assert told == [[], [], [], ["osis_1"], []]


def test_a_box_as_wide_as_long_is_not_told_of_its_turns():
    planner = Planner()
    planner.scene.see({"osis_1": at(0, 0, (0.08, 0.08, 0.1))}, 0.0)
    planner.tell(0.0)
    planner.scene.see({"osis_1": at(0, 40, (0.08, 0.08, 0.1))}, 1.0)
    assert planner.tell(1.0) == ([], [], [])


def test_what_is_not_seen_any_more_goes_after_a_while_and_what_is_hidden_stays(planner):
    planner.scene.hidden(["osis_2", "osis_9"], 4.0)
    assert planner.tell(5.0) == ([], [], [])
    assert planner.tell(5.1) == ([], [], ["osis_1"])
    assert planner.tell(9.1) == ([], [], ["osis_2"])


def test_what_was_seen_empty_goes_at_once(planner):
    planner.scene.gone(["osis_1"])
    assert planner.tell(0.1) == ([], [], ["osis_1"])


def test_a_diff_that_failed_comes_again(planner):
    planner.scene.see({"osis_1": at(0.1)}, 1.0)
    assert planner.scene.diff(1.0).move.keys() == {"osis_1"}
    assert planner.tell(1.1) == ([], ["osis_1"], [])


def test_an_attached_object_is_never_touched_and_is_put_anew_when_it_is_seen_after_release(planner):
    held = planner.world.pop("osis_1")
    planner.attached = {"osis_1"}
    planner.scene.see({"osis_1": at(0.3)}, 1.0)
    assert planner.tell(1.0) == ([], [], [])
    planner.scene.see({"osis_1": at(0.4)}, 2.0)
    planner.scene.gone(["osis_1"])
    assert planner.tell(20.0) == ([], [], ["osis_2"])
    planner.attached, planner.world["osis_1"] = set(), held  # put down; the planner has it where the gripper opened
    assert planner.tell(21.0) == ([], [], [])
    planner.scene.see({"osis_1": MUG}, 22.0)
    assert planner.tell(22.0) == (["osis_1"], [], [])


def test_an_object_that_is_not_seen_after_release_goes_in_the_end(planner):
    held = planner.world.pop("osis_1")
    planner.attached = {"osis_1"}
    planner.tell(1.0)
    planner.attached, planner.world["osis_1"] = set(), held
    assert planner.tell(2.0) == ([], [], [])
    assert planner.tell(7.1) == ([], [], ["osis_1", "osis_2"])


def test_what_the_user_took_out_comes_back_while_it_is_seen_and_old_ones_of_an_earlier_run_go(planner):
    del planner.world["osis_1"]
    planner.world["osis_77"] = CAN
    planner.scene.see({"osis_1": MUG}, 1.0)
    assert planner.tell(1.0) == (["osis_1"], [], ["osis_77"])
