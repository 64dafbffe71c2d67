"""Rendering: a scene and a view become a `Frame` of colour, depth, visible instances and ground truth."""

from dataclasses import dataclass

import cv2
import mujoco
import numpy as np

from osis_ros.simulation import model as scene_model
from osis_ros.simulation.camera import Camera
from osis_ros.simulation.gl import MISSING, RenderError
from osis_ros.simulation.lights import apply_lighting
from osis_ros.simulation.scene import Scene, View
from osis_ros.simulation.sensor import expose

MIN_PIXELS = 64  # an object of which fewer pixels are visible is not part of the truth
# Colour is drawn that much larger and scaled down: smoother than 4x multisampling, and faster without a GPU.
_FINER = 1.5
_OPTICAL_TO_GL = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class FrameObject:
    """A visible object: its id in the frame's instance image, category, pose [4, 4] object to camera (optical frame,
    metres), visible pixels, tight box x0 y0 x1 y1 (pixel i covers [i, i+1)), and its body in the MuJoCo model, which is
    the same in every frame of a scene."""

    instance_id: int
    category: str
    known: bool
    pose: np.ndarray
    pixels: int
    box: tuple[int, int, int, int]
    body: int


@dataclass(frozen=True, eq=False)
class Frame:
    """What a perfect RGB-D camera and an oracle see.

    Attributes:
        rgb: uint8 [H, W, 3].
        depth: float32 [H, W] metres along the optical axis, 0 where there is nothing.
        instance_ids: uint16 [H, W], 0 background, else the `instance_id` of the visible object.
        objects: the visible objects; instance ids count from 1.
        stuff_ids: uint8 [H, W], 1 + the index in `surroundings.STUFF` of what is seen; 0 where an object or nothing is.
        camera: intrinsics and pose of the camera.
    """

    rgb: np.ndarray
    depth: np.ndarray
    instance_ids: np.ndarray
    objects: tuple[FrameObject, ...]
    camera: Camera
    stuff_ids: np.ndarray


class Renderer:
    """An off-screen OpenGL context of one image size, for any number of scenes and views.

    Raises:
        RenderError: no usable OpenGL.
        ValueError: an image size that the buffers do not hold.
    """

    def __init__(self, width: int = 640, height: int = 480) -> None:
        if not (16 <= width <= scene_model.MAX_WIDTH and 16 <= height <= scene_model.MAX_HEIGHT):
            raise ValueError(
                f"image size is {width}x{height}, expected 16x16 to {scene_model.MAX_WIDTH}x{scene_model.MAX_HEIGHT}"
            )
        self.width, self.height = width, height
        self._rect = mujoco.MjrRect(0, 0, width, height)
        self._fine = mujoco.MjrRect(0, 0, round(width * _FINER), round(height * _FINER))
        self._scene: Scene | None = None
        self._resources: mujoco.MjrContext | None = None
        try:
            self._gl = mujoco.GLContext(self._fine.width, self._fine.height)
            self._gl.make_current()
            mujoco.MjrContext(mujoco.MjModel.from_xml_string("<mujoco/>"), mujoco.mjtFontScale.mjFONTSCALE_50).free()
        except Exception as err:  # each backend raises its own kinds
            raise RenderError(f"{MISSING} ({err})") from err

    def close(self) -> None:
        """Release the OpenGL context."""
        if self._resources is not None:
            self._gl.make_current()
            self._resources.free()
            self._resources = self._scene = None
        if self._gl is not None:
            self._gl.free()
            self._gl = None

    def __enter__(self) -> "Renderer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def frame(self, scene: Scene, view: View) -> Frame:
        """Take a picture and its truth. The first picture of a scene also uploads its meshes and textures."""
        camera = view.camera
        if (camera.width, camera.height) != (self.width, self.height):
            raise ValueError(f"camera is {camera.width}x{camera.height}, the renderer {self.width}x{self.height}")
        self._load(scene)
        model, data = scene.model, scene.data
        _apply_camera(model, camera)
        apply_lighting(model, view.lighting)
        model.geom_matid[model.geom("table").id] = model.material(f"table{view.table}").id
        mujoco.mj_camlight(model, data)
        self._update()
        clean = self._draw()
        body_image, stuff_ids, depth = self._draw_truth()
        ids, objects = _visible(scene, body_image, camera)
        rgb = expose(clean, depth, view.sensor, np.random.default_rng(view.noise_seed))
        return Frame(rgb, depth, ids, objects, camera, stuff_ids)

    def _load(self, scene: Scene) -> None:
        self._gl.make_current()
        if self._scene is scene:
            return
        if self._resources is not None:
            self._resources.free()
        scene.model.vis.global_.offwidth, scene.model.vis.global_.offheight = self._fine.width, self._fine.height
        self._resources = mujoco.MjrContext(scene.model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._resources)
        self._resources.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._drawn = mujoco.MjvScene(scene.model, maxgeom=scene.model.ngeom + 16)
        self._drawn.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False
        self._stuff_of_geom = scene_model.stuff_of_geoms(scene.model)
        self._scene = scene

    def _update(self) -> None:
        eye = mujoco.MjvCamera()
        eye.type, eye.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, 0
        mujoco.mjv_updateScene(
            self._scene.model, self._scene.data, mujoco.MjvOption(), None, eye, mujoco.mjtCatBit.mjCAT_ALL, self._drawn
        )

    def _draw(self) -> np.ndarray:
        """[H, W, 3] uint8 colour."""
        rgb = np.empty((self._fine.height, self._fine.width, 3), np.uint8)
        mujoco.mjr_render(self._fine, self._drawn, self._resources)
        mujoco.mjr_readPixels(rgb, None, self._fine, self._resources)
        return cv2.resize(rgb, (self.width, self.height), interpolation=cv2.INTER_AREA)[::-1]

    def _draw_truth(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """[H, W] int32 body of each pixel (0: the world), uint8 stuff, and float32 depth, all of one pass."""
        model = self._scene.model
        body_of_segment = np.zeros(self._drawn.ngeom + 2, np.int32)
        stuff_of_segment = np.zeros(self._drawn.ngeom + 2, np.uint8)
        for geom in self._drawn.geoms[: self._drawn.ngeom]:
            if geom.segid >= 0 and geom.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                body_of_segment[geom.segid + 1] = model.geom_bodyid[geom.objid]
                stuff_of_segment[geom.segid + 1] = self._stuff_of_geom[geom.objid]
        flags = self._drawn.flags
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = True
        rgb = np.empty((self.height, self.width, 3), np.uint8)
        z = np.empty((self.height, self.width), np.float32)
        mujoco.mjr_render(self._rect, self._drawn, self._resources)
        mujoco.mjr_readPixels(rgb, z, self._rect, self._resources)
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = False
        segment = rgb[::-1, :, 0].astype(np.int32) + 256 * rgb[::-1, :, 1].astype(np.int32)
        return body_of_segment[segment], stuff_of_segment[segment], _metres(z[::-1])


def _metres(z: np.ndarray) -> np.ndarray:
    """Depth along the optical axis from the reversed depth buffer (1 near, 0 far), 0 where nothing was drawn."""
    near, far = scene_model.NEAR, scene_model.FAR
    depth = near * far / (near + z * (far - near))
    return np.where(z > 0, depth, 0).astype(np.float32)


def _apply_camera(model: mujoco.MjModel, camera: Camera) -> None:
    turn = camera.pose[:3, :3] @ _OPTICAL_TO_GL
    mujoco.mju_mat2Quat(model.cam_quat[0], turn.ravel())
    model.cam_pos[0] = camera.pose[:3, 3]
    k = camera.intrinsics
    model.cam_resolution[0] = camera.width, camera.height
    model.cam_sensorsize[0] = camera.width, camera.height  # lengths in px, so that focal lengths are K's
    # MuJoCo shifts the sensor, K the picture on it: the signs are opposite
    model.cam_intrinsic[0] = k[0, 0], k[1, 1], camera.width / 2 - k[0, 2], camera.height / 2 - k[1, 2]


def _visible(scene: Scene, body_image: np.ndarray, camera: Camera) -> tuple[np.ndarray, tuple[FrameObject, ...]]:
    """Number the objects of which at least MIN_PIXELS are visible, in scene order."""
    counts = np.bincount(body_image.ravel(), minlength=scene.model.nbody)
    number = np.zeros(scene.model.nbody, np.uint16)
    world_to_camera = np.linalg.inv(camera.pose)
    objects = []
    for item in scene.objects:
        if counts[item.body] < MIN_PIXELS:
            continue
        number[item.body] = len(objects) + 1
        mask = body_image == item.body
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        objects.append(FrameObject(len(objects) + 1, item.category, item.known, world_to_camera @ item.pose,
                                   int(counts[item.body]), box, item.body))  # fmt: skip
    return number[body_image], tuple(objects)
