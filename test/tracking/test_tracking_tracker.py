"""Ids over time: given once, kept through gaps, never used again."""

import numpy as np
import pytest
from things import BLUE, GREEN, RED, UNKNOWN, look, things

from osis_ros.tracking.errors import TrackingError
from osis_ros.tracking.parameters import TrackerParameters
from osis_ros.tracking.states import TrackState
from osis_ros.tracking.tracker import Tracker

CUP, BOWL, TOY = (100, 100, 60, 60, RED), (300, 100, 80, 50, GREEN), (200, 300, 40, 70, BLUE)
PATIENT = TrackerParameters(confirm_after=0.3, forget_after=10.0)


def at(thing: tuple, x: int, y: int) -> tuple:
    return (x, y, *thing[2:])


def started(*each: tuple, **parameters: float) -> Tracker:
    """A tracker that has given these things the ids 1, 2, …; the newest stamp is 1."""
    tracker = Tracker(TrackerParameters(confirm_after=0.3, **parameters))
    for stamp in (0.0, 0.5, 1.0):
        tracker.update(things(*each), stamp)
    assert tracker.tracks.ids.tolist() == list(range(1, len(each) + 1))
    return tracker


def ids(tracker: Tracker, stamp: float, *each: tuple) -> list[int]:
    return tracker.update(things(*each), stamp).track_ids.tolist()


def states(tracker: Tracker) -> dict[int, TrackState]:
    return dict(zip(tracker.tracks.ids.tolist(), map(TrackState, tracker.tracks.states)))


def test_an_object_gets_its_id_when_it_was_seen_for_confirm_after():
    tracker = Tracker(PATIENT)
    for stamp, expected in [(5.0, 0), (5.1, 0), (5.2, 0), (5.3, 1), (5.4, 1)]:
        found = tracker.update(things(CUP), stamp)
        assert found.track_ids.tolist() == [expected]
        assert found.track_states.tolist() == [TrackState.CONFIRMED if expected else TrackState.TENTATIVE]


def test_time_counts_and_not_frames():
    """At 2 Hz the second image confirms; at 30 Hz the tenth, 0.3 s after the first."""
    slow, fast = Tracker(PATIENT), Tracker(PATIENT)
    assert [ids(slow, frame / 2, CUP)[0] for frame in range(3)] == [0, 1, 1]
    assert [ids(fast, frame / 30, CUP)[0] for frame in range(11)] == [0] * 9 + [1, 1]


def test_what_is_seen_once_costs_no_id():
    tracker = started(CUP)
    assert ids(tracker, 1.1, CUP, BOWL) == [1, 0]
    for stamp in (2.0, 3.0, 4.0):
        ids(tracker, stamp, CUP)
    assert [ids(tracker, stamp, CUP, TOY)[1] for stamp in (5.0, 5.5)] == [0, 2]


def test_the_order_of_the_instances_does_not_matter():
    tracker = started(CUP, BOWL, TOY)
    assert ids(tracker, 1.5, TOY, CUP, BOWL) == [3, 1, 2]


def test_an_empty_image_is_time_that_passes():
    tracker = started(CUP, BOWL, forget_after=5.0)
    assert ids(tracker, 3.0) == []
    assert states(tracker) == {1: TrackState.LOST, 2: TrackState.LOST}
    assert ids(tracker, 5.0, BOWL) == [2]
    ids(tracker, 7.0, BOWL)
    assert states(tracker) == {2: TrackState.CONFIRMED}
    assert [ids(tracker, stamp, BOWL, CUP)[1] for stamp in (7.5, 8.0)] == [0, 3], "a forgotten id is not used again"


def test_two_equal_things_keep_their_ids_by_their_places():
    left, right = (100, 200, 50, 50, RED), (170, 200, 50, 50, RED)
    tracker = started(left, right)
    for frame in range(1, 15):
        assert ids(tracker, 1 + frame / 2, at(right, 170 + 4 * frame, 200), at(left, 100 + 4 * frame, 200)) == [2, 1]


def test_a_camera_that_turns_takes_equal_things_onto_each_others_places():
    """All move 70 px to the left, which puts each of three equal things where its neighbour was."""
    row = [(x, 200, 50, 50, RED) for x in (200, 270, 340)]
    tracker = started(*row, CUP)
    moved = [at(thing, thing[0] - 70, 200) for thing in row]
    assert ids(tracker, 1.5, *moved, at(CUP, 30, 100)) == [1, 2, 3, 4]


def test_a_thing_that_left_the_view_is_known_again_where_the_camera_has_carried_its_place():
    """Two equal things; the left one leaves the image, and only its place tells who it is when it comes back."""
    left, right = (20, 200, 60, 60, RED), (300, 200, 60, 60, RED)
    tracker = started(left, right, BOWL)
    for frame in range(1, 5):
        assert ids(tracker, 1 + frame, at(right, 300 - 60 * frame, 200), at(BOWL, 300 - 60 * frame, 100)) == [2, 3]
    assert states(tracker)[1] == TrackState.LOST
    back = at(left, 20, 200), at(right, 300, 200), BOWL
    assert ids(tracker, 6.0, *(at(thing, thing[0] - 120, thing[1]) for thing in back[1:])) == [2, 3]
    assert ids(tracker, 7.0, *back) == [1, 2, 3]


def test_a_thing_carried_elsewhere_is_known_by_its_look():
    tracker = started(CUP, BOWL, TOY)
    ids(tracker, 2.0, BOWL, TOY)
    carried = at(CUP, 500, 380)
    assert [ids(tracker, stamp, carried, BOWL, TOY)[0] for stamp in (3.0, 3.5)] == [0, 1], "after confirm_after"
    tracks = tracker.tracks
    assert (tracks.ids.tolist(), tracks.first_seen[0], tracks.sightings[0]) == ([1, 2, 3], 0.0, 5)


def test_what_is_missed_once_does_not_give_its_id_to_another_that_looks_like_it():
    """The cup is missed in one image, just when its like is put on the table."""
    tracker, like = started(CUP, BOWL), at(CUP, 500, 380)
    assert ids(tracker, 1.1, like, BOWL) == [0, 2]
    assert ids(tracker, 1.2, CUP, like, BOWL) == [1, 0, 2]
    assert ids(tracker, 1.5, CUP, like, BOWL) == [1, 3, 2]


def test_another_thing_that_was_put_in_the_same_place_is_another_track():
    tracker = started(CUP, BOWL)
    assert ids(tracker, 3.0, BOWL) == [2]
    assert ids(tracker, 5.0, BOWL) == [2]
    other = (105, 95, 80, 50, BLUE)
    assert [ids(tracker, stamp, other, BOWL) for stamp in (6.0, 6.5)] == [[0, 2], [3, 2]]


def test_a_thing_whose_look_jumps_stays_what_it_is():
    """The network takes it for something else from one image to the next, as it does with things it does not know."""
    tracker = started(CUP, BOWL)
    for frame in range(1, 9):
        look_now = (BLUE, GREEN, look(1, 1, 0), RED)[frame % 4]
        assert ids(tracker, 1 + frame / 2, (*CUP[:4], look_now), BOWL) == [1, 2]


def test_a_copy_that_is_put_there_leaves_the_first_its_id():
    tracker = started(CUP, BOWL)
    assert [ids(tracker, stamp, at(CUP, 420, 300), CUP, BOWL) for stamp in (1.5, 2.0)] == [[0, 1, 2], [3, 1, 2]]


def test_ids_go_on_after_a_reset():
    tracker = started(CUP, BOWL)
    tracker.reset()
    assert len(tracker.tracks) == 0
    assert [ids(tracker, stamp, CUP)[0] for stamp in (1.5, 2.0)] == [0, 3]
    assert Tracker(first_id=8).next_id == 8


def test_a_stamp_that_goes_back_begins_anew_and_says_so():
    tracker = started(CUP)
    assert ids(tracker, -5.0, CUP) == [0]
    assert tracker.notice == "the stamps went back by 6.0 s, so all tracks begin anew"
    assert ids(tracker, -4.5, CUP) == [2]
    assert tracker.notice == ""


def test_a_jump_beyond_forget_after_begins_anew_and_says_so():
    tracker = started(CUP, forget_after=10.0)
    assert ids(tracker, 10.5, CUP) == [1]
    assert ids(tracker, 100.0, CUP) == [0]
    assert tracker.notice == "no image for 89.5 s, longer than forget_after (10 s), so all tracks begin anew"


def test_the_same_image_twice_changes_nothing():
    tracker = started(CUP)
    before = tracker.tracks
    assert ids(tracker, 1.0, CUP, BOWL) == [1, 0]
    assert ids(tracker, 0.9, CUP) == [1], "nor does one that is somewhat out of order"
    after = tracker.tracks
    assert (after.sightings.tolist(), after.last_seen.tolist()) == (before.sightings.tolist(), [1.0])
    assert [ids(tracker, stamp, CUP, BOWL)[1] for stamp in (1.1, 1.5)] == [0, 2], "the bowl counts from 1.1 s on"


def test_a_camera_that_does_not_stamp_is_told_once():
    tracker = Tracker()
    notices = []
    for _ in range(30):
        assert ids(tracker, 0.0, CUP) == [0]
        notices.append(tracker.notice)
    (told,) = filter(None, notices)
    assert "let the camera stamp its images" in told


def test_the_class_is_voted_over_time_and_the_images_own_is_kept():
    """cup 0.9 three times, then unknown 0.5 five times: 2.7 against 2.5, and the image still says unknown."""
    tracker = started(CUP)
    for frame in range(5):
        found = tracker.update(things(CUP, classes=[UNKNOWN], scores=[0.5]), 2.0 + frame)
        assert found.class_ids.tolist() == [UNKNOWN]
    assert tracker.tracks.class_names[0] == "cup"
    assert tracker.tracks.class_shares[0] == pytest.approx(2.7 / 5.2)
    tracker.update(things(CUP, classes=[UNKNOWN], scores=[0.5]), 8.0)
    assert tracker.tracks.class_names[0] == "unknown"


def test_a_second_find_of_the_same_object_gets_no_track():
    """The network took the cup for two things: the weaker one shares 60 · 50 of 60 · 60 pixels with it."""
    tracker, again = Tracker(PATIENT), (100, 110, 60, 50, BLUE)
    for stamp in (0.0, 0.5, 1.0):
        found = tracker.update(things(CUP, BOWL, again), stamp)
    assert found.track_ids.tolist() == [1, 2, 0]
    assert found.track_states.tolist() == [TrackState.CONFIRMED, TrackState.CONFIRMED, TrackState.TENTATIVE]
    assert ids(tracker, 1.5, again, BOWL) == [1, 2], "alone it is the cup"
    everything = started(CUP, BOWL, again, duplicate_iou=1.0)
    assert everything.tracks.ids.tolist() == [1, 2, 3]


def test_what_another_instance_covers_is_hidden():
    tracker = started(CUP, BOWL)
    arm = (80, 80, 120, 200, look(1, 1, 1))
    ids(tracker, 1.5, arm, BOWL)
    assert states(tracker) == {1: TrackState.OCCLUDED, 2: TrackState.CONFIRMED}
    assert ids(tracker, 2.0, CUP, BOWL) == [1, 2]


def test_a_track_names_its_instance_and_its_times():
    tracker = started(CUP, BOWL)
    ids(tracker, 1.5, BOWL)
    tracks = tracker.tracks
    assert tracks.instance_ids.tolist() == [0, 1]
    assert (tracks.first_seen.tolist(), tracks.last_seen.tolist()) == ([0.0, 0.0], [1.0, 1.5])
    assert tracks.sightings.tolist() == [3, 4]
    assert np.isnan(tracks.positions).all()


def test_instances_without_embeddings_and_without_pixels_are_tracked_by_place():
    plain, none = (*CUP[:4], np.zeros(0)), (50, 400, 0, 0, np.zeros(0))
    tracker = Tracker()
    for stamp in (0.0, 0.5, 1.0):
        found = tracker.update(things(plain, none), stamp)
    assert found.track_ids[0] == 1


@pytest.mark.parametrize("stamp", [float("nan"), float("inf")])
def test_a_stamp_that_is_no_time_is_refused(stamp: float):
    with pytest.raises(TrackingError, match="expected seconds"):
        Tracker().update(things(CUP), stamp)


def test_looks_that_cannot_be_compared_are_forgotten_and_places_count():
    """As when embeddings are no longer sent, or come of another model."""
    tracker = started(CUP, BOWL)
    for stamp, length in [(1.5, 0), (2.0, 4), (2.5, 3)]:
        plain = [(*thing[:4], np.eye(length)[0] if length else np.zeros(0)) for thing in (BOWL, CUP)]
        assert ids(tracker, stamp) == []
        assert ids(tracker, stamp + 0.1, *plain) == [2, 1]


@pytest.mark.parametrize(
    "given", [{"gate": 0.0}, {"forget_after": float("nan")}, {"max_cost": -1}, {"confirm_after": "1"}]
)
def test_a_parameter_out_of_its_range_is_refused_by_name(given: dict):
    (name,) = given
    with pytest.raises(TrackingError, match=f"{name} is .*, expected a number in"):
        TrackerParameters(**given)


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("osis_ros.tracking.tracker.MOST_TRACKS", 3)
    tracker = started(CUP, BOWL)
    for stamp in (1.5, 2.0, 2.5):
        ids(tracker, stamp, TOY, (500, 20, 30, 30, look(1, 1, 0)), (20, 420, 30, 30, look(0, 1, 1)))
    assert tracker.tracks.ids.tolist() == [3, 4, 5]
