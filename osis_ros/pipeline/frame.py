"""One image and the results of the stages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from osis_ros.instances import Instances
from osis_ros.tracking.tracks import Tracks

if TYPE_CHECKING:
    from std_msgs.msg import Header


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """One image and its results so far. A stage returns a copy with its result added (`dataclasses.replace`).

    Attributes:
        rgb: uint8 [H, W, 3].
        header: the image's own; every result carries it.
        in_stream: False for a single image of a service request. A stage that remembers earlier frames, such as a
            tracker, must not remember such a frame.
        model: name of the model that found the instances.
        instances: None before the first stage.
        inference: seconds that the model took, from the image to its instances.
        tracks: all objects that are followed, None where nothing tracks.
        notices: sentences for the user about what a stage had to do with this image.
    """

    rgb: np.ndarray
    header: "Header"
    in_stream: bool = True
    model: str = ""
    instances: Instances | None = None
    inference: float = 0.0
    tracks: Tracks | None = None
    notices: tuple[str, ...] = ()
