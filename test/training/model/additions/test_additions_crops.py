"""What a crop of a box shows, cell by cell."""

import math

import pytest
import torch

from osis_ros.training.model.additions.crops import blurred, crop_rois, grown


def test_a_crop_at_the_images_own_scale_shows_its_pixels_where_they_are():
    """Pixel i covers [i, i + 1). Half a pixel off, every value of a ramp would be half a step off."""
    row, column = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    pixels = torch.stack((column, row))[None]
    crop = crop_rois(pixels, torch.tensor([[0.0, 4, 8, 20, 24]]), 16, 0.0)
    assert torch.allclose(crop, pixels[:, :, 8:24, 4:20], atol=1e-5)


def test_a_crop_at_half_the_scale_is_the_mean_of_the_pixels_under_each_cell():
    pixels = torch.rand(1, 1, 32, 32)
    expected = torch.nn.functional.avg_pool2d(pixels, 2)[:, :, 2:10, 4:12]
    assert torch.allclose(crop_rois(pixels, torch.tensor([[0.0, 8, 4, 24, 20]]), 8, 0.0), expected, atol=1e-6)


def test_a_border_is_a_share_of_the_boxs_sides_on_each_side():
    assert grown(torch.tensor([[1.0, 10, 20, 30, 60]]), 0.25).tolist() == [[1, 5, 10, 35, 70]]


@pytest.mark.parametrize("box", [[40.0, 8, 60, 24], [8.0, -30, 24, -10]])
def test_outside_the_image_a_crop_is_the_mean_colour(box):
    assert crop_rois(torch.ones(1, 3, 32, 32), torch.tensor([[0.0, *box]]), 8, 0.0).abs().max() == 0


def test_a_blur_keeps_flat_crops_and_takes_the_contrast_of_single_pixels():
    flat = torch.full((1, 3, 8, 8), 0.5)
    torch.testing.assert_close(blurred(flat, 0.7), flat)  # at the borders too
    point = torch.zeros(1, 3, 9, 9)
    point[:, 1, 4, 4] = 1
    spread = blurred(point, 0.7)
    assert not spread[:, [0, 2]].any()  # each channel by itself
    assert spread.sum() == pytest.approx(1)
    side = math.exp(-1 / (2 * 0.7**2))
    assert spread[0, 1, 4, 5] / spread[0, 1, 4, 4] == pytest.approx(side)
    assert spread[0, 1, 3, 5] / spread[0, 1, 4, 4] == pytest.approx(side**2)
    assert blurred(point[:0], 0.7).shape == (0, 3, 9, 9)
