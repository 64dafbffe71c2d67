"""`~/detections`: boxes and class names for the tools that read vision_msgs, where that is installed."""

import importlib.util

from osis_ros.nodes.outputs.output import Output
from osis_ros.pipeline.setting import Setting

if importlib.util.find_spec("vision_msgs"):
    from osis_ros.messages.vision import Detection2DArray, detections_to_message
else:
    Detection2DArray = None

PUBLISH = Setting(
    "publish.detections", True, "Publish ~/detections, while somebody subscribes, if vision_msgs is installed."
)
DETECTIONS = Output(
    topic="detections",
    message_type=Detection2DArray,
    make=lambda frame, values: detections_to_message(frame.instances, frame.header),
    wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
    settings=(PUBLISH,),
)
