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
    moves = new[None] - old[:, None]
    similar = np.argsort(-likeness, axis=1)[:, :CANDIDATES]
    proposals = np.concatenate([np.zeros((1, 2)), np.take_along_axis(moves, similar[..., None], 1).reshape(-1, 2)])
    agreement = _agreement(moves, proposals, likeness, reach).max(2).sum(1)
    agreement -= np.hypot(*proposals.T) / (LONG * diagonal)
    shift = proposals[agreement.argmax()]
    for _ in range(2):
        close = _agreement(moves, shift[None], likeness, reach)[0]
        best = close.argmax(1)
        weight = close.max(1)
        if np.count_nonzero(weight > 0) < max(LEAST_SUPPORT, fewest / 2):
            return np.zeros(2)
        shift = np.average(moves[np.arange(len(old)), best], axis=0, weights=weight)
    return shift


def _agreement(moves: np.ndarray, proposals: np.ndarray, likeness: np.ndarray, reach: float) -> np.ndarray:
    """[H, T, N], how well a track's move to an instance agrees with each proposal: 1 exactly, 0 beyond the reach."""
    x, y = (moves[None, ..., axis] - proposals[:, None, None, axis] for axis in (0, 1))
    agreement = 1 - (x * x + y * y) / reach**2
    np.maximum(agreement, 0, out=agreement)
    return agreement * likeness
