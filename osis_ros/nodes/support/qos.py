"""Quality of service in words and profiles, and what is said when two ends do not match."""

from collections.abc import Callable

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

RELIABILITIES = {"best_effort": ReliabilityPolicy.BEST_EFFORT, "reliable": ReliabilityPolicy.RELIABLE}
DURABILITIES = {"volatile": DurabilityPolicy.VOLATILE, "transient_local": DurabilityPolicy.TRANSIENT_LOCAL}

RESULTS = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
PICTURES = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def subscription_profile(reliability: str, durability: str, depth: int) -> QoSProfile:
    """The profile of the `qos.*` parameters' words."""
    return QoSProfile(depth=depth, reliability=RELIABILITIES[reliability], durability=DURABILITIES[durability])


def in_words(profile: QoSProfile) -> str:
    """Such as `reliable, volatile, depth 5`; the depth is left out where the other end does not tell it."""
    depth = f", depth {profile.depth}" if profile.depth else ""
    return f"{profile.reliability.name.lower()}, {profile.durability.name.lower()}{depth}"


def compatible(offered: QoSProfile, requested: QoSProfile) -> bool:
    """Whether a publisher's reliability and durability are at least what a subscriber asks for."""
    asks_more_reliable = (
        requested.reliability == ReliabilityPolicy.RELIABLE and offered.reliability == ReliabilityPolicy.BEST_EFFORT
    )
    asks_more_durable = (
        requested.durability == DurabilityPolicy.TRANSIENT_LOCAL and offered.durability == DurabilityPolicy.VOLATILE
    )
    return not asks_more_reliable and not asks_more_durable


def subscription_events(
    node: Node, topic: str, profile: QoSProfile, report: Callable[[str], None]
) -> SubscriptionEventCallbacks:
    """Log and report, with both profiles, that a publisher offers less than this subscription asks for."""

    def incompatible(_event: object) -> None:
        others = [
            f"{info.node_namespace.rstrip('/')}/{info.node_name} offers {in_words(info.qos_profile)}"
            for info in node.get_publishers_info_by_topic(topic)
            if not compatible(info.qos_profile, profile)
        ]
        text = (
            f"{topic}: incompatible QoS, no image will come: {'; '.join(others) or 'a publisher offers less'}, "
            f"this node requests {in_words(profile)}; set qos.reliability and qos.durability to what is offered"
        )
        node.get_logger().error(text)
        report(text)

    return SubscriptionEventCallbacks(incompatible_qos=incompatible)


def publisher_events(node: Node, topic: str, profile: QoSProfile) -> PublisherEventCallbacks:
    """Log, with both profiles, that a subscriber asks for more than this publisher offers."""

    def incompatible(_event: object) -> None:
        others = [
            f"{info.node_namespace.rstrip('/')}/{info.node_name} requests {in_words(info.qos_profile)}"
            for info in node.get_subscriptions_info_by_topic(topic)
            if not compatible(profile, info.qos_profile)
        ]
        node.get_logger().error(
            f"{topic}: incompatible QoS, a subscriber gets nothing: {'; '.join(others) or 'it requests more'}, "
            f"this node offers {in_words(profile)}"
        )

    return PublisherEventCallbacks(incompatible_qos=incompatible)
