"""What stands on the table is told from the table, the floor beside it and the wall behind it."""

import numpy as np
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking

from osis_ros.geometry.locate import Locator
from osis_ros.geometry.standing import standing

TABLE = Cuboid((0, 0, -0.2), (0.5, 0.6, 0.4))  # its top is z = 0
BOX, SHEET = Cuboid((0, 0.1, 0.03), (0.06, 0.06, 0.06)), Cuboid((0.0, -0.1, 0.0005), (0.15, 0.10, 0.001))
CHAIR, WALL = Cuboid((-0.4, 0.2, -0.13), (0.15, 0.15, 0.2)), Cuboid((-1.2, 0.0, 0.3), (0.1, 0.5, 2.0))


def judged(*things: Cuboid, table_too: bool = False) -> list[bool]:
    """Of the things, in their order; the table is the last where it counts as an instance."""
    pose = looking(28, 1.0)
    depth, owner = cast(pose, [*things, TABLE], table=-0.5)
    if not table_too:
        owner = np.where(owner == len(things) + 1, 0, owner)
    instances = instances_of(owner)
    plane = Locator().locate(instances.take(instances.ids == 1), depth, CAMERA).plane
    assert abs(plane.offset - pose[2, 3]) < 2e-3
    return standing(instances, depth, CAMERA, plane).tolist()


def test_things_on_the_table_stand_flat_ones_too():
    assert judged(BOX, SHEET) == [True, True]


def test_a_large_print_on_the_table_is_part_of_it_and_a_thin_book_is_not():
    flat, thin = (Cuboid((0, -0.1, height / 2), (0.15, 0.2, height)) for height in (0.001, 0.008))
    assert judged(BOX, flat) == [True, False]
    assert judged(BOX, thin) == [True, True]


def test_what_lies_below_or_behind_does_not():
    assert judged(BOX, CHAIR, WALL) == [True, False, False]


def test_the_table_itself_does_not():
    assert judged(BOX, table_too=True) == [True, False]


def test_without_depth_nothing_is_judged():
    pose = looking(28, 1.0)
    depth, owner = cast(pose, [BOX, TABLE], table=-0.5)
    instances = instances_of(np.where(owner == 1, 1, 0))
    plane = Locator().locate(instances, depth, CAMERA).plane
    depth[owner == 1] = np.nan
    assert standing(instances, depth, CAMERA, plane).tolist() == [True]
