"""Side distances, deltas and IoU, worked out by hand."""

import math

import pytest
import torch

from osis_ros.training.model.semseg.box_coding import (
    boxes_to_deltas,
    boxes_to_sides,
    deltas_to_boxes,
    has_area,
    paired_iou,
    sides_to_boxes,
)


def test_sides_are_left_top_right_bottom_in_anchor_sides():
    centre, size = torch.tensor([[100.0, 50.0]]), torch.tensor([32.0])
    box = sides_to_boxes(torch.tensor([[0.5, 0.25, 1.0, 2.0]]), centre, size)
    assert box.tolist() == [[84.0, 42.0, 132.0, 114.0]]
    assert boxes_to_sides(box, centre, size).tolist() == [[0.5, 0.25, 1.0, 2.0]]


def test_a_negative_side_counts_as_zero_when_decoded():
    box = sides_to_boxes(torch.tensor([[-0.5, 1.0, 1.0, -3.0]]), torch.tensor([[10.0, 20.0]]), torch.tensor([8.0]))
    assert box.tolist() == [[10.0, 12.0, 18.0, 20.0]]


def test_sides_are_negative_where_the_centre_is_outside_the_box():
    sides = boxes_to_sides(torch.tensor([[10.0, 0.0, 20.0, 20.0]]), torch.tensor([[6.0, 10.0]]), torch.tensor([4.0]))
    assert sides.tolist() == [[-1.0, 2.5, 3.5, 2.5]]


def test_deltas_move_by_tenths_of_the_size_and_scale_by_fifths_of_its_logarithm():
    proposal = torch.tensor([[0.0, 0.0, 20.0, 10.0]])
    box = torch.tensor([[2.0, 1.0, 42.0, 11.0]])  # centre (10, 5) → (22, 6), width doubled
    deltas = boxes_to_deltas(proposal, box)
    assert deltas[0].tolist() == pytest.approx([12 / 20 * 10, 1 / 10 * 10, math.log(2) * 5, 0.0])
    assert deltas_to_boxes(proposal, deltas)[0].tolist() == pytest.approx(box[0].tolist(), abs=1e-5)


def test_a_box_grows_at_most_to_62_and_a_half_times_its_proposal():
    box = deltas_to_boxes(torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([[0.0, 0.0, 1000.0, 1000.0]]))
    assert (box[0, 2] - box[0, 0]).item() == pytest.approx(125.0, rel=1e-5)


def test_iou_of_pairs():
    a = torch.tensor([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 1.0, 1.0], [3.0, 3.0, 3.0, 9.0]])
    b = torch.tensor([[0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0], [2.0, 2.0, 3.0, 3.0], [3.0, 3.0, 3.0, 9.0]])
    assert paired_iou(a, b).tolist() == pytest.approx([1.0, 50 / 150, 0.0, 0.0])


def test_a_box_without_width_or_height_has_no_area():
    assert has_area(torch.tensor([[0.0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 0]])).tolist() == [True, False, False]
