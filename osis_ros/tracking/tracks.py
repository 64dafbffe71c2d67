"""`Tracks`: all objects that a tracker remembers, seen in the last image or not. Immutable."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osis_ros.columns import Rows, column
from osis_ros.instances import UNKNOWN_NAME
from osis_ros.tracking.track import Track


@dataclass(frozen=True, eq=False, kw_only=True)
class Tracks(Rows):
    """The tracks after an update, in the order of their ids. Tentative ones are not among them.

    Attributes:
        ids: [N] int64, 1 or more, never used again.
        states: [N] uint8, `TrackState`: CONFIRMED, OCCLUDED, LOST or GONE.
        class_names: [N] str, the class that won the vote over time, `unknown` for an unknown object.
        class_shares: [N] float32 in (0, 1], share of the votes that it won.
        instance_ids: [N] int64, `ids` of its instance in the last image, 0 where it was not seen.
        first_seen, last_seen: [N] float64, seconds.
        sightings: [N] int64, images in which it was seen.
        positions: [N, 3] float32, metres in the fixed frame of the objects given; NaN where not known.
    """

    ids: np.ndarray = column(np.int64)
    states: np.ndarray = column(np.uint8)
    class_names: np.ndarray = column(np.str_)
    class_shares: np.ndarray = column(np.float32)
    instance_ids: np.ndarray = column(np.int64)
    first_seen: np.ndarray = column(np.float64)
    last_seen: np.ndarray = column(np.float64)
    sightings: np.ndarray = column(np.int64)
    positions: np.ndarray = column(np.float32, 3)

    @property
    def unknown(self) -> np.ndarray:
        """[N] bool, True where most votes said that the object belongs to no known class."""
        return self.class_names == UNKNOWN_NAME

    @classmethod
    def of(cls, tracks: Sequence[Track]) -> "Tracks":
        """A snapshot of these tracks."""
        nowhere = (np.nan, np.nan, np.nan)
        kept = sorted((track for track in tracks if track.id), key=lambda track: track.id)
        return cls(
            ids=[track.id for track in kept],
            states=[track.state for track in kept],
            class_names=[track.vote.winner for track in kept],
            class_shares=[track.vote.share for track in kept],
            instance_ids=[track.instance_id for track in kept],
            first_seen=[track.first_seen for track in kept],
            last_seen=[track.last_seen for track in kept],
            sightings=[track.sightings for track in kept],
            positions=np.array([nowhere if track.position is None else track.position for track in kept]).reshape(
                -1, 3
            ),
        )
