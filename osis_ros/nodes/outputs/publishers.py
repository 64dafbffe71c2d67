"""The publishers of all outputs."""

from collections.abc import Mapping, Sequence

from rclpy.lifecycle import LifecycleNode, LifecyclePublisher

from osis_ros.nodes.outputs.detections import DETECTIONS
from osis_ros.nodes.outputs.instances import INSTANCES
from osis_ros.nodes.outputs.label_image import LABEL_IMAGE
from osis_ros.nodes.outputs.output import Output
from osis_ros.nodes.outputs.overlay import OVERLAY
from osis_ros.nodes.outputs.tracks import TRACKS
from osis_ros.nodes.support.qos import publisher_events

OUTPUTS = (INSTANCES, TRACKS, DETECTIONS, LABEL_IMAGE, OVERLAY)  # in the order in which they are sent
SETTINGS = tuple(setting for output in OUTPUTS for setting in output.settings)


class OutputPublishers:
    """A publisher for each output whose message type is installed. They send while the node is active."""

    def __init__(self, node: LifecycleNode, outputs: Sequence[Output] = OUTPUTS, below: str = "~/") -> None:
        """
        Args:
            below: what the topics' names begin with.
        """
        self._node, self._below = node, below
        self._publishers = [(output, self._publisher(output)) for output in outputs if output.message_type]

    def _publisher(self, output: Output) -> LifecyclePublisher:
        node, topic = self._node, f"{self._below}{output.topic}"
        events = publisher_events(node, node.resolve_topic_name(topic), output.profile)
        return node.create_lifecycle_publisher(output.message_type, topic, output.profile, event_callbacks=events)

    def publish(self, frame: object, values: Mapping[str, object]) -> None:
        """Send what was found in a frame; what nobody wants is not made.

        Args:
            frame: of the kind that the outputs' `make` takes.
        """
        for output, publisher in self._publishers:
            if output.wanted(values, publisher.get_subscription_count()):
                message = output.make(frame, values)
                if message is not None:
                    publisher.publish(message)

    def destroy(self) -> None:
        for _, publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
