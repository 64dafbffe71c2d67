"""The same object in the next image: by its track, by its place, or by how it looks."""

import numpy as np

from osis_ros.instances import Instances
from osis_ros.teaching.appearance import appearances
from osis_ros.teaching.recognition import FLOOR, similarity
from osis_ros.tracking.mask_overlap import mask_overlap

SAME_PLACE = 0.3  # mask IoU from which on it is the same place
SAME_LOOK = 0.5  # similarity below which what is in its place is something else
OTHER_LOOK = 0.4  # similarity below which the tracker has mixed up two objects; the back of one is more like its front
PLACE_COUNTS = 0.2  # what staying in its place is worth, in similarity: it decides between equals


class Follower:
    """Follows one object from image to image."""

    def __init__(self, rgb: np.ndarray, instances: Instances, index: int) -> None:
        """
        Args:
            rgb: uint8 [H, W, 3] RGB, the first image.
            index: of the object among its instances.
        """
        self._seen: list[np.ndarray] = []
        self._remember(rgb, instances, index)

    def find(self, rgb: np.ndarray, instances: Instances) -> int | None:
        """Index of the object in the next image, None where it is not found.

        Its track decides, unless what has it now looks like something else. Then it is the most similar one, and of
        equals the one in its last place; what is elsewhere must be as similar as a taught name.
        """
        index = self._index(rgb, instances)
        if index is not None:
            self._remember(rgb, instances, index)
        return index

    def _index(self, rgb: np.ndarray, instances: Instances) -> int | None:
        if not len(instances):
            return None
        alike = similarity(appearances(rgb, instances), np.array(self._seen))
        if self._track and instances.track_ids is not None:
            for index in np.flatnonzero((instances.track_ids == self._track) & (alike >= OTHER_LOOK)):
                return int(index)
        overlap = mask_overlap(self._last.rois, self._last.masks, instances.rois, instances.masks)[0][0]
        possible = (alike >= FLOOR) | ((overlap >= SAME_PLACE) & (alike >= SAME_LOOK))
        best = int(np.where(possible, alike + PLACE_COUNTS * overlap, -1).argmax())
        return best if possible[best] else None

    def _remember(self, rgb: np.ndarray, instances: Instances, index: int) -> None:
        self._last = instances.take([index])
        self._track = 0 if self._last.track_ids is None else int(self._last.track_ids[0])
        self._seen.append(appearances(rgb, self._last)[0])
