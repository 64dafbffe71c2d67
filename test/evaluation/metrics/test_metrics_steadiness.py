"""Steadiness without a truth, counted by hand on rectangles over a textured picture."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="instances are paired with scipy")
from osis_ros.evaluation.metrics.mask_pairs import mask_pairs
from osis_ros.evaluation.metrics.steadiness import Steadiness, duplicates_and_parts, small_grey
from osis_ros.instances import Instances

SCENE = np.kron(np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8), np.ones((4, 4, 1), np.uint8))
HERE, BESIDE = SCENE[:200, :300], SCENE[40:240, 60:360]  # the camera moved by 60 and 40 px
A, B, C = (10, 10, 40, 40), (100, 10, 40, 40), (200, 100, 40, 40)  # x y width height


def found(*rois: tuple[int, int, int, int], classes: tuple[int, ...] = (), scores: tuple[float, ...] = (),
          tracks: tuple[int, ...] | None = None) -> Instances:  # fmt: skip
    """Rectangles; class 0 is a mug, 1 a bowl, 2 unknown."""
    count = len(rois)
    return Instances(
        boxes=[[x, y, x + w, y + h] for x, y, w, h in rois] or np.zeros((0, 4)), scores=scores or [0.95] * count,
        class_ids=classes or [0] * count, distances=[0.12] * count, embeddings=np.zeros((count, 0)),
        rois=rois or np.zeros((0, 4)), masks=tuple(np.ones((h, w), bool) for _, _, w, h in rois),
        height=200, width=300, class_names=("mug", "bowl"), track_ids=tracks,
    )  # fmt: skip


def seen(*images: tuple[Instances, np.ndarray], period: float = 0.5) -> tuple[Steadiness, list]:
    steadiness = Steadiness()
    return steadiness, [
        steadiness.saw(found, small_grey(rgb), number * period) for number, (found, rgb) in enumerate(images)
    ]


def test_one_picture_over_and_over_has_no_flicker_and_full_agreement():
    steadiness, frames = seen(*[(found(A, B), HERE)] * 4)
    assert [frame.standing for frame in frames] == [None, True, True, True]
    assert [frame.births for frame in frames] == [None, 0, 0, 0]
    figures = steadiness.figures()
    assert (figures["flicker_per_object_minute"], figures["mask_agreement"], figures["standing_share"]) == (0, 1, 1)


def test_an_object_that_is_missed_once_dies_and_is_born_again():
    steadiness, frames = seen((found(A, B), HERE), (found(A), HERE), (found(A, B), HERE))
    assert [(frame.births, frame.deaths) for frame in frames[1:]] == [(0, 1), (1, 0)]
    # 1.5 objects on average, for 0.5 s, twice: 1.5 object seconds with two events.
    assert steadiness.figures()["flicker_per_object_minute"] == pytest.approx(2 / (1.5 / 60))
    assert steadiness.figures()["count_change_per_image"] == 1


def test_a_false_object_in_a_single_image_counts_as_birth_and_death():
    _, frames = seen((found(A), HERE), (found(A, C), HERE), (found(A), HERE))
    assert [(frame.births, frame.deaths) for frame in frames[1:]] == [(1, 0), (0, 1)]


def test_a_mask_that_shakes_agrees_less():
    # 40x40 shifted by 8 px: 32 of 48 columns are shared.
    _, frames = seen((found(A), HERE), (found((18, 10, 40, 40)), HERE))
    assert frames[1].agreement == pytest.approx(32 / 48)
    assert (frames[1].births, frames[1].deaths) == (0, 0)


def test_a_change_of_class_is_no_birth():
    steadiness, frames = seen((found(A, B), HERE), (found(A, B, classes=(0, 2)), HERE))
    assert (frames[1].class_changes, frames[1].births) == (1, 0)
    assert steadiness.figures()["class_changes_per_object_minute"] == pytest.approx(1 / (1.0 / 60))
    assert steadiness.figures()["unknown_share"] == 0.25


def test_while_the_camera_moves_nothing_is_counted():
    steadiness, frames = seen((found(A, B), HERE), (found(C), BESIDE))
    assert frames[1].standing is False
    assert (frames[1].births, frames[1].deaths, frames[1].agreement, frames[1].class_changes) == (None, None, None, 0)
    figures = steadiness.figures()
    assert figures["standing_share"] == 0
    for name in ("flicker_per_object_minute", "mask_agreement", "class_changes_per_object_minute", "tracks"):
        assert figures[name] is None


def test_another_object_that_moves_does_not_hide_that_the_camera_stands():
    moved = HERE.copy()
    moved[100:140, 200:240] = 255
    _, frames = seen((found(A), HERE), (found(A, C), moved))
    assert (frames[1].standing, frames[1].births) == (True, 1)


def test_tracks_count_while_the_camera_moves_too():
    steadiness, frames = seen(
        (found(A, B, tracks=(1, 2)), HERE),
        (found(C, A, tracks=(2, 1), classes=(1, 0)), BESIDE),
        (found(C, A, tracks=(2, 0), classes=(1, 0)), HERE),
    )
    assert frames[1].class_changes == 1  # track 2 was a mug and is a bowl
    figures = steadiness.figures()
    assert figures["tracks"] == 2
    # Track 1 ends before the third image; 2 and 1.5 objects were tracked for 0.5 s each.
    assert figures["track_flicker_per_object_minute"] == pytest.approx(1 / (1.75 / 60))


def test_classes_are_compared_by_track_whatever_the_order():
    _, frames = seen(
        (found(A, B, C, tracks=(1, 2, 3), classes=(0, 1, 0)), HERE),
        (found(A, B, C, tracks=(2, 3, 1), classes=(1, 0, 0)), BESIDE),
    )
    assert frames[1].class_changes == 0


def test_the_lower_score_is_the_duplicate_and_a_mask_within_another_is_a_part():
    whole, lid, shifted = (10, 10, 40, 40), (12, 12, 10, 10), (14, 10, 40, 40)
    assert duplicates_and_parts(found(whole, lid, B)) == (0, 1)
    assert duplicates_and_parts(found(whole, shifted, shifted, scores=(0.5, 0.9, 0.9))) == (2, 0)
    assert duplicates_and_parts(found()) == (0, 0)


def test_scores_fall_into_ten_bins_with_one_in_the_last():
    steadiness, _ = seen((found(A, B, C, scores=(1.0, 0.55, 0.05)), HERE))
    assert steadiness.score_histogram == [1, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert np.flatnonzero(steadiness.distance_histogram).tolist() == [2]  # 0.1 to 0.15
    assert sum(steadiness.distance_histogram) == 3


def test_a_recording_without_anything_has_no_shares():
    steadiness, _ = seen((found(), HERE), (found(), HERE))
    figures = steadiness.figures()
    assert (figures["unknown_share"], figures["flicker_per_object_minute"], figures["mask_agreement"]) == (None,) * 3
    assert figures["duplicates_per_image"] == 0


def test_pairs_are_those_of_greatest_total_overlap():
    # The first fits both well; together the pairs overlap most if it takes the second.
    one = found((0, 0, 40, 40), (10, 0, 40, 40))
    other = found((10, 0, 40, 40), (0, 0, 36, 40))
    rows, columns, iou = mask_pairs(one, other, 0.3)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])
    assert iou.tolist() == pytest.approx([0.9, 1.0])
    assert mask_pairs(found(A), found(B), 0.3)[0].tolist() == []
