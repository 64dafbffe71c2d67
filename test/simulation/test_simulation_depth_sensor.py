"""The noise of depth cameras has the size and the places that its figures say."""

import numpy as np
import pytest

from osis_ros.simulation.depth_sensor import SENSORS, DepthSensor, measure

FOCAL = 600.0


def wall(z: float) -> np.ndarray:
    return np.full((120, 160), z, np.float32)


def plain(**changes: float) -> DepthSensor:
    """A sensor with one fault at a time."""
    figures = {"baseline": 0.05, "scatter": 0.0, "step": 1e-6, "shift": 0.0, "nearest": 0.1, "farthest": 9.0,
               "flying": 0.0, "holes": 0.0} | changes  # fmt: skip
    return DepthSensor(**figures)


def test_no_sensor_no_noise():
    depth = wall(0.8)
    np.testing.assert_array_equal(measure(depth, FOCAL, None, np.random.default_rng(0)), depth)


@pytest.mark.parametrize("z", [0.5, 0.8, 1.5])
def test_depth_scatters_with_the_square_of_the_distance(z):
    measured = measure(wall(z), FOCAL, plain(scatter=0.08), np.random.default_rng(0))
    assert measured.std() == pytest.approx(z**2 * 0.08 / (FOCAL * 0.05), rel=0.05)
    assert measured.mean() == pytest.approx(z, abs=2e-4)


def test_disparities_come_in_steps():
    measured = measure(wall(0.8), FOCAL, plain(scatter=0.3, step=1 / 8), np.random.default_rng(0))
    disparities = FOCAL * 0.05 / np.unique(measured)
    np.testing.assert_allclose(disparities * 8, np.round(disparities * 8), atol=1e-3)


def test_the_second_eye_leaves_a_shadow_left_of_what_stands_in_front():
    depth = wall(1.0)
    depth[:, 80:120] = 0.5  # 30 px of disparity behind, 60 px in front
    measured = measure(depth, FOCAL, plain(), np.random.default_rng(0))
    lost = np.flatnonzero(measured[60] == 0)
    assert lost.min() == pytest.approx(50, abs=1)
    assert lost.max() == pytest.approx(79, abs=1)


def test_nothing_comes_from_too_near_and_too_far():
    depth = wall(0.8)
    depth[:, :40], depth[:, 120:] = 0.2, 8.0
    measured = measure(depth, FOCAL, plain(nearest=0.28, farthest=6.0), np.random.default_rng(0))
    assert (measured[:, :40] == 0).all()
    assert (measured[:, 120:] == 0).all()


def test_flying_pixels_lie_between_the_two_surfaces_and_only_at_the_edge():
    depth = wall(1.0)
    depth[:, :80] = 0.6
    measured = measure(depth, FOCAL, plain(flying=0.5), np.random.default_rng(0))
    off = (np.abs(measured - depth) > 1e-3) & (measured > 0)
    assert set(np.flatnonzero(off.any(0)).tolist()) <= {79, 80}
    assert ((measured[off] > 0.6) & (measured[off] < 1.0)).all()


def test_one_seed_one_picture():
    depth = wall(0.7)
    first, second, other = (measure(depth, FOCAL, SENSORS["stereo"], np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
