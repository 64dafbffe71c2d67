"""`Sightings`: every distinct instance of all pictures, a row each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osis_ros.coco.rle import decode, encode_instances
from osis_ros.columns import Rows, column
from osis_ros.instances import Instances


@dataclass(frozen=True, eq=False, kw_only=True)
class Sightings(Rows):
    """Instances of many pictures, in the order of the pictures, best score first in each.

    Attributes:
        pictures: [N] int64, number of the picture, from 0.
        things: [N] int64, number of the thing (object) that is seen, from 0; -1 where it belongs to none.
        class_ids: [N] int64, 0..K-1 known, K unknown.
        scores, distances: [N] float32, as in `Instances`.
        rois: [N, 4] int32, x y width height in whole pixels, of the masks.
        embeddings: [N, D] float32, unit length.
        rles: N COCO run-length encodings on the whole picture.
    """

    pictures: np.ndarray = column(np.int64)
    things: np.ndarray = column(np.int64)
    class_ids: np.ndarray = column(np.int64)
    scores: np.ndarray = column(np.float32)
    distances: np.ndarray = column(np.float32)
    rois: np.ndarray = column(np.int32, 4)
    embeddings: np.ndarray = column(np.float32, None)
    rles: tuple[dict, ...]

    def mask(self, row: int) -> np.ndarray:
        """[H, W] bool, the mask of one sighting on its whole picture."""
        return decode(self.rles[row])

    def _rows(self, rows: np.ndarray) -> dict[str, object]:
        return super()._rows(rows) | {"rles": tuple(self.rles[row] for row in rows)}


def sightings_of(picture: int, instances: Instances, things: np.ndarray) -> Sightings:
    """What was found in one picture.

    Args:
        picture: its number.
        instances: without duplicates and parts, as `distinct` leaves them.
        things: [N] int64, the thing that each instance shows.
    """
    return Sightings(
        pictures=np.full(len(instances), picture), things=things, class_ids=instances.class_ids,
        scores=instances.scores, distances=instances.distances, rois=instances.rois, embeddings=instances.embeddings,
        rles=tuple(encode_instances(instances)),
    )  # fmt: skip


def joined(parts: Sequence[Sightings]) -> Sightings:
    """The rows of one or more parts, one after the other."""
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Sightings.columns()}
    return Sightings(**columns, rles=tuple(rle for part in parts for rle in part.rles))
