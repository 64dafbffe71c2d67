"""`Things`: what is seen in one or more pictures, a row each, with the view that stands for it."""

from dataclasses import dataclass

import numpy as np

from osis_ros.columns import Rows, column
from osis_ros.discovery.sightings import Sightings


@dataclass(frozen=True, eq=False, kw_only=True)
class Things(Rows):
    """Objects of the recordings, in the order in which they were first seen.

    Attributes:
        ids: [T] int64, the number by which `Sightings.things` names them.
        medoids: [T] int64, row of the sighting whose embedding has the largest mean cosine to those of the others.
        embeddings: [T, D] float32, unit length: the medoids'.
        views: [T] int64, sightings.
        class_ids: [T] int64, voted for by all sightings, each with its score; K unknown.
        known_share: [T] float32, the part of those votes that named a known class, 0..1.
    """

    ids: np.ndarray = column(np.int64)
    medoids: np.ndarray = column(np.int64)
    embeddings: np.ndarray = column(np.float32, None)
    views: np.ndarray = column(np.int64)
    class_ids: np.ndarray = column(np.int64)
    known_share: np.ndarray = column(np.float32)

    def unknown(self, class_count: int) -> np.ndarray:
        """[T] bool, the things that are of none of the `class_count` known classes."""
        return self.class_ids == class_count


def things_of(sightings: Sightings, class_count: int) -> Things:
    """The things that were seen; sightings that belong to none are passed over."""
    ids, first = np.unique(sightings.things, return_index=True)
    ids = ids[np.argsort(first)]
    ids = ids[ids >= 0]
    order = np.argsort(sightings.things, kind="stable")
    starts = np.searchsorted(sightings.things[order], ids)
    ends = np.searchsorted(sightings.things[order], ids, side="right")
    groups = [order[start:end] for start, end in zip(starts, ends, strict=True)]
    votes = np.array([_votes(sightings, rows, class_count) for rows in groups]).reshape(-1, class_count + 1)
    medoids = np.array([_medoid(sightings, rows) for rows in groups], np.int64)
    total = np.maximum(votes.sum(1), 1e-9)
    return Things(
        ids=ids, medoids=medoids, embeddings=sightings.embeddings[medoids],
        views=np.array([len(rows) for rows in groups], np.int64), class_ids=votes.argmax(1),
        known_share=votes[:, :class_count].sum(1) / total,
    )  # fmt: skip


def _votes(sightings: Sightings, rows: np.ndarray, class_count: int) -> np.ndarray:
    return np.bincount(sightings.class_ids[rows], sightings.scores[rows].astype(float), class_count + 1)


def _medoid(sightings: Sightings, rows: np.ndarray) -> int:
    """Float64, and the first of equals, so that the choice is the same on every run."""
    embeddings = sightings.embeddings[rows].astype(np.float64)
    return int(rows[np.argmax((embeddings @ embeddings.sum(0)).round(9))])
