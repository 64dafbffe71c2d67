"""Duplicates and parts are left out before anything is clustered."""

import numpy as np

from osis_ros.discovery.distinct import distinct
from osis_ros.instances import Instances


def squares(*rois: tuple[int, int, int, int], masks: dict[int, np.ndarray] | None = None) -> Instances:
    """Filled rectangles, best score first."""
    count = len(rois)
    filled = [np.ones((height, width), bool) for _, _, width, height in rois]
    for index, mask in (masks or {}).items():
        filled[index] = mask
    return Instances(
        boxes=np.zeros((count, 4)), scores=np.linspace(0.9, 0.5, count), class_ids=np.zeros(count),
        distances=np.zeros(count), embeddings=np.zeros((count, 0)), rois=rois, masks=tuple(filled),
        height=100, width=100, class_names=("cup",),
    )  # fmt: skip


def test_a_duplicate_overlaps_a_better_instance_by_more_than_half():
    # 20x20 and the same moved by 6: 280 of 520 pixels are shared (0.54); moved by 8: 240 of 560 (0.43)
    assert distinct(squares((0, 0, 20, 20), (6, 0, 20, 20))).tolist() == [0]
    assert distinct(squares((0, 0, 20, 20), (8, 0, 20, 20))).tolist() == [0, 1]


def test_a_part_is_left_out_even_if_its_score_is_better():
    assert distinct(squares((5, 5, 10, 10), (0, 0, 40, 40))).tolist() == [1]
    # 8 of its 10 columns are inside the larger one: 0.8, not above
    assert distinct(squares((32, 5, 10, 10), (0, 0, 40, 40))).tolist() == [0, 1]
    assert distinct(squares((31, 5, 10, 10), (0, 0, 40, 40))).tolist() == [1]


def test_a_thing_in_the_hole_of_another_is_no_part_of_it():
    ring = np.ones((40, 40), bool)
    ring[10:30, 10:30] = False
    assert distinct(squares((0, 0, 40, 40), (12, 12, 16, 16), masks={0: ring})).tolist() == [0, 1]


def test_a_duplicate_takes_no_part_with_it():
    # the second is a duplicate of the first; the third lies in the second, but only by 0.6 in the first
    found = distinct(squares((0, 0, 40, 40), (0, 0, 46, 40), (34, 0, 10, 10)))
    assert found.tolist() == [0, 2]


def test_what_has_no_pixels_is_left_out_and_nothing_stays_nothing():
    assert distinct(squares((0, 0, 5, 5), (9, 9, 4, 4), masks={1: np.zeros((4, 4), bool)})).tolist() == [0]
    assert distinct(squares((3, 3, 0, 0))).tolist() == []
    assert distinct(Instances.empty(10, 10, ("cup",))).tolist() == []
