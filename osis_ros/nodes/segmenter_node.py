"""`segmenter`: a lifecycle node that turns a camera's images into masks of known and unknown objects.

It only wires: parameters, the segmenter, the worker that is given the newest frame, publishers and a service.
"""

import time

import numpy as np
from builtin_interfaces.msg import Time as Stamp
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.subscription import Subscription
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.inference.manifest import BundleError
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.messages.colour import colour_converter
from osis_ros.messages.image_decoding import ImageError, compressed_to_rgb, image_to_rgb
from osis_ros.messages.instances import instance_array
from osis_ros.nodes.support import parameters
from osis_ros.nodes.support.diagnostics import DiagnosticsPublisher
from osis_ros.nodes.support.lifecycle import SteadyLifecycleNode
from osis_ros.nodes.support.newest_frame import NewestFrameWorker
from osis_ros.nodes.support.qos import subscription_events, subscription_profile
from osis_ros.nodes.support.results import ResultPublishers
from osis_ros.nodes.support.running import run
from osis_ros.nodes.support.statistics import FrameStatistics, Summary
from osis_ros.srv import Segment

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class SegmenterNode(SteadyLifecycleNode):
    """Configured it holds a model and answers `~/segment`; active it also segments the images of `image`."""

    def __init__(self, **options: object) -> None:
        """Declare parameters; nothing else is done before the first transition.

        Args:
            options: of rclpy's Node: namespace, parameter_overrides, context …
        Raises:
            rclpy.exceptions.ParameterException: a parameter's start-up value is refused.
        """
        super().__init__("segmenter", **options)
        self._segmenter: Segmenter | None = None
        self._results: ResultPublishers | None = None
        self._worker: NewestFrameWorker | None = None
        self._subscription: Subscription | None = None
        self._statistics = FrameStatistics()
        self.add_on_set_parameters_callback(self._on_set_parameters)
        parameters.declare(self)
        # In a group of its own, so that a request does not hold up the rest; and there as long as the node, because a
        # service that goes while a request is in work leaves its client without an answer.
        self._segment_group = MutuallyExclusiveCallbackGroup()
        self.create_service(Segment, "~/segment", self._on_segment, callback_group=self._segment_group)
        self._diagnostics = DiagnosticsPublisher(self, self._report)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model. A bundle that cannot be used leaves the node unconfigured, with one logged sentence."""
        try:
            converter = colour_converter()
            segmenter = Segmenter(self._value("model"), self._value("provider"), threads=self._value("threads"))
        except (BundleError, ImportError) as err:
            self.get_logger().error(f"not configured: {err}")
            self._statistics.refused(str(err))
            return FAILURE
        bundle = segmenter.bundle
        self._segmenter, self._statistics = segmenter, FrameStatistics()
        self._results = ResultPublishers(self, bundle.name, bundle.class_names)
        self._results.announce(self._score_threshold())
        self.get_logger().info(f"colours are converted by {converter.name}: {converter.note}", once=True)
        self.get_logger().info(f"configured with model '{bundle.name}' on {segmenter.provider}")
        most, asked = bundle.manifest.thresholds.max_instances, self._value("max_instances")
        if asked > most:
            self.get_logger().warning(f"max_instances is {asked}, but '{bundle.name}' gives at most {most}")
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to segment the images of `image`."""
        self._statistics.restart()
        self._worker = NewestFrameWorker(self._process, self._statistics.dropped, "segmenter")
        self._decode = compressed_to_rgb if self._message_type is CompressedImage else image_to_rgb
        profile = subscription_profile(*(self._value(f"qos.{name}") for name in ("reliability", "durability", "depth")))
        events = subscription_events(self, self._image_topic, profile, self._statistics.problem)
        self._subscription = self.create_subscription(
            self._message_type, "image", self._on_image, profile, event_callbacks=events
        )
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Finish the image in work and stop; the model stays loaded."""
        self._stop()
        self._statistics.restart()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of the model."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._release()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """After a transition went wrong half-way: back to unconfigured, with nothing held."""
        self._release()
        self._statistics.refused(self.transition_error)
        return super().on_error(state)

    def destroy_node(self) -> None:
        self._release()
        super().destroy_node()

    def _stop(self) -> None:
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
            self._subscription = None
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _release(self) -> None:
        self._stop()
        if self._results is not None:
            self._results.destroy()
        self._results = self._segmenter = None

    def _on_image(self, message: Image | CompressedImage) -> None:
        worker = self._worker
        if worker is not None:
            self._statistics.received()
            worker.put((time.monotonic(), message))

    def _process(self, frame: tuple[float, Image | CompressedImage]) -> None:
        """One frame, in the worker's thread. Whatever is wrong with it, the next one gets its turn."""
        arrived, message = frame
        try:
            rgb = self._decode(message)
            self._results.announce(self._score_threshold())
            self._results.publish(self._segment(self._segmenter, rgb), rgb, message.header)
            self._statistics.processed(time.monotonic() - arrived, self._age(message.header.stamp))
        except Exception as err:
            if not self.context.ok():  # told to stop in the middle of it
                return
            text = str(err) if isinstance(err, ImageError) else f"{type(err).__name__}: {err}"
            self._statistics.failed(text)
            self.get_logger().warning(f"image skipped: {text}", throttle_duration_sec=5.0)

    def _score_threshold(self) -> float:
        own = self._segmenter.bundle.manifest.thresholds.score
        given = parameters.thresholds(self)["score_threshold"]
        return own if given is None else given

    def _age(self, stamp: Stamp) -> float:
        """Seconds since a stamp; NaN for one that was never set, or lies before 1970, which rclpy has no time for."""
        if stamp.sec < 0 or not (stamp.sec or stamp.nanosec):
            return float("nan")
        now = self.get_clock().now()
        return (now - Time.from_msg(stamp, now.clock_type)).nanoseconds * 1e-9

    def _segment(self, segmenter: Segmenter, rgb: np.ndarray) -> Instances:
        return segmenter.segment(rgb, **parameters.thresholds(self))

    def _on_segment(self, request: Segment.Request, response: Segment.Response) -> Segment.Response:
        segmenter, header = self._segmenter, request.image.header
        response.instances.header = header
        try:
            if segmenter is None:
                raise ImageError("the node is not configured")
            instances = self._segment(segmenter, image_to_rgb(request.image))
            response.instances = instance_array(instances, header, segmenter.bundle.name, request.embeddings)
            response.success = True
            self._statistics.answered()
        except Exception as err:
            response.message = str(err)
            self._statistics.refused(response.message)
            self.get_logger().warning(f"request refused: {err}", throttle_duration_sec=5.0)
        return response

    def _on_set_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        segmenter = self._segmenter
        most = segmenter.bundle.manifest.thresholds.max_instances if segmenter else None
        reason = parameters.refusal(changed, self.state, most)
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _report(self) -> tuple[str, Summary, float, dict[str, str]]:
        segmenter = self._segmenter
        model, provider = (segmenter.bundle.name, segmenter.provider) if segmenter else (self._value("model"), "none")
        details = {
            "state": self.state, "topic": self._image_topic, "type": f"sensor_msgs/msg/{self._message_type.__name__}",
            "model": model, "provider": provider,
        }  # fmt: skip
        return self.state, self._statistics.summary(), self._value("image_timeout"), details

    @property
    def _message_type(self) -> type[Image | CompressedImage]:
        return CompressedImage if self._value("image_transport") == "compressed" else Image

    @property
    def _image_topic(self) -> str:
        return self.resolve_topic_name("image")

    def _value(self, name: str) -> object:
        return self.get_parameter(name).value


def main() -> None:
    """`ros2 run osis_ros segmenter`."""
    run(SegmenterNode)


if __name__ == "__main__":
    main()
