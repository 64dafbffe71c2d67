"""Triangle meshes with normals and texture coordinates, and the few operations that shapes are made with."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh.

    Attributes:
        vertices: [V, 3] float64 metres.
        faces: [F, 3] int32 vertex indices, counter-clockwise seen from outside.
        normals: [V, 3] float64, unit length.
        uv: [V, 2] float64 texture coordinates, u to the right and v down the texture image.
    """

    vertices: np.ndarray
    faces: np.ndarray
    normals: np.ndarray
    uv: np.ndarray

    def moved(self, offset: tuple[float, float, float] = (0, 0, 0), rotation: np.ndarray | None = None) -> "Mesh":
        """The mesh rotated ([3, 3]) about the origin, then shifted by `offset` metres."""
        turn = np.eye(3) if rotation is None else rotation
        return Mesh(self.vertices @ turn.T + offset, self.faces, self.normals @ turn.T, self.uv)

    def with_uv(self, scale: tuple[float, float], offset: tuple[float, float] = (0, 0)) -> "Mesh":
        """The mesh with uv * scale + offset."""
        return Mesh(self.vertices, self.faces, self.normals, self.uv * scale + offset)


def join(*meshes: Mesh) -> Mesh:
    """One mesh of several; edges between them stay sharp, for no vertex is shared."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.uv for mesh in meshes]),
    )


def rotation(axis: str, degrees: float) -> np.ndarray:
    """[3, 3] right-handed rotation about the x, y or z axis."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[i, i], matrix[i, j], matrix[j, i], matrix[j, j] = cos, -sin, sin, cos
    return matrix


ALONG_X = rotation("y", 90)  # turns an axis from z to x


def around(mesh: Mesh, count: int) -> Mesh:
    """`count` copies, evenly spaced around the z axis."""
    return join(*(mesh.moved(rotation=rotation("z", 360 * i / count)) for i in range(count)))


def grid(points: np.ndarray, u: np.ndarray, v: np.ndarray) -> Mesh:
    """A smooth surface over a grid of points; rows or columns that coincide (poles, seams) are shaded as one.

    Args:
        points: [R, C, 3] metres; outside is where (step along a row) × (step down a column) points.
        u: [C] texture coordinate of each column.
        v: [R] texture coordinate of each row.
    """
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    vertices = points.reshape(-1, 3)
    p, q, r = (vertices[faces[:, i]] for i in range(3))
    faces = faces[np.linalg.norm(np.cross(q - p, r - p), axis=1) > 1e-12]
    cells = np.stack([a, b, c, d], -1).reshape(-1, 4)
    uv = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), -1).reshape(-1, 2)
    return Mesh(vertices, faces.astype(np.int32), _smooth_normals(vertices, cells), uv)


def _smooth_normals(vertices: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """[V, 3] unit normals: the mean of the cells [Q, 4] around, by area; vertices at one place share theirs."""
    _, group = np.unique(np.round(vertices, 6), axis=0, return_inverse=True)
    group = group.reshape(-1)
    a, b, c, d = (vertices[cells[:, i]] for i in range(4))
    across = np.repeat(np.cross(c - a, d - b), 4, axis=0)
    flat = group[cells].reshape(-1)
    total = np.stack([np.bincount(flat, across[:, i], minlength=group.max() + 1) for i in range(3)], -1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    total = np.where(length > 1e-15, total / np.maximum(length, 1e-15), (0, 0, 1))
    return total[group]
