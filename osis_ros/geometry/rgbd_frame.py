"""A colour image with the depth image that is aligned to it, and frames of these in a folder."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from osis_ros.geometry.depth import depth_in_metres
from osis_ros.geometry.errors import GeometryError
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.inference.image_file import read_image

CAMERA_FILE = "camera_params.json"
PRINCIPAL = {"cx": "x_offset", "cy": "y_offset"}  # other names that files have for them


@dataclass(frozen=True, eq=False)
class RgbdFrame:
    """One moment of an RGB-D camera.

    Attributes:
        name: for messages.
        rgb: uint8 [H, W, 3].
        depth: float32 [H, W] metres, NaN where there is none.
        camera: of both images.
    """

    name: str
    rgb: np.ndarray
    depth: np.ndarray
    camera: Pinhole


def frame_of_folder(folder: Path, name: str | None = None, camera_file: Path | None = None) -> RgbdFrame:
    """A frame of a folder with NAME-color.png (or .jpg) and NAME-depth.png, 16-bit millimetres.

    Args:
        name: of the frame; the first one of the folder when None.
        camera_file: JSON with fx, fy, cx and cy (or x_offset and y_offset) in pixels, the first pixel's centre at 0;
            `camera_params.json` in the folder when None.
    Raises:
        GeometryError: no such frame, or a file that cannot be used.
        ImageError: a colour image that cannot be read.
    """
    colours = {file.stem.removesuffix("-color"): file for file in sorted(folder.glob("*-color.*"))}
    if not colours:
        raise GeometryError(f"{folder} has no file NAME-color.png, expected pairs of NAME-color.png and NAME-depth.png")
    name = next(iter(colours)) if name is None else name
    if name not in colours:
        raise GeometryError(f"{folder} has no frame {name}, expected one of {', '.join(colours)}")
    rgb = read_image(colours[name])
    depth_file = folder / f"{name}-depth.png"
    depth = cv2.imread(str(depth_file), cv2.IMREAD_UNCHANGED) if depth_file.is_file() else None
    if depth is None or depth.dtype != np.uint16 or depth.shape != rgb.shape[:2]:
        raise GeometryError(
            f"{depth_file} is no 16-bit PNG of {rgb.shape[1]}x{rgb.shape[0]} pixels, expected the depth in millimetres "
            "that is aligned to the colour image"
        )
    camera = _camera(folder / CAMERA_FILE if camera_file is None else camera_file, *rgb.shape[1::-1])
    return RgbdFrame(name, rgb, depth_in_metres(depth, "16UC1"), camera)


def _camera(file: Path, width: int, height: int) -> Pinhole:
    try:
        fields = json.loads(file.read_text("utf-8"))
        k = [
            float(fields[key] if key in fields else fields[PRINCIPAL.get(key, key)]) for key in ("fx", "fy", "cx", "cy")
        ]
    except OSError as err:
        raise GeometryError(
            f"{file} cannot be read ({err.strerror}), expected the camera's fx, fy, cx and cy"
        ) from None
    except (ValueError, KeyError, TypeError) as err:
        raise GeometryError(f"{file} is no JSON file with the numbers fx, fy, cx and cy ({err!r})") from None
    return Pinhole(width, height, *k)
