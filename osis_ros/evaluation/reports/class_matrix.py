"""The table of the classes of one result against those of another, as the pages show it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from osis_ros.evaluation.metrics.agreement import NOTHING, Agreement


@dataclass(frozen=True)
class ClassMatrix:
    """Classes of A (rows) and of B (columns), the most frequent first, `NOTHING` last; and the objects of each pair.

    `nothing` says for A and for B what `NOTHING` means.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    counts: Mapping[tuple[str, str], int]
    nothing: tuple[str, str] = ("not found", "not found")

    @property
    def most(self) -> int:
        """The greatest count, 1 at least."""
        return max([1, *self.counts.values()])

    @classmethod
    def of(cls, agreement: Agreement, **more: tuple[str, str]) -> "ClassMatrix":
        """The matrix of all images; `more` is `nothing`."""
        totals: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        for pair, count in agreement.matrix.items():
            for total, name in zip(totals, pair, strict=True):
                total[name] += count
        rows, columns = (sorted(t, key=lambda name, t=t: (name == NOTHING, -t[name], name)) for t in totals)
        return cls(rows, columns, dict(agreement.matrix), **more)
