"""The camera's topic: what is subscribed, and how."""

from collections.abc import Callable, Mapping

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.nodes.support.qos import DURABILITIES, RELIABILITIES, subscription_events, subscription_profile
from osis_ros.pipeline.setting import NOT_ACTIVE, Setting

TRANSPORTS = {"raw": Image, "compressed": CompressedImage}
SETTINGS = (
    Setting("image_transport", "raw", "Whether `image` carries Image or CompressedImage.", NOT_ACTIVE,
            choices=tuple(TRANSPORTS)),
    Setting("qos.reliability", "best_effort",
            "Reliability requested of the camera; best_effort matches every camera.", NOT_ACTIVE,
            choices=tuple(RELIABILITIES)),
    Setting("qos.durability", "volatile", "Durability requested of the camera; volatile matches every camera.",
            NOT_ACTIVE, choices=tuple(DURABILITIES)),
    Setting("qos.depth", 1, "Images that the middleware keeps; only the newest is ever processed.", NOT_ACTIVE,
            low=1, high=100),
    Setting("image_timeout", 5.0, "Seconds without an image after which an active node warns.", low=0.1, high=3600.0),
)  # fmt: skip
ImageMessage = Image | CompressedImage


class ImageInput:
    """The subscription of `image`, from construction until `close`."""

    def __init__(
        self,
        node: Node,
        values: Mapping[str, object],
        on_image: Callable[[ImageMessage], None],
        problem: Callable[[str], None],
    ) -> None:
        """
        Args:
            values: of `SETTINGS`, by name.
            on_image: called with each message.
            problem: told in one sentence why no image will come.
        """
        self._node = node
        profile = subscription_profile(*(values[f"qos.{name}"] for name in ("reliability", "durability", "depth")))
        events = subscription_events(node, node.resolve_topic_name("image"), profile, problem)
        message_type = TRANSPORTS[values["image_transport"]]
        self._subscription = node.create_subscription(message_type, "image", on_image, profile, event_callbacks=events)

    def close(self) -> None:
        self._node.destroy_subscription(self._subscription)
