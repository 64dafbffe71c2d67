"""Of instances that show one object the best stays."""

import numpy as np
import pytest

from osis_ros.inference.distinct import distinct

# IoU: 0 and 1 share 60 of 140 pixels, 0 and 2 half of the columns of both (1/3), 3 lies far off, 4 has no pixels.
ROIS = np.array([[10, 10, 10, 10], [14, 10, 10, 10], [10, 15, 10, 10], [60, 60, 5, 5], [12, 12, 0, 0]], np.int32)
MASKS = tuple(np.ones((height, width), bool) for _, _, width, height in ROIS)


@pytest.mark.parametrize(
    ("max_overlap", "kept"),
    [(1.0, [0, 1, 2, 3, 4]), (0.43, [0, 1, 2, 3, 4]), (0.42, [0, 2, 3, 4]), (0.3, [0, 3, 4]), (0.0, [0, 3, 4])],
)
def test_the_better_of_two_that_overlap_more_stays(max_overlap, kept):
    assert distinct(ROIS, MASKS, max_overlap).tolist() == kept


def test_what_is_left_out_hides_nothing():
    """The third overlaps the second alone, which the first hides."""
    rois = np.array([[0, 0, 10, 10], [4, 0, 10, 10], [8, 0, 10, 10]], np.int32)
    assert distinct(rois, MASKS[:3], 0.4).tolist() == [0, 2]


def test_pixels_count_not_boxes():
    """Two triangles that fill one square between them share no pixel."""
    upper = np.triu(np.ones((10, 10), bool), 1)
    assert distinct(ROIS[[0, 0]], (upper, upper.T), 0.0).tolist() == [0, 1]
    assert distinct(ROIS[[0, 0]], (upper, upper), 0.99).tolist() == [0]


def test_no_instance_is_no_matter():
    assert distinct(ROIS[:0], (), 0.5).tolist() == []
