"""The segmenter node as a process over DDS: start-up, its own time beside the model's, age of results, memory, cameras.

    source scripts/env.sh
    python benchmarks/node.py [--sizes 640x480 1920x1080] [--rates 5 30] [--cameras 1 2 4] [--seconds 20] [--json FILE]
    python benchmarks/node.py --soak 10      # minutes at the first size and the highest rate: does memory grow?

A camera in a process of its own sends photographs; this process listens to the results. `node` is the time from an
image's turn to its published result without the model's, as the node's diagnostics tell it. `age` is the time from an
image's stamp to the arrival of its result here: at least one inference, and up to one more where the camera is faster
than the model. With several cameras, one node for all is compared with a node for each.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from osis_ros.inference.image_file import read_image
from osis_ros.messages.images import image_to_message
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.node_process import NodeProcess

PHOTOGRAPHS = Path(__file__).parents[1] / "docs" / "photographs"
TICKS = os.sysconf("SC_CLK_TCK")
TIMEOUT = 120.0  # s for a node to come up
spawned = multiprocessing.get_context("spawn")


@dataclass
class Row:
    """What came of one situation. Times in ms, memory in MB, rates in 1/s, CPU in percent of one core."""

    situation: str
    results: float = 0.0
    least: float = 0.0
    inference: str = ""
    node: str = ""
    age: list[float] = field(default_factory=list)
    cpu: float = 0.0
    rss: float = 0.0


def send_photographs(topics: list[str], width: int, height: int, rate: float, stop: Event) -> None:
    """A camera's process: every topic gets the next photograph `rate` times a second."""
    rclpy.init()
    node = Node("bench_camera")
    publishers = [node.create_publisher(Image, topic, QoSProfile(depth=1)) for topic in topics]
    images = [cv2.resize(read_image(file), (width, height)) for file in sorted(PHOTOGRAPHS.glob("*.jpg"))]
    messages = [image_to_message(image, "rgb8", Header(frame_id="camera")) for image in images]
    due, number = time.monotonic(), 0
    while not stop.is_set():
        for publisher in publishers:
            message = messages[number % len(messages)]
            message.header.stamp = node.get_clock().now().to_msg()
            publisher.publish(message)
        number, due = number + 1, due + 1 / rate
        time.sleep(max(0.0, due - time.monotonic()))
    node.destroy_node()
    rclpy.shutdown()


class Listener(Node):
    """Hears results and diagnostics."""

    def __init__(self) -> None:
        super().__init__("bench_listener")
        self.ages: dict[str, list[float]] = defaultdict(list)
        self.told: dict[str, dict[str, str]] = {}
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def listen(self, topic: str) -> None:
        def on_result(message: InstanceArray) -> None:
            stamp = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
            self.ages[topic].append(1e3 * (1e-9 * self.get_clock().now().nanoseconds - stamp))

        self.create_subscription(InstanceArray, topic, on_result, 10)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.told[status.name] = {pair.key: pair.value for pair in status.values}

    def spin_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rclpy.spin_once(self, timeout_sec=0.05)


class Situation:
    """Nodes and their cameras, from construction until `close`."""

    def __init__(self, listener: Listener, cameras: list[str], apart: bool, arguments: list[str]) -> None:
        """Start the nodes and wait until they are active. `apart`: a node for each camera."""
        self._folder = tempfile.TemporaryDirectory()
        groups = [[name] for name in cameras] if apart else [cameras]
        self.topics, self.nodes = [], []
        for group in groups:
            space = f"/bench_{os.getpid()}_{time.monotonic_ns()}"
            named = "" if group == [""] else ", ".join(group)
            log = Path(self._folder.name, f"{len(self.nodes)}.log")
            ros = ["-r", f"__ns:={space}", "-p", "autostart:=true", "-p", "provider:=cpu", *arguments]
            ros += ["-p", f"cameras:=[{named}]"] if named else []
            self.nodes.append(NodeProcess("segmenter", "osis_ros.nodes.segmenter_node", ros, log))
            for name in group:
                below = f"{name}/" if name else ""
                self.topics.append(f"{space}/{below}image")
                listener.listen(f"{space}/segmenter/{below}instances")
        listener.ages.clear()
        end = time.monotonic() + TIMEOUT
        while not all(map(listener.count_subscribers, self.topics)):
            for node in self.nodes:
                node.check()
            if time.monotonic() > end:
                raise SystemExit(f"node: the segmenter is not active after {TIMEOUT:.0f} s")
            rclpy.spin_once(listener, timeout_sec=0.01)

    def usage(self) -> tuple[float, float]:
        """Seconds of CPU so far, and MB in memory, of all nodes."""
        cpu = rss = 0.0
        for node in self.nodes:
            fields = Path(f"/proc/{node.process_id}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / TICKS
            rss += int(Path(f"/proc/{node.process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        return cpu, rss

    def close(self) -> None:
        for node in self.nodes:
            node.stop()
        self._folder.cleanup()


def measure(name: str, listener: Listener, here: Situation, size: tuple[int, int], rate: float, seconds: float) -> Row:
    stop = spawned.Event()
    camera = spawned.Process(target=send_photographs, args=(here.topics, *size, rate, stop), daemon=True)
    camera.start()
    try:
        end = time.monotonic() + TIMEOUT
        while len(listener.ages) < len(here.topics) and time.monotonic() < end:
            rclpy.spin_once(listener, timeout_sec=0.05)
        listener.spin_for(3)  # the first images find cold caches
        listener.ages.clear()
        listener.told.clear()
        before, _ = here.usage()
        listener.spin_for(seconds)
        after, rss = here.usage()
    finally:
        stop.set()
        camera.join()
    counts = [len(ages) for ages in listener.ages.values()] or [0]
    ages = [age for ages in listener.ages.values() for age in ages] or [float("nan")]
    told = next((one for one in listener.told.values() if "inference p50 [ms]" in one), {})
    return Row(
        situation=name, results=sum(counts) / seconds, least=min(counts) / seconds,
        inference="/".join(told.get(f"inference p{q} [ms]", "–") for q in (50, 95)),
        node="/".join(told.get(f"node's own time p{q} [ms]", "–") for q in (50, 95)),
        age=[float(np.percentile(ages, q)) for q in (50, 95)], cpu=100 * (after - before) / seconds, rss=rss,
    )  # fmt: skip


def print_row(row: Row) -> None:
    age = "/".join(f"{value:.0f}" for value in row.age)
    print(f"{row.situation:34}{row.results:8.2f}{row.least:8.2f}{row.inference:>14}{row.node:>12}{age:>12}"
          f"{row.cpu:7.0f}{row.rss:7.0f}", flush=True)  # fmt: skip


def start_up(listener: Listener, arguments: list[str]) -> dict[str, float]:
    """From the start of the process until the node listens, and until its first answer: seconds, and seconds of CPU,
    which tell more on a busy machine. And the percent of a core that the node takes without images."""
    begun = time.monotonic()
    here = Situation(listener, [""], False, arguments)
    publisher = listener.create_publisher(Image, here.topics[0], QoSProfile(depth=1))
    image = cv2.resize(read_image(sorted(PHOTOGRAPHS.glob("*.jpg"))[0]), (640, 480))
    message = image_to_message(image, "rgb8", Header(frame_id="camera"))
    try:
        told = {"listens s": time.monotonic() - begun, "listens CPU s": here.usage()[0]}
        while not listener.ages:
            message.header.stamp = listener.get_clock().now().to_msg()
            publisher.publish(message)
            listener.spin_for(0.1)
        told |= {"first answer s": time.monotonic() - begun, "first answer CPU s": here.usage()[0]}
        listener.spin_for(2)
        before, _ = here.usage()
        listener.spin_for(5)
        return {**told, "idle CPU %": 100 * (here.usage()[0] - before) / 5}
    finally:
        here.close()
        listener.destroy_publisher(publisher)


def soak(listener: Listener, minutes: float, size: tuple[int, int], rate: float, arguments: list[str]) -> None:
    """Print the memory once a minute, and its slope after the first."""
    here, memory = Situation(listener, [""], False, arguments), []
    try:
        for minute in range(1, round(minutes) + 1):
            row = measure(f"minute {minute}", listener, here, size, rate, 55)
            memory.append(row.rss)
            print_row(row)
    finally:
        here.close()
    if len(memory) > 2:
        print(f"slope {np.polyfit(range(len(memory) - 1), memory[1:], 1)[0]:.2f} MB a minute")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["640x480", "1920x1080"], help="of the camera's images")
    parser.add_argument("--rates", type=float, nargs="+", default=[5.0, 30.0], help="images a second")
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 2, 4], help="how many at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--threads", type=int, default=0, help="the node's parameter")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES", help="only this, for so long")
    parser.add_argument("--json", type=Path, help="also write every figure here")
    options = parser.parse_args()
    sizes = [tuple(map(int, size.split("x"))) for size in options.sizes]
    arguments = ["-p", f"threads:={options.threads}"]
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ.setdefault(
        "FASTRTPS_DEFAULT_PROFILES_FILE", str(Path(__file__).parents[1] / "config" / "fastdds.xml")
    )  # fmt: skip
    rclpy.init()
    listener = Listener()
    heads = f"{'':34}{'results':>8}{'least':>8}{'inference':>14}{'node':>12}{'age':>12}{'CPU %':>7}{'MB':>7}"
    if options.soak:
        print(heads)
        return soak(listener, options.soak, sizes[0], max(options.rates), arguments)
    start = start_up(listener, arguments)
    print("from the start of the process:", ", ".join(f"{name} {value:.2f}" for name, value in start.items()))
    print(heads)
    rows = []

    def row(name: str, cameras: list[str], apart: bool, size: tuple[int, int], rate: float) -> None:
        here = Situation(listener, cameras, apart, arguments)
        try:
            rows.append(measure(name, listener, here, size, rate, options.seconds))
            print_row(rows[-1])
        finally:
            here.close()

    for size, text in zip(sizes, options.sizes, strict=True):
        for rate in options.rates:
            row(f"{text}, {rate:g} Hz", [""], False, size, rate)
    for count in options.cameras:
        names = [f"camera_{i}" for i in range(count)]
        for apart in (False, True)[: 1 if count == 1 else 2]:
            nodes = f"{count} nodes" if apart else "one node"
            row(f"{count} cameras, {nodes}", names, apart, sizes[0], max(options.rates))
    if options.json:
        content = {"start": start, "rows": [asdict(one) for one in rows]}
        options.json.write_text(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
