"""How a training image is varied: the paper's short-side resize and flip, or crops of random scale and colour."""

import torch
from torch import Tensor, nn
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from osis_ros.training.config import Augment


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


class _MasksToo:
    """Resizes masks like their image: a pixel is the object's if half of it is.

    torchvision's own way takes a pixel's upper left corner for its centre, which moves every object by half a pixel,
    and the masks that are learnt with it.
    """

    def transform(self, inpt: Tensor, params: dict) -> Tensor:
        if not isinstance(inpt, tv_tensors.Mask):
            return super().transform(inpt, params)
        resized = F.resize_image(inpt.as_subclass(Tensor), params["size"], antialias=True)  # of 0 and 1, rounded
        return tv_tensors.wrap(resized, like=inpt)


class _ShortestSize(_MasksToo, v2.RandomShortestSize):
    pass


class _ScaleJitter(_MasksToo, v2.ScaleJitter):
    pass


def train_transform(config: Augment) -> v2.Transform:
    """(image, masks) -> (image, masks), drawing from torch's generator."""
    if config.mode == "short_side":
        resize = [_ShortestSize(list(config.short_sides), config.max_side, antialias=True)]
    else:
        resize = [
            # ScaleJitter's size is (width, height), RandomCrop's (height, width).
            _ScaleJitter(config.size[::-1], config.scale, antialias=True),
            v2.RandomCrop(config.size, pad_if_needed=True, fill={tv_tensors.Image: 127, tv_tensors.Mask: 0}),
        ]
    colour = [CameraVariation()] if config.photometric else []
    return v2.Compose([*resize, v2.RandomHorizontalFlip(), *colour])
