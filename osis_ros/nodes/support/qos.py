"""Quality of service in words and profiles, and what is said when two ends do not match."""

from pathlib import Path

import rclpy
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from osis_ros.files.share import share_folders

RELIABILITIES = {"best_effort": ReliabilityPolicy.BEST_EFFORT, "reliable": ReliabilityPolicy.RELIABLE}
DURABILITIES = {"volatile": DurabilityPolicy.VOLATILE, "transient_local": DurabilityPolicy.TRANSIENT_LOCAL}

PROFILE = Path("osis_ros", "config", "fastdds.xml")

RESULTS = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
PICTURES = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)


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


def offers(node: Node, topic: str, requested: QoSProfile) -> list[str]:
    """What each publisher offers that sends nothing to a subscription with this profile, in words."""
    return [
        f"{info.node_namespace.rstrip('/')}/{info.node_name} offers {in_words(info.qos_profile)}"
        for info in node.get_publishers_info_by_topic(topic)
        if not compatible(info.qos_profile, requested)
    ]


def against_losses() -> str:
    """Why large messages are lost between two processes, and what to do, in one sentence."""
    if "fastrtps" not in rclpy.get_rmw_implementation_identifier():
        return "the middleware's buffers or the network are too small for them: enlarge these, or publish them reliable"
    profile = next((file for folder in share_folders() if (file := folder / PROFILE).is_file()), PROFILE)
    return (
        "Fast DDS loses parts of images that are larger than its shared memory (512 KiB unless configured): start the "
        f"camera's process with FASTRTPS_DEFAULT_PROFILES_FILE={profile}, or let it publish reliable"
    )


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
