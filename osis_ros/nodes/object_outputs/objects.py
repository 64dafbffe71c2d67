"""`~/objects`: everything known about each object in space. One message for each frame, also where it is empty."""

from osis_ros.messages.objects import objects_to_message
from osis_ros.msg import ObjectArray
from osis_ros.nodes.outputs.output import Output

OBJECTS = Output(
    topic="objects",
    message_type=ObjectArray,
    make=lambda frame, values: objects_to_message(frame.objects, frame.found, frame.header, frame.problem),
    wanted=lambda values, subscribers: True,
)
