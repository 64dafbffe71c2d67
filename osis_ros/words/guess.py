"""A guess at what an unknown object is: the name of a list that fits best, or none."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from osis_ros.errors import OsisError
from osis_ros.words.names_file import NamedVectors

NONE = -1


class GuessError(OsisError):
    """Names or a file that no guess can be made with; the message is one sentence."""


@dataclass(frozen=True)
class GuessRules:
    """When a name is good enough.

    Attributes:
        temperature: cosines are divided by it before the softmax; above 0.
        threshold: lowest cosine of a guess with the object.
        margin: how many times as probable as the second a guess must be, 1 or more.
        penalty: what the cosines of names that vectors were trained with lose. Without it they win nearly always.
    """

    temperature: float = 0.1
    threshold: float = 0.3
    margin: float = 1.5
    penalty: float = 0.2


@dataclass(frozen=True, eq=False)
class Bank:
    """M names to choose from.

    Attributes:
        names: each once.
        vectors: [M, D] float32 of unit length.
        trained: [M] bool, names that vectors were trained with.
        nothing: [M] bool, names that stand for no object. If one fits best, there is no guess.
    """

    names: tuple[str, ...]
    vectors: np.ndarray
    trained: np.ndarray
    nothing: np.ndarray


class Guesses(NamedTuple):
    """index [R] int64 of a name in the bank, NONE (-1) for none; scores [R] float32, its probability, 0 for none."""

    index: np.ndarray
    scores: np.ndarray


def bank_of(
    named: NamedVectors, known: Collection[str], trained: Collection[str] = (), nothing: Collection[str] = ()
) -> Bank:
    """The names to choose from.

    Args:
        known: the model's classes, which an unknown object is none of; they are left out.
        trained: names that vectors were trained with.
        nothing: names of the list that stand for no object.
    Raises:
        GuessError: a name in `nothing` that is not in the list, or no name that is left.
    """
    if missing := [name for name in nothing if name not in named.names]:
        raise GuessError(f"guess.negatives has '{missing[0]}', which is none of the names in {named.source}")
    rows = [row for row, name in enumerate(named.names) if name not in known]
    names = tuple(named.names[row] for row in rows)
    if not set(names) - set(nothing):
        raise GuessError(f"no name of {named.source} is left to guess: all are known classes or guess.negatives")
    trained, nothing = ([name in words for name in names] for words in (trained, nothing))
    return Bank(names, named.vectors[rows], np.array(trained), np.array(nothing))


def guess(vectors: np.ndarray, bank: Bank, rules: GuessRules) -> Guesses:
    """The best name of each object.

    Args:
        vectors: [R, D] float32 of unit length in the space of the names; zeros for an object of which nothing is known.
    """
    cosines = vectors.astype(np.float64) @ bank.vectors.T - rules.penalty * bank.trained
    probabilities = np.exp((cosines - cosines.max(1, keepdims=True, initial=-np.inf)) / rules.temperature)
    probabilities /= probabilities.sum(1, keepdims=True)
    rows, best = np.arange(len(vectors)), cosines.argmax(1)
    first = probabilities[rows, best]
    others = probabilities.copy()
    others[rows, best] = 0
    fits = (cosines[rows, best] >= rules.threshold) & (first >= rules.margin * others.max(1)) & ~bank.nothing[best]
    return Guesses(np.where(fits, best, NONE), np.where(fits, first, 0).astype(np.float32))
