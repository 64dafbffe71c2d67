"""Frames: geometry worked out by hand, truth that agrees with itself, and the same bytes for the same seed."""

from dataclasses import replace

import numpy as np
import pytest

from osis_ros.simulation.camera import Camera, look_at, pinhole
from osis_ros.simulation.categories import build
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.lathe import lathe
from osis_ros.simulation.materials import Material
from osis_ros.simulation.model import compile_scene
from osis_ros.simulation.physics import settle
from osis_ros.simulation.placement import Start
from osis_ros.simulation.render import MIN_PIXELS, Renderer
from osis_ros.simulation.scene import Scene, SceneObject, make_scene
from osis_ros.simulation.shape import ObjectShape, Solid, Surface
from osis_ros.simulation.surroundings import STUFF, surroundings

RADIUS = 0.04


@pytest.fixture(scope="module")
def renderer():
    with Renderer(320, 240) as opened:
        yield opened


def ball() -> ObjectShape:
    angle = np.linspace(-np.pi / 2, np.pi / 2, 65)
    mesh = lathe(RADIUS * np.stack([np.cos(angle), np.sin(angle)], -1), 96, crease=180)
    return ObjectShape((Surface(mesh, Material(np.array([1.0, 0, 0]))),), (Solid("sphere", (RADIUS,)),))


def scene_of(*places: tuple[float, float, float]) -> Scene:
    """Balls at given places on an empty table."""
    place = surroundings(Draw("train", 0), 1)
    place = replace(place, surfaces=(), solids=(Solid("box", (1, 1, 0.05), (0, 0, -0.05)),))
    starts = [Start(np.array(at), np.eye(3)) for at in places]
    model = compile_scene(place, [ball()] * len(places), starts)
    data = settle(model, 0)
    objects = []
    for body in range(1, len(places) + 1):
        pose = np.eye(4)
        pose[:3, 3] = data.xpos[body]
        objects.append(SceneObject("apple", body, pose))
    return Scene(0, "train", tuple(objects), model, data, 1, np.zeros(3), 0.1, False)


def view_from(scene: Scene, position, target, intrinsics=None):
    intrinsics = pinhole(320, 240, 50) if intrinsics is None else intrinsics
    view = scene.view(0, 320, 240)
    return replace(
        view, camera=Camera(320, 240, intrinsics, look_at(np.array(position, float), np.array(target, float)))
    )


def test_a_ball_seen_from_above_has_the_depth_and_size_of_the_formula(renderer):
    scene = scene_of((0, 0, RADIUS))
    frame = renderer.frame(scene, view_from(scene, (0, 0, 0.5), (0, 0, 0)))
    assert frame.depth[120, 160] == pytest.approx(0.5 - 2 * RADIUS, abs=2e-4)
    assert frame.depth[120, 40] == pytest.approx(0.5, abs=2e-4)  # the table: depth is along the axis, not along the ray
    focal, distance = 120 / np.tan(np.deg2rad(25)), 0.5 - RADIUS
    silhouette = focal * RADIUS / np.sqrt(distance**2 - RADIUS**2)
    assert frame.objects[0].pixels == pytest.approx(np.pi * silhouette**2, rel=0.015)


def test_an_offset_principal_point_shifts_the_picture_as_much(renderer):
    scene = scene_of((0, 0, RADIUS))
    intrinsics = pinhole(320, 240, 50, (30, -20))
    frame = renderer.frame(scene, view_from(scene, (0, 0, 0.5), (0, 0, 0), intrinsics))
    rows, columns = np.nonzero(frame.instance_ids == 1)
    assert columns.mean() + 0.5 == pytest.approx(160 + 30, abs=0.6)
    assert rows.mean() + 0.5 == pytest.approx(120 - 20, abs=0.6)


def test_the_optical_frame_has_x_right_and_y_down(renderer):
    scene = scene_of((0.1, 0, RADIUS), (0, 0.08, RADIUS))
    frame = renderer.frame(scene, view_from(scene, (0, 0, 0.5), (0, 0, 0)))  # image up is +y
    right, up = frame.objects
    assert right.pose[:3, 3] == pytest.approx([0.1, 0, 0.5 - RADIUS], abs=1e-6)
    assert up.pose[:3, 3] == pytest.approx([0, -0.08, 0.5 - RADIUS], abs=1e-6)
    assert right.box[0] > 160
    assert up.box[3] < 120


def test_object_poses_project_into_their_masks(renderer):
    """Balls side by side, so the projected centre must hit the visible mask from any side."""
    scene = scene_of((-0.15, 0, RADIUS), (0, 0.1, RADIUS), (0.12, -0.1, RADIUS))
    for heading in np.linspace(0, 2 * np.pi, 5):
        eye = 0.7 * np.array([0.6 * np.cos(heading), 0.6 * np.sin(heading), 0.8])
        frame = renderer.frame(scene, view_from(scene, eye, (0, 0, 0)))
        assert len(frame.objects) == 3
        for item in frame.objects:
            u, v, w = frame.camera.intrinsics @ item.pose[:3, 3]
            assert frame.instance_ids[int(v / w), int(u / w)] == item.instance_id


def test_depth_under_a_mask_lies_on_its_object():
    with Renderer(320, 240) as renderer:
        for seed in (0, 1, 2):
            scene = make_scene(seed, "train")
            frame = renderer.frame(scene, scene.view(0, 320, 240))
            rows, columns = np.mgrid[:240, :320] + 0.5
            rays = np.stack([columns, rows, np.ones_like(rows)], -1) @ np.linalg.inv(frame.camera.intrinsics).T
            points = rays * frame.depth[..., None]
            for item in frame.objects:
                mine = points[frame.instance_ids == item.instance_id]
                local = (mine - item.pose[:3, 3]) @ item.pose[:3, :3]
                assert np.linalg.norm(local, axis=1).max() < 0.2, "within the size of the largest object"


def test_boxes_and_pixel_counts_are_those_of_the_masks(renderer):
    scene = make_scene(5, "test", object_count=12)
    frame = renderer.frame(scene, scene.view(1, 320, 240))
    assert [item.instance_id for item in frame.objects] == list(range(1, len(frame.objects) + 1))
    assert frame.instance_ids.max() == len(frame.objects)
    for item in frame.objects:
        rows, columns = np.nonzero(frame.instance_ids == item.instance_id)
        assert item.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert item.pixels == len(rows) >= MIN_PIXELS


def test_an_object_of_which_few_pixels_are_visible_is_left_out(renderer):
    scene = scene_of((0, 0, RADIUS), (0, 0, 3 * RADIUS), (0.3, 0, RADIUS))
    frame = renderer.frame(scene, view_from(scene, (0, 0, 0.6), (0, 0, 0)))  # the first hides under the second
    assert len(frame.objects) == 2
    far = renderer.frame(scene, view_from(scene, (0, 0.1, 4.9), (0, 0, 0)))
    assert far.objects == ()
    assert far.instance_ids.max() == 0


def test_the_stuff_of_a_pixel_is_what_lies_at_its_height(renderer):
    """By depth: the table top is at 0 m and its edge 3 cm high, the floor at -0.75 m, a bin's rim up to .16 m."""
    height = {"table": (-0.034, 0.001), "floor": (-0.751, -0.749), "bin": (-0.001, 0.161), "mat": (-0.001, 0.003),
              "shelf": (-0.001, 0.301), "tray": (-0.001, 0.036), "wall": (-0.751, 2.46), "furniture": (-0.751, 0.101),
              }  # fmt: skip
    seen = set()
    for seed in (0, 10, 12):
        scene = make_scene(seed, "test", object_count=3)
        frame = renderer.frame(scene, scene.view(0, 320, 240))
        rows, columns = np.mgrid[:240, :320] + 0.5
        rays = np.stack([columns, rows, np.ones_like(rows)], -1) @ np.linalg.inv(frame.camera.intrinsics).T
        z = (rays * frame.depth[..., None]) @ frame.camera.pose[2, :3] + frame.camera.pose[2, 3]
        assert not (frame.stuff_ids[frame.instance_ids > 0]).any(), "an object is no stuff"
        for number in np.unique(frame.stuff_ids[frame.stuff_ids > 0]):
            low, high = height[STUFF[number - 1]]
            inside = z[frame.stuff_ids == number]
            # multisampling is off in the truth pass, and depth is float32: a millimetre at these distances
            assert low - 0.002 <= inside.min(), STUFF[number - 1]
            assert inside.max() <= high + 0.002, STUFF[number - 1]
            seen.add(STUFF[number - 1])
    assert seen >= {"table", "mat", "bin", "shelf", "floor", "wall"}, seen


def test_the_same_seed_gives_the_same_bytes_in_a_fresh_renderer():
    frames = []
    for _ in range(2):
        with Renderer(320, 240) as renderer:
            scene = make_scene(4, "val")
            frames.append(renderer.frame(scene, scene.view(0, 320, 240)))
    first, again = frames
    assert first.rgb.tobytes() == again.rgb.tobytes()
    assert first.depth.tobytes() == again.depth.tobytes()
    assert first.instance_ids.tobytes() == again.instance_ids.tobytes()


def test_a_scene_looks_the_same_after_another_was_shown(renderer):
    scene, other = make_scene(4, "val"), make_scene(5, "val")
    before = renderer.frame(scene, scene.view(0, 320, 240)).rgb
    renderer.frame(scene, scene.view(1, 320, 240))
    renderer.frame(other, other.view(0, 320, 240))
    assert np.array_equal(before, renderer.frame(scene, scene.view(0, 320, 240)).rgb)


def test_views_of_one_scene_differ_and_are_not_black_or_white(renderer):
    scene = make_scene(2, "train")
    pictures = [renderer.frame(scene, scene.view(i, 320, 240)).rgb for i in range(3)]
    assert not np.array_equal(pictures[0], pictures[1])
    assert all(15 < picture.mean() < 240 for picture in pictures)


def test_prints_are_not_mirrored(renderer):
    """A box printed dark on the left half of each panel, seen from its +x side, is dark on the left."""
    from osis_ros.simulation.box import rounded_box

    panel = np.full((32, 32, 3), 255, np.uint8)
    panel[:, :16] = 0
    shape = ObjectShape(
        (Surface(rounded_box((0.1, 0.1, 0.1), 0.001), Material(np.ones(3), np.tile(panel, (2, 3, 1)))),),
        (Solid("box", (0.05, 0.05, 0.05)),),
    )
    scene = scene_of((0, 0, RADIUS))
    place = replace(surroundings(Draw("train", 0), 1), surfaces=(), solids=(Solid("box", (1, 1, 0.05), (0, 0, -0.05)),))
    model = compile_scene(place, [shape], [Start(np.array([0, 0, 0.05]), np.eye(3))])
    scene = replace(scene, model=model, data=settle(model, 0))
    frame = renderer.frame(scene, view_from(scene, (0.5, 0, 0.05), (0, 0, 0.05)))
    x0, y0, x1, y1 = frame.objects[0].box
    middle = frame.rgb[(y0 + y1) // 2 - 5 : (y0 + y1) // 2 + 5].mean((0, 2))
    assert middle[x0 + 5 : (x0 + x1) // 2 - 5].mean() < 0.6 * middle[(x0 + x1) // 2 + 5 : x1 - 5].mean()


def test_a_camera_of_another_size_is_refused(renderer):
    scene = scene_of((0, 0, RADIUS))
    with pytest.raises(ValueError, match="camera is 640x480, the renderer 320x240"):
        renderer.frame(scene, scene.view(0))


@pytest.mark.parametrize("size", [(8, 240), (320, 5000)])
def test_an_impossible_image_size_is_refused(size):
    with pytest.raises(ValueError, match=r"image size is \d+x\d+, expected 16x16 to 1920x1200"):
        Renderer(*size)


def test_a_category_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="category is 'sofa', expected one of mug, bottle"):
        build("sofa", Draw("train", 0))
