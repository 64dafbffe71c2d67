"""The camera's topic: what is subscribed, with which quality of service, and why no image comes."""

from collections.abc import Callable, Mapping

from rclpy.clock import Clock, ClockType
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.nodes.support.qos import DURABILITIES, RELIABILITIES, against_losses, in_words, offers
from osis_ros.nodes.support.statistics import FrameStatistics
from osis_ros.pipeline.setting import NOT_ACTIVE, Setting

AUTO = "auto"
FOLLOW_PERIOD = 0.5  # s
TRANSPORTS = {"raw": Image, "compressed": CompressedImage}
SETTINGS = (
    Setting("image_transport", "raw", "Whether `image` carries Image or CompressedImage.", NOT_ACTIVE,
            choices=tuple(TRANSPORTS)),
    Setting("qos.reliability", AUTO,
            "Reliability requested of the camera; auto requests reliable unless a publisher of the topic offers only "
            "best_effort.", NOT_ACTIVE, choices=(AUTO, *RELIABILITIES)),
    Setting("qos.durability", "volatile", "Durability requested of the camera; volatile matches every camera.",
            NOT_ACTIVE, choices=tuple(DURABILITIES)),
    Setting("qos.depth", 1, "Length of the middleware's queue; the node always processes the newest image only.",
            NOT_ACTIVE, low=1, high=100),
    Setting("image_timeout", 5.0, "Seconds without an image after which an active node warns.", low=0.1, high=3600.0),
)  # fmt: skip
ImageMessage = Image | CompressedImage


class ImageInput:
    """The subscription of an image topic, from construction until `close`.

    With `qos.reliability: auto` the reliability follows the camera's. Images that are larger than the middleware's
    shared memory arrive complete only if both ends are reliable. But a reliable subscription receives nothing from a
    best-effort camera.
    """

    def __init__(
        self,
        node: Node,
        values: Mapping[str, object],
        on_image: Callable[[ImageMessage], None],
        statistics: FrameStatistics,
        topic: str = "image",
        message_type: type | None = None,
    ) -> None:
        """
        Args:
            values: of `SETTINGS`, by name.
            on_image: called with each message.
            statistics: told of images that were lost on their way, and of publishers that do not match.
            topic: its name in this node, before it is remapped.
            message_type: that of `image_transport` if None.
        """
        self._node, self._on_image, self._statistics = node, on_image, statistics
        self._name, self._topic = topic, node.resolve_topic_name(topic)
        self._type = message_type or TRANSPORTS[values["image_transport"]]
        self._automatic = values["qos.reliability"] == AUTO
        self._profile = QoSProfile(
            depth=values["qos.depth"],
            durability=DURABILITIES[values["qos.durability"]],
            reliability=RELIABILITIES.get(values["qos.reliability"], ReliabilityPolicy.RELIABLE),
        )
        if self._automatic:
            self._profile.reliability = self._offered()
        self._subscription = self._subscribe()
        self._timer = None
        if self._automatic:  # steady: the simulated time may stand still
            clock = Clock(clock_type=ClockType.STEADY_TIME)
            self._timer = node.create_timer(FOLLOW_PERIOD, self._follow, clock=clock)

    def close(self) -> None:
        self._node.destroy_subscription(self._subscription)
        if self._timer is not None:
            self._node.destroy_timer(self._timer)

    def cause(self) -> str:
        """Why images are missed or lost, and what to do, in one sentence."""
        publishers = self._node.get_publishers_info_by_topic(self._topic)
        types = [info.topic_type for info in publishers]
        expected = f"{self._type.__module__.partition('.')[0]}/msg/{self._type.__name__}"
        if types and expected not in types:  # DDS matches these two without a word
            transport = " or set image_transport" if self._name == "image" else ""
            return f"its publisher sends {types[0]}, this node expects {expected}: remap {self._name}{transport}"
        number = f"the topic has {len(types)} publisher{'s' * (len(types) != 1)}"
        if not publishers:
            return number
        refused = offers(self._node, self._topic, self._profile)
        if len(refused) == len(publishers):
            return self._mismatch(refused)
        lost = self._statistics.summary().lost
        happens = f"{lost} images were lost on their way" if lost else "it sends none, or they are lost on their way"
        return f"{number}, but {happens}: {against_losses()}"

    def _subscribe(self) -> Subscription:
        events = SubscriptionEventCallbacks(
            incompatible_qos=self._on_mismatch,
            message_lost=lambda event: self._statistics.lost(event.total_count_change),
        )
        return self._node.create_subscription(
            self._type, self._name, self._on_image, self._profile, event_callbacks=events
        )

    def _offered(self) -> ReliabilityPolicy:
        """The reliability that every publisher offers; where there is none, the one requested so far."""
        offered = {info.qos_profile.reliability for info in self._node.get_publishers_info_by_topic(self._topic)}
        if not offered:
            return self._profile.reliability
        return ReliabilityPolicy.RELIABLE if offered == {ReliabilityPolicy.RELIABLE} else ReliabilityPolicy.BEST_EFFORT

    def _follow(self) -> None:
        """Subscribe anew where the publishers have changed what they offer."""
        wanted = self._offered()
        if wanted == self._profile.reliability:
            return
        self._profile.reliability = wanted
        self._node.destroy_subscription(self._subscription)
        self._subscription = self._subscribe()
        self._node.get_logger().info(
            f"{self._topic}: now subscribed {in_words(self._profile)}, as its publishers offer"
        )

    def _on_mismatch(self, _event: object) -> None:
        if self._automatic:
            self._follow()
        refused = offers(self._node, self._topic, self._profile)
        if self._automatic and not refused:
            return
        text = self._mismatch(refused)
        self._node.get_logger().error(text)
        self._statistics.problem(text)

    def _mismatch(self, refused: list[str]) -> str:
        return (
            f"{self._topic}: incompatible QoS, no image will come: {'; '.join(refused) or 'a publisher offers less'}, "
            f"this node requests {in_words(self._profile)}; set qos.reliability and qos.durability to what is offered"
        )
