"""What it costs that an instance continues a track: one number from place and appearance."""

import numpy as np

from osis_ros.tracking.parameters import TrackerParameters

UNKNOWN_LOOK = 0.4  # what a missing embedding costs: too much for an object at another place
WORST_LOOK = 1.1  # what an embedding costs at most: little enough for an object exactly at its place
SWAP_TIME = 1.0  # s that it takes to put another object in a place


def mask_place(iou: np.ndarray, distance: np.ndarray, size: np.ndarray, likeness: np.ndarray) -> np.ndarray:
    """How far from its place an object is in the image: 0 there, 1 at quite another place.

    Half of it is the mask IoU, half how near boxes of like size are, because the masks of a pen no longer overlap when
    it has moved by its own width.

    Args:
        iou: [T, N] of the masks.
        distance: [T, N] pixels between the centres of the boxes.
        size: [T, N] pixels, diagonal of the smaller box.
        likeness: [T, N] in [0, 1], area of the smaller box divided by that of the larger one.
    """
    return 1 - (iou + likeness * np.clip(1 - distance / np.maximum(size, 1), 0, 1)) / 2


def space_place(distance: np.ndarray, gate: float) -> np.ndarray:
    """The same in space: 0 at its place, 1 at the gate and beyond; NaN stays NaN.

    Args:
        distance: [T, N] metres in a fixed frame.
    """
    return np.minimum(distance / gate, 1)


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


def total_cost(
    place: np.ndarray | float, distance: np.ndarray, parameters: TrackerParameters, unseen: np.ndarray | float = np.inf
) -> np.ndarray:
    """place + appearance_weight · distance / appearance_scale, where the look counts more the longer nobody looked.

    Embeddings jump when the network sees another side of an object, but nobody swaps two objects within a moment. So
    the look counts by 1 - exp(-unseen / SWAP_TIME).

    Args:
        place: [T, N], `place_cost`; 1 for an object that is known by its look alone.
        distance: [T, N], cosine distance (`nearest_view`); NaN, where a look is not known, costs UNKNOWN_LOOK.
        unseen: [T, 1] seconds since the track was seen.
    Returns:
        [T, N] float.
    """
    look = np.where(np.isnan(distance), UNKNOWN_LOOK, np.minimum(distance / parameters.appearance_scale, WORST_LOOK))
    return place + parameters.appearance_weight * (1 - np.exp(-np.asarray(unseen) / SWAP_TIME)) * look
