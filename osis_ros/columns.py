"""Immutable results with one row an item, on which `Instances` and `Objects` are built. Numpy only."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import TypeVar

import numpy as np

R = TypeVar("R", bound="Rows")


def column(dtype: type, *shape: int | None, default: Callable[[int], object] | None = None) -> object:
    """A field of a `Rows` class that has one row for each item.

    Args:
        dtype: what the rows are stored as.
        shape: of one row; None stands for any length.
        default: makes the column for N items where the caller gives none; without it the column must be given.
    """
    metadata = {"dtype": dtype, "shape": shape, "default": default}
    return field(metadata=metadata) if default is None else field(default=None, metadata=metadata)


def absent(count: int) -> None:
    """The default of a column that may be missing altogether: its value is then None."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows:
    """Base of results whose `column` fields have one row an item. The first column says how many there are.

    Arrays are copied unless they are read-only and own their data, so nobody can change a result afterwards.

    Raises:
        ValueError: shapes or lengths that do not fit together, or numbers that their column cannot hold.
    """

    def __post_init__(self) -> None:
        columns = self.columns()
        count = len(getattr(self, next(iter(columns))))
        for name, form in columns.items():
            value = getattr(self, name)
            value = form["default"](count) if value is None and form["default"] else value
            if value is not None:
                value = self._checked(name, form, value, count)
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.columns()))))

    @classmethod
    def columns(cls) -> dict[str, dict]:
        """Each column's name, and what `column` was told of it."""
        return _columns(cls)

    def take(self: R, index: np.ndarray | list[int]) -> R:
        """The items at these places, in this order.

        Args:
            index: [M] int indices, or [N] bool.
        """
        rows = np.arange(len(self))[np.asarray(index, None if len(index) else np.int64)]
        return replace(self, **self._rows(rows))

    def _rows(self, rows: np.ndarray) -> dict[str, object]:
        """Everything that has a row an item, at these rows [M]. A class with more than columns adds it here."""
        values = {name: getattr(self, name) for name in self.columns()}
        return {name: value if value is None else value[rows] for name, value in values.items()}

    def replaced(self: R, **changes: object) -> R:
        """The same with other fields or columns."""
        return replace(self, **changes)

    def _checked(self, name: str, form: dict, value: object, count: int) -> np.ndarray:
        dtype, shape = form["dtype"], form["shape"]
        label = f"{type(self).__name__}.{name}"
        given = np.asarray(value)
        if given.ndim != 1 + len(shape) or any(want not in (None, got) for want, got in zip(shape, given.shape[1:])):
            wanted = ", ".join(["N", *("D" if side is None else str(side) for side in shape)])
            raise ValueError(f"{label} is {list(given.shape)}, expected [{wanted}]")
        if len(given) != count:
            raise ValueError(f"{label} has {len(given)} rows, {next(iter(self.columns()))} has {count}")
        stored = given.astype(dtype, copy=False)
        if stored is not given and np.issubdtype(dtype, np.integer) and not np.array_equal(stored, given):
            raise ValueError(f"{label} must hold whole numbers, got {given.ravel()[:8].tolist()}")
        return frozen(stored)


@cache
def _columns(cls: type) -> dict[str, dict]:
    return {field.name: field.metadata for field in fields(cls) if field.metadata}


def frozen(array: np.ndarray) -> np.ndarray:
    """The array itself where nobody else can write to it, else a read-only copy."""
    if array.flags.writeable or not array.flags.owndata:
        array = array.copy()
        array.flags.writeable = False
    return array
