"""What a gallery learns, refuses and names."""

from dataclasses import replace

import numpy as np
import pytest
from coloured_things import BLUE, CLASSES, GREEN, RED, YELLOW, picture

from osis_ros.teaching.errors import GalleryError, TeachError
from osis_ros.teaching.gallery import Gallery, Model, NotToldApartError
from osis_ros.teaching.lesson import lesson, total
from osis_ros.teaching.recognition import FLOOR, USUAL, separation, similarity
from osis_ros.teaching.selection import agreeing, diverse

EMPTY = Gallery(model=Model("cells", "0" * 64), class_names=CLASSES)
SCENE = (("disc", RED, 5, 5, 40), ("disc", BLUE, 60, 5, 40), ("bar", YELLOW, 5, 80, 80))


def taught(name: str, index: int, *scene: tuple, gallery: Gallery = EMPTY, force: bool = False) -> Gallery:
    views, others = lesson(*picture(*(scene or SCENE)), index, "here")
    return gallery.with_views(name, views, others, force=force)


def unit(*rows: tuple[float, ...]) -> np.ndarray:
    array = np.array(rows, np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


def test_an_instance_gets_the_name_of_what_it_looks_like_and_keeps_its_class():
    gallery = taught("ball", 0, gallery=taught("stick", 2))
    rgb, instances = picture(("bar", YELLOW, 60, 5, 60), ("disc", GREEN, 5, 50, 40), ("disc", RED, 90, 60, 50), noise=3)
    named = gallery.name(rgb, instances)
    assert named.taught_names.tolist() == ["stick", "", "ball"]
    assert named.taught_scores[1] == 0
    assert min(named.taught_scores[[0, 2]]) > 0.9
    assert named.unknown.all()
    assert named.class_ids.tolist() == instances.class_ids.tolist()


def test_two_equal_things_both_get_the_name():
    rgb, instances = picture(("disc", RED, 5, 5, 40), ("disc", RED, 60, 5, 40), noise=2)
    assert taught("ball", 0).name(rgb, instances).taught_names.tolist() == ["ball", "ball"]


def test_an_empty_gallery_names_nothing_but_says_that_it_looked():
    named = EMPTY.name(*picture(*SCENE))
    assert named.taught_names.tolist() == [""] * 3
    assert named.taught_scores.tolist() == [0] * 3


def test_a_gallery_names_no_instances():
    assert len(taught("ball", 0).name(*picture())) == 0


def test_what_has_its_twin_in_view_is_refused_unless_forced():
    twins = (("disc", RED, 5, 5, 40), ("disc", RED, 60, 5, 40), ("bar", YELLOW, 5, 80, 80))
    with pytest.raises(NotToldApartError, match="'ball' cannot be told apart from 'unknown 2'") as caught:
        taught("ball", 0, *twins)
    assert caught.value.separation.nearest > 0.97
    assert taught("ball", 0, *twins, force=True).name(*picture(*twins)).taught_names.tolist() == ["ball", "ball", ""]


def test_a_second_name_is_told_apart_from_the_first():
    gallery = taught("ball", 0)
    with pytest.raises(NotToldApartError, match="from 'ball'"):
        taught("toy", 0, ("disc", RED, 20, 20, 40), gallery=gallery)
    assert gallery.names == ("ball",)


def test_a_part_and_a_duplicate_are_nothing_else():
    rgb, instances = picture(("square", RED, 5, 5, 60), ("square", RED, 5, 5, 58), ("square", RED, 10, 10, 20),
                             ("disc", BLUE, 100, 60, 40))  # fmt: skip
    views, others = lesson(rgb, instances, 0, "here")
    assert [view.label for view in others] == ["unknown 4"]
    assert views[0].label == "here"


def test_a_view_shows_the_object_with_some_ground_around_it():
    rgb, instances = picture(("square", RED, 0, 40, 40))
    view = lesson(rgb, instances, 0, "here").views[0]
    assert view.place == (0, 30, 160, 120)
    assert view.rgb.shape == (60, 50, 3)
    assert view.mask.sum() == 1600
    assert (view.rgb[view.mask] == rgb[instances.full_mask(0)]).all()


def test_more_views_are_added_and_the_most_different_ten_are_kept():
    gallery = EMPTY
    for size in range(30, 60, 2):
        gallery = taught("ball", 0, ("disc", RED, 5, 5, size), gallery=gallery)
    assert len(gallery["ball"].views) == 10


def test_forgetting_leaves_the_others():
    gallery = taught("ball", 0, gallery=taught("stick", 2))
    assert gallery.without("ball").names == ("stick",)
    with pytest.raises(GalleryError, match="no name 'cube' was taught; there are ball, stick"):
        gallery.without("cube")


def test_merging_takes_the_views_of_both_and_refuses_another_model():
    one, other = taught("ball", 0), taught("stick", 2, gallery=taught("ball", 0, ("disc", RED, 9, 9, 70)))
    merged = one.merged(other)
    assert merged.names == ("ball", "stick")
    assert len(merged["ball"].views) == 2
    with pytest.raises(GalleryError, match="of the model 'other' cannot be merged"):
        one.merged(replace(other, model=Model("other", "1" * 64)))


def test_an_object_of_a_few_pixels_cannot_be_taught():
    with pytest.raises(TeachError, match="no view of 'dot' has enough pixels"):
        taught("dot", 0, ("square", RED, 5, 5, 3))


def test_the_threshold_lies_between_the_nearest_other_thing_and_the_own_views():
    views = unit((1, 0.1, 0), (1, -0.1, 0))
    others = unit((1, 1, 0), (0, 0, 1))
    found = separation(views, others, ["near", "far"])
    own, nearest = float(views[0] @ views[1]), float((others[0] @ views.T).max())
    assert found.own == pytest.approx(own)
    assert found.nearest == pytest.approx(nearest)
    assert found.nearest_name == "near"
    assert max(FLOOR, nearest) <= found.threshold < own
    assert found.told_apart
    assert found.recognised == 1


def test_one_view_alone_takes_what_is_usual():
    found = separation(unit((1, 0)), np.zeros((0, 2), np.float32), [])
    assert (found.threshold, found.own, found.recognised, found.nearest) == (FLOOR, USUAL, -1, -1)
    assert found.told_apart


def test_views_with_nothing_in_common_are_not_told_apart():
    assert not separation(unit((1, 0, 0), (0, 1, 0), (0, 0, 1)), np.zeros((0, 3), np.float32), []).told_apart


def test_the_nearest_views_count_and_not_the_mean_of_front_and_back():
    views = unit((1, 0), (1, 0), (0, 1), (0, 1))
    assert similarity(unit((1, 0)), views)[0] == pytest.approx(1)


def test_the_odd_view_is_thrown_out_and_a_back_that_was_seen_twice_is_not():
    views = unit((1, 0, 0), (1, 0.1, 0), (1, 0, 0.1), (0, 1, 0.1), (0, 1, 0), (0.1, 0, 1))
    assert agreeing(views).tolist() == [0, 1, 2, 3, 4]
    assert agreeing(views[[0, 5]]).tolist() == [0, 1]


def test_the_most_different_views_are_chosen():
    views = unit((1, 0), (1, 0.01), (1, 0.02), (0, 1), (1, 1))
    assert set(diverse(views, 3)) >= {3}
    assert len({*diverse(views, 3)} & {0, 1, 2}) >= 1
    assert diverse(views, 5).tolist() == [0, 1, 2, 3, 4]


def test_lessons_add_up():
    one = lesson(*picture(*SCENE), 0, "a")
    both = total([one, lesson(*picture(*SCENE), 0, "b")])
    assert [view.label for view in both.views] == ["a", "b"]
    assert len(both.others) == 4
