"""Boxes cut out of an image at one size, for networks that look at its own pixels."""

import torch
from torch import Tensor
from torchvision.ops import roi_align

SAMPLES = 2  # a cell's side: large boxes are cut out smaller than they are
SHAKE = 0.05  # standard deviation, in sides of a box: in use, boxes fit worse than on the images learnt from


def crop_rois(pixels: Tensor, rois: Tensor, size: int, border: float) -> Tensor:
    """Crops of boxes and their surroundings.

    Args:
        pixels: [B, C, H, W].
        rois: [R, 5] image index and box in pixels.
        size: side of a crop in cells.
        border: what a crop shows too on every side, a share of the box's side.
    Returns:
        [R, C, size, size] float32, 0 (normalised: the mean colour) outside the image.
    """
    return roi_align(pixels.float(), grown(rois, border), size, 1.0, SAMPLES, aligned=True)


def grown(rois: Tensor, border: float) -> Tensor:
    """RoIs [R, 5] with `border` times their sides added on every side."""
    more = (rois[:, 3:] - rois[:, 1:3]) * border
    return torch.cat((rois[:, :1], rois[:, 1:3] - more, rois[:, 3:] + more), 1)


def shaken(rois: Tensor) -> Tensor:
    """RoIs [R, 5] whose edges are moved at random."""
    sides = (rois[:, 3:] - rois[:, 1:3]).repeat(1, 2)
    return torch.cat((rois[:, :1], rois[:, 1:] + SHAKE * sides * torch.randn_like(sides)), 1)
