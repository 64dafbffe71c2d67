"""How similar an instance is to a taught name, and from which similarity on it gets the name."""

from dataclasses import dataclass

import numpy as np

# Chosen so that about one other thing in a hundred gets the name, on rendered scenes of categories that were never
# trained on, with predicted masks (benchmarks/teaching.py).
FLOOR = 0.70  # no name below this similarity
USUAL = 0.75  # similarity of an object to another good view of it, where there is one view only
SHARE = 0.4  # of the way from the nearest other thing to the object's own views, where the threshold is


@dataclass(frozen=True)
class Separation:
    """How well a name can be told apart from everything else that was in view.

    Attributes:
        threshold: similarity at which an instance gets the name.
        nearest: similarity of the nearest other thing, and `nearest_name` what it is called; -1 and "" where nothing
            else was seen.
        own: median similarity of the object's views to its other views, USUAL where there is one view only.
        recognised: share of the views that reach the threshold by the other views; -1 where there is one view only.
    """

    threshold: float
    nearest: float
    nearest_name: str
    own: float
    recognised: float

    @property
    def told_apart(self) -> bool:
        """Whether the object is more similar to itself than anything else is, also seen from another side."""
        return self.nearest < self.threshold and not 0 <= self.recognised < 0.5


def similarity(vectors: np.ndarray, views: np.ndarray) -> np.ndarray:
    """How similar instances are to an object: the mean over the nearest of its views, one to three of them.

    The mean of all views would be of none: an object has a front and a back.

    Args:
        vectors: [N, D], views: [V, D], V ≥ 1, of unit length.
    Returns:
        [N] in [-1, 1].
    """
    count = 1 if len(views) < 3 else 2 if len(views) < 6 else 3
    alike = vectors @ views.T
    return np.sort(alike, axis=1)[:, -count:].mean(axis=1)


def separation(views: np.ndarray, others: np.ndarray, other_names: list[str]) -> Separation:
    """The threshold of a name, from its own views and from everything else that was seen.

    Args:
        views: [V, D], others: [M, D] of unit length.
        other_names: M, what the others are called.
    """
    own, held_out = USUAL, np.zeros(0)
    if len(views) > 1:
        left = range(len(views))
        held_out = np.array([similarity(views[[i]], np.delete(views, i, axis=0))[0] for i in left])
        own = float(np.median(held_out))
    nearest, name = -1.0, ""
    if len(others):
        alike = similarity(others, views)
        nearest, name = float(alike.max()), other_names[int(alike.argmax())]
    threshold = nearest + SHARE * (own - nearest) if len(others) else FLOOR
    threshold = float(np.clip(threshold, FLOOR, max(FLOOR, own)))
    recognised = float((held_out >= threshold).mean()) if len(held_out) else -1.0
    return Separation(threshold, nearest, name, own, recognised)


def in_words(name: str, views: int, found: Separation) -> str:
    """How well a name can be told apart, in one sentence.

    Args:
        views: how many of the object are kept.
    """
    kept = f"'{name}' is taught with {views} view{'s' * (views != 1)}, threshold {found.threshold:.2f}"
    if not found.nearest_name:
        return f"{kept}; nothing else was in view to tell it apart from"
    apart = "" if found.told_apart else "; it cannot be told apart from that"
    return f"{kept}; the nearest other thing is '{found.nearest_name}' at {found.nearest:.2f}{apart}"
