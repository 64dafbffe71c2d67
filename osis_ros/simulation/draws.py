"""Random numbers for one split: sizes, colours, lamps and cameras of test never appear in training.

Two things separate the splits. The split's index is part of every seed. And sizes, colours, lamps and cameras are made
from numbers in the unit interval, which is divided into 32 cells: 20 belong to train, 4 to val and 8 to test. So such a
value drawn for test was never drawn in training, however many scenes were rendered. The positions of objects and the
noise of textures come from the generator itself (`rng`) and differ by the seed only. The split demo uses the cells of
test. The split outliers is for training and uses the cells of train.
"""

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

SPLITS = ("train", "val", "test", "demo", "outliers")
_CELL_COUNT = 32
_OWNER = ("train", "test", "train", "val", "train", "train", "test", "train")  # of cell i: entry i mod 8
_SHARES = {"train": "train", "val": "val", "test": "test", "demo": "test", "outliers": "train"}
T = TypeVar("T")


class Draw:
    """A seeded source of random values for one split.

    Args:
        split: one of SPLITS.
        key: integers or words that name the stream; the same split and key give the same values.
    """

    def __init__(self, split: str, *key: int | str) -> None:
        if split not in SPLITS:
            raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
        self.split = split
        self.key = tuple(zlib.crc32(part.encode()) if isinstance(part, str) else int(part) for part in key)
        self.rng = np.random.default_rng([SPLITS.index(split), *self.key])
        owner = _SHARES[split]
        self._cells = np.array([i for i in range(_CELL_COUNT) if _OWNER[i % len(_OWNER)] == owner])

    def child(self, *key: int | str) -> "Draw":
        """An independent stream of the same split, so that a draw added here shifts nothing there."""
        return Draw(self.split, *self.key, *key)

    @property
    def held_out(self) -> bool:
        """Whether texture families that training never sees may be drawn."""
        return self.split == "test"

    def unit(self, size: int | tuple[int, ...] | None = None) -> np.ndarray | float:
        """Uniform over this split's cells of [0, 1)."""
        value = (self.rng.choice(self._cells, size) + self.rng.random(size)) / _CELL_COUNT
        return float(value) if size is None else value

    def uniform(self, low: float, high: float, size: int | tuple[int, ...] | None = None) -> np.ndarray | float:
        """Uniform in [low, high), this split's share of it."""
        return low + (high - low) * self.unit(size)

    def log_uniform(self, low: float, high: float) -> float:
        """Uniform in the logarithm: as often in [1, 2) as in [2, 4)."""
        return float(low * (high / low) ** self.unit())

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def integer(self, low: int, high: int) -> int:
        """A whole number in low..high, both included."""
        return int(self.rng.integers(low, high + 1))

    def choice(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the options, equally likely unless weighted."""
        p = None if weights is None else np.asarray(weights, float) / np.sum(weights)
        return options[int(self.rng.choice(len(options), p=p))]
