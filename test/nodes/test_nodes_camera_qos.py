"""Without any setting the images of a camera on the same machine arrive, and where they are lost the node says why."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from bench import BEST_EFFORT, RELIABLE, Bench, eventually, picture, rgb_message, status, value
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from osis_ros.msg import InstanceArray

RED = picture((16, 8, 96, 48, (255, 0, 0)))

# A camera in a process of its own, that has Fast DDS as it comes: 512 KiB of shared memory.
CAMERA = """
import sys, time
from array import array
import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
topic, width, height, reliability, count = sys.argv[1], *map(int, sys.argv[2:4]), sys.argv[4], int(sys.argv[5])
rclpy.init()
node = rclpy.create_node("eye")
profile = QoSProfile(depth=count, reliability=ReliabilityPolicy[reliability])
publisher = node.create_publisher(Image, topic, profile)
image = Image(width=width, height=height, step=3 * width, encoding="rgb8", data=array("B", bytes(3 * width * height)))
while not publisher.get_subscription_count():
    time.sleep(0.05)
time.sleep(1)
for image.header.stamp.sec in range(1, count + 1):
    publisher.publish(image)
    time.sleep(0.2)
time.sleep(5)
"""


@pytest.fixture
def camera(bench: Bench) -> Iterator[Callable[..., None]]:
    running = []

    def start(width: int, height: int, reliability: str, count: int) -> None:
        arguments = [f"{bench.namespace}/image", str(width), str(height), reliability, str(count)]
        environment = {k: v for k, v in os.environ.items() if not k.endswith("_DEFAULT_PROFILES_FILE")}
        running.append(subprocess.Popen([sys.executable, "-c", CAMERA, *arguments], env=environment))

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 720)])
def test_every_image_of_a_reliable_camera_arrives_whatever_its_size(
    bench: Bench, colour_cells, camera: Callable[..., None], width: int, height: int
):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    bench.active(colour_cells, **{"qos.depth": 10})  # with 1, images that are sent again together replace each other
    camera(width, height, "RELIABLE", 10)
    eventually(lambda: value(status(diagnostics, bench), "images received") == "10", "all ten images")
    assert value(status(diagnostics, bench), "images lost on their way") == "0"


def test_the_remedy_is_named_where_images_are_lost(bench: Bench, colour_cells, camera: Callable[..., None]):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    bench.active(colour_cells, image_timeout=2.0)
    camera(1920, 1080, "BEST_EFFORT", 100)
    warning = eventually(
        lambda: (s := status(diagnostics, bench)) and "were lost on their way: " in s.message and s,
        "a warning of the losses",
    )
    assert warning.level == DiagnosticStatus.WARN
    assert int(value(warning, "images lost on their way")) > 0
    assert "start the camera's process with FASTRTPS_DEFAULT_PROFILES_FILE=" in warning.message
    assert warning.message.endswith("config/fastdds.xml, or let it publish reliable")


def requested(bench: Bench) -> list[ReliabilityPolicy]:
    return [
        info.qos_profile.reliability for info in bench.peer.get_subscriptions_info_by_topic(f"{bench.namespace}/image")
    ]


def test_the_subscription_follows_what_the_cameras_offer(bench: Bench, colour_cells):
    reliable, best_effort = [ReliabilityPolicy.RELIABLE], [ReliabilityPolicy.BEST_EFFORT]
    heard = bench.listen(InstanceArray, "segmenter/instances")
    first = bench.camera(profile=RELIABLE)
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    assert requested(bench) == reliable
    first(rgb_message(RED, bench.stamped(1)))
    assert heard.wait()[-1].header.stamp.sec == 1
    second = bench.camera(profile=BEST_EFFORT)
    eventually(lambda: requested(bench) == best_effort, "a subscription that both match")
    for number, publish in ((2, second), (3, first)):
        eventually(
            lambda publish=publish, number=number: (
                publish(rgb_message(RED, bench.stamped(number))) or heard[-1].header.stamp.sec == number
            ),
            f"image {number}",
        )
    bench.peer.destroy_publisher(second.publisher)
    eventually(lambda: requested(bench) == reliable, "a reliable subscription again")
    bench.peer.destroy_publisher(first.publisher)
    bench.camera(profile=BEST_EFFORT)
    eventually(lambda: requested(bench) == best_effort, "a subscription that the new camera matches")


def test_a_camera_that_no_reliability_matches_is_still_named(bench: Bench, colour_cells, errors: list[str]):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    volatile = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.VOLATILE)
    bench.camera(profile=volatile)
    bench.active(colour_cells, qos__durability="transient_local", image_timeout=0.5)
    eventually(
        lambda: (s := status(diagnostics, bench)) and "peer offers reliable, volatile" in s.message,
        "the diagnostics say so",
    )
    assert "this node requests reliable, transient_local" in errors[0]
