"""The parts of the tracker, each against numbers worked out by hand."""

import numpy as np
import pytest

from osis_ros.tracking.assignment import assign
from osis_ros.tracking.camera_shift import camera_shift
from osis_ros.tracking.class_vote import ClassVote
from osis_ros.tracking.cost import UNKNOWN_LOOK, WORST_LOOK, mask_place, place_cost, space_place, total_cost
from osis_ros.tracking.mask_overlap import mask_overlap
from osis_ros.tracking.parameters import TrackerParameters
from osis_ros.tracking.views import MOST, Views, nearest_view


def test_the_assignment_is_the_best_of_all_and_not_the_nearest_first():
    """Nearest first would pair 0 with 0 (0.1) and leave 1 with 0.9; together 0.3 + 0.2 is less."""
    rows, columns = assign(np.array([[0.1, 0.3], [0.2, 0.9]]), 1.0)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


def test_a_pair_above_the_limit_is_not_made():
    rows, columns = assign(np.array([[5.0, 0.4, 9.0], [0.2, 5.0, 9.0]]), 0.3)
    assert (rows.tolist(), columns.tolist()) == ([1], [0])


def test_nothing_to_assign():
    assert [part.tolist() for part in assign(np.zeros((0, 3)), 1.0)] == [[], []]


def test_the_total_is_that_of_scipy():
    """Costs of few different values too, where many pairs are as good as others, and more rows than columns."""
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(0)
    for _ in range(300):
        shape, steps = rng.integers(1, 13, 2), rng.integers(1, 40)
        cost = rng.integers(0, steps + 1, shape) / steps
        rows, columns = assign(cost, 2.0)
        assert len(rows) == len(set(columns.tolist())) == min(shape)
        assert rows.tolist() == sorted(set(rows.tolist()))
        assert cost[rows, columns].sum() == pytest.approx(cost[optimize.linear_sum_assignment(cost)].sum())


def test_a_cost_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="a cost is not a number"):
        assign(np.array([[0.1, np.nan]]), 1.0)


def test_the_overlap_of_masks_in_their_rois():
    """10×10 against 10×10 that is 5 to the right: 50 of 150. The L of 75 pixels against the same: 25 of 150."""
    square, corner = np.ones((10, 10), bool), np.ones((10, 10), bool)
    corner[:5, 5:] = False
    rois, others = (
        np.array([[0, 0, 10, 10], [-5, -5, 10, 10]]),
        np.array([[5, 0, 10, 10], [0, 0, 10, 10], [40, 0, 10, 10]]),
    )
    iou, covered = mask_overlap(rois, [square, square], others, [square, corner, square])
    np.testing.assert_allclose(iou, [[50 / 150, 75 / 100, 0], [0, 25 / 150, 0]])
    np.testing.assert_allclose(covered, [[0.5, 0.75, 0], [0, 0.25, 0]])


def test_the_shift_that_most_objects_agree_on():
    old = np.array([[100, 100], [200, 120], [300, 90], [400, 200]], float)
    new = old + np.array([40, -12])
    new[1] = 500, 400  # one was carried away
    shift = camera_shift(old, new, np.ones((4, 4)), 800.0)
    np.testing.assert_allclose(shift, (40, -12), atol=1)


@pytest.mark.parametrize("moved", [1, 2, 3])
def test_objects_that_move_one_by_one_are_no_shift(moved: int):
    old = np.array([[100, 100], [200, 300], [450, 90]], float)
    new = old.copy()
    new[:moved] = [(550, 300), (30, 200), (300, 220)][:moved]
    assert camera_shift(old, new, np.ones((3, 3)), 800.0).tolist() == [0, 0]


def test_one_object_alone_is_no_shift():
    assert camera_shift(np.zeros((1, 2)), np.full((1, 2), 90.0), np.ones((1, 1)), 800.0).tolist() == [0, 0]


def test_the_place_is_half_overlap_and_half_nearness_of_like_boxes():
    """IoU 1/3, 20 px apart with a diagonal of 100, areas as 1 to 2: 1 - (1/3 + 0.5 · 0.8) / 2."""
    place = mask_place(np.array([1 / 3, 0.0]), np.array([20.0, 300.0]), np.array([100.0, 100.0]), np.array([0.5, 1]))
    np.testing.assert_allclose(place, [1 - (1 / 3 + 0.4) / 2, 1])
    assert space_place(np.array([0.05, 0.1, 7.0]), 0.1).tolist() == [0.5, 1, 1]


def test_the_place_is_of_what_is_known():
    """0.5 in the image, 0.25 in space with weight 4: 0.3. Beyond the gate the image does not count."""
    nan = np.nan
    place = place_cost(np.array([0.5, 0.5, nan, nan, 0.1]), np.array([0.25, nan, 0.25, nan, 1.0]), 4.0)
    np.testing.assert_allclose(place, [0.3, 0.5, 0.25, 1.0, 1.0])


def test_the_cost_is_place_and_appearance():
    parameters = TrackerParameters(appearance_scale=0.3, appearance_weight=2.0)
    cost = total_cost(np.array([0.3, 1.0, 0.0]), np.array([0.06, np.nan, 1.9]), parameters)
    np.testing.assert_allclose(cost, [0.3 + 2 * 0.2, 1 + 2 * UNKNOWN_LOOK, 2 * WORST_LOOK])


def test_the_look_of_what_was_just_seen_counts_little():
    """After half a second by 1 - exp(-0.5) = 0.393."""
    cost = total_cost(np.array([[0.0], [0.0]]), np.array([[0.3], [0.3]]), TrackerParameters(), np.array([[0.5], [0.0]]))
    np.testing.assert_allclose(cost, [[0.39347], [0.0]], atol=1e-5)


def views(*looks: list[float]) -> Views:
    made = Views(2)
    for one in looks:
        made.add(np.array(one) / np.linalg.norm(one))
    return made


def test_the_nearest_view_counts():
    """The first object was seen as x and as y, the second as x alone; (0.6, 0.8) has 0.2 to y and 0.4 to x."""
    distance = nearest_view([views([1, 0], [0, 1]), views([1, 0]), Views(2)],
                            [np.array([[0.6, 0.8]]), np.zeros((1, 2)), np.array([[1.0, 0], [0, 1]])])  # fmt: skip
    np.testing.assert_allclose(distance, [[0.2, np.nan, 0], [0.4, np.nan, 0], [np.nan] * 3], atol=1e-12)


def test_looks_that_are_alike_are_one_view_and_the_rarest_goes():
    alike = views([1, 0], [1, 0.1], [1, -0.1])
    np.testing.assert_allclose(alike.array, [[1, 0]], atol=0.02)
    turned = [[np.cos(angle), np.sin(angle)] for angle in np.linspace(0, np.pi, MOST + 1)]
    many = views(*turned, *turned[1:MOST])
    assert len(many) == MOST
    assert nearest_view([many], [np.array([turned[0]])])[0, 0] > 0.1, "seen once, and longest ago"
    many.add(np.zeros(2))
    assert len(many) == MOST
    alike.add_all(many)
    assert nearest_view([alike], [np.array([turned[3]])])[0, 0] < 0.05


def test_the_vote_is_weighted_by_score():
    vote = ClassVote()
    for name, score in [("cup", 0.4), ("cup", 0.4), ("unknown", 0.9)]:
        vote.add(name, score)
    assert vote.winner == "unknown"
    assert vote.share == pytest.approx(0.9 / 1.7)
    other = ClassVote()
    other.add("cup", 0.2)
    vote.add_all(other)
    assert vote.winner == "cup"
