"""Pinhole cameras: intrinsics, poses, and how a robot looks at a table.

The optical frame is that of REP 103: z forward, x right, y down.
"""

from dataclasses import dataclass

import numpy as np

from osis_ros.simulation.draws import Draw


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera without distortion.

    Attributes:
        width, height: image size, px.
        intrinsics: [3, 3] K in px; the centre of the top-left pixel is (0.5, 0.5).
        pose: [4, 4] camera-to-world transform of the optical frame, metres.
    """

    width: int
    height: int
    intrinsics: np.ndarray
    pose: np.ndarray


def look_at(position: np.ndarray, target: np.ndarray, roll: float = 0.0) -> np.ndarray:
    """[4, 4] pose of an optical frame at `position` that looks at `target`, image up towards +z, rolled by degrees."""
    forward = np.asarray(target, float) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0, 0, 1))
    if np.linalg.norm(right) < 1e-6:  # straight down: image up is +y
        right = np.array([1.0, 0, 0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(np.deg2rad(roll)), np.sin(np.deg2rad(roll))
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2] = cos * right + sin * down, cos * down - sin * right, forward
    pose[:3, 3] = position
    return pose


def pinhole(width: int, height: int, fov: float, offset: tuple[float, float] = (0, 0)) -> np.ndarray:
    """[3, 3] intrinsics with square pixels.

    Args:
        width, height: px.
        fov: vertical field of view, degrees.
        offset: px, of the principal point from the image centre.
    """
    focal = height / 2 / np.tan(np.deg2rad(fov) / 2)
    return np.array([[focal, 0, width / 2 + offset[0]], [0, focal, height / 2 + offset[1]], [0, 0, 1]])


def robot_view(draw: Draw, width: int, height: int, centre: np.ndarray, radius: float, front_only: bool) -> Camera:
    """A camera on a wrist, mast or gantry: 0.4 to 1.3 m away, oblique to straight down, on objects round `centre`.

    Args:
        centre: [3] metres, the middle of the objects.
        radius: metres, how far they reach from it.
        front_only: stay on the -y side.
    """
    fov = draw.uniform(32, 68)
    fill = draw.uniform(0.5, 1.2)
    away = np.clip((radius + 0.03) / fill / np.tan(np.deg2rad(fov) / 2), 0.4, 1.3)
    elevation = 90 - 68 * draw.unit() ** 1.1
    heading = draw.uniform(-0.8 * np.pi, -0.2 * np.pi) if front_only else draw.uniform(0, 2 * np.pi)
    up = np.deg2rad(elevation)
    offset = away * np.array([np.cos(up) * np.cos(heading), np.cos(up) * np.sin(heading), np.sin(up)])
    target = np.asarray(centre) + draw.uniform(-0.25, 0.25, 3) * (radius, radius, 0.1 * radius)
    roll = draw.uniform(-180, 180) if elevation > 80 else draw.uniform(-8, 8)
    shift = (draw.uniform(-0.02, 0.02) * width, draw.uniform(-0.02, 0.02) * height)
    return Camera(width, height, pinhole(width, height, fov, shift), look_at(target + offset, target, roll))
