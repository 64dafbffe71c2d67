"""A mask of low score counts if the depth shows a thing there that no better mask has."""

import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking

from osis_ros.geometry.locate import NOT_CONFIRMED, Locator

BOX, CAN = Cuboid((0, 0.1, 0.03), (0.06, 0.06, 0.06)), Cuboid((0.0, -0.1, 0.04), (0.06, 0.06, 0.08))
PLATE = Cuboid((0.12, 0.0, 0.0005), (0.08, 0.08, 0.001))


def kept(scores: list[float], *things: Cuboid, merged: tuple[int, int] = (), sure: float = 0.4) -> tuple[list, dict]:
    """Ids that are left, and why the others are not; a further instance covers the two `merged` ones."""
    depth, owner = cast(looking(50, 0.8), list(things), CAMERA)
    instances = instances_of(owner)
    if merged:
        both = instances_of(np.where(np.isin(owner, merged), len(things) + 1, 0))
        instances = instances.replaced(
            **{name: np.concatenate([getattr(instances, name), getattr(both, name)]) for name in instances.columns()
               if getattr(instances, name) is not None}, masks=(*instances.masks, *both.masks))  # fmt: skip
    instances = instances.replaced(scores=np.array(scores))
    objects, left = Locator().locate_mended(instances, depth, CAMERA, add=False, sure=sure)
    assert left.ids.tolist() == objects.ids.tolist()
    return left.ids.tolist(), objects.missing


def test_a_thing_on_the_table_is_confirmed_however_low_its_score():
    assert kept([0.9, 0.05], BOX, CAN) == ([1, 2], {})


def test_a_pattern_of_the_table_is_not():
    assert kept([0.9, 0.3], BOX, PLATE) == ([1], {2: NOT_CONFIRMED})
    assert kept([0.9, 0.4], BOX, PLATE) == ([1, 2], {})


def test_a_mask_over_better_ones_is_not():
    assert kept([0.9, 0.3, 0.2], BOX, CAN, merged=(1, 2)) == ([1, 2], {3: NOT_CONFIRMED})
    assert kept([0.2, 0.1, 0.3], BOX, CAN, merged=(1, 2)) == ([3], {1: NOT_CONFIRMED, 2: NOT_CONFIRMED})


def test_furniture_is_not():
    assert kept([0.9, 0.3], BOX, Cuboid((-0.1, -0.15, 0.1), (0.1, 0.4, 0.2)))[0] == [1]


@pytest.mark.parametrize("sure", [0.0, 0.4])
def test_without_a_plane_the_score_alone_counts(sure):
    small = Cuboid((0.0, -0.1, 0.01), (0.02, 0.02, 0.02))  # too small to pass for the plane
    depth, owner = cast(looking(50, 0.8), [BOX, small], CAMERA, table=None)
    instances = instances_of(owner).replaced(scores=np.array([0.9, 0.3]))
    objects, left = Locator().locate_mended(instances, depth, CAMERA, sure=sure)
    assert objects.plane is None
    assert left.ids.tolist() == ([1, 2] if sure == 0 else [1])
