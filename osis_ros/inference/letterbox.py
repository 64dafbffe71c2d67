"""Fit an image of any size into the network's fixed input, without changing its aspect ratio."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Letterbox:
    """How an image lies in the network's input: scaled, in the upper left corner, padding right and below.

    Attributes:
        width, height: the image's size in pixels.
        inner_width, inner_height: the size of the scaled image inside the input, at least 1.
    """

    width: int
    height: int
    inner_width: int
    inner_height: int

    @classmethod
    def fit(cls, height: int, width: int, input_height: int, input_width: int) -> "Letterbox":
        """The largest placement of a height × width image; small images are enlarged."""
        scale = min(input_width / width, input_height / height)
        inner_width = min(input_width, max(1, round(width * scale)))
        inner_height = min(input_height, max(1, round(height * scale)))
        return cls(width, height, inner_width, inner_height)

    def apply(
        self, image: np.ndarray, input_height: int, input_width: int, padding: tuple[int, int, int]
    ) -> np.ndarray:
        """The network's input.

        Args:
            image: uint8 [height, width, 3].
            padding: RGB of the pixels beside and below the image.
        Returns:
            uint8 [input_height, input_width, 3], C-contiguous; the image itself when it fits exactly.
        """
        if image.shape[:2] == (input_height, input_width):
            return np.ascontiguousarray(image)
        size = (self.inner_width, self.inner_height)
        if (self.width, self.height) != size:
            shrinks = self.inner_width < self.width or self.inner_height < self.height
            # averaging over the source pixels keeps thin objects of large photographs from aliasing away
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        if size == (input_width, input_height):
            return image
        below, right = input_height - self.inner_height, input_width - self.inner_width
        return cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_CONSTANT, value=padding)

    def boxes_to_image(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes [N, 4] in pixels of the input → the same in pixels of the image; they may reach beyond it."""
        x, y = self.width / self.inner_width, self.height / self.inner_height
        return boxes * np.array([x, y, x, y], np.float32)

    def clip(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes [N, 4] in pixels of the image, cut at its sides."""
        return np.clip(boxes, 0, np.array([self.width, self.height] * 2, np.float32))
