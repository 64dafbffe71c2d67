"""Anchors: one square for every cell of every pyramid level."""

import torch
from torch import Tensor


def level_anchors(height: int, width: int, stride: int, size: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """The anchors of one level in row-major order.

    Args:
        height, width: the level's size in cells.
        stride: pixels a cell; the first anchor is centred on the image's corner, pixel coordinate (0, 0).
        size: an anchor's side in pixels.
    Returns:
        centres [height*width, 2] x y in pixels and sizes [height*width], float32.
    """
    ys = torch.arange(height, device=device, dtype=torch.float32) * stride
    xs = torch.arange(width, device=device, dtype=torch.float32) * stride
    y, x = torch.meshgrid(ys, xs, indexing="ij")
    centres = torch.stack((x.flatten(), y.flatten()), 1)
    return centres, torch.full_like(centres[:, 0], size)


def anchor_boxes(centres: Tensor, sizes: Tensor) -> Tensor:
    """Anchors as boxes: [A, 4]."""
    half = sizes[:, None] / 2
    return torch.cat((centres - half, centres + half), 1)
