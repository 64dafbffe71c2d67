"""A node's state as diagnostic_msgs, for rqt_robot_monitor and the diagnostic aggregator."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from osis_ros.nodes.support.statistics import Summary

OK = DiagnosticStatus.OK
PERIOD = 1.0  # s
LOSS_LIMIT = 0.1  # of the images that the camera sends


@dataclass(frozen=True)
class Report:
    """What one status of a node tells.

    Attributes:
        task: what the node does, for the name of the status.
        state: the lifecycle state; `active` is the one in which images are expected.
        silence_limit: seconds without an image after which an active node warns.
        details: more values to show first: the model, the provider, the topic …
        cause: why images are missed or lost, and what to do, in one sentence.
    """

    task: str
    state: str
    summary: Summary
    silence_limit: float
    details: Mapping[str, str]
    cause: Callable[[], str]


class DiagnosticsPublisher:
    """Publishes a node's state on /diagnostics once a second, and warns in the log while images are missed or lost."""

    def __init__(self, node: Node, reports: Callable[[], Iterable[Report]], noun: str = "image") -> None:
        """
        Args:
            reports: one for each status.
            noun: what the node works on.
        """
        self._node, self._reports, self._noun = node, reports, noun
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # A steady clock, because the simulated time may stand still; a group of its own, because a transition may last
        # minutes (TensorRT builds its engine), and that is when people look.
        clock, group = Clock(clock_type=ClockType.STEADY_TIME), MutuallyExclusiveCallbackGroup()
        node.create_timer(PERIOD, self._publish, callback_group=group, clock=clock)

    def _publish(self) -> None:
        array = DiagnosticArray(status=[self._status(report) for report in self._reports()])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _status(self, report: Report) -> DiagnosticStatus:
        status = diagnostic_status(f"{self._node.get_fully_qualified_name()}: {report.task}", report, self._noun)
        if is_silent(report.state, report.summary, report.silence_limit) or is_lossy(report.state, report.summary):
            status.message += f"; {report.cause()}"
            self._node.get_logger().warning(status.message, throttle_duration_sec=10.0)
        return status


def is_silent(state: str, summary: Summary, silence_limit: float) -> bool:
    """Whether images are missed: the node is active and none has come for so many seconds."""
    return state == "active" and summary.silence > silence_limit


def is_lossy(state: str, summary: Summary) -> bool:
    """Whether more of the camera's images are lost on their way than a radio link now and then loses."""
    return state == "active" and not summary.failing and summary.loss > LOSS_LIMIT


def why_no_instances(node: Node) -> str:
    """Why nothing comes on the segmenter's topic `instances`, in one sentence."""
    topic = node.resolve_topic_name("instances")
    number = node.count_publishers(topic)
    if not number:
        return f"{topic} has no publisher: start the segmenter, or remap instances"
    sent = "a publisher that has" if number == 1 else f"{number} publishers that have"
    return f"{topic} has {sent} sent nothing for a while: is the segmenter active, or very slow?"


def diagnostic_status(name: str, report: Report, noun: str = "image") -> DiagnosticStatus:
    """
    Args:
        name: of the status, by custom the node's name and what it does.
        noun: what the node works on.
    """
    details = report.details
    level, text = _judgement(report.state, report.summary, report.silence_limit, details.get("topic", noun), noun)
    status = DiagnosticStatus(level=level, name=name, message=text, hardware_id=details.get("provider", ""))
    values = {**details, **_values(report.summary, noun)}
    status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
    return status


def _judgement(state: str, summary: Summary, silence_limit: float, topic: str, noun: str) -> tuple[bytes, str]:
    failure = DiagnosticStatus.ERROR if summary.faulty else DiagnosticStatus.WARN
    if state != "active":
        return (failure, f"{state}: {summary.last_error}") if summary.failing else (OK, state)
    if is_silent(state, summary, silence_limit):
        return DiagnosticStatus.WARN, f"no {noun} on {topic} for {summary.silence:.0f} s"
    if summary.failing:
        return failure, f"the last {noun} or request failed: {summary.last_error}"
    if is_lossy(state, summary):
        return DiagnosticStatus.WARN, f"{summary.loss:.0%} of the {noun}s on {topic} do not arrive"
    return OK, f"{summary.output_rate:.1f} {noun}s/s"


def _values(summary: Summary, noun: str) -> dict[str, str]:
    def milliseconds(seconds: float) -> str:
        return f"{1000 * seconds:.1f}" if seconds == seconds else "none yet"

    inner = {}  # of a node with a model
    if summary.inference_p50 == summary.inference_p50:
        inner = {
            "inference p50 [ms]": milliseconds(summary.inference_p50),
            "inference p95 [ms]": milliseconds(summary.inference_p95),
            "node's own time p50 [ms]": milliseconds(summary.overhead_p50),
            "node's own time p95 [ms]": milliseconds(summary.overhead_p95),
        }
    return {
        f"{noun}s received": str(summary.received),
        f"{noun}s processed": str(summary.processed),
        f"{noun}s failed": str(summary.failed),
        f"{noun}s dropped": str(summary.dropped),
        f"{noun}s lost on their way": str(summary.lost),
        "input rate [1/s]": f"{summary.input_rate:.2f}",
        "output rate [1/s]": f"{summary.output_rate:.2f}",
        "latency p50 [ms]": milliseconds(summary.latency_p50),
        "latency p95 [ms]": milliseconds(summary.latency_p95),
        "age p50 [ms]": milliseconds(summary.age_p50),
        "age p95 [ms]": milliseconds(summary.age_p95),
        **inner,
        "last error": summary.last_error or "none",
    }
