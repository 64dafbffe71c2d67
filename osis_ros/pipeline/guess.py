"""Guesses what unknown objects are, from the user's list of names."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from osis_ros.inference.bundle import load_bundle
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.segment import NAMES
from osis_ros.pipeline.setting import MODELS_OWN, UNCONFIGURED, Setting
from osis_ros.pipeline.stage import Stage

if TYPE_CHECKING:
    from osis_ros.words.guesser import Guesser

MAP = Setting("guess.map", "", "File of `osis guess-map`, to guess by the model's embeddings. Empty for none.",
              UNCONFIGURED)  # fmt: skip
IMAGE_MODEL = Setting("guess.image_model", "",
                      "ONNX file of the image part of a model such as CLIP, to guess by crops of the objects. Empty "
                      "for none.", UNCONFIGURED)  # fmt: skip
NEGATIVES = Setting("guess.negatives", [""],
                    "Those of the `names` that stand for no object, such as table or hand: if one fits best, there is "
                    "no guess.", UNCONFIGURED)  # fmt: skip
THRESHOLD = Setting("guess.threshold", MODELS_OWN,
                    "Lowest cosine between object and name for a guess, 0..1; -1 for the map's own, or 0.2 with an "
                    "image model.", UNCONFIGURED, low=0.0, high=1.0, models_own=True)  # fmt: skip
MARGIN = Setting("guess.margin", MODELS_OWN,
                 "How many times as probable as the second name a guess must be; -1 for the map's own, or 1.5.",
                 UNCONFIGURED, low=1.0, high=1000.0, models_own=True)  # fmt: skip
MOST_LOOKS = 4  # of a slow model in one image, so that many new objects at once do not stop the stream


class Guess(Stage):
    """Looks at the unknown objects, and remembers of each track what it saw.

    A slow model looks at each track once, a fast one in each image, and the mean counts.

    Attributes:
        guesser: None if the user wants no guesses.
    """

    settings = (MAP, IMAGE_MODEL, NEGATIVES, THRESHOLD, MARGIN)

    def __init__(self, values: Mapping[str, object]) -> None:
        self.guesser = _guesser(values)
        self._remember()

    def _remember(self) -> None:
        self._seen: dict[int, np.ndarray] = {}  # sum of the vectors of each track
        self._lock = threading.Lock()

    def another(self) -> "Guess":
        """One with the same models, that has seen no track."""
        other = Guess.__new__(Guess)
        other.guesser = self.guesser
        other._remember()
        return other

    def __call__(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        guesser, instances = self.guesser, frame.instances
        if guesser is None:
            return frame
        if not frame.in_stream or instances.track_ids is None:
            return replace(frame, instances=guesser(frame.rgb, instances))
        with self._lock:
            vectors = self._of_tracks(frame, guesser)
        return replace(frame, instances=guesser.guessed(instances, vectors))

    def _of_tracks(self, frame: Frame, guesser: "Guesser") -> np.ndarray:
        """Vectors [N, D] of the instances: the means of their tracks' so far."""
        instances, tracks = frame.instances, frame.instances.track_ids
        remembered = set(frame.tracks.ids.tolist()) if frame.tracks is not None else set(tracks.tolist())
        self._seen = {number: total for number, total in self._seen.items() if number in remembered}
        rows = instances.unknown.copy()
        if guesser.slow:
            rows &= (tracks > 0) & ~np.isin(tracks, list(self._seen))
            rows[np.flatnonzero(rows)[MOST_LOOKS:]] = False
        vectors = guesser.looked_at(frame.rgb, instances, rows)
        for row in np.flatnonzero((tracks > 0) & instances.unknown):
            number = int(tracks[row])
            if rows[row]:
                self._seen[number] = self._seen.get(number, 0) + vectors[row]
            vectors[row] = self._seen.get(number, 0)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _guesser(values: Mapping[str, object]) -> "Guesser | None":
    names, learnt, image_model = (str(values[one.name]).strip() for one in (NAMES, MAP, IMAGE_MODEL))
    if not (learnt or image_model):
        return None
    from osis_ros.words.guess import GuessError  # a node without guesses starts sooner without it
    from osis_ros.words.guesser import Guesser

    given = MAP.name if learnt else IMAGE_MODEL.name
    if not names:
        raise GuessError(f"{given} is given without names, expected a file of `osis names` in the parameter names")
    bundle = load_bundle(values["model"])
    if bundle.manifest.word_dim is not None:
        raise GuessError(f"{given} is given, but the zero-shot model '{bundle.name}' looks for the names itself; "
                         "leave it empty")  # fmt: skip
    return Guesser(
        bundle, Path(names).expanduser(), embedding_map=_path(learnt), image_model=_path(image_model),
        negatives=[name for name in values[NEGATIVES.name] if name], threads=values["threads"],
        **{one.name.removeprefix("guess."): None if values[one.name] == MODELS_OWN else values[one.name]
           for one in (THRESHOLD, MARGIN)},
    )  # fmt: skip


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None
