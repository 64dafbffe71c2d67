"""Which views of an object are worth keeping: those that agree with the others, and of these the most different."""

import numpy as np

MOST_VIEWS = 10
FEWEST_TO_JUDGE = 4  # of fewer views nobody can say which is the odd one
SPREAD, LEEWAY = 3.0, 0.1  # standard deviations, and similarity, below the usual one at which a view is an outlier


def agreeing(views: np.ndarray) -> np.ndarray:
    """Indices of the views that are no outliers: a view of another object, or of one that is mostly hidden.

    A view is an outlier if its similarity to its nearest other view is far below what is usual among the views.

    Args:
        views: [V, D] of unit length.
    """
    if len(views) < FEWEST_TO_JUDGE:
        return np.arange(len(views))
    alike = views @ views.T
    np.fill_diagonal(alike, -1)
    nearest = alike.max(axis=1)
    usual = np.median(nearest)
    deviation = 1.4826 * np.median(np.abs(nearest - usual))  # as a standard deviation, whatever the outliers are
    return np.flatnonzero(nearest >= usual - max(SPREAD * deviation, LEEWAY))


def diverse(views: np.ndarray, count: int = MOST_VIEWS) -> np.ndarray:
    """Indices of at most `count` views, in their order: the most central one, and always next the one that is least
    like those chosen (farthest-point sampling).

    Args:
        views: [V, D] of unit length.
    """
    if len(views) <= count:
        return np.arange(len(views))
    alike = views @ views.T
    chosen = [int(alike.sum(axis=1).argmax())]
    while len(chosen) < count:
        nearest = alike[:, chosen].max(axis=1)
        nearest[chosen] = np.inf
        chosen.append(int(nearest.argmin()))
    return np.sort(chosen)
