"""`~/depth_without_objects`: what is left of the depth image for an octomap, where objects are handled one by one."""

from collections.abc import Mapping

import cv2
import numpy as np
from sensor_msgs.msg import Image

from osis_ros.messages.images import image_to_message
from osis_ros.nodes.outputs.output import Output
from osis_ros.nodes.placing import PlacedFrame
from osis_ros.nodes.support.qos import PICTURES
from osis_ros.pipeline.setting import Setting

PUBLISH = Setting("publish.depth_without_objects", True, "Publish ~/depth_without_objects, while somebody subscribes.")
DILATION = Setting(
    "depth_without_objects_margin", 5,
    "Pixels round each object that are taken out of ~/depth_without_objects too.", low=0, high=50,
)  # fmt: skip


def make(frame: PlacedFrame, values: Mapping[str, object]) -> Image | None:
    """The depth image as 32FC1 metres, NaN at the objects and round them; header and stamp are the depth image's."""
    if frame.depth is None:
        return None
    side = 2 * values[DILATION.name] + 1
    covered = cv2.dilate((frame.labels > 0).view(np.uint8), np.ones((side, side), np.uint8))
    depth = np.where(covered > 0, np.float32(np.nan), frame.depth)
    return image_to_message(depth, "32FC1", frame.depth_header)


DEPTH_WITHOUT_OBJECTS = Output(
    topic="depth_without_objects",
    message_type=Image,
    make=make,
    wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
    settings=(PUBLISH, DILATION),
    profile=PICTURES,
)
