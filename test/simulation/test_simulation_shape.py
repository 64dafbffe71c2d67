"""Parts of objects: rods along a path, and what is moved."""

import numpy as np
import pytest

from osis_ros.simulation.lathe import cylinder
from osis_ros.simulation.mesh import ALONG_X, rotation
from osis_ros.simulation.shape import Solid, rods


def test_rods_follow_a_path_from_point_to_point_or_in_as_many_as_asked_for():
    path = np.stack([np.arange(9) * 0.1, np.zeros(9), np.zeros(9)], -1)
    for count, expected in ((None, 8), (4, 4), (1, 1)):
        made = rods(path, 0.01, count)
        assert len(made) == expected
        assert np.mean([solid.position for solid in made], 0) == pytest.approx((0.4, 0, 0))
        lengths = [2 * (solid.size[1] + solid.size[0]) for solid in made]  # a capsule: radius, half of what is straight
        assert lengths == pytest.approx([0.8 / expected] * expected)


def test_a_solid_turns_about_the_origin_before_it_is_shifted():
    solid = Solid("box", (0.1, 0.2, 0.3), (1, 0, 0)).moved((0, 0, 5), rotation("z", 90))
    assert solid.position == pytest.approx((0, 1, 5))
    assert solid.turn @ (1, 0, 0) == pytest.approx((0, 1, 0))
    assert Solid("sphere", (0.1,), (1, 0, 0)).moved((0, 2, 0)).position == (1, 2, 0)


def test_a_cylinder_lies_along_x_when_it_is_turned_so():
    vertices = cylinder(0.02, -0.1, 0.3).moved(rotation=ALONG_X).vertices
    assert vertices.min(0) == pytest.approx((-0.1, -0.02, -0.02), abs=1e-3)
    assert vertices.max(0) == pytest.approx((0.3, 0.02, 0.02), abs=1e-3)
