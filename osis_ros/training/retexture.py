"""Rendered objects with surfaces from photographs, so that a network learns classes by their shape, not by prints.

A camera sees labels, wear and materials that no renderer has. An object, or a piece of it like a label, shows a piece
of a photograph instead, and keeps its shading.
"""

import cv2
import numpy as np

from osis_ros.training.config import Retexture
from osis_ros.training.data import Record, read_pixels
from osis_ros.training.recolour import LEAST_PIXELS, part_of

LARGEST_SIDE = 320  # pixels of a stored photograph
WHOLE_PROBABILITY = 0.5  # that all of an object is covered, not only a piece


class Retexturer:
    """Gives objects of an image other surfaces, as `config` says."""

    def __init__(self, photographs: list[np.ndarray], config: Retexture, kept: frozenset[int]) -> None:
        """
        Args:
            photographs: as `textures_of` returns them.
            kept: labels of objects that keep their own surface.
        """
        self.photographs, self.config, self.kept = photographs, config, kept

    def __call__(
        self, pixels: np.ndarray, masks: np.ndarray, labels: tuple[int, ...], random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
        """Image [H, W, 3] uint8, masks [N, H, W] uint8 0/1 and N labels; another image, the same masks and labels."""
        pixels = pixels.copy()
        for mask, label in zip(masks, labels, strict=True):
            if random.random() < self.config.probability and label not in self.kept:
                self._cover(pixels, mask, random)
        return pixels, masks, labels

    def _cover(self, pixels: np.ndarray, mask: np.ndarray, random: np.random.Generator) -> None:
        x, y, width, height = cv2.boundingRect(mask)
        here = slice(y, y + height), slice(x, x + width)
        rows, columns = np.nonzero(mask[here])
        if len(rows) < LEAST_PIXELS:
            return
        if random.random() >= WHOLE_PROBABILITY:
            piece = part_of(np.stack((columns, rows), 1).astype(np.float32), random)
            rows, columns = rows[piece], columns[piece]
        if len(rows) == 0:
            return
        grey = cv2.GaussianBlur(pixels[here].mean(2), (0, 0), 1 + 0.05 * (width + height))[rows, columns]
        shading = np.clip(grey / max(float(grey.mean()), 1.0), 0.4, 1.7)[:, None]
        surface = self._piece(height, width, random)[rows, columns] * random.uniform(0.5, 1.2)
        pixels[here][rows, columns] = np.clip(surface * shading, 0, 255).astype(np.uint8)

    def _piece(self, height: int, width: int, random: np.random.Generator) -> np.ndarray:
        """A random window of a random photograph, mirrored and turned at random, [height, width, 3] uint8."""
        photograph = np.rot90(self.photographs[random.integers(len(self.photographs))], random.integers(4))
        photograph = photograph[:, :: random.choice((-1, 1))]
        size = np.maximum(2, random.uniform(0.15, 0.8) * np.array(photograph.shape[:2])).astype(int)
        top, left = (random.random(2) * (np.array(photograph.shape[:2]) - size)).astype(int)
        window = np.ascontiguousarray(photograph[top : top + size[0], left : left + size[1]])
        return cv2.resize(window, (width, height), interpolation=cv2.INTER_AREA)


def textures_of(records: list[Record]) -> list[np.ndarray]:
    """Photographs, [h, w, 3] uint8 RGB, small enough to be kept in memory.

    Raises:
        ImageError, DatasetError: one that cannot be read.
    """
    return [_small(read_pixels(record)) for record in records]


def _small(pixels: np.ndarray) -> np.ndarray:
    scale = min(1.0, LARGEST_SIDE / max(pixels.shape[:2]))
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
