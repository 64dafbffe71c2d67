"""How a training image is varied: the paper's short-side resize and flip, or crops of random scale and colour."""

from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import tv_tensors
from torchvision.transforms import v2

from osis_ros.training.config import Augment
from osis_ros.training.scaled_input import resized, scaled_size, short_side_size

BEYOND = 127  # the grey of what is beyond the image


class CameraVariation(nn.Module):
    """Colour, contrast, noise, blur and compression of cheap cameras, each at random; uint8 in, uint8 out."""

    def __init__(self) -> None:
        super().__init__()
        # Hue moves little: it tells an apple from an orange, and a camera's white balance is rarely far off.
        self.colour = v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.5, hue=0.06)
        self.rare = v2.Compose(
            [
                v2.RandomApply([v2.GaussianBlur(5, (0.3, 1.5))], 0.15),
                v2.RandomApply([v2.JPEG((35, 95))], 0.2),
                v2.RandomGrayscale(0.05),
            ]
        )

    def forward(self, image: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
        image = self.rare(self.colour(image))
        if torch.rand(()) < 0.2:
            noise = torch.randn(image.shape) * (torch.rand(()) * 10)
            image = type(image)((image + noise).clamp_(0, 255).to(torch.uint8))
        return image, masks


class Placement(NamedTuple):
    """How an image is resized, and what is cut out of it: (rows, columns) of the whole image after resizing, (row,
    column) of the window's corner on it, which may be negative, and (rows, columns) of the window."""

    size: tuple[int, int]
    corner: tuple[int, int]
    window: tuple[int, int]

    @property
    def inside(self) -> tuple[slice, slice]:
        """The part of the window that shows the image."""
        ends = zip(self.size, self.corner, self.window, strict=True)
        return tuple(slice(max(0, -corner), min(window, size - corner)) for size, corner, window in ends)


class _Placed(v2.Transform):
    """Resizes and crops image and masks by a `Placement`."""

    def transform(self, inpt: Any, params: dict[str, Placement]) -> Any:
        place = params["place"]
        if isinstance(inpt, tv_tensors.Mask):
            return tv_tensors.wrap(placed_masks(inpt.as_subclass(Tensor), place), like=inpt)
        whole = resized(inpt.as_subclass(Tensor), place.size)
        rows, columns = place.inside
        shown = torch.full((len(whole), *place.window), BEYOND, dtype=whole.dtype)
        (top, left), (height, width) = place.corner, (rows.stop - rows.start, columns.stop - columns.start)
        top, left = max(0, top), max(0, left)
        shown[:, rows, columns] = whole[:, top : top + height, left : left + width]
        return tv_tensors.wrap(shown, like=inpt)


class ShortestSide(_Placed):
    """The short side at one of some lengths, the long one at most so long: the paper's."""

    def __init__(self, lengths: tuple[int, ...], longest: int) -> None:
        super().__init__()
        self.lengths, self.longest = lengths, longest

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Placement]:
        sides = flat_inputs[0].shape[-2:]
        short = self.lengths[int(torch.randint(len(self.lengths), ()))]
        size = short_side_size(tuple(sides), short, self.longest)
        return {"place": Placement(size, (0, 0), size)}


class ScaleAndCrop(_Placed):
    """Large-scale jitter (Ghiasi et al. 2021): a window anywhere on the image at a random zoom against fitting in it;
    a smaller image lies anywhere in the window."""

    def __init__(self, window: tuple[int, int], zoom: tuple[float, float]) -> None:
        super().__init__()
        self.window, self.zoom = window, zoom

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Placement]:
        sides = flat_inputs[0].shape[-2:]
        low, high = self.zoom
        fit = min(window / side for window, side in zip(self.window, sides, strict=True))
        scale = fit * (low + (high - low) * float(torch.rand(())))
        size = scaled_size(tuple(sides), scale)
        room = [side - window for side, window in zip(size, self.window, strict=True)]
        corner = tuple(min(0, r) + int(torch.randint(abs(r) + 1, ())) for r in room)
        return {"place": Placement(size, corner, self.window)}


def placed_masks(masks: Tensor, place: Placement) -> Tensor:
    """Masks uint8 [N, H, W], 0 or 1, resized and cropped: a pixel is the object's if half of it is.

    Each is resized only where its object is, which takes a tenth of the time that all of it would; and exactly,
    where torchvision takes a pixel's upper left corner for its centre, which moves every object by half a pixel.
    """
    placed = torch.zeros(len(masks), *place.window, dtype=torch.uint8)
    scale = np.array(place.size) / masks.shape[-2:]
    for mask, target in zip(masks.numpy(), placed.numpy(), strict=True):
        x, y, width, height = cv2.boundingRect(mask)
        first = np.maximum(np.floor((y, x) * scale).astype(int), np.maximum(place.corner, 0))
        last = np.ceil((y + height, x + width) * scale).astype(int)
        last = np.minimum(last, np.minimum(np.add(place.corner, place.window), place.size))
        if (first >= last).any():
            continue
        (top, left), (bottom, right) = first / scale, np.minimum(last / scale, mask.shape)
        image = Image.fromarray(mask * 255).resize(
            tuple((last - first)[::-1].tolist()), Image.Resampling.BILINEAR, (left, top, right, bottom)
        )
        (row, column), (end_row, end_column) = first - place.corner, last - place.corner
        target[row:end_row, column:end_column] = np.asarray(image) >= 128
    return placed


def train_transform(config: Augment) -> v2.Transform:
    """(image, masks) -> (image, masks), drawing from torch's generator."""
    if config.mode == "short_side":
        resize = ShortestSide(config.short_sides, config.max_side)
    else:
        resize = ScaleAndCrop(config.size, config.scale)
    colour = [CameraVariation()] if config.photometric else []
    return v2.Compose([resize, v2.RandomHorizontalFlip(), *colour])
