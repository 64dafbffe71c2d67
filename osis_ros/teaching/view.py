"""A view: one look at an object, as a crop that a person can look at and a vector that others are compared with."""

from dataclasses import dataclass

import numpy as np

from osis_ros.columns import frozen
from osis_ros.instances import Instances

CONTEXT = 0.25  # of its sides that a crop shows around the object; a new model needs some when it embeds it again


@dataclass(frozen=True, eq=False, kw_only=True)
class View:
    """One look at an object.

    Attributes:
        rgb: uint8 [h, w, 3] RGB, the object with something around it.
        mask: bool [h, w], its pixels.
        vector: float32 [D] of unit length, how it looks (`appearance.appearances`).
        place: x and y of the crop in its image, and the image's width and height, in pixels.
        label: where it was seen, such as a file's name; of something else that was in view, what it was called.
    """

    rgb: np.ndarray
    mask: np.ndarray
    vector: np.ndarray
    place: tuple[int, int, int, int]
    label: str

    def __post_init__(self) -> None:
        for name in ("rgb", "mask", "vector"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


def view_of(rgb: np.ndarray, instances: Instances, index: int, vector: np.ndarray, label: str) -> View:
    """The view of instance `index` of an image, uint8 [H, W, 3]."""
    x, y, width, height = instances.rois[index].tolist()
    across, down = round(CONTEXT * width), round(CONTEXT * height)
    x0, y0 = max(0, x - across), max(0, y - down)
    x1, y1 = min(instances.width, x + width + across), min(instances.height, y + height + down)
    mask = np.zeros((y1 - y0, x1 - x0), bool)
    mask[y - y0 : y - y0 + height, x - x0 : x - x0 + width] = instances.masks[index]
    return View(
        rgb=rgb[y0:y1, x0:x1], mask=mask, vector=vector, place=(x0, y0, instances.width, instances.height), label=label
    )


def vectors_of(views: tuple[View, ...], length: int = 0) -> np.ndarray:
    """[V, D]; D is `length` where there is no view."""
    return np.array([view.vector for view in views], np.float32).reshape(len(views), -1 if views else length)
