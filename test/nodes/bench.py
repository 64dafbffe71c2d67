"""A segmenter node and its peers over real DDS: a camera, subscribers and service clients, in one process."""

import threading
import time
from collections.abc import Callable
from itertools import count

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from osis_ros.nodes.executor import SteadyExecutor
from osis_ros.nodes.image_messages import image_message
from osis_ros.nodes.segmenter_node import SegmenterNode

TIMEOUT = 60.0  # s; a loaded machine is slow, not wrong
RELIABLE = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)

numbers = count(1)


def eventually(condition: Callable[[], object], what: str, timeout: float = TIMEOUT) -> object:
    """The condition's value as soon as it is true; fails the test with `what` if it does not become so."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {timeout:g} s")


class Heard(list):
    """The messages that a subscription has received."""

    def wait(self, number: int = 1) -> list:
        eventually(lambda: len(self) >= number, f"{number} messages (there are {len(self)})")
        return list(self)


class Bench:
    """Everything of one test, in a namespace of its own."""

    def __init__(self, context: Context) -> None:
        self.context, self.namespace = context, f"/bench_{next(numbers)}"
        self.executor = SteadyExecutor(num_threads=4, context=context)
        self.nodes: list[Node] = []
        self.peer = self.add(Node("peer", namespace=self.namespace, context=context))
        self.closing = False
        self.thread = threading.Thread(target=self._spin, daemon=True)
        self.thread.start()

    def _spin(self) -> None:
        while not self.closing:
            self.executor.spin_once(timeout_sec=0.2)

    def add(self, node: Node) -> Node:
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def close(self) -> None:
        self.closing = True
        self.thread.join()
        self.executor.shutdown()
        for node in self.nodes:
            node.destroy_node()

    def segmenter(self, **values: object) -> SegmenterNode:
        """An unconfigured node; `__` in a keyword stands for the dot of a parameter's name."""
        overrides = [Parameter(name.replace("__", "."), value=value) for name, value in values.items()]
        return self.add(SegmenterNode(namespace=self.namespace, context=self.context, parameter_overrides=overrides))

    def active(self, model: object, **values: object) -> SegmenterNode:
        """An active node with this model, matched with what the peer already publishes and subscribes."""
        node = self.segmenter(model=str(model), provider="cpu", threads=1, **values)
        assert self.change("configure")
        assert self.change("activate")
        return node

    def call(self, service_type: type, name: str, request: object) -> object:
        client = self.peer.create_client(service_type, f"{self.namespace}/segmenter/{name}")
        try:
            assert client.wait_for_service(TIMEOUT), f"no service {name}"
            done = threading.Event()
            future = client.call_async(request)
            future.add_done_callback(lambda _: done.set())
            assert done.wait(TIMEOUT), f"{name}: no answer in {TIMEOUT:g} s"
            return future.result()
        finally:
            self.peer.destroy_client(client)

    def change(self, transition: str) -> bool:
        request = ChangeState.Request()
        request.transition.label = transition
        return self.call(ChangeState, "change_state", request).success

    def state(self) -> str:
        return self.call(GetState, "get_state", GetState.Request()).current_state.label

    def set(self, **values: object) -> object:
        parameters = [Parameter(name.replace("__", "."), value=value) for name, value in values.items()]
        request = SetParametersAtomically.Request(parameters=[p.to_parameter_msg() for p in parameters])
        return self.call(SetParametersAtomically, "set_parameters_atomically", request).result

    def listen(self, message_type: type, topic: str, profile: QoSProfile = RELIABLE) -> Heard:
        heard = Heard()
        self.peer.create_subscription(message_type, topic, heard.append, profile)
        return heard

    def camera(self, message_type: type = Image, profile: QoSProfile = RELIABLE) -> Callable[[object], None]:
        """A function that publishes on `image`, the first time when the node is matched."""
        publisher = self.peer.create_publisher(message_type, "image", profile)

        def publish(message: object) -> None:
            eventually(publisher.get_subscription_count, "the node subscribes to the camera")
            publisher.publish(message)

        publish.publisher = publisher
        return publish

    def matched(self, topic: str) -> None:
        """Wait until the peer's subscription of this topic has a publisher."""
        eventually(lambda: self.peer.count_publishers(topic), f"a publisher of {topic}")

    def stamped(self, sec: int = 12, nanosec: int = 345, frame_id: str = "camera_optical_frame") -> Header:
        header = Header(frame_id=frame_id)
        header.stamp.sec, header.stamp.nanosec = sec, nanosec
        return header


def picture(*rectangles: tuple[int, int, int, int, tuple[int, int, int]], size: int = 224) -> np.ndarray:
    """RGB rectangles (x0, y0, x1, y1, colour) on black: uint8 [size, size, 3]."""
    rgb = np.zeros((size, size, 3), np.uint8)
    for x0, y0, x1, y1, colour in rectangles:
        rgb[y0:y1, x0:x1] = colour
    return rgb


def rgb_message(rgb: np.ndarray, header: Header) -> Image:
    return image_message(rgb, "rgb8", header)


def status(diagnostics: Heard, bench: Bench) -> DiagnosticStatus | None:
    """The latest status of the bench's node; other nodes share /diagnostics."""
    mine = [s for array in list(diagnostics) for s in array.status if s.name.startswith(bench.namespace + "/")]
    return mine[-1] if mine else None


def value(status: DiagnosticStatus | None, key: str) -> str:
    """One of a status' values; empty where there is no status yet."""
    return {pair.key: pair.value for pair in status.values}[key] if status else ""
