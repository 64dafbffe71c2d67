"""Each planner's files, read back by the rules that its own loader has."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from ray_scene import CAMERA, Cuboid, cast, instances_of, looking
from scipy.io import loadmat

from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.planner_files import PLANNERS, GraspScene, write_planner_files

BRICK, CUBE = Cuboid((0.02, -0.03, 0.05), (0.12, 0.06, 0.10), 0.4), Cuboid((0.0, 0.2, 0.03), (0.06, 0.06, 0.06))


@pytest.fixture(scope="module")
def scene() -> GraspScene:
    pose = looking(50, 0.8)
    depth, owner = cast(pose, [BRICK, CUBE])
    depth[:, :20] = np.nan
    rgb = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    return GraspScene(rgb, depth, CAMERA, instances_of(owner), 12_345, "camera_optical", pose)


def test_contact_graspnet_reads_its_keys_units_and_segments(scene, tmp_path):
    write_planner_files(scene, "contact_graspnet", tmp_path)
    data = np.load(tmp_path / "scene.npz", allow_pickle=False)
    depth, k, segmap, rgb = data["depth"], data["K"].reshape(3, 3), data["segmap"], data["rgb"]
    assert depth.dtype == np.float32
    assert depth[:, :20].max() == 0
    assert set(np.unique(segmap).tolist()) == {0, 1, 2}
    # its own way from depth to points: x = (u - cx) z / fx; the brick's top must lie 0.10 m above the table
    rows, columns = np.nonzero((segmap == 1) & (depth > 0.2) & (depth < 1.8))
    z = depth[rows, columns]
    points = np.stack([(columns - k[0, 2]) * z / k[0, 0], (rows - k[1, 2]) * z / k[1, 1], z], 1)
    world = points @ scene.world_from_camera[:3, :3].T + scene.world_from_camera[:3, 3]
    assert world[:, 2].max() == pytest.approx(0.10, abs=1e-3)
    np.testing.assert_array_equal(rgb, scene.rgb)


def test_graspnet_baseline_reads_its_folder(scene, tmp_path):
    write_planner_files(scene, "graspnet_baseline", tmp_path)
    color = cv2.imread(str(tmp_path / "color.png"))
    depth = cv2.imread(str(tmp_path / "depth.png"), cv2.IMREAD_UNCHANGED)
    mask = cv2.imread(str(tmp_path / "workspace_mask.png"), cv2.IMREAD_UNCHANGED) > 0
    meta = loadmat(tmp_path / "meta.mat")
    assert color.shape == (720, 1280, 3)
    assert (depth.shape, depth.dtype) == ((720, 1280), np.uint16)
    k, factor = meta["intrinsic_matrix"], meta["factor_depth"].item()
    rows, columns = np.nonzero(mask & (depth > 0))
    z = depth[rows, columns] / factor
    points = np.stack([(columns - k[0, 2]) * z / k[0, 0], (rows - k[1, 2]) * z / k[1, 1], z], 1)
    world = points @ scene.world_from_camera[:3, :3].T + scene.world_from_camera[:3, 3]
    assert world[:, 2].max() == pytest.approx(0.10, abs=2e-3)
    assert world[:, 2].min() > -3e-3
    centre = (np.abs(world[:, 1] - 0.2) < 0.02).any()  # the cube is there, at its own place
    assert centre


def test_anygrasp_reads_points_colours_and_region(scene, tmp_path):
    write_planner_files(scene, "anygrasp", tmp_path)
    data = np.load(tmp_path / "scene.npz", allow_pickle=False)
    points, colors, lims, region = (data[name] for name in ("points", "colors", "lims", "region_mask"))
    assert points.dtype == np.float32
    assert 0 <= colors.min() <= colors.max() <= 1
    assert len(points) == len(colors) == len(region)
    xmin, xmax, ymin, ymax, zmin, zmax = lims
    inside = (points >= (xmin, ymin, zmin)).all(1) & (points <= (xmax, ymax, zmax)).all(1)
    assert inside[region].all()
    assert inside.mean() < 0.5


def test_gpd_reads_the_cloud_and_samples_on_the_objects(scene, tmp_path):
    write_planner_files(scene, "gpd", tmp_path)
    raw = (tmp_path / "scene.pcd").read_bytes()
    header, _, body = raw.partition(b"DATA binary\n")
    count = int(next(line.split()[1] for line in header.decode().splitlines() if line.startswith("POINTS")))
    points = np.frombuffer(body, "<f4").reshape(count, 3)
    assert np.isfinite(points).all()
    samples = np.loadtxt(tmp_path / "samples.csv", delimiter=",")
    assert len(samples) == 200
    world = samples @ scene.world_from_camera[:3, :3].T + scene.world_from_camera[:3, 3]
    assert (world[:, 2] > -1e-3).all()


@pytest.mark.parametrize("planner", sorted(PLANNERS))
def test_every_folder_says_what_it_is_of(scene, tmp_path, planner):
    files = write_planner_files(scene, planner, tmp_path / "new" / planner)
    assert all(file.is_file() for file in files)
    about = json.loads((tmp_path / "new" / planner / "scene.json").read_text())
    assert (about["stamp"], about["frame"], [item["id"] for item in about["objects"]]) == (
        12_345,
        "camera_optical",
        [1, 2],
    )
    np.testing.assert_allclose(about["world_from_camera"], scene.world_from_camera)


def test_what_cannot_be_written_is_told(scene, tmp_path: Path):
    with pytest.raises(GeometryError, match=r"planner is 'moveit', expected one of anygrasp, contact_graspnet, gpd"):
        write_planner_files(scene, "moveit", tmp_path)
    import dataclasses

    with pytest.raises(GeometryError, match="not of one size"):
        write_planner_files(dataclasses.replace(scene, rgb=scene.rgb[::2]), "gpd", tmp_path)
