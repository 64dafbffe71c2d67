"""The size at which the paper's network sees an image, and how it gets there: in training and at test alike.

As in the authors' implementation, which is built on Detectron2: sizes to the nearest pixel, and each pixel a weighted
mean of all that it covers. On a robot OpenCV does it, within a few grey levels (`inference/letterbox.py`).
"""

import math

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

SHORT_SIDE, LONG_SIDE = 800, 1333  # the paper's size at test, in pixels


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """(rows, columns) times `scale`, each to the nearest whole number from 1 on, halves up."""
    rows, columns = (max(1, math.floor(side * scale + 0.5)) for side in size)
    return rows, columns


def short_side_size(size: tuple[int, int], short_side: int, long_side: int) -> tuple[int, int]:
    """(rows, columns) of an image whose short side gets the one length, and its long side at most the other."""
    return scaled_size(size, min(short_side / min(size), long_side / max(size)))


def resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """An image, uint8 [C, H, W], at (rows, columns): bilinear, antialiased where it becomes smaller."""
    return F.resize_image(image, list(size), antialias=True)


def scaled_input(rgb: np.ndarray, short_side: int, long_side: int) -> tuple[Tensor, tuple[int, int]]:
    """Scale an image so that its short side has the one length and its long side at most the other, and pad it.

    Args:
        rgb: uint8 [H, W, 3].
        short_side, long_side: pixels.
    Returns:
        uint8 [1, 3, H', W'], sides multiples of 32; and the (height, width) of it that is no padding.
    """
    rows, columns = size = short_side_size(rgb.shape[:2], short_side, long_side)
    padded = torch.zeros(1, 3, 32 * math.ceil(rows / 32), 32 * math.ceil(columns / 32), dtype=torch.uint8)
    padded[0, :, :rows, :columns] = resized(torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1), size)
    return padded, size
