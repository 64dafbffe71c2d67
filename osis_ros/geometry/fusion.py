"""Several looks at the same things as one: what is seen again and again is there, and its place is the median."""

from collections.abc import Sequence

import numpy as np

from osis_ros.geometry.objects import Objects

LEAST_REACH = 0.02  # m between two looks at one thing, however small it is


def fused(looks: Sequence[Objects]) -> Objects:
    """The objects of the last look that are seen in at least half of the looks.

    Centroid, nearest point, and centre and size of the box are medians over the looks that show the object; all else is
    the last look's. Two objects of different looks are one where their boxes' centres are nearer than half the longest
    side of the box.

    Args:
        looks: one or more, all in one frame in which the things stand still.
    """
    last = looks[-1]
    if len(looks) == 1:
        return last
    sightings = [[(last, row)] for row in range(len(last))]
    for look in looks[:-1]:
        for row, other in _pairs(last, look):
            sightings[row].append((look, other))
    kept = [row for row, seen in enumerate(sightings) if 2 * len(seen) >= len(looks)]
    chosen = last.take(kept)
    medians = {
        name: np.array([np.median([getattr(look, name)[other] for look, other in sightings[row]], axis=0)
                        for row in kept]).reshape(-1, 3)
        for name in ("centroids", "nearest", "box_centres", "box_sizes")
    }  # fmt: skip
    return chosen.replaced(**medians)


def _pairs(last: Objects, look: Objects) -> list[tuple[int, int]]:
    """Rows of the same thing in both, the nearest first, each row once."""
    if not len(last) or not len(look):
        return []
    apart = np.linalg.norm(last.box_centres[:, None] - look.box_centres[None], axis=2)
    reach = np.maximum(last.box_sizes.max(1) / 2, LEAST_REACH)
    pairs = []
    for index in np.argsort(apart, axis=None):
        row, other = divmod(int(index), len(look))
        if apart[row, other] <= reach[row] and all(row != r and other != o for r, o in pairs):
            pairs.append((row, other))
    return pairs
