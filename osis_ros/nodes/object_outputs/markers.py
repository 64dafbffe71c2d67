"""`~/markers` and `~/plane`: boxes, names and the support plane for RViz, where visualization_msgs is installed."""

import importlib.util
from collections.abc import Mapping

from osis_ros.nodes.outputs.output import Output
from osis_ros.nodes.placing import PlacedFrame
from osis_ros.pipeline.setting import Setting

if importlib.util.find_spec("visualization_msgs"):
    from osis_ros.messages.markers import (
        Marker,
        MarkerArray,
        all_deleted,
        marker_id,
        objects_to_markers,
        plane_to_marker,
    )
else:
    Marker = MarkerArray = None

PUBLISH = Setting(
    "publish.markers", True,
    "Publish ~/markers and ~/plane, where visualization_msgs is installed, while somebody subscribes.",
)  # fmt: skip


class Markers:
    """Remembers what is drawn, so that what is gone is taken away."""

    def __init__(self) -> None:
        self._drawn: set[int] | None = None

    def make(self, frame: PlacedFrame, values: Mapping[str, object]) -> object:
        placed = set(frame.objects.ids.tolist())
        ids = {marker_id(instance) for instance in frame.found.instances if instance.id in placed}
        gone = (self._drawn or set()) - ids
        message = objects_to_markers(frame.objects, frame.found, frame.header, gone)
        if self._drawn is None:
            message.markers = [*all_deleted(frame.header).markers, *message.markers]
        self._drawn = ids
        return message


def markers() -> Output:
    """The output, with a memory of its own."""
    return Output(
        topic="markers",
        message_type=MarkerArray,
        make=Markers().make,
        wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
        settings=(PUBLISH,),
    )


PLANE = Output(
    topic="plane",
    message_type=Marker,
    make=lambda frame, values: plane_to_marker(frame.objects.plane, frame.objects.box_centres, frame.header),
    wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
)
