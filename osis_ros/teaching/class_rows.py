"""Taught names as classes of a model: its graph with another table of classes."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from osis_ros.inference.bundle import CARD_FILE, Bundle, write_bundle
from osis_ros.inference.class_table import ClassTableError
from osis_ros.teaching import appearance
from osis_ros.teaching.gallery import Taught
from osis_ros.teaching.view import View, vectors_of


def with_changed_classes(bundle: Bundle, folder: Path, remove: Sequence[str], add: Sequence[Taught]) -> Bundle:
    """Write a bundle of the same graph with other classes.

    Args:
        folder: the new bundle's, not that of `bundle`.
        remove: names of classes, whose objects then are unknown.
        add: what was taught with this model.
    Raises:
        ClassTableError: a change that is not possible.
        BundleError: a folder that cannot be written to.
    """
    table = bundle.class_rows.without(*remove)
    if folder.resolve() == bundle.path.resolve():
        raise ClassTableError(f"{folder} is the model itself, expected another folder for the one with other classes")
    for taught in add:
        own, others = embeddings_of(taught.views), embeddings_of(taught.others) if taught.others else None
        table = table.with_class(taught.name, own, others, known_above(bundle))
    changed = bundle.with_classes(table)
    changes = "; ".join([f"without {name}" for name in remove] + [f"with {taught.name}, taught" for taught in add])
    card = (bundle.path / CARD_FILE).read_text("utf-8") if (bundle.path / CARD_FILE).is_file() else ""
    note = f"> The classes were changed after training: {changes}. What follows is the card of the trained model.\n\n"
    fields = changed.manifest.model_dump(mode="json")
    return write_bundle(folder, bundle.model_file, fields, note + card, classes=table)


def known_above(bundle: Bundle) -> float | None:
    """The logit above which an object is known by the bundle's own threshold, where no class has the logit 0; None
    where it is known by its distance."""
    if bundle.manifest.unknown_by == "distance":
        return None
    threshold = bundle.manifest.thresholds.unknown
    return math.log((1 - threshold) / threshold) if 0 < threshold < 1 else 0.0


def embeddings_of(views: tuple[View, ...]) -> np.ndarray:
    """The network's embeddings of views: [V, E] float32 of unit length."""
    own = vectors_of(views)[:, appearance.LENGTH :]
    return own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9)
