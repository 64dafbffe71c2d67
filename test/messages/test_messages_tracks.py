"""Tracks as messages and back."""

import re

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from osis_ros.messages.errors import MessageError
from osis_ros.messages.tracks import tracks_from_message, tracks_to_message
from osis_ros.msg import Instance, Track
from osis_ros.tracking.states import TrackState
from osis_ros.tracking.tracks import Tracks

NAN = np.nan
STAMP = Time(sec=1_700_000_002, nanosec=123_456_789)
BEGIN = 1_700_000_000.0
TRACKS = Tracks(
    ids=[3, 8], states=[TrackState.CONFIRMED, TrackState.GONE], class_names=["can", "unknown"],
    class_shares=[0.75, 1.0], instance_ids=[5, 0], first_seen=[BEGIN + 0.5, BEGIN + 1.25],
    last_seen=[BEGIN + 2.123456789, BEGIN + 2], sightings=[4, 2], positions=[[0.1, -0.2, 0.3], [NAN, NAN, NAN]],
)  # fmt: skip


def test_tracks_come_back_as_they_went():
    message = tracks_to_message(TRACKS, Header(stamp=STAMP, frame_id="world"), "a model")
    assert (message.header.frame_id, message.model) == ("world", "a model")
    again = tracks_from_message(message)
    for name in set(Tracks.columns()) - {"class_names"}:
        np.testing.assert_allclose(getattr(again, name), getattr(TRACKS, name), atol=1e-6, err_msg=name)
    assert again.class_names.tolist() == ["can", "unknown"]
    assert len(tracks_from_message(tracks_to_message(TRACKS.take([]), Header(), ""))) == 0


def test_what_is_seen_now_has_exactly_the_images_stamp():
    first, second = tracks_to_message(TRACKS, Header(stamp=STAMP), "a model").tracks
    assert first.last_seen == STAMP
    assert (second.last_seen, second.first_seen) == (
        Time(sec=1_700_000_002),
        Time(sec=1_700_000_001, nanosec=250_000_000),
    )
    assert (first.unknown, second.unknown, first.placed, second.placed) == (False, True, True, False)


def test_the_states_have_the_numbers_of_the_messages():
    assert [Instance.NO_TRACK, Instance.TENTATIVE, Instance.CONFIRMED] == [0, 1, 2] == list(TrackState)[:3]
    assert [Track.CONFIRMED, Track.OCCLUDED, Track.LOST, Track.GONE] == list(TrackState)[2:]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("state", 9, "track 3 has the state 9, expected 5 or less"),
        ("unknown", True, "track 3 has unknown True and the class_name 'can'"),
        ("class_name", "unknown", "track 3 has unknown False and the class_name 'unknown'"),
    ],
)
def test_what_does_not_fit_is_one_sentence(field: str, value: object, sentence: str):
    message = tracks_to_message(TRACKS, Header(stamp=STAMP), "a model")
    setattr(message.tracks[0], field, value)
    with pytest.raises(MessageError, match=re.escape(sentence)):
        tracks_from_message(message)
