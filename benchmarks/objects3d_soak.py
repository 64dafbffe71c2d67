"""Whether the localizer grows: its memory, threads and open files while it works on frames for minutes.

    python benchmarks/objects3d_soak.py [--minutes 2] [--rate 15] [--objects 10]

It starts the node as a process and sends it simulated instances and depth over DDS. Every output is subscribed to. It
prints a line each tenth of the time: frames sent and answered, memory, cores used, threads and open files of the node.
At the end it prints how much memory the node held early on, when everything was loaded and warm, and how much later.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import rclpy
from objects3d_speed import recorded
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from osis_ros.messages.camera import intrinsics_to_message
from osis_ros.messages.images import image_to_message
from osis_ros.messages.instances import instances_to_message
from osis_ros.msg import InstanceArray, ObjectArray
from osis_ros.nodes.object_outputs.all_outputs import all_outputs
from osis_ros.nodes.support.node_process import NodeProcess

SENSOR = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
HALF = np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])  # from (0, 0) to (0.5, 0.5) for the first pixel's centre


class Source(Node):
    """Sends the frames in turn, and counts the answers."""

    def __init__(self, frames: list) -> None:
        super().__init__("soak")
        self.answers, self.sent = 0, 0
        self._frames = [
            (instances, depth, np.array([[c.fx, 0, c.cx], [0, c.fy, c.cy], [0, 0, 1]]) + HALF)
            for instances, depth, c in frames
        ]
        self._instances = self.create_publisher(InstanceArray, "instances", SENSOR)
        self._depth = self.create_publisher(Image, "depth", SENSOR)
        self._info = self.create_publisher(CameraInfo, "depth_camera_info", SENSOR)
        self.create_subscription(ObjectArray, "localizer/objects", self._count, SENSOR)
        for output in all_outputs():
            if output.message_type is not None and output.topic != "objects":
                self.create_subscription(output.message_type, f"localizer/{output.topic}", lambda _: None, SENSOR)

    def _count(self, _: ObjectArray) -> None:
        self.answers += 1

    def listened_to(self) -> bool:
        return all(topic.get_subscription_count() for topic in (self._instances, self._depth, self._info))

    def send(self) -> None:
        instances, depth, k = self._frames[self.sent % len(self._frames)]
        self.sent += 1
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id="camera")
        self._info.publish(intrinsics_to_message(k, depth.shape[1], depth.shape[0], header))
        self._depth.publish(image_to_message(depth, "32FC1", header))
        self._instances.publish(instances_to_message(instances, header, "soak"))


def held(process: int) -> tuple[float, int, int]:
    """Megabytes of memory, threads and open files of a process."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    return int(status["VmRSS"].split()[0]) / 1024, int(status["Threads"]), files


def busy(process: int) -> float:
    """Seconds of processor time that a process has used."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def spin(source: Source, seconds: float, rate: float = 0.0) -> None:
    """Listen for a while, and send at this rate."""
    end, due = time.monotonic() + seconds, time.monotonic()
    while (now := time.monotonic()) < end:
        if rate and now >= due:
            source.send()
            due = max(due + 1 / rate, now - 1 / rate)
        rclpy.spin_once(source, timeout_sec=max(0.0, min(due, end) - now) if rate else 0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=15.0, help="frames a second")
    parser.add_argument("--objects", type=int, default=10)
    arguments = parser.parse_args()
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    frames = recorded(4, arguments.objects)
    rclpy.init()
    source = Source(frames)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "localizer.log"
        node = NodeProcess("localizer", "osis_ros.nodes.localizer_node", ["-p", "autostart:=true"], log)
        try:
            while not source.listened_to():
                node.check()
                spin(source, 0.2)
            print(f"{'minute':>8}{'sent':>8}{'answers':>9}{'MB':>8}{'cores':>7}{'threads':>9}{'files':>7}")
            memory, used = [], busy(node.process_id)
            for part in range(1, 11):
                spin(source, 6 * arguments.minutes, arguments.rate)
                node.check()
                size, threads, files = held(node.process_id)
                memory.append(size)
                before, used = used, busy(node.process_id)
                print(
                    f"{part * arguments.minutes / 10:8.1f}{source.sent:8}{source.answers:9}{size:8.1f}"
                    f"{(used - before) / (6 * arguments.minutes):7.2f}{threads:9}{files:7}", flush=True,
                )  # fmt: skip
            early, late = np.median(memory[1:5]), np.median(memory[6:])
            print(f"median of the second to fifth line {early:.1f} MB, of the last four {late:.1f} MB")
        finally:
            node.stop()
            source.destroy_node()
            rclpy.try_shutdown()


if __name__ == "__main__":
    main()
