"""Label images of any source: the integers of an Image, or of a CompressedImage that holds a PNG."""

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.errors import ImageError
from osis_ros.messages.image_layout import samples

LABELS = {"mono8": np.uint8, "8UC1": np.uint8, "mono16": np.uint16, "16UC1": np.uint16, "16SC1": np.int16,
          "32SC1": np.int32}  # fmt: skip


def labels_from_message(message: Image | CompressedImage) -> np.ndarray:
    """[H, W] integers, one a pixel.

    Raises:
        ImageError: an encoding that is not of one integer a pixel, or data that is not whole.
    """
    if isinstance(message, CompressedImage):
        data = np.frombuffer(bytes(message.data), np.uint8)
        labels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
        if labels is None or labels.ndim != 2 or "png" not in message.format.lower():
            raise ImageError(f"a label image of format '{message.format}' is not read, expected a grey PNG")
        return labels
    if message.encoding not in LABELS:
        raise ImageError(f"a label image of encoding '{message.encoding}' is not read, expected {', '.join(LABELS)}")
    return samples(message, LABELS[message.encoding], 1)
