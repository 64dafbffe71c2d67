"""Scenes: what lies in them, that it lies still, and that seeds decide everything."""

import mujoco
import numpy as np
import pytest

from osis_ros.simulation.categories import ALL, KNOWN, OUTLIERS, UNKNOWN, build
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.model import compile_scene
from osis_ros.simulation.physics import settle
from osis_ros.simulation.placement import Start, spread
from osis_ros.simulation.scene import make_scene
from osis_ros.simulation.shape import ObjectShape, Solid
from osis_ros.simulation.surroundings import surroundings


def open_table(draw: Draw):
    """Surroundings without walls round the objects."""
    return next(place for i in range(50) if (place := surroundings(draw.child(i), 1)).rim == 0 and not place.shut)


def test_every_category_settles_on_the_table():
    shapes = [build(category, Draw("train", 0, category)) for category in ALL]
    starts = [
        Start(np.array([0.3 * (i % 10 - 4.5), 0.3 * (i // 10 - 4), shape.bounds()[1][2] + 0.002]), np.eye(3))
        for i, shape in enumerate(shapes)
    ]
    place = open_table(Draw("train", 1))
    floor = ObjectShape((), (Solid("box", (3, 3, 0.05), (0, 0, -0.05)),))
    place = type(place)(place.table, place.table_materials, (), floor.solids, (3, 3), 0, False)
    model = compile_scene(place, shapes, starts)
    data = settle(model, 300)
    for body, (category, shape) in enumerate(zip(ALL, shapes, strict=True), 1):
        lowest = min(
            (surface.mesh.vertices @ data.xmat[body].reshape(3, 3).T)[:, 2].min() for surface in shape.surfaces
        )
        sunk = 0.012 if category in OUTLIERS else 0.008  # soft things give way
        assert abs(data.xpos[body][2] + lowest) < sunk, f"{category} touches the table top"
        sideways = np.hypot(*(data.xpos[body] - starts[body - 1].position)[:2])
        assert sideways < 0.15, f"{category} stays about where it was put"


def test_a_bowl_holds_an_apple():
    bowl = next(b for s in range(50) if (b := build("bowl", Draw("train", s))).bounds()[1][0] > 0.085)
    apple = build("apple", Draw("train", 0))
    rim = bowl.bounds()[1][2] * 2
    starts = [Start(np.array([0, 0, rim / 2 + 0.001]), np.eye(3)), Start(np.array([0.005, 0, rim + 0.05]), np.eye(3))]
    model = compile_scene(open_table(Draw("train", 1)), [bowl, apple], starts)
    data = settle(model, 400)
    assert np.hypot(*(data.xpos[2] - data.xpos[1])[:2]) < 0.05, "the apple is over the bowl"
    assert data.xpos[2][2] - apple.bounds()[1][2] < rim * 0.8, "and its bottom below the rim"
    assert data.xpos[2][2] - apple.bounds()[1][2] > -0.005, "yet above the table"


def test_side_by_side_objects_do_not_start_inside_each_other():
    shapes = [build("can", Draw("train", i)) for i in range(6)]
    starts = spread(Draw("train", 0), shapes, (0.5, 0.5))
    model = compile_scene(open_table(Draw("train", 1)), shapes, starts)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    assert all(contact.dist > -0.001 for contact in data.contact[: data.ncon])


def test_the_same_seed_gives_the_same_scene():
    first, again, other = make_scene(11, "train"), make_scene(11, "train"), make_scene(12, "train")
    assert [o.category for o in first.objects] == [o.category for o in again.objects]
    assert all(np.array_equal(a.pose, b.pose) for a, b in zip(first.objects, again.objects, strict=True))
    assert first.data.qpos.tobytes() == again.data.qpos.tobytes() != other.data.qpos.tobytes()


def test_training_scenes_hold_known_objects_only_and_the_others_both():
    seen = {split: {o.category for s in range(3) for o in make_scene(s, split).objects}
            for split in ("train", "val", "test")}  # fmt: skip
    assert seen["train"]
    assert seen["train"] <= set(KNOWN)
    for split in ("val", "test"):
        assert seen[split] & set(KNOWN)
        assert seen[split] & set(UNKNOWN)
        assert not seen[split] & set(OUTLIERS)


def test_scenes_of_outliers_hold_known_objects_and_outliers_but_nothing_of_the_test():
    seen = [o.category for s in range(24) for o in make_scene(s, "outliers").objects]
    assert not set(seen) & set(UNKNOWN)
    known = sum(category in KNOWN for category in seen)
    assert 0.3 < known / len(seen) < 0.7, "about as many known ones as outliers, though there are fewer kinds"


def test_objects_lie_still_and_on_the_table():
    scene = make_scene(3, "demo", object_count=10)
    assert 1 <= len(scene.objects) <= 10
    for item in scene.objects:
        assert item.pose[2, 3] > -0.03
        assert np.allclose(item.pose[:3, :3] @ item.pose[:3, :3].T, np.eye(3), atol=1e-6)


@pytest.mark.parametrize("count", [0, 21])
def test_an_object_count_out_of_range_is_refused(count: int):
    with pytest.raises(ValueError, match=rf"object_count is {count}, expected 1\.\.20"):
        make_scene(0, "train", count)


def test_the_orbit_closes_and_looks_at_the_objects():
    scene = make_scene(0, "demo", object_count=3)
    start, half, end = (scene.orbit(t, period=40).pose for t in (0, 20, 40))
    assert np.allclose(start, end)
    for pose in (start, half):
        assert np.allclose(
            np.linalg.inv(pose) @ [*scene.centre, 1], [0, 0, np.linalg.norm(pose[:3, 3] - scene.centre), 1]
        )


def test_a_cast_is_the_same_in_two_scenes_and_the_rest_is_not():
    cast = [("hammer", build("hammer", Draw("test", 5, "cast"))), ("sponge", build("sponge", Draw("test", 6, "cast")))]
    one, other = (make_scene(seed, "test", 4, cast=cast) for seed in (1, 2))
    for scene in (one, other):
        assert [item.category for item in scene.objects[:2]] == ["hammer", "sponge"]
        assert [item.body for item in scene.objects] == [1, 2, 3, 4]
        assert list(scene.cast[:2]) == cast
        assert [category for category, _ in scene.cast] == [item.category for item in scene.objects]
    np.testing.assert_allclose(one.model.body_mass[1:3], other.model.body_mass[1:3])
    assert not np.allclose(one.model.body_mass[3:5], other.model.body_mass[3:5])


def test_a_cast_of_more_than_the_objects_is_refused():
    shape = build("sponge", Draw("test", 6, "cast"))
    with pytest.raises(ValueError, match="cast has 2 objects, expected at most 1"):
        make_scene(1, "test", 1, cast=[("sponge", shape)] * 2)
