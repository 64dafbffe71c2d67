"""Objects with surfaces from photographs: where they change, which keep theirs, and what stays of the shading."""

import cv2
import numpy as np
import pytest

from osis_ros.coco.segmentation import to_rle
from osis_ros.training.config import Retexture
from osis_ros.training.data import Record
from osis_ros.training.retexture import LARGEST_SIDE, Retexturer, textures_of

GREEN = np.full((60, 80, 3), (20, 200, 40), np.uint8)  # a photograph of one colour
CAN, APPLE = 3, 7


def config(**changes) -> Retexture:
    return Retexture(**{"source": "photographs", "probability": 1, **changes})


def picture() -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Two grey blocks, lit from the right, on a darker ground; an apple and a can."""
    pixels = np.full((100, 160, 3), 50, np.uint8)
    masks = np.zeros((2, 100, 160), np.uint8)
    for mask, left in zip(masks, (10, 90), strict=True):
        mask[20:80, left : left + 60] = 1
        pixels[20:80, left : left + 60] = np.linspace(70, 220, 60)[None, :, None]
    return pixels, masks, (APPLE, CAN)


@pytest.mark.parametrize("seed", range(8))
def test_an_object_or_a_piece_of_it_changes_and_nothing_else(seed):
    pixels, masks, labels = picture()
    before = pixels.copy()
    after, same, own = Retexturer([GREEN], config(), frozenset({APPLE}))(
        pixels, masks, labels, np.random.default_rng(seed)
    )
    assert np.array_equal(pixels, before)
    assert same is masks
    assert own == labels
    changed = (after != before).any(2)
    assert not changed[masks[1] == 0].any()  # the ground, and the apple, which keeps its surface
    assert changed[masks[1] == 1].mean() > 0.05
    red, green, blue = after[changed].astype(int).T
    assert (green > red).all()
    assert (green > blue).all()


def test_half_of_the_objects_are_covered_whole_and_all_keep_their_shading():
    pixels, masks, labels = picture()
    whole = 0
    for seed in range(60):
        after, _, _ = Retexturer([GREEN], config(), frozenset())(pixels, masks, labels, np.random.default_rng(seed))
        changed = (after != pixels).any(2)[20:80, 90:150]
        columns = np.flatnonzero(changed.all(0))
        whole += changed.all()
        if len(columns) > 20:
            block = after[20:80, 90:150].astype(int)
            assert block[:, columns[0]].mean() < block[:, columns[-1]].mean()
    assert 15 < whole < 45


def test_the_share_of_objects_and_the_generator_decide():
    pixels, masks, labels = picture()
    none = Retexturer([GREEN], config(probability=0), frozenset())
    assert np.array_equal(none(pixels, masks, labels, np.random.default_rng(0))[0], pixels)
    some = Retexturer([GREEN], config(probability=0.4), frozenset())
    results = [some(pixels, masks, labels, np.random.default_rng(seed))[0] for seed in range(100)]
    assert 20 < sum((after != pixels)[:, 90:].any() for after in results) < 60
    again = some(pixels, masks, labels, np.random.default_rng(3))[0]
    assert np.array_equal(again, results[3])


def test_tiny_objects_and_images_without_objects_stay():
    pixels, masks, labels = picture()
    masks[:] = 0
    masks[:, 50:54, 50:54] = 1
    retexture = Retexturer([GREEN], config(), frozenset())
    assert np.array_equal(retexture(pixels, masks, labels, np.random.default_rng(0))[0], pixels)
    assert np.array_equal(retexture(pixels, masks[:0], (), np.random.default_rng(0))[0], pixels)


def test_photographs_are_kept_small(tmp_path):
    cv2.imwrite(str(tmp_path / "large.png"), np.zeros((480, 640, 3), np.uint8))
    rle = to_rle([[0, 0, 9, 0, 9, 9]], 480, 640)
    (kept,) = textures_of([Record(tmp_path / "large.png", 480, 640, (-1,), (rle,))])
    assert kept.shape == (240, LARGEST_SIDE, 3)
