"""An image as the paper's network sees it at test: scaled by its sides, not into a fixed frame."""

import math

import cv2
import numpy as np
import torch
from torch import Tensor

SHORT_SIDE, LONG_SIDE = 800, 1333  # the paper's size at test, in pixels


def scaled_input(rgb: np.ndarray, short_side: int, long_side: int) -> tuple[Tensor, tuple[int, int]]:
    """Scale an image so that its short side has the one length and its long side at most the other, and pad it.

    Args:
        rgb: uint8 [H, W, 3].
        short_side, long_side: pixels.
    Returns:
        uint8 [1, 3, H', W'], sides multiples of 32; and the (height, width) of it that is no padding.
    """
    height, width = rgb.shape[:2]
    scale = min(short_side / min(height, width), long_side / max(height, width))
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    padded = np.zeros((32 * math.ceil(rows / 32), 32 * math.ceil(columns / 32), 3), np.uint8)
    padded[:rows, :columns] = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(padded).permute(2, 0, 1)[None], (rows, columns)
