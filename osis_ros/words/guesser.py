"""`Guesser`: guesses for the unknown instances of an image, from a list of names and something that sees objects."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from osis_ros.inference.bundle import Bundle
from osis_ros.instances import Instances
from osis_ros.words.embedding_map import read_map
from osis_ros.words.guess import NONE, GuessError, GuessRules, bank_of, guess
from osis_ros.words.image_tower import ImageTower
from osis_ros.words.names_file import read_names_file

OF_AN_IMAGE_MODEL = GuessRules(temperature=0.01, threshold=0.2, margin=1.5, penalty=0.0)  # CLIP's logits are 100 cos


class Guesser:
    """Calls from several threads are safe.

    Attributes:
        names: those that a guess may be.
        slow: whether a look takes so long that one is enough for an object.
    """

    def __init__(
        self,
        bundle: Bundle,
        names_file: Path,
        *,
        embedding_map: Path | None = None,
        image_model: Path | None = None,
        negatives: Collection[str] = (),
        threshold: float | None = None,
        margin: float | None = None,
        threads: int = 0,
    ) -> None:
        """Read the files.

        Args:
            bundle: the model that finds the instances.
            names_file: a names.npz.
            embedding_map: a file of `osis guess-map`. image_model: see `ImageTower`. One of them.
            negatives: names of the list that stand for no object.
            threshold, margin: of `GuessRules`; None for those of the map, or `OF_AN_IMAGE_MODEL`.
            threads: CPU threads of the image model.
        Raises:
            GuessError, WordVectorsError: files that cannot be used, or that do not fit together.
        """
        if (embedding_map is None) == (image_model is None):
            raise GuessError("guesses need either guess.map, a file of `osis guess-map`, or guess.image_model, an ONNX "
                             "file, and not both")  # fmt: skip
        named = read_names_file(names_file)
        trained, rules = (), OF_AN_IMAGE_MODEL
        self.slow = image_model is not None
        if image_model is not None:
            tower = ImageTower(image_model, threads)
            dim, maker = tower.dim, image_model
            self._see: Callable[[np.ndarray, Instances], np.ndarray] = lambda rgb, found: tower(rgb, found.boxes)
        else:
            learnt = read_map(embedding_map)
            if learnt.model_sha256 != bundle.manifest.sha256:
                raise GuessError(f"{embedding_map} was made for another model than '{bundle.name}'; make it again with "
                                 "`osis guess-map`")  # fmt: skip
            dim, maker, trained, rules = learnt.matrix.shape[1], embedding_map, learnt.trained, learnt.rules
            self._see = lambda rgb, found: learnt(found.embeddings)
        if named.dim != dim:
            raise GuessError(f"the names of {names_file} have {named.dim} numbers, but {maker} makes vectors of {dim}; "
                             "take the names from the same model or file of vectors")  # fmt: skip
        self._bank = bank_of(named, bundle.class_names, trained, negatives)
        given = {"threshold": threshold, "margin": margin}
        self._rules = replace(rules, **{name: value for name, value in given.items() if value is not None})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, none in zip(self._bank.names, self._bank.nothing, strict=True) if not none)

    def look(self, rgb: np.ndarray, instances: Instances) -> np.ndarray:
        """Vectors [N, D] float32 of unit length in the space of the names.

        Args:
            rgb: uint8 [H, W, 3] RGB, the image that they were found in.
        """
        return self._see(rgb, instances)

    def guessed(self, instances: Instances, vectors: np.ndarray) -> Instances:
        """The instances with `guesses` and `guess_scores`; known ones get none.

        Args:
            vectors: [N, D] of `look`, or means of such; zeros where there was no look.
        """
        found = guess(vectors, self._bank, self._rules)
        named = instances.unknown & (found.index != NONE)
        return instances.replaced(
            guesses=np.where(named, np.array(self._bank.names)[found.index], ""),
            guess_scores=np.where(named, found.scores, 0),
        )

    def __call__(self, rgb: np.ndarray, instances: Instances) -> Instances:
        """Look at the unknown instances of one image, and guess."""
        return self.guessed(instances, self.looked_at(rgb, instances, instances.unknown))

    def looked_at(self, rgb: np.ndarray, instances: Instances, rows: np.ndarray) -> np.ndarray:
        """`look` at rows [N] bool alone: [N, D], zeros for the others."""
        vectors = np.zeros((len(instances), self._bank.vectors.shape[1]), np.float32)
        if rows.any():
            vectors[rows] = self.look(rgb, instances.take(rows))
        return vectors
