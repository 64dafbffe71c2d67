"""`~/overlay`: the image with its objects drawn on it."""

from collections.abc import Mapping

import cv2
from sensor_msgs.msg import Image

from osis_ros.inference.overlay import draw_overlay
from osis_ros.messages.images import image_to_message
from osis_ros.nodes.outputs.output import Output
from osis_ros.nodes.support.qos import PICTURES
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import Setting

PUBLISH = Setting("publish.overlay", True, "Publish ~/overlay, while somebody subscribes.")


def make(frame: Frame, values: Mapping[str, object]) -> Image:
    bgr = cv2.cvtColor(draw_overlay(frame.rgb, frame.instances), cv2.COLOR_RGB2BGR)
    return image_to_message(bgr, "bgr8", frame.header)


OVERLAY = Output(
    topic="overlay",
    message_type=Image,
    make=make,
    wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
    settings=(PUBLISH,),
    profile=PICTURES,
)
