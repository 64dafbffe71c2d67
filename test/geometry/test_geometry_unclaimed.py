"""What depth adds to the masks of a colour image, and what it takes away."""

import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking

from osis_ros.geometry.locate import NOT_STANDING, Locator

POSE = looking(50, 0.9)
BRICKS = [Cuboid((-0.05, -0.12, 0.03), (0.10, 0.06, 0.06)), Cuboid((0.02, 0.10, 0.04), (0.06, 0.06, 0.08), 0.4)]


@pytest.fixture(scope="module")
def seen() -> tuple[np.ndarray, np.ndarray]:
    return cast(POSE, BRICKS)


def test_a_thing_without_a_mask_is_an_unknown_object(seen):
    depth, owner = seen
    found = instances_of(np.where(owner == 1, 7, 0))
    objects, instances = Locator().locate_mended(found, depth, CAMERA)
    assert instances.ids.tolist() == objects.ids.tolist() == [7, 8]
    assert instances.unknown.tolist() == [False, True]
    assert instances.scores[1] == 0
    overlap = instances.full_mask(1) & (owner == 2)
    assert np.count_nonzero(overlap) > 0.9 * np.count_nonzero(owner == 2)
    np.testing.assert_allclose(objects.transformed(POSE).box_centres[1], BRICKS[1].centre, atol=0.01)
    alone, same = Locator().locate_mended(found, depth, CAMERA, add=False)
    assert alone.ids.tolist() == same.ids.tolist() == [7]


def test_the_halo_of_a_mask_that_is_a_little_too_small_is_no_object(seen):
    import cv2

    depth, owner = seen
    tight = [cv2.erode((owner == label).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0 for label in (1, 2)]
    found = instances_of(np.where(tight[0], 1, np.where(tight[1], 2, 0)))
    _, instances = Locator().locate_mended(found, depth, CAMERA)
    assert instances.ids.tolist() == [1, 2]


def test_a_mask_of_the_table_is_dropped_with_the_reason(seen):
    depth, owner = seen
    table = np.where((owner == 0) & (np.arange(640) > 200)[None] & (np.arange(480) > 100)[:, None], 3, owner)
    found = instances_of(table)
    objects, instances = Locator().locate_mended(found, depth, CAMERA)
    assert instances.ids.tolist() == objects.ids.tolist() == [1, 2]
    assert objects.missing == {3: NOT_STANDING}
    kept, _ = Locator().locate_mended(found, depth, CAMERA, drop=False)
    assert 3 in kept.ids
