"""The class of a track, by a vote over time."""

import numpy as np


class ClassVote:
    """Sums the scores of each class, so that a class that is seen often and surely wins."""

    def __init__(self, class_count: int) -> None:
        """
        Args:
            class_count: K known classes; number K stands for unknown.
        """
        self._votes = np.zeros(class_count + 1)

    def add(self, class_id: int, score: float) -> None:
        """One image's class, weighted by its score."""
        self._votes[class_id] += max(score, 1e-6)

    def add_all(self, other: "ClassVote") -> None:
        """Every vote of another count of the same classes."""
        self._votes += other._votes

    @property
    def winner(self) -> int:
        """The class with most votes; of equal ones the lower id."""
        return int(self._votes.argmax())

    @property
    def share(self) -> float:
        """Share of all votes that the winner has, in (0, 1]."""
        return float(self._votes.max() / max(self._votes.sum(), 1e-12))
