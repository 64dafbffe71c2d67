"""Which thing each instance shows: its track where the pictures have times, else a new thing each time."""

import numpy as np

from osis_ros.instances import Instances
from osis_ros.tracking.tracker import Tracker

NO_THING = -1


class ThingNumbers:
    """Numbers the things of all recordings, each with a number of its own."""

    def __init__(self) -> None:
        self._next = 1
        self._tracker: Tracker | None = None
        self._recording: int | None = None

    def of(self, instances: Instances, recording: int, stamp: float | None) -> np.ndarray:
        """[N] int64, from 1; -1 for an instance that is not yet a track, seen for too short a time to be believed.

        Args:
            recording: number of the recording. Each has tracks of its own.
            stamp: seconds; None for an image file, whose instances are things of their own.
        """
        if stamp is None:
            numbers = np.arange(self._next, self._next + len(instances))
            self._next += len(instances)
            return numbers
        if recording != self._recording:
            self._recording, self._tracker = recording, Tracker(first_id=self._next)
        tracks = self._tracker.update(instances, stamp).track_ids
        self._next = max(self._next, self._tracker.next_id)
        return np.where(tracks == 0, NO_THING, tracks)
