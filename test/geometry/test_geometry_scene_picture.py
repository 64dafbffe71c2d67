"""The picture of a scene in space, by what must be seen where."""

import numpy as np
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking

from osis_ros.geometry.grasps import box_grasps
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.scene_picture import BACKGROUND, GRASP, GRID, Viewpoint, draw_scene
from osis_ros.geometry.wireframe import draw_boxes

RED, BLUE, GREEN = (250, 10, 10), (10, 10, 250), (0, 200, 0)
SMALL = Viewpoint(width=320, height=240)


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(-1).sum())


def scene(view: Viewpoint = SMALL, with_grasps: bool = False) -> tuple[np.ndarray, Objects]:
    depth, owner = cast(looking(50, 0.8), [Cuboid((0, 0, 0.05), (0.06, 0.06, 0.10))])
    objects = Locator().locate(instances_of(owner), depth, CAMERA)
    seen = np.isfinite(depth)
    colours = np.where(owner[..., None] == 1, np.uint8(RED), np.uint8(BLUE))[seen]
    grasps = box_grasps(objects) if with_grasps else None
    return draw_scene(CAMERA.cloud(depth)[seen], colours, objects, ["a cup"], [GREEN], grasps, view), objects


def test_it_shows_the_points_the_edges_of_the_box_and_the_grid():
    picture, _ = scene()
    assert picture.shape == (240, 320, 3)
    assert count(picture, GREEN) > 100
    assert count(picture, BLUE) > 1000
    assert count(picture, GRID) > 100
    assert count(picture, GRASP) == 0
    assert count(scene(with_grasps=True)[0], GRASP) > 20


def test_what_is_near_hides_what_is_behind_it():
    grid = np.stack(np.meshgrid(np.linspace(-0.2, 0.2, 200), np.linspace(-0.2, 0.2, 200)), -1).reshape(-1, 2)
    far, near = (np.column_stack([grid, np.full(len(grid), z)]).astype(np.float32) for z in (1.1, 1.0))
    colours = np.repeat(np.uint8([BLUE, RED]), len(grid), axis=0)
    for order in (1, -1):
        picture = draw_scene(np.concatenate((far, near))[::order], colours[::order], Objects.empty(), [], [],
                             view=Viewpoint(0, 0, 320, 240))  # fmt: skip
        assert tuple(picture[120, 160]) == RED
        assert count(picture, BLUE) < 0.05 * count(picture, RED)


def test_it_can_be_looked_at_from_above_and_from_the_other_side():
    pictures = [scene(Viewpoint(turn, pitch, 320, 240))[0] for turn, pitch in ((0, 40), (180, 40), (0, 89))]
    assert all(count(picture, GREEN) > 100 for picture in pictures)
    assert not np.array_equal(pictures[0], pictures[1])


def test_an_empty_scene_is_an_empty_picture():
    nothing = np.zeros((0, 3), np.float32)
    picture = draw_scene(nothing, nothing.astype(np.uint8), Objects.empty(), [], [], view=SMALL)
    assert count(picture, BACKGROUND) == picture.shape[0] * picture.shape[1]


def test_the_boxes_on_the_image_have_their_corners_where_the_camera_sees_them():
    _, objects = scene()
    box = objects.box(0)
    black = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
    drawn = draw_boxes(black, [box], CAMERA, [GREEN])
    for column, row in np.round(CAMERA.project(box.corners())).astype(int):
        assert (drawn[row - 1 : row + 2, column - 1 : column + 2, 1] > 100).any()
    assert not black.any()
    behind = type(box)(box.centre * [1, 1, -1], box.axes, box.size)
    assert not draw_boxes(black, [behind], CAMERA, [GREEN]).any()
