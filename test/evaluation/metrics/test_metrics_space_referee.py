"""Boxes that a node publishes against the truth, with numbers worked out by hand."""

import numpy as np
import pytest
from ray_scene import instances_of

from osis_ros.evaluation.metrics.space_referee import SpaceReferee
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.support_plane import Plane


def objects(ids: list[int], shift: float = 0.0) -> Objects:
    """Cubes of 0.1 m in a row, 1 m before a camera that looks along the table; `shift` to the right of their places."""
    count, zeros = len(ids), np.zeros(len(ids))
    centres = [[0.2 * id_ + shift, 0.0, 1.0] for id_ in ids]
    return Objects(
        ids=ids, centroids=centres, nearest=centres, box_centres=centres, box_axes=[np.eye(3)] * count,
        box_sizes=np.full((count, 3), 0.1), supports=zeros, point_counts=zeros, valid_shares=zeros,
        visible_shares=zeros, touching_border=zeros.astype(bool), points=(np.zeros((0, 3), np.float32),) * count,
        plane=Plane(np.array([0.0, 0.0, -1.0]), 1.05),
    )  # fmt: skip


def labels(*columns: int) -> np.ndarray:
    """Squares of 20 px, numbered from 1, that begin in these columns."""
    image = np.zeros((100, 200), int)
    for number, column in enumerate(columns, 1):
        image[40:60, column : column + 20] = number
    return image


def test_boxes_are_compared_for_the_objects_whose_masks_agree():
    referee = SpaceReferee()
    referee.saw(7, objects=objects([1, 2], shift=0.05))
    referee.saw(7, true_masks=instances_of(labels(0, 50, 100)))
    referee.saw(7, true_objects=objects([1, 2, 3]))
    assert referee.verdict().frames == 0
    referee.saw(7, masks=instances_of(labels(2, 50, 140)))  # the third is somewhere else
    verdict = referee.verdict()
    assert (verdict.frames, verdict.found, verdict.placed) == (1, 2, 2)
    assert verdict.centre_median == pytest.approx(0.05, abs=1e-6)
    assert verdict.iou_median == pytest.approx(1 / 3, abs=1e-4)  # half of each cube is shared
    assert verdict.good == 0.0


def test_an_object_without_a_box_is_found_and_not_placed():
    referee = SpaceReferee()
    parts = {"true_masks": instances_of(labels(0, 50)), "masks": instances_of(labels(0, 50)),
             "true_objects": objects([1, 2]), "objects": objects([2])}  # fmt: skip
    for name, part in parts.items():
        referee.saw(3, **{name: part})
    verdict = referee.verdict()
    assert (verdict.found, verdict.placed, verdict.good) == (2, 1, 1.0)


def test_a_frame_that_is_forgotten_is_not_judged():
    referee = SpaceReferee()
    referee.saw(3, masks=instances_of(labels(0)))
    referee.forget(4)
    for name, part in {"true_masks": instances_of(labels(0)), "true_objects": objects([1]),
                       "objects": objects([1])}.items():  # fmt: skip
        referee.saw(3, **{name: part})
    assert referee.verdict().frames == 0
    assert np.isnan(referee.verdict().iou_median)
