"""How an instance looks, as a vector."""

import numpy as np
from coloured_things import BLUE, RED, picture

from osis_ros.teaching.appearance import LENGTH, appearances


def similarities(*things: tuple) -> np.ndarray:
    vectors = appearances(*picture(*things))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors.shape == (len(things), LENGTH + 3)
    return vectors @ vectors.T


def test_the_same_thing_elsewhere_and_larger_looks_the_same():
    alike = similarities(("disc", RED, 5, 5, 40), ("disc", RED, 60, 20, 80))
    assert alike[0, 1] > 0.97


def test_colour_and_outline_each_tell_things_apart():
    alike = similarities(("disc", RED, 5, 5, 40), ("disc", BLUE, 60, 5, 40), ("bar", RED, 5, 60, 100))
    other_colour, other_outline, both = alike[0, 1], alike[0, 2], alike[1, 2]
    assert both < other_colour < other_outline < 0.95


def test_what_is_inside_differs_from_what_is_outside():
    rgb, instances = picture(("disc", RED, 5, 5, 60), ("disc", BLUE, 80, 5, 60))
    rgb[20:50, 20:50] = BLUE
    rgb[20:50, 95:125] = RED
    one, other = appearances(rgb, instances)
    assert one @ other < 0.85


def test_the_ground_within_the_box_does_not_matter():
    rgb, instances = picture(("disc", RED, 5, 5, 40))
    green = rgb.copy()
    green[~instances.full_mask(0)] = (0, 255, 0)
    np.testing.assert_allclose(appearances(rgb, instances), appearances(green, instances), atol=1e-6)


def test_too_few_pixels_are_similar_to_nothing():
    vectors = appearances(*picture(("square", RED, 5, 5, 3), ("square", RED, 50, 50, 30)))
    assert not vectors[0].any()
    assert vectors[1].any()


def test_no_instance_is_handled():
    assert appearances(*picture()).shape == (0, LENGTH + 3)
