"""Of instances that show one object the best stays."""

import numpy as np
import pytest

from osis_ros.inference.mask_nms import mask_nms

# IoU: 0 and 1 share 60 of 140 pixels, 0 and 2 half of the columns of both (1/3), 3 lies far off, 4 has no pixels.
ROIS = np.array([[10, 10, 10, 10], [14, 10, 10, 10], [10, 15, 10, 10], [60, 60, 5, 5], [12, 12, 0, 0]], np.int32)
MASKS = tuple(np.ones((height, width), bool) for _, _, width, height in ROIS)


@pytest.mark.parametrize(
    ("max_overlap", "kept"),
    [(1.0, [0, 1, 2, 3, 4]), (0.43, [0, 1, 2, 3, 4]), (0.42, [0, 2, 3, 4]), (0.3, [0, 3, 4]), (0.0, [0, 3, 4])],
)
def test_the_better_of_two_that_overlap_more_stays(max_overlap, kept):
    assert mask_nms(ROIS, MASKS, max_overlap).tolist() == kept


def test_what_is_left_out_hides_nothing():
    """The third overlaps the second alone, which the first hides."""
    rois = np.array([[0, 0, 10, 10], [4, 0, 10, 10], [8, 0, 10, 10]], np.int32)
    assert mask_nms(rois, MASKS[:3], 0.4).tolist() == [0, 2]


def test_pixels_count_not_boxes():
    """Two triangles that fill one square between them share no pixel."""
    upper = np.triu(np.ones((10, 10), bool), 1)
    assert mask_nms(ROIS[[0, 0]], (upper, upper.T), 0.0).tolist() == [0, 1]
    assert mask_nms(ROIS[[0, 0]], (upper, upper), 0.99).tolist() == [0]


def test_no_instance_is_handled():
    assert mask_nms(ROIS[:0], (), 0.5).tolist() == []


@pytest.mark.parametrize(("max_overlap", "kept"), [(0.34, [0, 1]), (0.33, [0])])
def test_rows_and_columns_of_a_mask_are_not_mixed_up(max_overlap, kept):
    """Two wide masks, 20 x 4 pixels at (0, 0) and (10, 2), each filled on the half that lies over the other: 40 pixels
    each, 10 x 2 of them shared, so that the IoU is 20 / 60."""
    rois = np.array([[0, 0, 20, 4], [10, 2, 20, 4]], np.int32)
    right, left = np.zeros((2, 4, 20), bool)
    right[:, 10:] = left[:, :10] = True
    assert mask_nms(rois, (right, left), max_overlap).tolist() == kept
