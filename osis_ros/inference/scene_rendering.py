"""An RGB-D frame and its instances to a picture of the scene in space."""

from pathlib import Path

import cv2
import numpy as np

from osis_ros.geometry.grasps import box_grasps
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.rgbd_frame import RgbdFrame
from osis_ros.geometry.scene_picture import Viewpoint, draw_scene
from osis_ros.inference.overlay import colour_of
from osis_ros.instances import Instances

MARK = b"\nosis render\n"  # after the end of the PNG, where viewers do not look


def is_rendering(file: Path) -> bool:
    """Whether `osis render` wrote the file."""
    return file.read_bytes().endswith(MARK)


def drawn(frame: RgbdFrame, instances: Instances, view: Viewpoint, grasps: bool = True) -> tuple[bytes, Objects]:
    """The PNG of the scene, and the objects in it, as the depth corrects them (`Locator.locate_mended`)."""
    objects, mended = Locator().locate_mended(instances, frame.depth, frame.camera)
    rows = [int(np.flatnonzero(mended.ids == id_)[0]) for id_ in objects.ids]
    measured = np.isfinite(frame.depth)
    picture = draw_scene(
        frame.camera.cloud(frame.depth)[measured], frame.rgb[measured], objects,
        [mended.class_name(int(row)) for row in rows], [colour_of(mended, row) for row in rows],
        box_grasps(objects) if grasps else None, view,
    )  # fmt: skip
    return cv2.imencode(".png", picture[..., ::-1])[1].tobytes() + MARK, objects
