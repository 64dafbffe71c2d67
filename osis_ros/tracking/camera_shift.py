"""How far all objects moved together in the image, because the camera moved."""

import numpy as np

REACH = 0.05  # of the image's diagonal: how well objects must agree on a shift
CANDIDATES = 3  # of each track: the most similar instances
LEAST_SUPPORT = 2  # objects that must agree
LONG = 0.25  # of the diagonal: a shift of this length needs one object more than no shift


def camera_shift(old: np.ndarray, new: np.ndarray, likeness: np.ndarray, diagonal: float) -> np.ndarray:
    """The shift that most objects agree on.

    Every pair of a track and a similar instance proposes the shift between them. The proposal that brings most tracks
    onto similar instances wins (as in a generalised Hough transform), and no shift wins a tie. With fewer than two
    objects, or where fewer than half agree, the shift is 0: it may be the objects that moved.

    Args:
        old: [T, 2] centres of the tracks seen in the image before, x y in pixels.
        new: [N, 2] centres of the instances.
        likeness: [T, N] in [0, 1], how similar they look.
        diagonal: of the image in pixels.
    Returns:
        [2] float, x y in pixels.
    """
    fewest = min(len(old), len(new))
    if fewest < LEAST_SUPPORT:
        return np.zeros(2)
    reach = REACH * diagonal
    moves, likeness = new.T[:, :, None] - old.T[:, None], likeness.T
    similar = np.argsort(-likeness, axis=0)[:CANDIDATES]
    proposals = np.concatenate([np.zeros((2, 1)), np.take_along_axis(moves, similar[None], 1).reshape(2, -1)], axis=1)
    agreement = _agreement(moves, proposals, likeness, reach).max(0).sum(1)
    agreement -= np.hypot(*proposals) / (LONG * diagonal)
    shift = proposals[:, agreement.argmax()]
    for _ in range(2):
        close = _agreement(moves, shift[:, None], likeness, reach)[:, 0]
        best = close.argmax(0)
        weight = close[best, np.arange(len(old))]
        if np.count_nonzero(weight > 0) < max(LEAST_SUPPORT, fewest / 2):
            return np.zeros(2)
        shift = moves[:, best, np.arange(len(old))] @ (weight / weight.sum())
    return shift


def _agreement(moves: np.ndarray, proposals: np.ndarray, likeness: np.ndarray, reach: float) -> np.ndarray:
    """[N, H, T], how well a track's move to an instance agrees with each proposal: 1 exactly, 0 beyond the reach.

    This is the largest array of an update, so it is changed in place, and its maximum is over the first axis.

    Args:
        moves: [2, N, T].
        proposals: [2, H].
        likeness: [N, T].
    """
    x, y = (one[:, None] - other[:, None] for one, other in zip(moves, proposals))
    x *= x
    y *= y
    x += y
    x *= -1 / reach**2
    x += 1
    np.maximum(x, 0, out=x)
    x *= likeness[:, None]
    return x
