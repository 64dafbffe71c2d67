"""What a backbone gets to see."""

import torch

from osis_ros.training.model.backbones.pixels import PixelNormalisation


def test_channels_mean_and_scale_are_the_backbones():
    image = torch.tensor([10, 20, 30], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 32, 32)
    rgb = PixelNormalisation((0.0, 10.0, 20.0), (10.0, 10.0, 5.0))(image, [(32, 32)])
    bgr = PixelNormalisation((0.0, 10.0, 20.0), (10.0, 10.0, 5.0), bgr=True)(image, [(32, 32)])
    assert rgb[0, :, 0, 0].tolist() == [1.0, 1.0, 2.0]
    assert bgr[0, :, 0, 0].tolist() == [3.0, 1.0, -2.0]


def test_everything_outside_an_image_becomes_zero_up_to_a_multiple_of_32():
    images = torch.full((2, 3, 40, 50), 100.0)
    out = PixelNormalisation((10.0, 10.0, 10.0), (1.0, 1.0, 1.0))(images, [(40, 50), (20, 30)])
    assert out.shape == (2, 3, 64, 64)
    assert (out[0, :, :40, :50] == 90).all()
    assert out[0].sum() == 90 * 3 * 40 * 50
    assert (out[1, :, :20, :30] == 90).all()
    assert out[1].sum() == 90 * 3 * 20 * 30


def test_the_images_given_are_left_as_they_are():
    images = torch.full((1, 3, 32, 32), 7.0)
    PixelNormalisation((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))(images, [(8, 8)])
    assert (images == 7).all()
