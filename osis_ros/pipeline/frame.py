"""One image and what the stages have found in it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from osis_ros.instances import Instances

if TYPE_CHECKING:
    from std_msgs.msg import Header


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """What goes through the pipeline. A stage gives back the frame with what it found (`dataclasses.replace`).

    Attributes:
        rgb: uint8 [H, W, 3].
        header: the image's own; every result carries it.
        in_stream: False for an image that was asked for by itself. A stage that remembers earlier frames, such as a
            tracker, leaves such a frame out of its memory.
        model: name of the model that found the instances.
        instances: None before the first stage.
    """

    rgb: np.ndarray
    header: "Header"
    in_stream: bool = True
    model: str = ""
    instances: Instances | None = None
