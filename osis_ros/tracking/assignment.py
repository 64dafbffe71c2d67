"""The assignment problem: pairs of least total cost (Kuhn 1955, Jonker and Volgenant 1987).

SciPy solves it too, but to import its optimiser takes a node half a second and 47 MB.
"""

import numpy as np


def assign(cost: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows and columns, each used at most once, such that the total is least.

    A pair above the limit is never made: leaving a row alone costs the limit.

    Args:
        cost: [T, N] float.
        limit: highest cost of a pair.
    Returns:
        rows [M] and columns [M] int64, in ascending order of rows.
    Raises:
        ValueError: a cost that is not a number.
    """
    if np.isnan(cost).any():
        raise ValueError("a cost is not a number")
    capped = np.minimum(cost, limit + 1e-6)
    if len(cost) <= cost.shape[1]:
        rows, columns = np.arange(len(cost)), _columns_of(capped)
    else:
        rows, columns = _columns_of(capped.T), np.arange(cost.shape[1])
        order = rows.argsort()
        rows, columns = rows[order], columns[order]
    kept = cost[rows, columns] <= limit
    return rows[kept], columns[kept]


def _columns_of(cost: np.ndarray) -> np.ndarray:
    """A column for each row, all different, such that the total is least.

    Each row takes its cheapest column if it is free. Each further row takes the shortest augmenting path: to a column
    whose row moves on to another column, and so on to a free one. Prices of rows and columns keep
    `cost - row price - column price` at 0 for every pair, and at 0 or above elsewhere.

    Args:
        cost: [R, C] float, R <= C.
    Returns:
        [R] int64.
    """
    count, width = cost.shape
    column_of, row_of = np.full(count, -1), np.full(width, -1)
    if not count:
        return column_of
    row_price, column_price = cost.min(axis=1), np.zeros(width)
    for row, column in enumerate(cost.argmin(axis=1).tolist()):
        if row_of[column] < 0:
            column_of[row], row_of[column] = column, row
    for start in np.flatnonzero(column_of < 0).tolist():
        length, before = np.full(width, np.inf), np.full(width, -1)  # of the shortest path to each column
        open_, row, reached = np.ones(width, bool), start, 0.0
        while row >= 0:
            further = reached + cost[row] - row_price[row] - column_price
            nearer = open_ & (further < length)
            length[nearer], before[nearer] = further[nearer], row
            column = int(np.where(open_, length, np.inf).argmin())
            open_[column], reached, row = False, length[column], int(row_of[column])
        closed = np.flatnonzero(~open_)
        passed = closed[row_of[closed] >= 0]
        row_price[start] += reached
        row_price[row_of[passed]] += reached - length[passed]
        column_price[closed] -= reached - length[closed]
        while row != start:
            row = int(before[column])
            column_of[row], row_of[column], column = column, row, int(column_of[row])
    return column_of
