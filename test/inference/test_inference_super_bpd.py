"""Super-BPD's groups on fields whose boundaries are known."""

import numpy as np

from osis_ros.inference.super_bpd import Rules, group_pixels, parents, super_pixels


def away_from(*disks: tuple[int, int, int], side: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """The true field of a ground with disks (row, column, radius), and the number of each pixel's segment."""
    from scipy.ndimage import distance_transform_edt

    rows, columns = np.indices((side, side))
    segments = np.zeros((side, side), int)
    for number, (row, column, radius) in enumerate(disks, 1):
        segments[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = number
    field = np.zeros((2, side, side))
    for number in np.unique(segments):
        inside = np.pad(segments == number, 1)
        nearest = distance_transform_edt(inside, return_distances=False, return_indices=True)
        field += ((np.indices(inside.shape) - nearest) * inside)[:, 1:-1, 1:-1]
    return field, segments


def test_two_disks_on_a_ground_are_three_groups():
    """13 super-pixels become 3 groups that cover ground and disks with an IoU of 98 % at least."""
    field, segments = away_from((20, 20, 14), (44, 44, 12))
    angle = np.degrees(np.arctan2(field[1], field[0])) % 360
    assert super_pixels(parents(angle), angle.shape).max() + 1 == 13
    groups = group_pixels(field)
    assert sorted(np.unique(groups)) == [0, 1, 2]
    for number in range(3):
        true, found = segments == number, groups == np.bincount(groups[segments == number]).argmax()
        assert (true & found).sum() / (true | found).sum() > 0.98


def test_halves_that_meet_at_the_frame_leak():
    """A weakness of the published rules: roots on the diagonals of the corners touch across the common side."""
    rows, columns = np.indices((64, 64))
    away = np.minimum(columns % 32 + 1, 32 - columns % 32)
    vertical = np.where(rows < 32, rows + 1, 64 - rows)
    field = np.stack((
        np.where(vertical < away, np.where(rows < 32, 1, -1), 0),
        np.where(vertical < away, 0, np.where(columns % 32 < 16, 1, -1)),
    ))  # fmt: skip
    assert group_pixels(field).max() == 0


def test_the_parent_lies_in_the_direction_and_turns_make_roots():
    """All to the right: the last column has no neighbour, so each row leads to its end. Face to face: two roots."""
    right = np.full((2, 4), 90.0)
    assert parents(right).tolist() == [1, 2, 3, 3, 5, 6, 7, 7]
    facing = np.array([[90.0, 90.0, 270.0, 270.0]])
    assert parents(facing).tolist() == [1, 1, 2, 2]
    assert parents(np.array([[90.0, 134.0, 100.0]]))[0] == 1  # a turn of 44 degrees
    assert parents(np.array([[90.0, 136.0, 100.0]]))[0] == 0  # of 46: a root


def test_each_of_eight_directions_has_its_neighbour():
    for number, neighbour in enumerate([(2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0), (1, 0), (2, 0)]):
        for angle in (45 * number - 22, 45 * number + 22):
            found = parents(np.full((3, 3), angle % 360.0))[4]
            assert divmod(int(found), 3) == neighbour


def test_roots_three_cells_apart_are_one_super_pixel():
    for apart, count in ((3, 1), (4, 2)):
        parent = np.zeros(20, int)
        parent[apart:] = apart  # roots 0 and `apart`; every cell leads to one of them
        assert super_pixels(parent, (1, 20)).max() + 1 == count


def test_cells_that_lead_round_in_a_circle_are_one_super_pixel():
    assert super_pixels(np.array([1, 2, 0, 3]), (1, 4)).tolist() == [[0, 0, 0, 1]]


def opposed(width: int) -> np.ndarray:
    """Left half to the left, right half to the right: a boundary in the middle, each side leads away from it."""
    field = np.zeros((2, 40, width))
    field[1, :, : width // 2], field[1, :, width // 2 :] = -1, 1
    return field


def test_opposite_directions_are_never_merged_however_small_the_parts():
    assert group_pixels(opposed(8)).max() + 1 == 2


def test_small_parts_are_merged_at_any_angle_and_large_ones_by_theirs():
    """Left and right, each 10 degrees downwards, are 160 degrees apart, which does not repel."""
    field = opposed(24)
    field[0] = np.tan(np.radians(10))
    assert group_pixels(field, Rules(small=1000)).max() + 1 == 1
    assert group_pixels(field, Rules(small=100)).max() + 1 == 2
    assert group_pixels(field, Rules(small=100, small_angle=161)).max() + 1 == 1
    assert group_pixels(field, Rules(small=100, small_angle=161, large=300)).max() + 1 == 2  # 480 cells: large


def test_areas_follow_the_stride():
    assert (Rules().at_stride(4).small, Rules().at_stride(4).large) == (250 / 16, 1500 / 16)
