"""`~/label_info`: the names of the class ids, latched, where vision_msgs is installed."""

import importlib.util

from rclpy.node import Node
from std_msgs.msg import Header

from osis_ros.nodes.support.qos import LATCHED


class LabelInfoPublisher:
    """Tells the class names of one model, the taught names, the names of guesses and the score threshold, each time
    that one changes."""

    def __init__(self, node: Node, class_names: tuple[str, ...], guesses: tuple[str, ...] = ()) -> None:
        self._node, self._class_names, self._guesses = node, class_names, guesses
        self._announced: tuple[float, tuple[str, ...]] | None = None
        self._publisher = None
        if importlib.util.find_spec("vision_msgs"):
            from osis_ros.messages.vision import LabelInfo

            self._publisher = node.create_publisher(LabelInfo, "~/label_info", LATCHED)

    def announce(self, score_threshold: float, taught: tuple[str, ...] = ()) -> None:
        """Publish, unless just this was announced last.

        Args:
            taught: the taught names.
        """
        if self._publisher is None or (score_threshold, taught) == self._announced:
            return
        from osis_ros.messages.vision import label_info_to_message

        header = Header(stamp=self._node.get_clock().now().to_msg())
        message = label_info_to_message(self._class_names, score_threshold, header, taught, self._guesses)
        self._publisher.publish(message)
        self._announced = score_threshold, taught

    def destroy(self) -> None:
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)
