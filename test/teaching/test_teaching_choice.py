"""Which instance is meant: by a region, a mask, a number, a track; and in the next image."""

import numpy as np
import pytest
from coloured_things import BLUE, CLASSES, GREEN, RED, picture

from osis_ros.teaching.errors import TeachError
from osis_ros.teaching.follow import Follower
from osis_ros.teaching.gallery import Gallery, Model
from osis_ros.teaching.lesson import (
    instance_in_mask,
    instance_in_region,
    instance_of_track,
    instance_with_id,
    the_only_instance,
)
from osis_ros.teaching.showing import Picture, shown

RGB, FOUND = picture(("disc", RED, 5, 5, 40), ("disc", BLUE, 60, 5, 40), ("square", RED, 60, 60, 40))
MASK = np.zeros((120, 160), bool)


def test_a_region_and_a_mask_find_what_fits_them_best():
    assert instance_in_region(FOUND, 55, 0, 100, 50) == 1
    mask = MASK.copy()
    mask[58:102, 58:102] = True
    assert instance_in_mask(FOUND, mask) == 2


@pytest.mark.parametrize(
    ("region", "sentence"),
    [
        ((10, 10, 10, 20), "the region is 10 10 10 20, expected x0 < x1 ≤ 160"),
        ((0, 0, 161, 20), "expected x0 < x1 ≤ 160"),
        ((float("nan"), 0, 5, 5), "expected x0 < x1"),
        ((120, 60, 150, 100), "no instance fits the region, the best fit has an IoU of 0.00"),
    ],
)
def test_a_region_without_an_object_is_refused(region: tuple, sentence: str):
    with pytest.raises(TeachError, match=sentence):
        instance_in_region(FOUND, *region)


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (MASK, "the mask has no pixel on the object"),
        (np.ones((60, 80), bool), "the mask is 80x60, expected the image's 160x120"),
        (~MASK, "no instance fits the mask"),
    ],
)
def test_a_mask_without_an_object_is_refused(mask: np.ndarray, sentence: str):
    with pytest.raises(TeachError, match=sentence):
        instance_in_mask(FOUND, mask)


def test_numbers_are_those_of_the_instance_and_of_the_track():
    numbered = FOUND.replaced(ids=np.array([7, 8, 9]), track_ids=np.array([0, 5, 3]))
    assert instance_with_id(numbered, 9) == 2
    assert instance_of_track(numbered, 5) == 1
    with pytest.raises(TeachError, match="no instance 1 in the image, there are: 7, 8, 9"):
        instance_with_id(numbered, 1)
    with pytest.raises(TeachError, match="no track 4 in the image, there are: 3, 5"):
        instance_of_track(numbered, 4)
    with pytest.raises(TeachError, match="tracking is off"):
        instance_of_track(FOUND, 5)


def test_the_only_instance_may_have_parts_but_nothing_beside_it():
    assert the_only_instance(picture(("square", RED, 10, 10, 20), ("square", RED, 5, 5, 60))[1]) == 1
    for nothing, sentence in ((picture()[1], "nothing was found"), (FOUND, "3 things were found")):
        with pytest.raises(TeachError, match=sentence):
            the_only_instance(nothing)


def test_an_object_is_followed_where_it_stays_and_where_it_is_put():
    follower = Follower(RGB, FOUND, 0)
    assert follower.find(*picture(("disc", BLUE, 60, 5, 40), ("disc", RED, 12, 8, 40), noise=1)) == 1
    assert follower.find(*picture(("disc", RED, 100, 70, 44), ("square", GREEN, 10, 8, 40), noise=2)) == 0
    assert follower.find(*picture(("bar", GREEN, 10, 8, 40))) is None
    assert follower.find(*picture()) is None


def test_a_track_decides_unless_it_is_now_on_something_that_looks_different():
    def find(ids: list[int], *things: tuple) -> int | None:
        follower = Follower(RGB, FOUND.replaced(track_ids=np.array([4, 5, 6])), 0)
        rgb, found = picture(*things, noise=3)
        return follower.find(rgb, found.replaced(track_ids=np.array(ids)))

    disc, square = ("disc", RED, 5, 5, 40), ("square", RED, 60, 5, 40)
    assert find([9, 4], disc, square) == 1
    assert find([9, 4], disc, ("bar", GREEN, 60, 5, 40)) == 0
    assert find([9, 8], disc, square) == 0
    assert find([8], ("bar", GREEN, 60, 5, 40)) is None


def test_a_series_is_learnt_from_and_says_where_the_object_was_not():
    empty = Gallery(model=Model("cells", "0" * 64), class_names=CLASSES)
    series = [Picture(RGB, FOUND, "a"), Picture(*picture(("bar", GREEN, 5, 5, 60)), "b"), Picture(RGB, FOUND, "c")]
    gallery, missed = shown(empty, "ball", series, lambda found: instance_with_id(found, 1))
    assert missed == ["b"]
    assert [view.label for view in gallery["ball"].views] == ["a", "c"]
    with pytest.raises(TeachError, match=r"^a: there is no instance 4"):
        shown(empty, "ball", series, lambda found: instance_with_id(found, 4))
    with pytest.raises(TeachError, match="no image to learn from"):
        shown(empty, "ball", [], the_only_instance)
