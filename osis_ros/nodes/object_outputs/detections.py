"""`~/detections`: boxes and class names for the tools that read vision_msgs, where that is installed."""

import importlib.util
from collections.abc import Mapping

from osis_ros.messages.objects import objects_to_message
from osis_ros.nodes.outputs.output import Output
from osis_ros.nodes.placing import PlacedFrame
from osis_ros.pipeline.setting import Setting

if importlib.util.find_spec("vision_msgs"):
    from osis_ros.messages.object_detections import Detection3DArray, objects_to_detections
else:
    Detection3DArray = None

PUBLISH = Setting("publish.detections", True, "Publish ~/detections, where vision_msgs is installed.")


def make(frame: PlacedFrame, values: Mapping[str, object]) -> object:
    return objects_to_detections(objects_to_message(frame.objects, frame.found, frame.header))


DETECTIONS = Output(
    topic="detections",
    message_type=Detection3DArray,
    make=make,
    wanted=lambda values, subscribers: values[PUBLISH.name],
    settings=(PUBLISH,),
)
