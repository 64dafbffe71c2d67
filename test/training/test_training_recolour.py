"""Parts of objects in other colours: where, how much of them, and what stays."""

import numpy as np
import pytest

from osis_ros.training.recolour import LEAST_PIXELS, recolour_parts


def picture() -> tuple[np.ndarray, np.ndarray]:
    """Grey with a lengthwise gradient, and on it a bar of 60x10 pixels and a speck."""
    pixels = np.repeat(np.linspace(60, 180, 80).astype(np.uint8)[None, :, None], 40, 0).repeat(3, 2)
    masks = np.zeros((2, 40, 80), np.uint8)
    masks[0, 10:20, 10:70] = 1
    masks[1, 30:34, 30:34] = 1
    return pixels, masks


@pytest.mark.parametrize("seed", range(12))
def test_a_part_of_an_object_changes_and_nothing_else(seed):
    pixels, masks = picture()
    before = pixels.copy()
    after = recolour_parts(pixels, masks, 1.0, np.random.default_rng(seed))
    assert np.array_equal(pixels, before)
    changed = (after != before).any(2)
    assert not changed[masks[0] == 0].any()  # the background, and the speck: it has too few pixels
    assert masks[1].sum() < LEAST_PIXELS
    assert 0.05 < changed[masks[0] == 1].mean() < 0.95


def test_a_part_keeps_its_shading_and_a_cut_is_mostly_across():
    pixels, masks = picture()
    across = 0
    for seed in range(40):
        after = recolour_parts(pixels, masks[:1], 1.0, np.random.default_rng(seed)).astype(int)
        changed = (after != pixels).any(2)
        columns = np.flatnonzero(changed.any(0))
        left, right = (after[changed[:, column], column].mean() for column in columns[[0, -1]])
        assert left <= right + 3  # as dark to bright as it was, whatever the colour
        across += changed[10:20, columns[len(columns) // 2]].all()
    assert across > 25


def test_as_many_objects_as_asked_for():
    pixels, masks = picture()
    bars = masks[:1]
    assert np.array_equal(recolour_parts(pixels, bars, 0.0, np.random.default_rng(0)), pixels)
    hit = [(recolour_parts(pixels, bars, 0.3, np.random.default_rng(seed)) != pixels).any() for seed in range(300)]
    assert np.mean(hit) == pytest.approx(0.3, abs=0.08)


def test_an_image_without_objects_stays():
    pixels, masks = picture()
    assert np.array_equal(recolour_parts(pixels, masks[:0], 1.0, np.random.default_rng(0)), pixels)
