"""All outputs of the localizer."""

from osis_ros.nodes.object_outputs.depth_without_objects import DEPTH_WITHOUT_OBJECTS
from osis_ros.nodes.object_outputs.detections import DETECTIONS
from osis_ros.nodes.object_outputs.grasps import GRASPS
from osis_ros.nodes.object_outputs.markers import PLANE, markers
from osis_ros.nodes.object_outputs.objects import OBJECTS
from osis_ros.nodes.object_outputs.points import POINTS
from osis_ros.nodes.object_outputs.tracks import TRACKS
from osis_ros.nodes.outputs.output import Output


def all_outputs() -> tuple[Output, ...]:
    """In the order in which they are sent; each call makes outputs that remember nothing."""
    return OBJECTS, TRACKS, DETECTIONS, markers(), PLANE, GRASPS, POINTS, DEPTH_WITHOUT_OBJECTS


SETTINGS = tuple(setting for output in all_outputs() for setting in output.settings)
