"""The segmenter's output topics: each result is made once, and what nobody looks at is not made."""

import importlib.util

import cv2
import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from osis_ros.inference.label_image import label_image
from osis_ros.inference.overlay import draw_overlay
from osis_ros.instances import Instances
from osis_ros.messages.images import image_message
from osis_ros.messages.instances import instance_array
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.qos import LATCHED, PICTURES, RESULTS, publisher_events


class ResultPublishers:
    """Publishers of one configured model. They send while the node is active; `~/label_info` is latched at any time."""

    def __init__(self, node: LifecycleNode, model: str, class_names: tuple[str, ...]) -> None:
        self._node, self._model, self._class_names = node, model, class_names
        self._instances = self._create(InstanceArray, "~/instances", RESULTS)
        self._label_image = self._create(Image, "~/label_image", PICTURES)
        self._overlay = self._create(Image, "~/overlay", PICTURES)
        self._detections = self._label_info = None
        if importlib.util.find_spec("vision_msgs"):
            from osis_ros.messages.vision import Detection2DArray, LabelInfo

            self._detections = self._create(Detection2DArray, "~/detections", RESULTS)
            self._label_info = node.create_publisher(LabelInfo, "~/label_info", LATCHED)
        self._announced: float | None = None

    def announce(self, score_threshold: float) -> None:
        """Latch the class names and the threshold in force, where it is another than the one announced last."""
        if self._label_info is None or score_threshold == self._announced:
            return
        from osis_ros.messages.vision import label_info

        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._label_info.publish(label_info(self._class_names, score_threshold, header))
        self._announced = score_threshold

    def _create(self, message_type: type, topic: str, profile: QoSProfile) -> Publisher:
        node = self._node
        events = publisher_events(node, node.resolve_topic_name(topic), profile)
        return node.create_lifecycle_publisher(message_type, topic, profile, event_callbacks=events)

    def publish(self, instances: Instances, rgb: np.ndarray, header: Header) -> None:
        """Send what was found in an image under the image's own header, the masks first."""
        self._instances.publish(instance_array(instances, header, self._model, self._wanted("embeddings")))
        if self._detections is not None and self._wanted("detections"):
            from osis_ros.messages.vision import detection_array

            self._detections.publish(detection_array(instances, header))
        if self._wanted("label_image") and self._label_image.get_subscription_count():
            self._label_image.publish(image_message(label_image(instances), "16UC1", header))
        if self._wanted("overlay") and self._overlay.get_subscription_count():
            bgr = cv2.cvtColor(draw_overlay(rgb, instances), cv2.COLOR_RGB2BGR)
            self._overlay.publish(image_message(bgr, "bgr8", header))

    def _wanted(self, what: str) -> bool:
        return self._node.get_parameter(f"publish.{what}").value

    def destroy(self) -> None:
        for publisher in (self._instances, self._label_image, self._overlay, self._detections):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)
        if self._label_info is not None:
            self._node.destroy_publisher(self._label_info)
