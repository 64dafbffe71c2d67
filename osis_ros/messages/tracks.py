"""`Tracks` to this package's messages, and back."""

import math

import numpy as np
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from osis_ros.instances import UNKNOWN_NAME
from osis_ros.messages.errors import MessageError
from osis_ros.messages.poses import point_to_message, xyz
from osis_ros.msg import Track, TrackArray
from osis_ros.tracking.states import TrackState
from osis_ros.tracking.tracks import Tracks


def tracks_to_message(tracks: Tracks, header: Header, model: str) -> TrackArray:
    """The message of all objects that are followed.

    Args:
        header: the image's stamp and the frame of the positions.
        model: the model's name.
    """
    message = TrackArray(header=header, model=model)
    message.tracks = [_track(tracks, row, header.stamp) for row in range(len(tracks))]
    return message


def _track(tracks: Tracks, row: int, stamp: Time) -> Track:
    seen_now = tracks.instance_ids[row] > 0
    placed = bool(np.isfinite(tracks.positions[row]).all())
    return Track(
        id=int(tracks.ids[row]),
        state=int(tracks.states[row]),
        class_name=str(tracks.class_names[row]),
        unknown=bool(tracks.unknown[row]),
        class_share=float(tracks.class_shares[row]),
        instance_id=int(tracks.instance_ids[row]),
        first_seen=_time(tracks.first_seen[row]),
        last_seen=stamp if seen_now else _time(tracks.last_seen[row]),  # seconds as a float are not exact
        sightings=int(tracks.sightings[row]),
        placed=placed,
        position=point_to_message(tracks.positions[row] if placed else np.zeros(3)),
    )


def tracks_from_message(message: TrackArray) -> Tracks:
    """A received message as `Tracks`.

    Raises:
        MessageError: a state that does not exist, or a class that is called unknown and is not so, or the reverse.
    """
    found = message.tracks
    for one in found:
        if one.state > max(TrackState):
            raise MessageError(f"track {one.id} has the state {one.state}, expected {max(TrackState):d} or less")
        if one.unknown != (one.class_name == UNKNOWN_NAME):
            raise MessageError(f"track {one.id} has unknown {one.unknown} and the class_name '{one.class_name}'")
    nowhere = (np.nan, np.nan, np.nan)
    return Tracks(
        ids=[one.id for one in found],
        states=[one.state for one in found],
        class_names=np.array([one.class_name for one in found], np.str_),
        class_shares=[one.class_share for one in found],
        instance_ids=[one.instance_id for one in found],
        first_seen=[_seconds(one.first_seen) for one in found],
        last_seen=[_seconds(one.last_seen) for one in found],
        sightings=[one.sightings for one in found],
        positions=np.array([xyz(one.position) if one.placed else nowhere for one in found], float).reshape(-1, 3),
    )


def _time(seconds: float) -> Time:
    whole = math.floor(seconds)
    return Time(sec=whole, nanosec=min(round((float(seconds) - whole) * 1e9), 999_999_999))


def _seconds(time: Time) -> float:
    return time.sec + time.nanosec * 1e-9
