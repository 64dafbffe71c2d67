"""`~/tracks`: the objects that the localizer follows itself, with their positions."""

from osis_ros.messages.tracks import tracks_to_message
from osis_ros.msg import TrackArray
from osis_ros.nodes.outputs.output import Output

TRACKS = Output(
    topic="tracks",
    message_type=TrackArray,
    make=lambda frame, values: (
        None if frame.tracks is None else tracks_to_message(frame.tracks, frame.header, frame.found.model)
    ),
    wanted=lambda values, subscribers: True,
)
