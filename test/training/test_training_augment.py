"""What varies a training image leaves its masks where the image shows the objects."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torchvision import tv_tensors

from osis_ros.training.augment import Placement, ScaleAndCrop, placed_masks, train_transform
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
    apart = torch.stack(apart).abs().amax(1)
    assert apart.median() < 0.05
    assert (apart < 0.1).sum() >= len(apart) - 3  # where half a row of pixels is the object's, rounding decides


def test_an_image_without_objects_is_varied_as_well():
    transform = train_transform(Augment(mode="jitter", size=(96, 128), photometric=False))
    image, masks = torch.zeros(3, 120, 160, dtype=torch.uint8), torch.zeros(0, 120, 160, dtype=torch.uint8)
    shown, drawn = transform(tv_tensors.Image(image), tv_tensors.Mask(masks))
    assert (shown.shape, drawn.shape) == ((3, 96, 128), (0, 96, 128))


@pytest.mark.parametrize(
    ("size", "corner", "window"),
    [((240, 320), (0, 0), (240, 320)), ((181, 242), (-30, -11), (240, 320)), ((611, 815), (200, 333), (240, 320)),
     ((407, 160), (150, -80), (240, 320))],
)  # fmt: skip
def test_masks_are_those_of_the_whole_image_resized_and_then_cropped(size, corner, window):
    """But for pixels of which half belongs to the object, give or take rounding."""
    random = np.random.default_rng(0)
    masks = np.zeros((6, 240, 320), np.uint8)
    for mask in masks[:5]:
        centre = (int(random.integers(320)), int(random.integers(240)))
        cv2.ellipse(mask, centre, (60, 21), float(random.uniform(0, 180)), 0, 360, 1, -1)
    masks[:, 130:140] &= 1 - masks[:1, 130:140]
    placed = placed_masks(torch.from_numpy(masks), Placement(size, corner, window))
    whole = F.interpolate(torch.from_numpy(masks)[None].float(), size, mode="bilinear", antialias=True)[0]
    expected = torch.zeros(6, *window)
    top, left = (max(0, c) for c in corner)
    rows, columns = (min(w, s - c) - max(0, -c) for w, s, c in zip(window, size, corner, strict=True))
    y, x = (max(0, -c) for c in corner)
    expected[:, y : y + rows, x : x + columns] = whole[:, top : top + rows, left : left + columns]
    sure = (expected - 0.5).abs() > 0.01
    assert torch.equal(placed[sure].bool(), expected[sure] > 0.5)
    assert placed[:5].sum() > 2000
    assert not placed[5].any()


def test_a_window_lies_anywhere_and_what_is_beyond_the_image_is_grey():
    crop = ScaleAndCrop((96, 128), (0.5, 2.0))
    image = tv_tensors.Image(torch.full((3, 60, 80), 9, dtype=torch.uint8))
    corners, zooms = [], []
    for seed in range(200):
        torch.manual_seed(seed)
        place = crop.make_params([image])["place"]
        zooms.append(place.size[0] / 96)
        corners.append([c / r for c, r in zip(place.corner, np.subtract(place.size, (96, 128)), strict=True) if r])
        shown = crop.transform(image, {"place": place})
        assert shown.shape == (3, 96, 128)
        rows, columns = place.inside
        assert (shown[:, rows, columns] == 9).all()
        assert (shown == 127).sum() == shown.numel() - 3 * (rows.stop - rows.start) * (columns.stop - columns.start)
    assert min(zooms) < 0.53 < 1.95 < max(zooms) <= 2
    spread = np.concatenate(corners)
    assert 0 <= spread.min() < 0.05
    assert 0.95 < spread.max() <= 1
