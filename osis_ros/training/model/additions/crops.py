"""Boxes cut out of an image at one size, for networks that look at its own pixels."""

import math

import torch
import torch.nn.functional as F
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


def blurred(crops: Tensor, deviation: float) -> Tensor:
    """Crops [R, C, H, W] under a 3x3 Gaussian blur with this standard deviation in pixels; borders are repeated."""
    side = math.exp(-1 / (2 * deviation**2))
    row = crops.new_tensor((side, 1, side)) / (1 + 2 * side)
    kernel = (row[:, None] * row).expand(crops.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(crops, (1, 1, 1, 1), mode="replicate"), kernel, groups=crops.shape[1])


def grown(rois: Tensor, border: float) -> Tensor:
    """RoIs [R, 5] with `border` times their sides added on every side."""
    more = (rois[:, 3:] - rois[:, 1:3]) * border
    return torch.cat((rois[:, :1], rois[:, 1:3] - more, rois[:, 3:] + more), 1)


def shaken(rois: Tensor) -> Tensor:
    """RoIs [R, 5] whose edges are moved at random."""
    sides = (rois[:, 3:] - rois[:, 1:3]).repeat(1, 2)
    return torch.cat((rois[:, :1], rois[:, 1:] + SHAKE * sides * torch.randn_like(sides)), 1)
