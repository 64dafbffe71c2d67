"""What it costs that an instance continues a track: one number from place and appearance."""

import numpy as np

from osis_ros.tracking.parameters import TrackerParameters

UNKNOWN_LOOK = 0.4  # what a missing embedding costs: too much for an object at another place


def mask_place(iou: np.ndarray, distance: np.ndarray, size: np.ndarray) -> np.ndarray:
    """How far from its place an object is in the image: 0 there, 1 at quite another place.

    Half of it is the mask IoU, half the distance of the boxes' centres in sizes of the object, because the masks of a
    pen no longer overlap when it has moved by its own width.

    Args:
        iou: [T, N] of the masks.
        distance: [T, N] pixels between the centres.
        size: [T, N] pixels, diagonal of the larger box.
    """
    return 1 - (iou + np.clip(1 - distance / np.maximum(size, 1), 0, 1)) / 2


def space_place(distance: np.ndarray, gate: float) -> np.ndarray:
    """The same in space: 0 at its place, 1 at the gate and beyond; NaN stays NaN.

    Args:
        distance: [T, N] metres in a fixed frame.
    """
    return np.minimum(distance / gate, 1)


def cosine_distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """[T, N] in [0, 2], NaN where a vector is missing (all zero).

    Args:
        one, other: [T, D] and [N, D], unit length.
    """
    distance = 1 - one @ other.T
    distance[~one.any(1)] = np.nan
    distance[:, ~other.any(1)] = np.nan
    return distance


def place_cost(in_image: np.ndarray, in_space: np.ndarray, position_weight: float) -> np.ndarray:
    """What the distance from its place costs: 0 there, 1 at quite another one, beyond the gate, or without a place.

    Args:
        in_image: [T, N], `mask_place`; NaN where the track has no place in the image.
        in_space: [T, N], `space_place`; NaN where either is not known in space.
        position_weight: of the place in space against that in the image.
    """
    both = np.where(in_space < 1, (in_image + position_weight * in_space) / (1 + position_weight), 1)
    place = np.where(np.isnan(in_space), in_image, np.where(np.isnan(in_image), in_space, both))
    return np.where(np.isnan(place), 1.0, place)


def total_cost(place: np.ndarray | float, distance: np.ndarray, parameters: TrackerParameters) -> np.ndarray:
    """place + appearance_weight · distance / appearance_scale.

    Args:
        place: [T, N], `place_cost`; 1 for an object that is known by its look alone.
        distance: [T, N], `cosine_distance`; NaN, where a look is not known, costs UNKNOWN_LOOK.
    Returns:
        [T, N] float.
    """
    look = np.where(np.isnan(distance), UNKNOWN_LOOK, distance / parameters.appearance_scale)
    return place + parameters.appearance_weight * look
