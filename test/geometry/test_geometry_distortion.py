"""How far a lens bends the image, against formulas computed by hand."""

import pytest

from osis_ros.geometry.distortion import largest_shift
from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.pinhole import Pinhole

CAMERA = Pinhole(641, 481, 400.0, 400.0, 320.0, 240.0)  # its corners are at (±0.8, ±0.6), a radius of 1


def test_no_coefficients_or_zeros_are_no_distortion():
    for d in ([], [0.0] * 5):
        assert largest_shift("plumb_bob", d, CAMERA) == 0
    assert largest_shift("", [], CAMERA) == 0


def test_the_corner_moves_by_the_radial_polynomial():
    assert largest_shift("plumb_bob", [-0.05, 0, 0, 0, 0], CAMERA) == pytest.approx(0.05 * 400)
    assert largest_shift("plumb_bob", [0, 0.02, 0, 0, 0.01], CAMERA) == pytest.approx(0.03 * 400)
    assert largest_shift("rational_polynomial", [0, 0, 0, 0, 0, 0.25, 0, 0], CAMERA) == pytest.approx(0.2 * 400)
    assert largest_shift("equidistant", [1e-9, 0, 0, 0], CAMERA) == pytest.approx((1 - 0.78539816) * 400, rel=1e-3)


@pytest.mark.parametrize(("model", "d"), [("tilted", [0.1]), ("plumb_bob", [0.1]), ("plumb_bob", [float("nan")] * 5)])
def test_a_model_that_nobody_knows_is_one_sentence(model, d):
    with pytest.raises(GeometryError, match=f"distortion model '{model}' with {len(d)} coefficients, expected plumb"):
        largest_shift(model, d, CAMERA)
