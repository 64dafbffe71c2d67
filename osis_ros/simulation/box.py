"""Boxes with rounded edges, and the net on which their texture is printed."""

import numpy as np

from osis_ros.simulation.mesh import Mesh, grid, join

# Face: (axis it faces, sign, axis of u, axis of v, cell of the 3 x 2 texture net).
_FACES = (
    (0, +1, 1, 2, (0, 0)), (0, -1, 1, 2, (1, 0)), (1, +1, 0, 2, (2, 0)),
    (1, -1, 0, 2, (0, 1)), (2, +1, 0, 1, (1, 1)), (2, -1, 0, 1, (2, 1)),
)  # fmt: skip


def rounded_box(size: tuple[float, float, float], radius: float = 0.002, flat: int = 2, bevel: int = 3) -> Mesh:
    """A box round the origin.

    Args:
        size: its full x, y and z extent, metres.
        radius: of its edges, metres, at most half the smallest extent.
        flat: cells across each flat part.
        bevel: points round an edge (per face).
    Returns:
        The mesh; each face has a cell of its own in a net of 3 columns and 2 rows.
    """
    half = np.asarray(size, float) / 2
    radius = float(min(radius, half.min() * 0.999))
    inner = half - radius
    pieces = []
    for axis, sign, across, down, (column, row) in _FACES:
        coordinates = []
        for other in (across, down):
            turn = np.tan(np.linspace(-np.pi / 4, 0, bevel)) * radius - inner[other]
            middle = np.linspace(-inner[other], inner[other], flat + 1)[1:-1]
            coordinates.append(np.r_[turn, middle, -turn[::-1]])
        first, second = coordinates
        if sign * _parity(axis, across, down) > 0:  # so that the surface faces outwards
            first = first[::-1]
        cube = np.zeros((len(second), len(first), 3))
        cube[..., across], cube[..., down] = first[None, :], second[::-1][:, None]
        cube[..., axis] = sign * half[axis]
        core = np.clip(cube, -inner, inner)
        direction = cube - core
        normals = direction / np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1e-9)
        u = np.abs(first - first[-1]) / np.abs(first[-1] - first[0])
        v = np.abs(second - second[0]) / np.abs(second[-1] - second[0])
        mesh = grid(core + radius * normals, (column + 0.004 + 0.992 * u) / 3, (row + 0.004 + 0.992 * v) / 2)
        pieces.append(Mesh(mesh.vertices, mesh.faces, normals.reshape(-1, 3), mesh.uv))
    return join(*pieces)


def _parity(*axes: int) -> int:
    return 1 if axes in ((0, 1, 2), (1, 2, 0), (2, 0, 1)) else -1
