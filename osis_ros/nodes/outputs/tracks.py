"""`~/tracks`: all objects that are followed, also those that are not in the image."""

from collections.abc import Mapping

from osis_ros.messages.tracks import tracks_to_message
from osis_ros.msg import TrackArray
from osis_ros.nodes.outputs.output import Output
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import Setting

PUBLISH = Setting("publish.tracks", True, "Publish ~/tracks, while somebody subscribes, if tracking is on.")


def make(frame: Frame, values: Mapping[str, object]) -> TrackArray | None:
    return None if frame.tracks is None else tracks_to_message(frame.tracks, frame.header, frame.model)


TRACKS = Output(
    topic="tracks",
    message_type=TrackArray,
    make=make,
    wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
    settings=(PUBLISH,),
)
