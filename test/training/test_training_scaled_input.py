"""Training, test and the robot show the network the same picture at the same size."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import tv_tensors

from osis_ros.inference.image_file import read_image
from osis_ros.inference.letterbox import Letterbox
from osis_ros.training.augment import ShortestSide
from osis_ros.training.scaled_input import resized, scaled_input, short_side_size

PHOTOGRAPHS = Path(__file__).parents[2] / "docs" / "photographs"


@pytest.mark.parametrize(
    ("size", "scaled"),
    [((480, 640), (800, 1067)), ((425, 640), (800, 1205)), ((500, 375), (1067, 800)), ((300, 900), (444, 1333))],
)
def test_sides_are_rounded_as_by_the_papers_implementation(size, scaled):
    """480 x 640 · 800/480 = 1066.7; 425 x 640: 1204.7; 900 · 1333/900 is the limit, 300 · 1333/900 = 444.3."""
    assert short_side_size(size, 800, 1333) == scaled


def test_the_short_side_is_the_one_asked_for_although_products_are_not_exact():
    for short in (640, 672, 704, 736, 768, 800):
        assert {short_side_size((side, side), short, 1333) for side in range(200, 1000)} == {(short, short)}


@pytest.mark.parametrize("name", ["coffee.jpg", "fruits.jpg"])
def test_training_shows_the_picture_that_the_test_does(name):
    rgb = read_image(PHOTOGRAPHS / name)
    image = tv_tensors.Image(torch.from_numpy(rgb).permute(2, 0, 1))
    for short in (160, 333, 700):
        shown = ShortestSide((short,), 1333)(image)
        seen, (rows, columns) = scaled_input(rgb, short, 1333)
        assert torch.equal(shown, seen[0, :, :rows, :columns])


@pytest.mark.parametrize("name", ["coffee.jpg", "fruits.jpg"])
@pytest.mark.parametrize("share", [3, 1.25, 0.5])
def test_the_robot_shows_it_within_two_grey_levels(name, share):
    """Without the mean over all pixels that one covers, a third of the size would differ by 3.5 to 4.6."""
    rgb = read_image(PHOTOGRAPHS / name)
    height, width = (int(side / share) for side in rgb.shape[:2])
    ours = resized(torch.from_numpy(rgb).permute(2, 0, 1), (height, width)).permute(1, 2, 0).numpy()
    robots = Letterbox(rgb.shape[1], rgb.shape[0], width, height).apply(rgb, height, width, (0, 0, 0))
    assert np.abs(robots.astype(int) - ours).mean() < 2
