"""Several looks at one scene as one."""

import numpy as np

from osis_ros.geometry.fusion import fused
from osis_ros.geometry.objects import Objects


def look(*things: tuple[int, float]) -> Objects:
    """Objects of 10 cm at these ids and places along x."""
    count = len(things)
    centres = np.array([[x, 0.0, 0.05] for _, x in things]).reshape(-1, 3)
    return Objects(
        ids=[id_ for id_, _ in things], centroids=centres, nearest=centres, box_centres=centres,
        box_axes=np.tile(np.eye(3), (count, 1, 1)), box_sizes=np.full((count, 3), 0.1), supports=np.zeros(count),
        point_counts=np.ones(count), valid_shares=np.ones(count), visible_shares=np.ones(count),
        touching_border=np.zeros(count, bool), points=tuple(np.zeros((1, 3), np.float32) for _ in things),
    )  # fmt: skip


def test_places_are_medians_whatever_the_ids_were():
    result = fused([look((1, 0.00), (2, 0.5)), look((2, 0.01), (1, 0.52)), look((3, 0.05), (4, 0.5))])
    assert result.ids.tolist() == [3, 4]
    np.testing.assert_allclose(result.box_centres[:, 0], [0.01, 0.5], atol=1e-6)


def test_what_is_seen_in_less_than_half_of_the_looks_is_left_out():
    result = fused([look((1, 0.0)), look((1, 0.0)), look((1, 0.0), (2, 0.5))])
    assert result.ids.tolist() == [1]


def test_two_things_are_never_matched_with_one():
    result = fused([look((1, 0.0)), look((1, 0.0)), look((1, 0.0)), look((1, 0.01), (2, 0.04))])
    assert result.ids.tolist() == [1]


def test_nothing_and_one_look():
    assert len(fused([look((1, 0.0)), look()])) == 0
    assert fused([look((1, 0.0))]).ids.tolist() == [1]
    assert fused([look(), look((1, 0.3))]).ids.tolist() == [1]  # in one of two
