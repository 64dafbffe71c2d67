"""The bag that a replay writes: the results of each image, on the topics of the segmenter node."""

from collections.abc import Mapping

from rclpy.serialization import serialize_message

from osis_ros.bags.reader import RecordedBag
from osis_ros.bags.writer import BagWriter
from osis_ros.inference.overlay import draw_overlay
from osis_ros.messages.images import rgb_to_jpeg_message
from osis_ros.nodes.outputs.instances import INSTANCES
from osis_ros.nodes.outputs.label_image import LABEL_IMAGE
from osis_ros.nodes.outputs.tracks import TRACKS
from osis_ros.nodes.support.qos import PICTURES
from osis_ros.pipeline.frame import Frame

# As the node names them; below ANEW where the bag has the node's own, which would else be played into one with these.
NODE, ANEW = "/segmenter/", "/replay"
OUTPUTS = (INSTANCES, LABEL_IMAGE, TRACKS)
SETTINGS = tuple(setting for output in OUTPUTS for setting in output.settings)
OVERLAY = f"{NODE}overlay/compressed"  # raw ones would fill the disk
TOPICS = (*(NODE + output.topic for output in OUTPUTS), OVERLAY)


class Results:
    """Writes the output messages of processed frames.

    Args:
        writer: a new bag.
        recorded: the bag that the images are of.
        values: of the outputs' settings, by name.
    """

    def __init__(self, writer: BagWriter, recorded: RecordedBag, values: Mapping[str, object]) -> None:
        self._writer, self._values = writer, values
        self._prefix = ANEW if recorded.holds_any(TOPICS) else ""
        for output in OUTPUTS:
            name = output.message_type.__name__
            package = output.message_type.__module__.partition(".")[0]
            writer.add_topic(self._prefix + NODE + output.topic, f"{package}/msg/{name}", output.profile)
        writer.add_topic(self._prefix + OVERLAY, "sensor_msgs/msg/CompressedImage", PICTURES)

    def write(self, frame: Frame, time: int) -> None:
        """Write what was found in a frame as recorded at `time` (ns)."""
        for output in OUTPUTS:
            message = output.make(frame, self._values)
            if message is None:
                continue
            self._writer.write(self._prefix + NODE + output.topic, time, serialize_message(message))
        overlay = draw_overlay(frame.rgb, frame.instances)
        message = rgb_to_jpeg_message(overlay, frame.header)
        self._writer.write(self._prefix + OVERLAY, time, serialize_message(message))
