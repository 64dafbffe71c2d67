"""Tables on which something changes: what moves when, and that a tracker with depth knows what has happened."""

from itertools import combinations

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="scenes are simulated with MuJoCo")

from osis_ros.geometry.locate import Locator
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.simulation.film import truth
from osis_ros.simulation.rearrangement import AWAY, CHANGE, RETURN, RearrangedTable
from osis_ros.simulation.render import Renderer
from osis_ros.tracking.sight import Sight
from osis_ros.tracking.states import TrackState
from osis_ros.tracking.tracker import Tracker

SEED = 11
SIZE = 320, 240


def places(table: RearrangedTable, seconds: float) -> dict[int, np.ndarray]:
    """Where each body is, [3] metres."""
    scene = table.at(seconds)
    return {item.body: scene.data.xpos[item.body].copy() for item in scene.objects}


def moved(table: RearrangedTable, before: float, after: float) -> list[int]:
    first, second = places(table, before), places(table, after)
    return [body for body in first if not np.allclose(first[body], second[body])]


@pytest.mark.parametrize(
    ("case", "at_change", "at_return"),
    [("unchanged", [], []), ("removed", [1], []), ("returned elsewhere", [1], [1]), ("copy added", [1], []),
     ("new object", [1], []), ("rearranged", [1, 2, 3, 4], [])],
)  # fmt: skip
def test_what_is_moved_and_when(case: str, at_change: list[int], at_return: list[int]):
    table = RearrangedTable(case, SEED, "test")
    assert len(table.scene.objects) == 7
    assert moved(table, 0, CHANGE - 0.1) == []
    assert moved(table, CHANGE - 0.1, CHANGE) == at_change
    assert moved(table, CHANGE, RETURN) == at_return
    for one, other in combinations(places(table, RETURN).values(), 2):
        assert np.linalg.norm(one - other) > 0.02, "nothing lies in another thing"


def test_the_copy_is_of_the_same_kind_and_comes_later():
    table = RearrangedTable("copy added", SEED, "test")
    first, second, third, *_ = table.scene.objects
    assert first.category == second.category != third.category
    np.testing.assert_allclose(places(table, 0)[first.body], AWAY)
    assert abs(places(table, CHANGE)[first.body]).max() < 1


def test_a_case_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="case is 'burnt', expected one of unchanged, removed"):
        RearrangedTable("burnt", SEED, "test")


def followed(case: str) -> tuple[list[dict[int, int]], Tracker]:
    """Of images at 2 Hz, body → track; with true masks, depth and no looks."""
    tracker, locator, found = Tracker(), Locator(), []
    table = RearrangedTable(case, SEED, "test")
    with Renderer(*SIZE) as renderer:
        for number in range(14):
            frame = table.frame(renderer, number / 2)
            k, pose = frame.camera.intrinsics, frame.camera.pose
            lens = Pinhole(*SIZE, k[0, 0], k[1, 1], k[0, 2] - 0.5, k[1, 2] - 0.5)
            depth = np.where(frame.depth > 0, frame.depth, np.nan).astype(np.float32)
            locator.up = pose[2, :3].copy()
            locator.restart()
            instances = truth(frame)
            objects = locator.locate(instances, depth, lens).transformed(pose)
            tracked = tracker.update(instances, number / 2, objects, Sight(depth=depth, camera=lens, pose=pose))
            bodies = [item.body for item in frame.objects]
            found.append(dict(zip(bodies, tracked.track_ids.tolist(), strict=True)))
    return found, tracker


def test_what_was_removed_is_gone_and_the_others_keep_their_ids():
    found, tracker = followed("removed")
    assert sorted(found[1].values()) == [1, 2, 3, 4, 5, 6, 7]
    rest = {body: track for body, track in found[1].items() if body != 1}
    assert all({body: track for body, track in ids.items() if body != 1} == rest for ids in found[1:])
    states = dict(zip(tracker.tracks.ids.tolist(), tracker.tracks.states.tolist()))
    assert states.pop(found[1][1]) == TrackState.GONE
    assert set(states.values()) == {TrackState.CONFIRMED}


def test_what_was_not_moved_keeps_its_id_while_the_rest_is_rearranged():
    found, tracker = followed("rearranged")
    for body in (5, 6, 7):
        assert {ids[body] for ids in found[1:] if body in ids} == {found[1][body]}
    assert tracker.next_id <= 12, "each of the four that were moved costs one id at most"
