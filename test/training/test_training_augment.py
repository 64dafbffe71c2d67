"""What varies a training image leaves its masks where the image shows the objects."""

import pytest
import torch
from torchvision import tv_tensors

from osis_ros.training.augment import train_transform
from osis_ros.training.config import Augment


def centre(cells: torch.Tensor) -> torch.Tensor:
    """Mean row and column of the cells [H, W] that are set."""
    return cells.nonzero().double().mean(0)


@pytest.mark.parametrize(
    "mode",
    [
        {"mode": "jitter", "size": (384, 512), "scale": (0.75, 2.0)},
        {"mode": "short_side", "short_sides": (300, 333, 417), "max_side": 800},
    ],
)
def test_masks_stay_on_their_objects_at_every_scale(mode):
    transform = train_transform(Augment(photometric=False, **mode))
    image, masks = torch.zeros(3, 240, 320, dtype=torch.uint8), torch.zeros(2, 240, 320, dtype=torch.uint8)
    masks[:, 100:131, 150:187] = 1
    image[:, 100:131, 150:187] = 255
    apart = []
    for seed in range(40):
        torch.manual_seed(seed)
        shown, drawn = transform(tv_tensors.Image(image), tv_tensors.Mask(masks))
        assert drawn.shape[1:] == shown.shape[1:]
        if drawn[1].any():
            apart.append(centre(shown[0] > 127) - centre(drawn[1]))
    assert len(apart) > 20
    assert torch.stack(apart).abs().max() < 0.1


def test_an_image_without_objects_is_varied_as_well():
    transform = train_transform(Augment(mode="jitter", size=(96, 128), photometric=False))
    image, masks = torch.zeros(3, 120, 160, dtype=torch.uint8), torch.zeros(0, 120, 160, dtype=torch.uint8)
    shown, drawn = transform(tv_tensors.Image(image), tv_tensors.Mask(masks))
    assert (shown.shape, drawn.shape) == ((3, 96, 128), (0, 96, 128))
