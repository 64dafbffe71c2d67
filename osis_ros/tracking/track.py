"""One object over time: where it was last, how it looks, and which class it was taken for."""

import numpy as np

from osis_ros.instances import Instances
from osis_ros.tracking.class_vote import ClassVote
from osis_ros.tracking.states import TrackState

LOOKS_KEPT = 0.1  # least share of the newest look in a track's embedding
PLACES_KEPT = 0.5  # the same of its position in space
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
        embedding: [D] float, unit length; all zero where none is known.
        position: [3] float metres in the fixed frame, or None.
        points: [M, 3] float32 of its surface, in the fixed frame.
        instance_id: its instance's id in the last image, 0 where it was not seen.
    """

    def __init__(self, instances: Instances, row: int, stamp: float) -> None:
        self.id, self.state = 0, TrackState.TENTATIVE
        self.first_seen = self.last_seen = self.believed = stamp
        self.sightings = 0
        self.vote = ClassVote(len(instances.class_names))
        self.embedding = np.zeros(instances.embeddings.shape[1])
        self.position: np.ndarray | None = None
        self.points = np.zeros((0, 3), np.float32)
        self.saw(instances, row, stamp)

    def saw(self, instances: Instances, row: int, stamp: float) -> None:
        """It is this instance of the image."""
        self.last_seen = self.believed = stamp
        self.sightings += 1
        self.vote.add(int(instances.class_ids[row]), float(instances.scores[row]))
        self.roi, self.mask = instances.rois[row].astype(float), instances.masks[row]
        self.instance_id = int(instances.ids[row])
        look = instances.embeddings[row]
        if look.any():
            self._looked(look, max(1 / self.sightings, LOOKS_KEPT) if self.embedding.any() else 1.0)

    def _looked(self, look: np.ndarray, share: float) -> None:
        mixed = (1 - share) * self.embedding + share * look
        self.embedding = mixed / max(float(np.linalg.norm(mixed)), 1e-9)

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
            self.position = (1 - PLACES_KEPT) * self.position + PLACES_KEPT * position
        self.points = points[:: max(1, len(points) // POINTS)]

    def continues(self, earlier: "Track") -> None:
        """It is the same object as an earlier track, whose id and past it takes over."""
        self.id, self.first_seen = earlier.id, earlier.first_seen
        self.sightings += earlier.sightings
        self.vote.add_all(earlier.vote)
        if earlier.embedding.any():
            self._looked(earlier.embedding, earlier.sightings / self.sightings)

    def move(self, shift: np.ndarray) -> None:
        """The camera moved: all objects are elsewhere in the image by `shift` pixels, x y."""
        if self.roi is not None:
            self.roi[:2] += shift

    def vanished(self) -> None:
        """Its place was seen empty, so it has none any more."""
        self.state, self.roi, self.position = TrackState.GONE, None, None
        self.points = self.points[:0]
