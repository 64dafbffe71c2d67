"""Tracks in a fixed frame: by position in metres, and by what a depth image says about places where nothing is seen.

The scenes are ray casts, whose truth is known.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from ray_scene import Cuboid, cast, instances_of, looking

from osis_ros.geometry.locate import Locator
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.tracking.parameters import TrackerParameters
from osis_ros.tracking.sight import Sight
from osis_ros.tracking.states import TrackState
from osis_ros.tracking.tracker import Tracker

LENS = Pinhole(160, 120, 150.0, 150.0, 79.5, 59.5)
BLOCKS = tuple(Cuboid((x, y, 0.04), (0.06, 0.06, 0.08)) for x, y in ((-0.15, 0), (0.0, 0), (0.15, 0.02)))
FRONT = looking(50, 0.8, -90)
WALL = Cuboid((0.11, -0.2, 0.25), (0.14, 0.02, 0.5))  # hides the third block from the front


@cache
def observed(blocks: tuple[Cuboid, ...], hidden: tuple[Cuboid, ...], heading: float, aside: float) -> tuple:
    """What a camera sees of blocks that are found and of things that are `hidden` from the network."""
    pose = looking(50, 0.8, heading)
    pose[0, 3] += aside
    depth, owner = cast(pose, [*blocks, *hidden], LENS)
    owner[owner > len(blocks)] = 0
    instances = instances_of(owner)
    objects = Locator(up=pose[2, :3]).locate(instances, depth, LENS).transformed(pose)
    return instances, objects, Sight(depth=depth, camera=LENS, pose=pose)


class Rig:
    """A tracker, and the frames that are given to it: equal blocks without any look of their own."""

    def __init__(self) -> None:
        self.tracker, self.seconds = Tracker(TrackerParameters(forget_after=20.0)), 0.0

    def see(
        self, *blocks: Cuboid, hidden: Sequence[Cuboid] = (), heading: float = -90, aside: float = 0, after: float = 0.5
    ) -> dict[float, int]:
        """x of each block that is seen → its track."""
        self.seconds += after
        instances, objects, sight = observed(blocks, tuple(hidden), heading, aside)
        found = self.tracker.update(instances, self.seconds, objects, sight)
        return {blocks[id_ - 1].centre[0]: track for id_, track in zip(found.ids.tolist(), found.track_ids.tolist())}

    def states(self) -> dict[int, TrackState]:
        return dict(zip(self.tracker.tracks.ids.tolist(), map(TrackState, self.tracker.tracks.states)))


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    for _ in range(2):
        rig.see(*BLOCKS)
    assert rig.see(*BLOCKS) == {-0.15: 1, 0.0: 2, 0.15: 3}
    return rig


def test_equal_blocks_keep_their_ids_round_half_a_circle_in_steps_of_45_degrees(rig: Rig):
    """In the image the left one comes to be on the right."""
    for heading in (-45, 0, 45, 90):
        assert rig.see(*BLOCKS, heading=heading) == {-0.15: 1, 0.0: 2, 0.15: 3}


def test_the_position_is_that_of_the_object(rig: Rig):
    np.testing.assert_allclose(rig.tracker.tracks.positions, [block.centre for block in BLOCKS], atol=0.01)


def test_what_something_nearer_hides_is_kept_as_long_as_it_is_hidden(rig: Rig):
    for _ in range(5):  # 75 s, longer than forget_after
        assert rig.see(*BLOCKS[:2], hidden=[BLOCKS[2], WALL], after=15.0) == {-0.15: 1, 0.0: 2}
    assert rig.states()[3] == TrackState.OCCLUDED
    assert rig.see(*BLOCKS) == {-0.15: 1, 0.0: 2, 0.15: 3}


def test_what_was_taken_away_is_gone_at_once(rig: Rig):
    assert rig.see(*BLOCKS[:2]) == {-0.15: 1, 0.0: 2}
    assert rig.states() == {1: TrackState.CONFIRMED, 2: TrackState.CONFIRMED, 3: TrackState.GONE}
    assert np.isnan(rig.tracker.tracks.positions[2]).all()


def test_what_is_missed_though_it_stands_there_is_lost_and_not_gone(rig: Rig):
    rig.see(*BLOCKS[:2], hidden=BLOCKS[2:])
    assert rig.states()[3] == TrackState.LOST
    assert rig.see(*BLOCKS)[0.15] == 3


def test_what_is_out_of_view_is_lost_and_found_again(rig: Rig):
    rig.see(Cuboid((-0.6, 0, 0.04), (0.06, 0.06, 0.08)), aside=-0.6)
    assert set(rig.states().values()) == {TrackState.LOST}
    assert rig.see(*BLOCKS) == {-0.15: 1, 0.0: 2, 0.15: 3}


def test_a_depth_image_without_readings_says_nothing():
    sight = Sight(depth=np.full((120, 160), np.nan, np.float32), camera=LENS, pose=FRONT)
    assert sight.hidden_and_empty(np.zeros((64, 3))) == (False, False)
    assert sight.hidden_and_empty(np.zeros((0, 3))) == (False, False)


def test_points_behind_the_camera_are_not_in_sight():
    sight = Sight(depth=np.ones((120, 160), np.float32), camera=LENS, pose=np.eye(4))
    assert sight.hidden_and_empty(np.tile([0.0, 0.0, -2.0], (9, 1))) == (False, False)
    assert sight.hidden_and_empty(np.tile([0.0, 0.0, 2.0], (9, 1))) == (True, False)
    assert sight.hidden_and_empty(np.tile([0.0, 0.0, 0.5], (9, 1))) == (False, True)
