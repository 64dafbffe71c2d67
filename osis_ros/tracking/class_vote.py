"""The class of a track, by a vote over time."""

from collections import Counter


class ClassVote:
    """Sums the scores of each class, so that a class that is seen often and surely wins."""

    def __init__(self) -> None:
        self._votes: Counter[str] = Counter()

    def add(self, class_name: str, score: float) -> None:
        """One image's class, weighted by its score."""
        self._votes[class_name] += max(score, 1e-6)

    def add_all(self, other: "ClassVote") -> None:
        """Every vote of another count."""
        self._votes.update(other._votes)

    @property
    def winner(self) -> str:
        """The class with most votes; of equal ones the one that was seen first. Empty before the first vote."""
        return max(self._votes, key=self._votes.__getitem__, default="")

    @property
    def share(self) -> float:
        """Share of all votes that the winner has, in (0, 1]; 0 before the first vote."""
        return self._votes[self.winner] / max(self._votes.total(), 1e-12)
