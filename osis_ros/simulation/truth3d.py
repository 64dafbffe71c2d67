"""Ground truth in space: the true box of each object, from its whole mesh and not only from its visible part."""

from dataclasses import dataclass

import cv2
import mujoco
import numpy as np

from osis_ros.geometry.objects import ON_NOTHING, Objects
from osis_ros.geometry.support_plane import Plane
from osis_ros.simulation.camera import Camera
from osis_ros.simulation.render import Frame
from osis_ros.simulation.scene import Scene, SceneObject


@dataclass(frozen=True, eq=False)
class ObjectTruth:
    """One visible object of a frame, in the world frame: the table top is z = 0.

    Attributes:
        instance_id: as in the frame's instance image.
        body: in the scene's MuJoCo model.
        category, known: what it is, and whether a model can know it.
        centre: [3] metres, of the upright box round the whole object.
        size: [3] metres, the box's longer and shorter horizontal side and its height.
        yaw: radians, of the longer side about z, modulo half a turn.
        visible_share: of the pixels that the object would cover alone, those that it does.
    """

    instance_id: int
    body: int
    category: str
    known: bool
    centre: np.ndarray
    size: np.ndarray
    yaw: float
    visible_share: float


def object_truths(scene: Scene, frame: Frame) -> list[ObjectTruth]:
    """The visible objects of a frame, in the order of their instance ids."""
    world_from_camera = frame.camera.pose
    places = [world_from_camera @ item.pose for item in frame.objects]
    truths = []
    for item, place in zip(frame.objects, places, strict=True):
        body = _body_at(scene, place)
        vertices, triangles = body_mesh(scene, body)
        centre, size, yaw = upright_bounds(vertices)
        alone = _silhouette(vertices, triangles, frame.camera)
        truths.append(
            ObjectTruth(
                item.instance_id,
                body.body,
                item.category,
                item.known,
                centre,
                size,
                yaw,
                min(1.0, item.pixels / max(alone, 1)),
            )
        )
    return truths


def as_objects(truths: list[ObjectTruth], frame: Frame) -> Objects:
    """The true boxes in the camera's optical frame, with the table top as their plane; ids 1..N as in `film.truth`.

    Nothing is measured here: centroid and nearest point are the middle of the box, and there are no points. What the
    objects stand on is not said.
    """
    count = len(truths)
    turn = np.linalg.inv(frame.camera.pose)
    cos, sin = np.cos([item.yaw for item in truths]), np.sin([item.yaw for item in truths])
    axes = np.zeros((count, 3, 3))
    axes[:, 0, 0], axes[:, 0, 1], axes[:, 1, 0], axes[:, 1, 1], axes[:, 2, 2] = cos, -sin, sin, cos, 1
    centres = np.reshape([item.centre for item in truths], (-1, 3))
    world = Objects(
        ids=np.arange(1, count + 1), centroids=centres, nearest=centres, box_centres=centres, box_axes=axes,
        box_sizes=np.reshape([item.size for item in truths], (-1, 3)), supports=np.full(count, ON_NOTHING),
        point_counts=np.zeros(count), valid_shares=np.zeros(count),
        visible_shares=[item.visible_share for item in truths], touching_border=np.zeros(count, bool),
        points=tuple(np.zeros((0, 3), np.float32) for _ in truths), plane=Plane(np.array([0.0, 0.0, 1.0]), 0.0),
    )  # fmt: skip
    return world.transformed(turn)


def _body_at(scene: Scene, place: np.ndarray) -> SceneObject:
    return min(scene.objects, key=lambda item: float(np.abs(item.pose - place).sum()))


def body_mesh(scene: Scene, item: SceneObject) -> tuple[np.ndarray, np.ndarray]:
    """What is seen of an object: vertices [V, 3] in the world frame, metres, and triangles [T, 3] of their indices."""
    model, data = scene.model, scene.data
    vertices, triangles, count = [], [], 0
    for geom in np.flatnonzero(model.geom_bodyid == item.body):
        if model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_MESH:
            continue
        mesh = model.geom_dataid[geom]
        own = model.mesh_vert[model.mesh_vertadr[mesh] :][: model.mesh_vertnum[mesh]]
        faces = model.mesh_face[model.mesh_faceadr[mesh] :][: model.mesh_facenum[mesh]]
        vertices.append(own @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom])
        triangles.append(faces + count)
        count += len(own)
    return np.concatenate(vertices), np.concatenate(triangles)


def upright_bounds(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The upright box of least footprint round points [V, 3]: centre [3], size [3] (longer side first), yaw."""
    middle, (width, depth), angle = cv2.minAreaRect(vertices[:, :2].astype(np.float32))
    yaw = np.deg2rad(angle)
    if depth > width:
        width, depth, yaw = depth, width, yaw + np.pi / 2
    low, high = vertices[:, 2].min(), vertices[:, 2].max()
    return np.array([*middle, (low + high) / 2]), np.array([width, depth, high - low]), float(yaw % np.pi)


def _silhouette(vertices: np.ndarray, triangles: np.ndarray, camera: Camera) -> int:
    """Pixels of the image that the object alone would cover."""
    turn, place = camera.pose[:3, :3], camera.pose[:3, 3]
    local = (vertices - place) @ turn
    if (local[:, 2] <= 0.01).any():
        return camera.width * camera.height
    k = camera.intrinsics
    pixels = local[:, :2] / local[:, 2:] * (k[0, 0], k[1, 1]) + (k[0, 2] - 0.5, k[1, 2] - 0.5)
    fine = 8  # 1/256 px
    shapes = np.round(pixels[triangles] * 2**fine).astype(np.int32)
    picture = np.zeros((camera.height, camera.width), np.uint8)
    for shape in shapes:  # each alone: together OpenCV would fill by the even-odd rule
        cv2.fillConvexPoly(picture, shape, 1, shift=fine)
    return int(picture.sum())
