"""From a camera's pixels to what a backbone was trained on."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MULTIPLE = 32  # of both sides, so that every pyramid level is exactly half the one before


class PixelNormalisation(nn.Module):
    """Channel order, mean and scale of a backbone. RGB 0–255 in; the padding becomes 0, the mean colour."""

    def __init__(self, mean: tuple[float, float, float], std: tuple[float, float, float], bgr: bool = False) -> None:
        """`mean` and `std` are in the backbone's own channel order, on the scale 0–255."""
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)
        self.bgr = bgr

    def forward(self, images: Tensor, image_sizes: list[tuple[int, int]]) -> Tensor:
        """Normalise and pad a batch.

        Args:
            images: [B, 3, H, W] RGB, uint8 or float 0–255; image i fills its top left corner.
            image_sizes: (height, width) of each image in pixels.
        Returns:
            [B, 3, H', W'] float32, H' and W' the next multiples of 32, 0 outside every image.
        """
        images = images.float()
        if self.bgr:
            images = images.flip(1)
        images = (images - self.mean) / self.std
        height, width = images.shape[-2:]
        for i, (h, w) in enumerate(image_sizes):
            if (h, w) != (height, width):
                images[i, :, h:] = 0
                images[i, :, :, w:] = 0
        return F.pad(images, (0, -width % MULTIPLE, 0, -height % MULTIPLE))
