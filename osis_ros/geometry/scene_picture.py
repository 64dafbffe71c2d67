"""Draws a scene in space as RViz shows it, from any side: coloured points, boxes with names, the plane, grasps."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from osis_ros.geometry.box import EDGES, Box
from osis_ros.geometry.grasps import Grasps
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.support_plane import Plane

BACKGROUND, GRID, GRASP, DARK, LIGHT = (46, 48, 54), (90, 160, 255), (70, 235, 120), (20, 20, 20), (255, 255, 255)
FACES = 0.18  # opacity of a box
NEAREST = 0.02  # m before the eye, from which on things are drawn
CELL, MARGIN, STEP = 0.1, 0.15, 0.001  # m: of the plane's grid, round the objects, between the dots of its lines
ABOVE = 0.001  # m by which the grid lies above the plane, so that the table does not hide it
FINGER, HANDLE = 0.045, 0.04  # m of a drawn gripper
LEAST_VIEW = 0.15  # m, radius of what is shown at least


@dataclass(frozen=True)
class Viewpoint:
    """Where the scene is looked at from.

    Attributes:
        turn: degrees from the side of the camera about the upward direction, to the right.
        pitch: degrees by which it looks down.
        width, height: pixels of the picture.
    """

    turn: float = 30.0
    pitch: float = 40.0
    width: int = 1280
    height: int = 960


def draw_scene(
    points: np.ndarray, colours: np.ndarray, objects: Objects, names: Sequence[str],
    box_colours: Sequence[tuple[int, int, int]], grasps: Grasps | None = None, view: Viewpoint = Viewpoint(),
) -> np.ndarray:  # fmt: skip
    """The picture of a scene.

    Args:
        points: [M, 3] float32 metres in the camera's optical frame. colours: [M, 3] uint8 RGB.
        objects: in the same frame, with their plane. names, box_colours: of each object; RGB.
        grasps: the first one of each object is drawn.
    Returns:
        uint8 [height, width, 3] RGB.
    """
    boxes = [objects.box(row) for row in range(len(objects))]
    pose, camera = _eye(points, boxes, objects.plane, view)
    if objects.plane is not None:
        grid = _grid(objects.plane, objects.box_centres)
        points = np.concatenate((points, grid))
        colours = np.concatenate((colours, np.full((len(grid), 3), GRID, np.uint8)))
    out = _splatted(_seen(points, pose), colours, camera)
    far_first = sorted(range(len(boxes)), key=lambda row: -_seen(boxes[row].centre[None], pose)[0, 2])
    for row in far_first:
        out = _with_box(out, boxes[row], box_colours[row], pose, camera)
    for lines in _grippers(grasps):
        _draw_lines(out, lines, GRASP, 2, pose, camera)
    for row in far_first:
        _write_name(out, names[row], boxes[row], box_colours[row], pose, camera)
    return out


def _eye(points: np.ndarray, boxes: list[Box], plane: Plane | None, view: Viewpoint) -> tuple[np.ndarray, Pinhole]:
    """[4, 4] from the optical frame to that of the eye, and the eye as a camera; all boxes are in its picture."""
    corners = np.concatenate([box.corners() for box in boxes]) if boxes else points.astype(float)
    if not len(corners):
        corners = np.array([[0.0, 0.0, 1.0]])
    middle = np.median(corners, axis=0)
    up = plane.normal if plane is not None else np.array([0.0, -1.0, 0.0])
    back = -middle + up * (middle @ up)  # level, to the side on which the camera is
    back = back / np.linalg.norm(back) if np.linalg.norm(back) > 1e-6 else np.linalg.svd(up[None])[2][1]
    turn, pitch = np.deg2rad(view.turn), np.deg2rad(view.pitch)
    level = np.cos(turn) * back + np.sin(turn) * np.cross(up, back)
    away = np.cos(pitch) * level + np.sin(pitch) * up
    radius = max(float(np.percentile(np.linalg.norm(corners - middle, axis=1), 95)), LEAST_VIEW)
    focal = 1.2 * view.height
    right = np.cross(up, away)
    right /= np.linalg.norm(right)
    turned = np.stack([right, np.cross(-away, right), -away])
    pose = np.eye(4)
    pose[:3, :3] = turned
    pose[:3, 3] = -turned @ (middle + away * (2.6 * radius + 0.1))
    return pose, Pinhole(view.width, view.height, focal, focal, (view.width - 1) / 2, (view.height - 1) / 2)


def _seen(points: np.ndarray, pose: np.ndarray) -> np.ndarray:
    return points @ pose[:3, :3].T.astype(points.dtype) + pose[:3, 3].astype(points.dtype)


def _grid(plane: Plane, centres: np.ndarray) -> np.ndarray:
    """[D, 3] float32, dots on lines of the plane below the objects."""
    local = (centres if len(centres) else -plane.offset * plane.normal[None]) @ plane.axes[:, :2]
    low = np.floor((local.min(0) - MARGIN) / CELL) * CELL
    high = np.ceil((local.max(0) + MARGIN) / CELL) * CELL
    dots = []
    for along in (0, 1):
        for place in np.arange(low[1 - along], high[1 - along] + CELL / 2, CELL):
            line = np.full((len(steps := np.arange(low[along], high[along], STEP)), 2), place)
            line[:, along] = steps
            dots.append(line)
    flat = np.concatenate(dots)
    return (flat @ plane.axes[:, :2].T + (ABOVE - plane.offset) * plane.normal).astype(np.float32)


def _splatted(points: np.ndarray, colours: np.ndarray, camera: Pinhole) -> np.ndarray:
    """The picture of points in the frame of the eye, each a small square; the nearest hides the others."""
    out = np.full((camera.height * camera.width, 3), BACKGROUND, np.uint8)
    ahead = points[:, 2] > NEAREST
    points, colours = points[ahead], colours[ahead]
    pixels = np.round(camera.project(points)).astype(np.int64)
    nearest = np.full(len(out), np.inf, np.float32)
    squares = []
    for across in (-1, 0, 1):
        for down in (-1, 0, 1):
            column, row = pixels[:, 0] + across, pixels[:, 1] + down
            inside = np.flatnonzero((column >= 0) & (column < camera.width) & (row >= 0) & (row < camera.height))
            places = row[inside] * camera.width + column[inside]
            np.minimum.at(nearest, places, points[inside, 2])
            squares.append((inside, places))
    for inside, places in squares:
        front = points[inside, 2] <= nearest[places] + 1e-4
        out[places[front]] = colours[inside[front]]
    return out.reshape(camera.height, camera.width, 3)


def _with_box(out: np.ndarray, box: Box, colour: tuple, pose: np.ndarray, camera: Pinhole) -> np.ndarray:
    corners = _seen(box.corners(), pose)
    if (corners[:, 2] <= NEAREST).any():
        return out
    filled = out.copy()
    cv2.fillConvexPoly(filled, cv2.convexHull(camera.project(corners).astype(np.float32)).astype(np.int32), colour)
    out = cv2.addWeighted(filled, FACES, out, 1 - FACES, 0)
    _draw_lines(out, [corners[list(edge)] for edge in EDGES], colour, 2, np.eye(4), camera)
    return out


def _grippers(grasps: Grasps | None) -> list[list[np.ndarray]]:
    """The lines of a gripper at the first grasp of each object: two fingers, the palm, a handle."""
    if grasps is None or not len(grasps):
        return []
    drawn = []
    for row in np.unique(grasps.object_ids, return_index=True)[1]:
        x, z = grasps.axes[row][:, 0], grasps.axes[row][:, 2]
        tips = [grasps.positions[row] + side * x * grasps.widths[row] / 2 for side in (-1, 1)]
        palm = [tip - FINGER * z for tip in tips]
        middle = (palm[0] + palm[1]) / 2
        lines = [(tips[0], palm[0]), (tips[1], palm[1]), (palm[0], palm[1]), (middle, middle - HANDLE * z)]
        drawn.append([np.array(line) for line in lines])
    return drawn


def _draw_lines(
    out: np.ndarray, lines: list[np.ndarray], colour: tuple, width: int, pose: np.ndarray, camera: Pinhole
) -> None:
    """Lines [2, 3] with a dark rim."""
    ends = [_seen(line, pose) for line in lines]
    ends = [np.round(camera.project(line)).astype(int).tolist() for line in ends if (line[:, 2] > NEAREST).all()]
    for tone, thickness in ((DARK, width + 2), (colour, width)):
        for a, b in ends:
            cv2.line(out, a, b, tone, thickness, cv2.LINE_AA)


def _write_name(out: np.ndarray, name: str, box: Box, colour: tuple, pose: np.ndarray, camera: Pinhole) -> None:
    top = _seen((box.centre + box.axes[:, 2] * box.size[2] / 2)[None], pose)
    if top[0, 2] <= NEAREST:
        return
    size = 0.6
    (width, height), _ = cv2.getTextSize(name, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    across, down = np.round(camera.project(top)[0]).astype(int).tolist()
    place = (across - width // 2, down - height // 2)
    cv2.putText(out, name, place, cv2.FONT_HERSHEY_SIMPLEX, size, DARK, 4, cv2.LINE_AA)
    cv2.putText(out, name, place, cv2.FONT_HERSHEY_SIMPLEX, size, LIGHT, 1, cv2.LINE_AA)
