"""Overlap precision, recall and F, worked out by hand."""

import numpy as np
import pytest

from osis_ros.evaluation.metrics.overlap import Overlap, mean, overlap


def image(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Regions 1, 2, … each x0 y0 x1 y1 on 20 × 10 pixels."""
    labels = np.zeros((10, 20), int)
    for number, (x0, y0, x1, y1) in enumerate(boxes, 1):
        labels[y0:y1, x0:x1] = number
    return labels


def test_the_same_regions_under_other_numbers_are_perfect():
    assert overlap(image((0, 0, 5, 5), (10, 0, 15, 5)), image((10, 0, 15, 5), (0, 0, 5, 5))) == Overlap(1, 1, 1)


def test_pixels_count_and_each_region_is_paired_once():
    truth = image((0, 0, 10, 4))  # 40 px
    found = image((0, 0, 8, 4), (8, 0, 12, 4))  # 32 px inside; 16 px, 8 of them inside, but not paired
    result = overlap(found, truth)
    assert result.precision == pytest.approx(32 / 48)
    assert result.recall == pytest.approx(32 / 40)
    assert result.f == pytest.approx(2 * (32 / 48) * 0.8 / (32 / 48 + 0.8))


def test_regions_are_paired_by_f_and_not_by_the_pixels_they_share():
    truth = image((0, 0, 10, 2))  # 20 px
    found = image((0, 0, 10, 8), (0, 0, 9, 1))  # 71 px, 11 of them inside: F 22 / 91; 9 px, all inside: F 18 / 29
    result = overlap(found, truth)
    assert (result.precision, result.recall) == (pytest.approx(9 / 80), pytest.approx(9 / 20))


def test_what_is_not_judged_does_not_count():
    judged = np.ones((10, 20), bool)
    judged[:, 10:] = False
    assert overlap(image((0, 0, 5, 5), (12, 0, 18, 5)), image((0, 0, 5, 5)), judged) == Overlap(1, 1, 1)
    two = image((0, 0, 5, 5), (5, 0, 8, 5))
    assert overlap(two, image((0, 0, 8, 5)), judged).precision == pytest.approx(25 / 40)  # two regions stay two


def test_empty_images():
    assert overlap(image(), image()) == Overlap(1, 1, 1)
    assert overlap(image((0, 0, 2, 2)), image()) == Overlap(0, 0, 0)
    assert overlap(image(), image((0, 0, 2, 2))) == Overlap(0, 0, 0)


def test_the_mean_is_over_images():
    assert mean([Overlap(1, 1, 1), Overlap(0, 0.5, 0)]) == Overlap(0.5, 0.75, 0.5)
