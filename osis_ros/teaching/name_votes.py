"""The name of a tracked object, by a vote over time."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from osis_ros.instances import Instances

if TYPE_CHECKING:
    from osis_ros.teaching.gallery import Gallery


class NameVotes:
    """Remembers how similar each object of a stream was to the taught names. Not safe for calls from several threads.

    What is averaged is the similarity and not the name, so that one hidden or blurred image changes little, while an
    object that looks quite different from now on loses its name within a few images.
    """

    def __init__(self) -> None:
        self._gallery: Gallery | None = None
        self._votes: dict[int, _Vote] = {}

    def average(
        self, gallery: "Gallery", alike: np.ndarray, instances: Instances, stamp: float, memory: float
    ) -> np.ndarray:
        """The similarities of one image, averaged over the images before it.

        All votes begin anew when a name is taught or forgotten. An image that is not newer than the one before adds
        nothing.

        Args:
            alike: [N, T] of this image, as `Gallery.similarities` gives them.
            instances: of this image, with `track_ids`; the row of one without a track stays as it is. The scores are
                the weights of their votes.
            stamp: seconds, when the image was taken.
            memory: seconds after which a vote counts 1/e of a new one.
        Returns:
            [N, T] in [-1, 1], NaN for an object that never had enough pixels.
        """
        if gallery is not self._gallery:
            self._gallery, self._votes = gallery, {}
        averaged = alike.copy()
        for row, track in enumerate(instances.track_ids.tolist()):
            if track:
                vote = self._votes.setdefault(track, _Vote(alike.shape[1]))
                vote.add(alike[row], float(instances.scores[row]), stamp, memory)
                averaged[row] = vote.mean
        return averaged

    def keep(self, track_ids: Iterable[int]) -> None:
        """Forget all objects but these."""
        kept = set(track_ids)
        self._votes = {track: vote for track, vote in self._votes.items() if track in kept}


class _Vote:
    """A weighted mean of similarities [T], in which old ones fade."""

    def __init__(self, size: int) -> None:
        self._sum, self._weight, self._stamp = np.zeros(size), 0.0, -math.inf

    def add(self, alike: np.ndarray, score: float, stamp: float, memory: float) -> None:
        if stamp <= self._stamp or np.isnan(alike).any():
            return
        fade = math.exp((self._stamp - stamp) / memory)
        self._sum = fade * self._sum + max(score, 1e-6) * alike
        self._weight = fade * self._weight + max(score, 1e-6)
        self._stamp = stamp

    @property
    def mean(self) -> np.ndarray:
        return self._sum / self._weight if self._weight else np.full(len(self._sum), np.nan)
