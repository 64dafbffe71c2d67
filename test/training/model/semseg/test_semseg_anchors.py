"""One square anchor a cell, the first on the image's corner."""

import torch

from osis_ros.training.model.semseg.anchors import anchor_boxes, level_anchors


def test_anchors_step_by_the_stride_in_row_major_order():
    centres, sizes = level_anchors(2, 3, 8, 64.0, torch.device("cpu"))
    assert centres.tolist() == [[0, 0], [8, 0], [16, 0], [0, 8], [8, 8], [16, 8]]
    assert sizes.tolist() == [64.0] * 6


def test_an_anchor_is_a_square_about_its_centre():
    boxes = anchor_boxes(torch.tensor([[16.0, 8.0]]), torch.tensor([32.0]))
    assert boxes.tolist() == [[0.0, -8.0, 32.0, 24.0]]
