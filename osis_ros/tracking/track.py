"""One object over time: where it was last, how it looks, and which class it was taken for."""

import numpy as np

from osis_ros.instances import Instances
from osis_ros.tracking.class_vote import ClassVote
from osis_ros.tracking.states import TrackState
from osis_ros.tracking.views import Views

NEWEST = 0.5  # share of the newest position in a track's position
POINTS = 64  # of its surface that are remembered


class Track:
    """A tracked object. The tracker alone changes it.

    Attributes:
        id: 1 or more; 0 while tentative.
        state: after the last update.
        first_seen, last_seen: seconds.
        believed: seconds, when it was last seen or known to be hidden.
        sightings: images in which it was seen.
        vote: of its class.
        roi, mask: as in `Instances`, moved along with the camera; roi is None where it has no place in the image.
        views: its embeddings.
        position: [3] float metres in the fixed frame, or None.
        points: [M, 3] float32 of its surface, in the fixed frame.
        instance_id: its instance's id in the last image, 0 where it was not seen.
    """

    def __init__(self, instances: Instances, row: int, stamp: float) -> None:
        self.id, self.state = 0, TrackState.TENTATIVE
        self.first_seen = self.last_seen = self.believed = stamp
        self.sightings = 0
        self.vote = ClassVote()
        self.views = Views(instances.embeddings.shape[1])
        self.position: np.ndarray | None = None
        self.points = np.zeros((0, 3), np.float32)
        self.saw(instances, row, stamp)

    def saw(self, instances: Instances, row: int, stamp: float) -> None:
        """It is this instance of the image."""
        self.last_seen = self.believed = stamp
        self.sightings += 1
        self.vote.add(instances.class_name(row), float(instances.scores[row]))
        self.roi, self.mask = instances.rois[row].astype(float), instances.masks[row]
        self.instance_id = int(instances.ids[row])
        self.views.add(instances.embeddings[row].astype(float))

    def placed(self, position: np.ndarray, points: np.ndarray, gate: float) -> None:
        """It is here in the fixed frame.

        Args:
            position: [3] metres.
            points: [M, 3] of its surface.
            gate: metres beyond which it was carried away, so that its old position counts no longer.
        """
        if self.position is None or np.linalg.norm(position - self.position) > gate:
            self.position = position
        else:
            self.position = (1 - NEWEST) * self.position + NEWEST * position
        self.points = points[:: max(1, len(points) // POINTS)]

    def continues(self, earlier: "Track") -> None:
        """It is the same object as an earlier track, whose id and past it takes over."""
        self.id, self.first_seen = earlier.id, earlier.first_seen
        self.sightings += earlier.sightings
        self.vote.add_all(earlier.vote)
        self.views.add_all(earlier.views)

    def move(self, shift: np.ndarray) -> None:
        """The camera moved: all objects are elsewhere in the image by `shift` pixels, x y."""
        if self.roi is not None:
            self.roi[:2] += shift

    def vanished(self) -> None:
        """Its place was seen empty, so it has none any more."""
        self.state, self.roi, self.position = TrackState.GONE, None, None
        self.points = self.points[:0]
