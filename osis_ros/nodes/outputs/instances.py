"""`~/instances`: everything known about each object, above all its mask."""

from collections.abc import Mapping

from osis_ros.messages.instances import instances_to_message
from osis_ros.msg import InstanceArray
from osis_ros.nodes.outputs.output import Output
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import Setting

EMBEDDINGS = Setting("publish.embeddings", False, "Include the embedding of each instance in ~/instances.")


def make(frame: Frame, values: Mapping[str, object]) -> InstanceArray:
    return instances_to_message(frame.instances, frame.header, frame.model, values[EMBEDDINGS.name])


INSTANCES = Output(
    topic="instances",
    message_type=InstanceArray,
    make=make,
    wanted=lambda values, subscribers: True,
    settings=(EMBEDDINGS,),
)
