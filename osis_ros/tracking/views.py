"""How an object looks from several sides: a few embeddings, because they jump when the network sees another side."""

import math
from collections.abc import Sequence

import numpy as np

MOST = 6  # views of an object
SAME = 0.1  # cosine distance below which a look is of a view that is there already
NEWEST = 0.1  # least share of the newest look in its view


class Views:
    """The embeddings under which one object was seen, each a running mean of looks that are alike."""

    def __init__(self, size: int) -> None:
        """
        Args:
            size: D, length of an embedding; may be 0.
        """
        self._views = np.zeros((0, size))
        self._counts = np.zeros(0, int)

    def __len__(self) -> int:
        return len(self._views)

    @property
    def size(self) -> int:
        """D, length of an embedding."""
        return self._views.shape[1]

    @property
    def array(self) -> np.ndarray:
        """[V, D] float, unit length."""
        return self._views

    def add(self, look: np.ndarray, count: int = 1) -> None:
        """One look, [D] of unit length; all zero for none. Of too many views the rarest goes."""
        if not look.any():
            return
        if len(self._views):
            likeness = self._views @ look
            row = likeness.argmax()
            if 1 - likeness[row] < SAME:
                self._counts[row] += count
                share = max(count / int(self._counts[row]), NEWEST)
                mixed = (1 - share) * self._views[row] + share * look
                self._views[row] = mixed / math.sqrt(mixed @ mixed)
                return
        if len(self._views) == MOST:
            kept = np.arange(MOST) != self._counts.argmin()
            self._views, self._counts = self._views[kept], self._counts[kept]
        self._views = np.concatenate([self._views, look[None]])
        self._counts = np.append(self._counts, count)

    def add_all(self, other: "Views") -> None:
        """Every view of another object, which has turned out to be the same one."""
        for look, count in zip(other._views, other._counts.tolist()):
            self.add(look, count)


def nearest_view(some: Sequence[Views], looks: Sequence[np.ndarray]) -> np.ndarray:
    """Cosine distance between each of some objects and each of others, from their most similar views.

    Args:
        some: T objects.
        looks: N arrays [V, D], the views of the others; a row that is all zero counts as none.
    Returns:
        [T, N] in [0, 2], NaN where either has no view.
    """
    distance = np.full((len(some), len(looks)), np.nan)
    rows = [row for row, views in enumerate(some) if len(views)]
    columns = [column for column, look in enumerate(looks) if len(look)]
    if rows and columns:
        ours, theirs = np.concatenate([some[row].array for row in rows]), np.concatenate([looks[c] for c in columns])
        products = ours @ theirs.T
        products[:, ~theirs.any(axis=1)] = np.nan
        starts = [
            np.cumsum([0, *sizes[:-1]])
            for sizes in ([len(some[row]) for row in rows], [len(looks[c]) for c in columns])
        ]
        best = np.fmax.reduceat(np.maximum.reduceat(products, starts[0], axis=0), starts[1], axis=1)
        distance[np.ix_(rows, columns)] = 1 - best
    return distance
