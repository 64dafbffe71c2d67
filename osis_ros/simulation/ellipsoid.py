"""Balls, eggs and pebbles: the unit sphere, stretched and, if asked, dented."""

import numpy as np

from osis_ros.simulation.mesh import Mesh, grid


def ellipsoid(radii: tuple[float, float, float], dents: np.ndarray | None = None, segments: int = 24) -> Mesh:
    """A ball round the origin.

    Args:
        radii: half extent along x, y and z, metres.
        dents: [R, C] factors on the distance from the origin, stretched over rows (pole to pole) and columns (round);
            None for a smooth ball.
        segments: columns round the z axis; half as many rows.
    Returns:
        The mesh; u goes once round, v from the lower pole (1) to the upper one (0).
    """
    rows = segments // 2 + 1
    up, turn = np.linspace(-np.pi / 2, np.pi / 2, rows), np.linspace(0, 2 * np.pi, segments + 1)
    points = np.stack(
        [np.cos(up)[:, None] * np.cos(turn), np.cos(up)[:, None] * np.sin(turn), np.broadcast_to(np.sin(up)[:, None],
         (rows, segments + 1))], -1,
    )  # fmt: skip
    if dents is not None:
        at = (np.linspace(0, 1, rows) * (len(dents) - 1)).round().astype(int)
        round_ = (np.linspace(0, 1, segments + 1) * dents.shape[1]).astype(int) % dents.shape[1]
        factors = dents[at][:, round_].copy()
        factors[0], factors[-1] = factors[0].mean(), factors[-1].mean()  # a pole is one point
        points = points * factors[..., None]
    points[:, -1] = points[:, 0]
    return grid(points * radii, turn / (2 * np.pi), np.linspace(1, 0, rows))
