"""Recording over real DDS, read back with an independent reader of bags."""

from pathlib import Path

import numpy as np
import pytest
from bench import Bench, eventually
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from osis_ros.bags.recorder import BagRecorder
from osis_ros.messages.images import byte_array, image_to_message
from osis_ros.msg import Instance, InstanceArray

pytest.importorskip("rosbags", reason="bags are read with rosbags, which pip installs")
from rosbags.highlevel import AnyReader


@pytest.fixture
def recorder(bench: Bench, tmp_path: Path) -> BagRecorder:
    node = bench.add(Node("recorder", namespace=bench.namespace, context=bench.context))
    recorder = BagRecorder(node, tmp_path / "run")
    yield recorder
    recorder.close()


def publisher(bench: Bench, kind: type, topic: str, **profile: object) -> tuple[object, str]:
    publisher = bench.peer.create_publisher(kind, topic, QoSProfile(depth=10, **profile))
    return publisher, publisher.topic_name


def recorded(folder: Path, topic: str) -> list:
    with AnyReader([folder]) as reader:  # no type store: the definitions in the file must do
        connections = [c for c in reader.connections if c.topic == topic]
        return [reader.deserialize(raw, c.msgtype) for c, _, raw in reader.messages(connections)]


def test_messages_of_every_topic_come_back_whole_from_the_file_alone(
    bench: Bench, recorder: BagRecorder, tmp_path: Path
):
    images, image_topic = publisher(bench, Image, "pixels", reliability=ReliabilityPolicy.BEST_EFFORT)
    arrays, array_topic = publisher(bench, InstanceArray, "found")
    eventually(lambda: images.get_subscription_count() and arrays.get_subscription_count(), "both subscribed")
    header = Header(frame_id="camera")
    header.stamp.sec = 7
    pixels = np.arange(48 * 64 * 3, dtype=np.uint32).astype(np.uint8).reshape(48, 64, 3)
    images.publish(image_to_message(pixels, "rgb8", header))
    cup = Instance(id=1, class_name="cup", score=0.5, mask=byte_array(b"\xff\x00\xff\xff"))
    arrays.publish(InstanceArray(header=header, height=48, width=64, model="m", instances=[cup]))
    eventually(lambda: recorder.counts[image_topic] and recorder.counts[array_topic], "both recorded")
    recorder.close()

    assert (tmp_path / "run" / "run.mcap").is_file()
    assert (tmp_path / "run" / "metadata.yaml").is_file()
    (image,) = recorded(tmp_path / "run", image_topic)
    np.testing.assert_array_equal(image.data.reshape(48, 64, 3), pixels)
    (array,) = recorded(tmp_path / "run", array_topic)
    assert (array.header.stamp.sec, array.header.frame_id, array.model) == (7, "camera", "m")
    assert (array.instances[0].class_name, array.instances[0].mask.tolist()) == ("cup", [255, 0, 255, 255])


def test_what_was_latched_before_the_recorder_came_is_recorded(bench: Bench, tmp_path: Path):
    latched, topic = publisher(bench, String, "said", durability=DurabilityPolicy.TRANSIENT_LOCAL)
    latched.publish(String(data="early"))
    node = bench.add(Node("recorder", namespace=bench.namespace, context=bench.context))
    recorder = BagRecorder(node, tmp_path / "run")
    eventually(lambda: recorder.counts[topic], "the latched message")
    recorder.close()
    assert [message.data for message in recorded(tmp_path / "run", topic)] == ["early"]


def test_a_listener_hears_each_message_and_its_arrival(bench: Bench, recorder: BagRecorder):
    words, topic = publisher(bench, String, "words")
    heard = []
    recorder.listen(topic, lambda message, arrival: heard.append((message.data, arrival)))
    eventually(words.get_subscription_count, "subscribed")
    before = bench.peer.get_clock().now().nanoseconds
    for word in ("a", "b"):
        words.publish(String(data=word))
    eventually(lambda: len(heard) == 2, "two words")
    assert [word for word, _ in heard] == ["a", "b"]
    assert before <= heard[0][1] <= heard[1][1]


def test_nothing_is_written_after_closing(bench: Bench, recorder: BagRecorder, tmp_path: Path):
    words, topic = publisher(bench, String, "words")
    eventually(words.get_subscription_count, "subscribed")
    words.publish(String(data="before"))
    eventually(lambda: recorder.counts[topic], "a word")
    recorder.close()
    recorder.close()
    words.publish(String(data="after"))
    assert [message.data for message in recorded(tmp_path / "run", topic)] == ["before"]


def test_publishers_of_one_topic_that_offer_different_qualities_are_all_recorded(bench: Bench, tmp_path: Path):
    """A subscription that asked for the better of the two would not hear the other."""
    better = {"reliability": ReliabilityPolicy.RELIABLE, "durability": DurabilityPolicy.TRANSIENT_LOCAL}
    worse = {"reliability": ReliabilityPolicy.BEST_EFFORT, "durability": DurabilityPolicy.VOLATILE}
    (first, topic), (second, _) = (publisher(bench, String, "said", **profile) for profile in (better, worse))
    node = bench.add(Node("recorder", namespace=bench.namespace, context=bench.context))
    eventually(lambda: len(node.get_publishers_info_by_topic(topic)) == 2, "both publishers known")
    recorder = BagRecorder(node, tmp_path / "run")
    eventually(lambda: first.get_subscription_count() and second.get_subscription_count(), "both heard")
    first.publish(String(data="reliably"))
    second.publish(String(data="with luck"))
    eventually(lambda: recorder.counts[topic] == 2, "both messages")
    recorder.close()
    assert sorted(message.data for message in recorded(tmp_path / "run", topic)) == ["reliably", "with luck"]


@pytest.mark.parametrize("reliability", [ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT])
@pytest.mark.parametrize("durability", [DurabilityPolicy.TRANSIENT_LOCAL, DurabilityPolicy.VOLATILE])
def test_a_player_of_the_bag_offers_what_the_publisher_did(
    bench: Bench, recorder: BagRecorder, tmp_path: Path, reliability: ReliabilityPolicy, durability: DurabilityPolicy
):
    words, topic = publisher(bench, String, "said", reliability=reliability, durability=durability)
    eventually(words.get_subscription_count, "subscribed")
    recorder.close()
    with AnyReader([tmp_path / "run"]) as reader:
        (profile,) = next(c for c in reader.connections if c.topic == topic).ext.offered_qos_profiles
    assert (profile.reliability.name, profile.durability.name) == (reliability.name, durability.name)
