"""Files that grasp planners read, in the format of each planner's own loader.

A planner gets the whole scene and the masks. With the points of an object alone it could not avoid other objects.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np

from osis_ros.files.atomic import write_whole
from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.inference.label_image import label_image
from osis_ros.instances import Instances

GRASPNET_SIZE = (1280, 720)  # px; graspnet-baseline's demo takes no other
GPD_SAMPLES = 100  # of each object


@dataclass(frozen=True, eq=False)
class GraspScene:
    """One frame, as planners need it.

    Attributes:
        rgb: uint8 [H, W, 3].
        depth: float32 [H, W] metres, NaN where there is none.
        camera: of the depth image.
        instances: the objects that shall be grasped; ids as in `~/instances`.
        stamp: nanoseconds, frame: the camera's optical frame, world_from_camera: [4, 4] or None where it is not known.
    """

    rgb: np.ndarray
    depth: np.ndarray
    camera: Pinhole
    instances: Instances
    stamp: int = 0
    frame: str = ""
    world_from_camera: np.ndarray | None = None

    @property
    def matrix(self) -> np.ndarray:
        """[3, 3] K."""
        c = self.camera
        return np.array([[c.fx, 0, c.cx], [0, c.fy, c.cy], [0, 0, 1]])


def write_planner_files(scene: GraspScene, planner: str, folder: Path) -> list[Path]:
    """Write what a planner reads into a folder, which is made; and scene.json with stamp, frame, camera and ids.

    Args:
        planner: one of `PLANNERS`.
    Returns:
        the files.
    Raises:
        GeometryError: a planner that is not known, or images of different sizes.
        OSError: a file cannot be written.
    """
    if planner not in PLANNERS:
        raise GeometryError(f"planner is '{planner}', expected one of {', '.join(sorted(PLANNERS))}")
    sizes = {scene.rgb.shape[:2], scene.depth.shape, (scene.camera.height, scene.camera.width),
             (scene.instances.height, scene.instances.width)}  # fmt: skip
    if len(sizes) > 1:
        raise GeometryError("colour, depth, camera and instances are not of one size; use depth aligned to colour")
    folder.mkdir(parents=True, exist_ok=True)
    files = {**PLANNERS[planner](scene), "scene.json": _about(scene, planner)}
    for name, content in files.items():
        write_whole(folder / name, content)
    return [folder / name for name in files]


def _about(scene: GraspScene, planner: str) -> str:
    pose = scene.world_from_camera
    instances = scene.instances
    return json.dumps(
        {
            "planner": planner, "stamp": scene.stamp, "frame": scene.frame,
            "world_from_camera": None if pose is None else np.asarray(pose).tolist(),
            "camera_matrix": scene.matrix.tolist(), "width": scene.camera.width, "height": scene.camera.height,
            "objects": [{"id": int(instances.ids[i]), "class_name": instances.class_name(i)}
                        for i in range(len(instances))],
        },
        indent=1,
    )  # fmt: skip


def _npz(**arrays: np.ndarray) -> bytes:
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _metres(scene: GraspScene) -> np.ndarray:
    return np.nan_to_num(scene.depth, nan=0.0).astype(np.float32)


def contact_graspnet(scene: GraspScene) -> dict[str, bytes]:
    """scene.npz for Contact-GraspNet's inference.py: depth in metres, K, segmap with 0 as background, rgb."""
    segmap = label_image(scene.instances).astype(np.int32)
    return {"scene.npz": _npz(depth=_metres(scene), K=scene.matrix, segmap=segmap, rgb=scene.rgb)}


def graspnet_baseline(scene: GraspScene) -> dict[str, bytes]:
    """The folder that graspnet-baseline's demo.py reads, scaled to its fixed 1280×720 without changing the aspect."""
    from scipy.io import savemat

    scale = min(GRASPNET_SIZE[0] / scene.camera.width, GRASPNET_SIZE[1] / scene.camera.height)

    def fitted(image: np.ndarray, interpolation: int) -> np.ndarray:
        size = (round(scene.camera.width * scale), round(scene.camera.height * scale))
        resized = cv2.resize(image, size, interpolation=interpolation)
        missing = (0, GRASPNET_SIZE[1] - size[1], 0, GRASPNET_SIZE[0] - size[0])
        return cv2.copyMakeBorder(resized, *missing, cv2.BORDER_CONSTANT, value=0)

    matrix = scene.matrix
    matrix[:2] *= scale
    matrix[:2, 2] += (scale - 1) / 2  # pixel centres are at whole numbers, before and after
    millimetres = np.clip(np.round(_metres(scene) * 1000), 0, 65535).astype(np.uint16)
    mask = (label_image(scene.instances) > 0).astype(np.uint8) * 255
    meta = BytesIO()
    savemat(meta, {"intrinsic_matrix": matrix, "factor_depth": np.array([[1000.0]])})
    return {
        "color.png": _png(cv2.cvtColor(fitted(scene.rgb, cv2.INTER_LINEAR), cv2.COLOR_RGB2BGR)),
        "depth.png": _png(fitted(millimetres, cv2.INTER_NEAREST)),
        "workspace_mask.png": _png(fitted(mask, cv2.INTER_NEAREST)),
        "meta.mat": meta.getvalue(),
    }


def anygrasp(scene: GraspScene) -> dict[str, bytes]:
    """scene.npz for AnyGrasp: points float32 metres, colors 0..1, lims, and region_mask, one entry a point."""
    rows, columns = np.nonzero(np.isfinite(scene.depth))
    points = scene.camera.points(columns, rows, scene.depth[rows, columns])
    region = label_image(scene.instances)[rows, columns] > 0
    about = points[region] if region.any() else points
    low, high = (about.min(0), about.max(0)) if len(about) else (np.zeros(3), np.zeros(3))
    lims = np.stack([low - 0.02, high + 0.02], axis=1).ravel()  # xmin xmax ymin ymax zmin zmax
    colors = scene.rgb[rows, columns].astype(np.float32) / 255
    return {"scene.npz": _npz(points=points, colors=colors, lims=lims.astype(np.float32), region_mask=region)}


def gpd(scene: GraspScene) -> dict[str, bytes]:
    """scene.pcd, the whole cloud for GPD, and samples.csv, points on the objects at which it looks for grasps."""
    rows, columns = np.nonzero(np.isfinite(scene.depth))
    points = scene.camera.points(columns, rows, scene.depth[rows, columns])
    labels = label_image(scene.instances)[rows, columns]
    rng = np.random.default_rng(0)
    samples = []
    for number in scene.instances.ids.tolist():
        own = np.flatnonzero(labels == number)
        samples.append(points[rng.choice(own, min(GPD_SAMPLES, len(own)), replace=False)])
    samples = np.concatenate(samples) if samples else np.zeros((0, 3), np.float32)
    header = (
        "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n"
        f"WIDTH {len(points)}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {len(points)}\nDATA binary\n"
    )
    lines = "".join(f"{x:.6f},{y:.6f},{z:.6f}\n" for x, y, z in samples.tolist())
    return {"scene.pcd": header.encode() + points.astype("<f4").tobytes(), "samples.csv": lines.encode()}


PLANNERS: dict[str, Callable[[GraspScene], dict[str, bytes]]] = {
    "contact_graspnet": contact_graspnet,
    "graspnet_baseline": graspnet_baseline,
    "anygrasp": anygrasp,
    "gpd": gpd,
}
