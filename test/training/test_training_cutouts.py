"""Objects cut out of photographs: which are taken, where they land, and what becomes of the ones below."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from osis_ros.coco.segmentation import to_rle
from osis_ros.training.config import ConfigError, Cutouts
from osis_ros.training.cutouts import CutoutPaster, cut_out, drawn_from
from osis_ros.training.data import Record

RED = (200, 30, 10)  # RGB


def rectangle(x0: int, y0: int, x1: int, y1: int) -> list:
    return [[x0, y0, x1, y0, x1, y1, x0, y1]]


@pytest.fixture
def photograph(tmp_path):
    """200x160 pixels, grey; `photograph(label=outline)` paints those outlines red."""

    def write(**objects) -> Record:
        pixels = np.full((160, 200, 3), 90, np.uint8)
        for outline in objects.values():
            cv2.fillPoly(pixels, [np.array(outline, int).reshape(-1, 2)], RED[::-1])
        path = tmp_path / "photograph.png"
        cv2.imwrite(str(path), pixels)
        labels = tuple(int(name.removeprefix("label_")) for name in objects)
        return Record(path, 160, 200, labels, tuple(to_rle(polygons, 160, 200) for polygons in objects.values()))

    return write


def config(**changes) -> Cutouts:
    return Cutouts(**{"source": "photographs", "probability": 1, "most": 1, "size": (0.2, 0.2), **changes})


def table(objects: int = 0) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """A white 240x320 image whose objects cover it all."""
    return np.full((240, 320, 3), 255, np.uint8), np.ones((objects, 240, 320), np.uint8), (7,) * objects


def test_an_object_whose_mask_is_hidden_is_not_cut_out(photograph):
    record = photograph(label_3=rectangle(40, 30, 100, 90), label_4=rectangle(110, 30, 180, 90))
    assert [cutout.label for cutout in cut_out([replace(record, box_only=frozenset({0}))])] == [4]


def test_a_pasted_object_is_where_its_mask_says_and_has_its_label(photograph):
    paste = CutoutPaster(cut_out([photograph(label_3=rectangle(40, 30, 100, 90))]), config())
    for seed in range(8):
        pixels, masks, labels = paste(*table(), np.random.default_rng(seed))
        assert labels == (3,)
        red = (pixels[..., 0] > 1.8 * pixels[..., 1].astype(int)) & (pixels[..., 0] > 60)
        assert (red == masks[0]).mean() > 0.99
        assert 0.1 * 64**2 < masks[0].sum() < 1.2 * 64**2  # a fifth of the width squared, or what is inside the image


def test_what_it_covers_no_longer_belongs_to_the_objects_below(photograph):
    paste = CutoutPaster(cut_out([photograph(label_3=rectangle(40, 30, 100, 90))]), config(most=3))
    image = table(objects=2)
    before = [part.copy() for part in image[:2]]
    _, masks, labels = paste(*image, np.random.default_rng(5))
    assert labels[:2] == (7, 7)
    assert len(masks) == len(labels) > 2
    assert (masks[2:].sum(0) <= 1).all()
    assert (masks[0] == 1 - masks[2:].sum(0)).all()
    np.testing.assert_array_equal(image[0], before[0])  # what came in is left alone
    np.testing.assert_array_equal(image[1], before[1])


def test_the_generator_decides_everything(photograph):
    paste = CutoutPaster(cut_out([photograph(label_3=rectangle(40, 30, 100, 90))]), config(most=4, probability=0.5))
    drawn = [paste(*table(), np.random.default_rng(seed)) for seed in (1, 1, *range(40))]
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    untouched = sum(len(labels) == 0 for _, _, labels in drawn[2:])
    assert 8 < untouched < 32


def test_objects_that_are_small_or_cut_off_by_the_border_are_not_taken(photograph):
    whole, cut_off, small = rectangle(60, 30, 120, 90), rectangle(0, 100, 60, 150), rectangle(150, 20, 180, 50)
    paste = CutoutPaster(cut_out([photograph(label_0=whole, label_1=cut_off, label_2=small)]), config())
    assert [cutout.label for cutout in paste.cutouts] == [0]
    with pytest.raises(ConfigError, match="no object of the photographs is large enough"):
        cut_out([photograph(label_1=cut_off, label_2=small)])


def test_of_many_photographs_some_are_drawn_the_same_ones_every_time():
    records = [Record(Path(f"{i}.png"), 1, 1, (), ()) for i in range(50)]
    assert drawn_from(records, 50, seed=0) == records
    drawn = drawn_from(records, 10, seed=0)
    assert len(set(drawn)) == 10
    assert drawn == [record for record in records if record in drawn]
    assert drawn == drawn_from(records, 10, seed=0) != drawn_from(records, 10, seed=1)
