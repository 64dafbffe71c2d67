"""Flat outlines made thick: stars, gears, cut-out letters, tiles."""

from itertools import pairwise

import numpy as np

from osis_ros.simulation.mesh import Mesh, grid, join


def extrude(outline: np.ndarray, height: float) -> Mesh:
    """A prism that stands on z = 0, with sharp edges.

    Args:
        outline: [N, 2] metres, counter-clockwise, the first point not repeated; every point is seen from the origin.
        height: metres.
    Returns:
        The mesh; top and bottom show the texture as it lies in the outline's bounding box.
    """
    outline = np.asarray(outline, float)
    ring = np.concatenate([outline, outline[:1]])
    low, size = ring.min(0), np.maximum(np.ptp(ring, axis=0), 1e-9)
    floor = np.c_[ring, np.zeros(len(ring))]
    lid = floor + np.array((0, 0, height))
    unit = np.array([0.0, 1.0])
    walls = [grid(np.stack([floor[[a, b]], lid[[a, b]]]), unit, unit[::-1]) for a, b in pairwise(range(len(ring)))]
    caps = []
    for rim in (lid, floor[::-1]):
        middle = np.broadcast_to((0, 0, rim[0, 2]), rim.shape)
        cap = grid(np.stack([rim, middle]), np.linspace(0, 1, len(rim)), unit)
        uv = (cap.vertices[:, :2] - low) / size
        caps.append(Mesh(cap.vertices, cap.faces, cap.normals, np.stack([uv[:, 0], 1 - uv[:, 1]], -1)))
    return join(*walls, *caps)
