"""`ClassTable`: the known classes of a model as rows beside its graph. A class is a row."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osis_ros.errors import OsisError

CLASSES_FILE = "classes.npz"
COLUMNS = ("centres", "weights", "biases", "temperatures", "offsets")
OF_ONE_LOOK = COLUMNS[:3]
UNSEEN = 1.5  # how far below the boundary the logit of an added class is where there was no second look


class ClassTableError(OsisError):
    """A table of classes, or a change of one, that cannot be used; the message is one sentence."""


@dataclass(frozen=True, eq=False)
class ClassTable:
    """K known classes. An object's embedding e [E] is compared with all of them.

    The first D numbers of e are of the network's own look, the others, if any, of the second look; r [D] is the
    first part before it was scaled. Let s be the squared length of the second part: the share of the second look.

    Attributes:
        names: of the classes, in id order.
        centres: [K, E] float32 of unit length; `1 - centres @ e` are the distances to the classes.
        weights: [K, D] float32, and biases: [K] float32: `weights @ r + biases` are the logits of the first look.
            That of no known class is 0.
        temperatures: [K] float32, offsets: [K] float32: the logits of the second look are cosines divided by the
            former plus the latter. Without a second look they mean nothing.
    """

    names: tuple[str, ...]
    centres: np.ndarray
    weights: np.ndarray
    biases: np.ndarray
    temperatures: np.ndarray
    offsets: np.ndarray

    def __post_init__(self) -> None:
        shapes = [getattr(self, name).shape for name in COLUMNS]
        count, dims = len(self.names), [shape[1] for shape in shapes[:2] if len(shape) == 2]
        wanted = [(count, dim) for dim in dims] + [(count,)] * 3
        if not count or len(dims) < 2 or dims[1] > dims[0] or shapes != wanted:
            given = ", ".join(f"{name} {list(shape)}" for name, shape in zip(COLUMNS, shapes, strict=True))
            raise ClassTableError(f"{count} classes have {given}; expected a row for each class in every array")
        if bad := [name for name in COLUMNS if not np.isfinite(getattr(self, name)).all()]:
            raise ClassTableError(f"the array {bad[0]} of the classes has a number that is not finite")

    def without(self, *names: str) -> "ClassTable":
        """The table without classes. Their objects are then unknown.

        Raises:
            ClassTableError: no such class, or none that is left.
        """
        if missing := [name for name in names if name not in self.names]:
            raise ClassTableError(f"the model has no class '{missing[0]}', it has {', '.join(self.names)}")
        rows = [row for row, name in enumerate(self.names) if name not in names]
        if not rows:
            raise ClassTableError("no class would be left, expected one at least")
        return ClassTable(tuple(self.names[row] for row in rows), *(getattr(self, name)[rows] for name in COLUMNS))

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The columns that the graph takes, by the names of its inputs."""
        return {name: getattr(self, name) for name in (COLUMNS if self.share else OF_ONE_LOOK)}

    @property
    def share(self) -> float:
        """Of the second look in the decision; 0 without one."""
        return float(np.sum(self.centres[0, self.weights.shape[1] :] ** 2))

    def with_class(
        self, name: str, embeddings: np.ndarray, others: np.ndarray | None = None, boundary: float | None = 0.0
    ) -> "ClassTable":
        """The table with one more class, learnt from views of its objects, without training.

        Its centre is the mean of the views. With a second look, an object is of the class if its crop is nearer to the
        centre than half way from the views to the most similar of the others; one that the second look did not look
        at is not. Without a second look, the weights point to the centre, as long as those of the other classes are on
        average ("imprinted weights", Qi et al. 2018), and `others` are of no effect.

        Args:
            embeddings: [V, E] float32 of instances of the class.
            others: [O, E] of what is not of the class; without any, as something with a cosine of 0.5 to the centre.
            boundary: the logit above which an object is known, where no class has the logit 0. None: it is known by
                its distance to the centres. Then what the second look did not look at may be of the class too, on its
                side of the plane through 0 that parts the centres.
        Raises:
            ClassTableError: a name that there is already, or embeddings of another length or without a second look.
        """
        if name in self.names:
            raise ClassTableError(f"the model has a class '{name}' already")
        length, dim = self.centres.shape[1], self.weights.shape[1]
        others = np.zeros((0, length)) if others is None else others
        for what, own in ((f"views of '{name}'", embeddings), ("other objects", others)):
            if own.ndim != 2 or own.shape[1] != length or (own is embeddings and not len(own)):
                raise ClassTableError(f"the {what} are {list(own.shape)}, expected embeddings [N, {length}]")
        looks = [slice(0, dim), slice(dim, length)] if length > dim else [slice(0, dim)]
        directions = [_direction(embeddings[:, look]) for look in looks]
        if any(direction is None for direction in directions):
            raise ClassTableError(
                f"the views of '{name}' are not all of the best objects of their images, which have a second look; "
                "take views in which the object is larger and more alone"
            )
        centre = np.concatenate([np.linalg.norm(self.centres[0, look]) * one
                                 for look, one in zip(looks, directions, strict=True)])  # fmt: skip
        length_of_weights, temperature = np.linalg.norm(self.weights, axis=1).mean(), self.temperatures.mean()
        weight, bias, offset = length_of_weights * directions[0], self.biases.mean(), 0.0
        if self.share:
            near, far = (_cosines(own[:, looks[1]], directions[1]) for own in (embeddings, others))
            half_way = (near.mean() + far.max(initial=0.5 if not len(far) else -1)) / 2
            if boundary is None:
                weight, bias = length_of_weights * _apart_from(directions[0], self.centres[:, :dim]), 0.0
                offset = -half_way / temperature
            else:  # the first look says no; with the second, that is made up for, and half way is the boundary
                weight, bias = 0 * weight, boundary - UNSEEN
                offset = boundary + UNSEEN * (1 - self.share) / self.share - half_way / temperature
        rows = (centre, weight, bias, temperature, offset)
        columns = [np.append(getattr(self, column), np.float32(row)[None], axis=0)
                   for column, row in zip(COLUMNS, rows, strict=True)]  # fmt: skip
        return ClassTable((*self.names, name), *columns)

    def packed(self) -> bytes:
        """The content of classes.npz. The names stand in model.yaml."""
        file = io.BytesIO()
        np.savez(file, **{name: getattr(self, name).astype(np.float32) for name in COLUMNS})
        return file.getvalue()


def read_class_table(file: Path, names: tuple[str, ...]) -> ClassTable:
    """Read a classes.npz.

    Args:
        names: of the classes, in id order.
    Raises:
        ClassTableError: not such a file, or rows that do not fit the names.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            columns = [arrays[name].astype(np.float32) for name in COLUMNS]
    except FileNotFoundError:
        raise ClassTableError(f"{file.name} is missing; copy the bundle again ({file})") from None
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile):
        raise ClassTableError(
            f"{file.name} is no .npz file with the arrays {', '.join(COLUMNS)}; copy the bundle again ({file})"
        ) from None
    try:
        return ClassTable(names, *columns)
    except ClassTableError as err:
        raise ClassTableError(f"{file.name}: {err} ({file})") from None


def _direction(vectors: np.ndarray) -> np.ndarray | None:
    """The mean of vectors [V, D] at unit length; None where there is none."""
    mean = vectors.astype(np.float64).mean(0)
    length = np.linalg.norm(mean)
    return None if length < 1e-6 else mean / length


def _apart_from(direction: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The unit vector [D] whose product with a direction [D] is positive, and with the directions of others [K, D], as
    far as that can be, as much below 0."""
    others = others / np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-9)
    wanted = np.append(1.0, -np.ones(len(others)))
    normal = np.linalg.lstsq(np.vstack((direction, others)), wanted)[0]
    return normal / max(np.linalg.norm(normal), 1e-9)


def _cosines(vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Of those of vectors [V, D], of any length, that are not zero, with a direction [D]."""
    lengths = np.linalg.norm(vectors, axis=1)
    return vectors[lengths > 0] @ direction / lengths[lengths > 0]
