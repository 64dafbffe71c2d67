"""Overlap of boxes in space, worked out by hand."""

import numpy as np
import pytest

from osis_ros.evaluation.metrics.boxes3d import sampled_iou, upright_iou

CUBE = (np.zeros(3), np.ones(3), 0.0)


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (CUBE, 1.0),
        ((np.array([0.5, 0, 0]), np.ones(3), 0.0), 0.5 / 1.5),
        ((np.array([0, 0, 0.5]), np.ones(3), 0.0), 0.5 / 1.5),
        ((np.array([0, 0, 1.0]), np.ones(3), 0.0), 0.0),
        ((np.array([2.0, 0, 0]), np.ones(3), 0.0), 0.0),
        ((np.zeros(3), np.ones(3), np.pi / 2), 1.0),
        # two unit squares, one turned by 45 degrees, share a regular octagon of area 2 (√2 - 1)
        ((np.zeros(3), np.ones(3), np.pi / 4), 0.828427 / (2 - 0.828427)),
        ((np.zeros(3), np.full(3, 0.5), 0.3), 0.125),
    ],
)
def test_upright_boxes(other, overlap):
    assert upright_iou(*CUBE, other) == pytest.approx(overlap, abs=1e-3)
    assert upright_iou(*other, CUBE) == pytest.approx(overlap, abs=1e-3)


def test_small_boxes_count_as_large_ones_do():
    small = (np.array([10.0, 5, 0]), np.array([0.02, 0.01, 0.01]), 0.2)
    half = (np.array([10.0, 5, 0.005]), np.array([0.02, 0.01, 0.01]), 0.2)
    assert upright_iou(*small, half) == pytest.approx(1 / 3, abs=1e-3)


def test_boxes_that_lie_in_any_way():
    turn = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float)  # about x: y and z change places
    flat = (np.zeros(3), np.eye(3), np.array([1.0, 1.0, 0.5]))
    assert sampled_iou(np.zeros(3), turn, np.array([1.0, 0.5, 1.0]), flat) == pytest.approx(1.0, abs=0.01)
    assert sampled_iou(np.zeros(3), turn, np.array([1.0, 1.0, 0.5]), flat) == pytest.approx(1 / 3, abs=0.02)
    away = (np.array([3.0, -2.0, 1.0]), np.eye(3), np.ones(3))
    assert sampled_iou(np.array([3.5, -2.0, 1.0]), np.eye(3), np.ones(3), away) == pytest.approx(1 / 3, abs=0.02)
