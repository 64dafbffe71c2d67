"""The bag that a replay writes: the results of each image, on the topics of the segmenter node."""

from collections.abc import Mapping

from osis_ros.bags.reader import RecordedBag
from osis_ros.bags.writer import BagWriter
from osis_ros.inference.overlay import draw_overlay
from osis_ros.messages.images import rgb_to_jpeg_message
from osis_ros.nodes.outputs.instances import INSTANCES
from osis_ros.nodes.outputs.label_image import LABEL_IMAGE
from osis_ros.nodes.outputs.tracks import TRACKS
from osis_ros.nodes.support.qos import PICTURES
from osis_ros.pipeline.frame import Frame

OUTPUTS = (INSTANCES, LABEL_IMAGE, TRACKS)
SETTINGS = tuple(setting for output in OUTPUTS for setting in output.settings)
OVERLAY = "overlay/compressed"  # raw ones would fill the disk
ANEW = "/replay"  # before the topics where the bag has the node's own, which would else be played into one with these


def node_topic(name: str, camera: str) -> str:
    """A topic as the segmenter names it: `/segmenter/instances`, or of one of several cameras
    `/segmenter/left/instances`."""
    return "/".join(("/segmenter", *filter(None, (camera, name))))


class Results:
    """Writes the output messages of processed frames of one camera.

    Args:
        writer: a new bag.
        recorded: the bag that the images are of.
        values: of the outputs' settings, by name.
        camera: its name, empty if there is one only.
    """

    def __init__(self, writer: BagWriter, recorded: RecordedBag, values: Mapping[str, object], camera: str) -> None:
        self._writer, self._values = writer, values
        names = [*(output.topic for output in OUTPUTS), OVERLAY]
        self._topics = {name: node_topic(name, camera) for name in names}
        if recorded.holds_any(self._topics.values()):
            self._topics = {name: ANEW + topic for name, topic in self._topics.items()}
        for output in OUTPUTS:
            name = output.message_type.__name__
            package = output.message_type.__module__.partition(".")[0]
            writer.add_topic(self._topics[output.topic], f"{package}/msg/{name}", output.profile)
        writer.add_topic(self._topics[OVERLAY], "sensor_msgs/msg/CompressedImage", PICTURES)

    def write(self, frame: Frame, time: int) -> None:
        """Write what was found in a frame as recorded at `time` (ns)."""
        for output in OUTPUTS:
            message = output.make(frame, self._values)
            if message is not None:
                self._writer.write_message(self._topics[output.topic], time, message)
        message = rgb_to_jpeg_message(draw_overlay(frame.rgb, frame.instances), frame.header)
        self._writer.write_message(self._topics[OVERLAY], time, message)
