"""`EmbeddingMap`: from a model's embeddings to the vectors of names, fitted on objects whose names are known."""

import io
import zipfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from osis_ros.files.atomic import write_whole
from osis_ros.words.guess import GuessError, GuessRules

FOLDS, FEWEST_NAMES, FEWEST_OBJECTS = 5, 10, 50
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # of the ridge, tried
TEMPERATURES = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2)
PENALTIES = tuple(np.arange(0, 0.61, 0.05).round(2).tolist())
WRONG_KEPT = 0.1  # share of wrong guesses that pass the threshold


@dataclass(frozen=True, eq=False)
class EmbeddingMap:
    """A linear map, and the rules that were chosen for it on names that it was not fitted with.

    Attributes:
        matrix: [E, D] float32, offset: [D] float32: `e @ matrix + offset` is compared with the names.
        trained: the names that it was fitted with.
        model_sha256: of the model whose embeddings these are.
        source: where the names' vectors come from.
        rules: see `GuessRules`.
    """

    matrix: np.ndarray
    offset: np.ndarray
    trained: tuple[str, ...]
    model_sha256: str
    source: str
    rules: GuessRules

    def __call__(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings [R, E] → vectors [R, D] float32 of unit length."""
        return unit(embeddings @ self.matrix + self.offset)


@dataclass(frozen=True)
class Fit:
    """How good a map is on names that it was not fitted with: of objects with such names, in `FOLDS` parts.

    Attributes:
        right: share of objects whose name is the best of the names left out.
        chance: the share that guessing at random would get right.
        guessed: share of objects that get a guess by the rules, when all names stand in the list.
        guessed_right: share of these guesses that are right.
        objects, names: how many there were.
    """

    right: float
    chance: float
    guessed: float
    guessed_right: float
    objects: int
    names: int


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows at unit length, float32; zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)


def fit_map(
    embeddings: np.ndarray, labels: np.ndarray, names: tuple[str, ...], vectors: np.ndarray, sha256: str, source: str
) -> tuple[EmbeddingMap, Fit]:
    """Fit a map by ridge regression, in which every name counts the same.

    Everything that is chosen (the strength of the ridge and the rules) is chosen on names that were left out of the
    fit, a fifth of them at a time, because the map will be asked for such.

    Args:
        embeddings: [N, E] of objects. labels: [N] int64 of their names. vectors: [K, D] of all names, unit length.
        sha256, source: see `EmbeddingMap`.
    Raises:
        GuessError: too few objects or names.
    """
    seen = np.unique(labels)
    if len(seen) < FEWEST_NAMES or len(labels) < FEWEST_OBJECTS:
        raise GuessError(
            f"{len(labels)} objects of {len(seen)} names were found, expected at least {FEWEST_OBJECTS} of "
            f"{FEWEST_NAMES} names; take more images, or a lower --score-threshold"
        )
    names, vectors = tuple(names[i] for i in seen), vectors[seen].astype(np.float64)
    labels = np.searchsorted(seen, labels)
    parts = np.array_split(np.random.default_rng(0).permutation(len(names)), FOLDS)
    folds = {strength: [_Fold.of(embeddings, labels, vectors, part, strength) for part in parts]
             for strength in STRENGTHS}  # fmt: skip
    strength = max(STRENGTHS, key=lambda one: sum(fold.right.sum() for fold in folds[one]))
    chosen = folds[strength]
    temperature = max(TEMPERATURES, key=lambda one: sum(fold.likelihood(one) for fold in chosen))
    penalty = max(PENALTIES, key=lambda one: _harmonic(chosen, one))
    found = [fold.guessed(penalty) for fold in chosen]
    cosines, right = (np.concatenate(part) for part in zip(*found, strict=True))
    wrong = cosines[~right]
    threshold = float(np.quantile(wrong, 1 - WRONG_KEPT)) if len(wrong) else 0.0
    rules = GuessRules(temperature, round(threshold, 3), GuessRules.margin, penalty)
    matrix, offset = _ridge(embeddings, labels, vectors, strength)
    kept = cosines >= rules.threshold
    fit = Fit(
        float(np.concatenate([fold.right for fold in chosen]).mean()),
        float(np.concatenate([np.full(len(fold.right), 1 / len(fold.left_out)) for fold in chosen]).mean()),
        float(kept.mean()), float(right[kept].mean()) if kept.any() else 0.0, len(labels), len(names),
    )  # fmt: skip
    return EmbeddingMap(matrix.astype(np.float32), offset.astype(np.float32), names, sha256, source, rules), fit


@dataclass(frozen=True, eq=False)
class _Fold:
    """A fit without some names: cosines of all objects with all names, [N, K], and the places of both kinds."""

    cosines: np.ndarray
    labels: np.ndarray
    left_out: np.ndarray
    unseen: np.ndarray  # [N] bool, objects of names that were left out

    @classmethod
    def of(
        cls, embeddings: np.ndarray, labels: np.ndarray, vectors: np.ndarray, left_out: np.ndarray, strength: float
    ) -> "_Fold":
        unseen = np.isin(labels, left_out)
        matrix, offset = _ridge(embeddings[~unseen], labels[~unseen], vectors, strength)
        return cls(unit(embeddings @ matrix + offset) @ vectors.T, labels, left_out, unseen)

    @property
    def right(self) -> np.ndarray:
        """[objects of names left out] bool: the name is the best of these."""
        own = self.cosines[self.unseen][:, self.left_out]
        return self.left_out[own.argmax(1)] == self.labels[self.unseen]

    def likelihood(self, temperature: float) -> float:
        """Sum of the logarithms of the true names' probabilities, among the names left out."""
        logits = self.cosines[self.unseen][:, self.left_out] / temperature
        own = (self.labels[self.unseen][:, None] == self.left_out).argmax(1)
        highest = logits.max(1, initial=-np.inf)
        total = highest + np.log(np.exp(logits - highest[:, None]).sum(1))
        return float((logits[np.arange(len(own)), own] - total).sum())

    def best(self, penalty: float) -> tuple[np.ndarray, np.ndarray]:
        """Of all objects, with all names in the list: the best name's cosine [N], and whether it is right [N]."""
        fined = self.cosines - penalty * ~np.isin(np.arange(self.cosines.shape[1]), self.left_out)
        return fined.max(1), fined.argmax(1) == self.labels

    def guessed(self, penalty: float) -> tuple[np.ndarray, np.ndarray]:
        """`best`, of the objects of names left out."""
        cosines, right = self.best(penalty)
        return cosines[self.unseen], right[self.unseen]


def _harmonic(folds: list[_Fold], penalty: float) -> float:
    """Harmonic mean of the shares that are right among objects of names left out, and among the others."""
    shares = []
    for unseen in (True, False):
        right = np.concatenate([fold.best(penalty)[1][fold.unseen == unseen] for fold in folds])
        shares.append(right.mean())
    return 2 * shares[0] * shares[1] / max(sum(shares), 1e-9)


def _ridge(
    embeddings: np.ndarray, labels: np.ndarray, vectors: np.ndarray, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """Matrix [E, D] and offset [D] of least squares, every name of weight 1, with a penalty of strength · |matrix|²."""
    counts = np.bincount(labels, minlength=len(vectors))
    weights = 1 / counts[labels]
    total = weights.sum()
    inputs, targets = embeddings.astype(np.float64), vectors[labels]
    mean, middle = weights @ inputs / total, weights @ targets / total
    centred = inputs - mean
    gram = (centred * weights[:, None]).T @ centred + strength * np.eye(inputs.shape[1])
    matrix = np.linalg.solve(gram, (centred * weights[:, None]).T @ (targets - middle))
    return matrix, middle - mean @ matrix


def write_map(file: Path, found: EmbeddingMap) -> None:
    """Write a map, whole or not at all."""
    buffer = io.BytesIO()
    np.savez(
        buffer, matrix=found.matrix, offset=found.offset, trained=np.array(found.trained),
        model_sha256=np.array(found.model_sha256), source=np.array(found.source),
        **{name: np.array(value) for name, value in asdict(found.rules).items()},
    )  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, buffer.getvalue())


def read_map(file: Path) -> EmbeddingMap:
    """Read a map.

    Raises:
        GuessError: not such a file.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            rules = GuessRules(*(float(arrays[field.name]) for field in fields(GuessRules)))
            found = EmbeddingMap(
                arrays["matrix"].astype(np.float32), arrays["offset"].astype(np.float32),
                tuple(str(name) for name in arrays["trained"].tolist()), str(arrays["model_sha256"]),
                str(arrays["source"]), rules,
            )  # fmt: skip
    except FileNotFoundError:
        raise GuessError(f"{file}: no such file; `osis guess-map` makes one") from None
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile):
        raise GuessError(f"{file} is no file of `osis guess-map`; make it again") from None
    if found.matrix.ndim != 2 or found.offset.shape != found.matrix.shape[1:]:
        raise GuessError(f"{file} is damaged: its arrays do not fit together; make it again with `osis guess-map`")
    return found


def is_map(file: Path) -> bool:
    """Whether a file is a map."""
    try:
        read_map(file)
    except GuessError:
        return False
    return True
