"""The direction away from the nearest boundary at each pixel (Super-BPD, Wan et al. 2020; GOSS, section 4.1.3).

A field has two channels: the part along rows (down) and the part along columns (to the right).
"""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt, label
from torch import Tensor, nn

from osis_ros.training.model.scene.semantic_decoder import enlarged

BELOW_ONE = 0.999999  # unit vectors are scaled by it, so that the angle between equal ones has a gradient
DILATIONS = (2, 4, 8, 16)


class BoundaryHead(nn.Module):
    """C2, C3, C4 → the field at stride 4."""

    def __init__(self, in_channels: tuple[int, ...], channels: int) -> None:
        """`in_channels` of C2, C3, C4; `channels`: width of each of the four maps that are put together."""
        super().__init__()
        widths = (channels, channels, channels, channels // 2)
        self.context = nn.ModuleList(
            nn.Sequential(nn.Conv2d(in_channels[2], width, 3, padding=dilation, dilation=dilation), nn.ReLU())
            for width, dilation in zip(widths, DILATIONS, strict=True)
        )
        self.coarse = nn.Sequential(nn.Conv2d(sum(widths), channels, 1), nn.ReLU())
        self.levels = nn.ModuleList(nn.Sequential(nn.Conv2d(own, channels, 1), nn.ReLU()) for own in in_channels[:3])
        self.output = nn.Sequential(
            nn.Conv2d(4 * channels, 2 * channels, 1), nn.ReLU(),
            nn.Conv2d(2 * channels, 2 * channels, 1), nn.ReLU(),
            nn.Conv2d(2 * channels, 2, 1),
        )  # fmt: skip

    def forward(self, maps: list[Tensor]) -> Tensor:
        """C2, C3, C4, … → field [B, 2, H/4, W/4]; only its direction counts."""
        size = maps[0].shape[-2:]
        context = self.coarse(torch.cat([branch(maps[2]) for branch in self.context], 1))
        levels = [project(own) for project, own in zip(self.levels, maps[:3], strict=True)]
        return self.output(torch.cat([enlarged(own, size) for own in (context, *levels)], 1))


def boundary_targets(segments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The true field of one image, and the weight of each pixel in the loss.

    Args:
        segments: [H, W] int, the number of each pixel's segment, 0 for none. Outside the image is outside of every
            segment.
    Returns:
        [2, H, W] float32: the unit vector from the nearest pixel outside the pixel's segment to the pixel, 0 where
        there is no segment; and [H, W] float32: 1 / √(pixels of the connected area), 0 where there is no segment.
    """
    framed = np.pad(segments, 1)
    field, weight = np.zeros((2, *framed.shape), np.float32), np.zeros(framed.shape, np.float32)
    for number in np.unique(segments[segments > 0]):
        rows, columns = np.nonzero(framed == number)
        # a frame of one pixel round the segment holds the nearest pixel outside it
        part = slice(rows.min() - 1, rows.max() + 2), slice(columns.min() - 1, columns.max() + 2)
        inside = framed[part] == number
        nearest = distance_transform_edt(inside, return_distances=False, return_indices=True)
        away = (np.indices(inside.shape) - nearest)[:, inside]
        field[(slice(None), *part)][:, inside] = away / np.linalg.norm(away, axis=0)
        areas, _ = label(inside, np.ones((3, 3)))
        weight[part][inside] = 1 / np.sqrt(np.bincount(areas.ravel())[areas[inside]])
    return field[:, 1:-1, 1:-1], weight[1:-1, 1:-1]


def boundary_loss(field: Tensor, true: Tensor, weight: Tensor) -> Tensor:
    """Σ w |f − g|² + Σ w ∠(f, g)², over all pixels of all images.

    Args:
        field, true: [B, 2, H, W]; `true` of unit length.
        weight: [B, H, W].
    """
    length = (weight * (field - true).square().sum(1)).sum()
    cosine = BELOW_ONE**2 * (F.normalize(field, dim=1) * true).sum(1)
    return length + (weight * cosine.acos().square()).sum()
