"""The assignment problem: pairs of least total cost (Kuhn 1955, Jonker and Volgenant 1987)."""

import numpy as np
from scipy.optimize import linear_sum_assignment


def assign(cost: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows and columns, each used at most once, such that the total is least.

    A pair above the limit is never made: leaving a row alone costs the limit.

    Args:
        cost: [T, N] float.
        limit: highest cost of a pair.
    Returns:
        rows [M] and columns [M] int64, in ascending order of rows.
    """
    rows, columns = linear_sum_assignment(np.minimum(cost, limit + 1e-6))
    kept = cost[rows, columns] <= limit
    return rows[kept], columns[kept]
