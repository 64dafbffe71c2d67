"""`~/points`: an organised coloured cloud in which each point has the id of its instance."""

from collections.abc import Mapping

import numpy as np
from sensor_msgs.msg import PointCloud2

from osis_ros.messages.clouds import organised_cloud
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.nodes.outputs.output import Output
from osis_ros.nodes.placing import PlacedFrame
from osis_ros.nodes.support.qos import PICTURES
from osis_ros.pipeline.setting import Setting

PUBLISH = Setting("publish.points", True, "Publish ~/points, while somebody subscribes.")
CROP = Setting("publish.points_of_objects", False, "Leave all but the instances' points out of ~/points (NaN).")
GREY = 160


def make(frame: PlacedFrame, values: Mapping[str, object]) -> PointCloud2 | None:
    """The cloud in the camera's frame; grey where no colour image of the same stamp and size came."""
    if frame.depth is None:
        return None
    depth, labels = frame.depth, frame.labels
    rgb = None if frame.colour is None else rgb_from_message(frame.colour)
    if rgb is None or rgb.shape[:2] != depth.shape:
        rgb = np.full((*depth.shape, 3), GREY, np.uint8)
    if values[CROP.name]:
        depth = np.where(labels > 0, depth, np.float32(np.nan))
    return organised_cloud(depth, frame.camera, rgb, labels, frame.depth_header)


POINTS = Output(
    topic="points",
    message_type=PointCloud2,
    make=make,
    wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
    settings=(PUBLISH, CROP),
    profile=PICTURES,
)
