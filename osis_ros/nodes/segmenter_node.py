"""`segmenter`: a lifecycle node that turns cameras' images into masks of known and unknown objects.

This file only connects the parts: parameters, the cameras, the worker that gets their newest frames, the model, and the
services that belong to no camera.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile

from osis_ros.errors import OsisError
from osis_ros.inference.provider import has_nvidia_gpu
from osis_ros.messages.colour import colour_converter
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.nodes import camera_stream
from osis_ros.nodes.camera_stream import CAMERAS, CameraStream, NotConfiguredError
from osis_ros.nodes.outputs import publishers
from osis_ros.nodes.outputs.instances import EMBEDDINGS, INSTANCES
from osis_ros.nodes.outputs.label_info import LabelInfoPublisher
from osis_ros.nodes.support import image_input, parameters
from osis_ros.nodes.support.diagnostics import DiagnosticsPublisher, Report
from osis_ros.nodes.support.faults import answered
from osis_ros.nodes.support.image_input import ImageMessage
from osis_ros.nodes.support.lifecycle import AUTOSTART
from osis_ros.nodes.support.newest_frame import NewestFrameWorker
from osis_ros.nodes.support.running import run
from osis_ros.nodes.support.statistics import FrameStatistics
from osis_ros.nodes.support.streaming import StreamingNode
from osis_ros.nodes.support.unused_parameters import warn_of_unused
from osis_ros.pipeline import pipeline
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.pipeline import Pipeline
from osis_ros.srv import Forget, Segment, Taught

if TYPE_CHECKING:
    from osis_ros.teaching.kept_gallery import KeptGallery

R = TypeVar("R")
SETTINGS = (*pipeline.SETTINGS, CAMERAS, *image_input.SETTINGS, *publishers.SETTINGS, AUTOSTART)
# Each request that waits holds an image; of more than these, DDS would forget some, whose clients then wait for ever.
WAITING_REQUESTS = QoSProfile(depth=1000)


class Arrival(NamedTuple):
    """An image that waits for its turn, and when it came."""

    stream: CameraStream
    time: float
    message: ImageMessage


class SegmenterNode(StreamingNode):
    """Configured, it holds a model and answers `~/segment`. Active, it also segments the images of its cameras."""

    def __init__(self, **options: object) -> None:
        """Declare parameters and offer the services; nothing else is done before the first transition.

        Args:
            options: of rclpy's Node: namespace, parameter_overrides, context …
        Raises:
            rclpy.exceptions.ParameterException: a parameter's start-up value is refused.
            StartError: a camera's name is.
        """
        super().__init__("segmenter", **options)
        self._pipeline: Pipeline | None = None
        self._label_info: LabelInfoPublisher | None = None
        self._worker: NewestFrameWorker[Arrival] | None = None
        self._streams: list[CameraStream] = []
        self.add_on_set_parameters_callback(self._on_set_parameters)
        parameters.declare(self, SETTINGS)
        warn_of_unused(self)
        cameras = camera_stream.checked(self._values[CAMERAS.name])
        # In a group of its own, so that a request does not hold up the rest; and there as long as the node, because a
        # service that goes while a request is in work leaves its client without an answer.
        alone, teaching = MutuallyExclusiveCallbackGroup(), MutuallyExclusiveCallbackGroup()
        self.create_service(Segment, "~/segment", self._on_segment, qos_profile=WAITING_REQUESTS, callback_group=alone)
        self.create_service(Forget, "~/forget", self._on_forget, callback_group=teaching)
        self.create_service(Taught, "~/taught", self._on_taught, callback_group=teaching)
        self._streams = [CameraStream(self, name, self._announce, teaching) for name in cameras]
        self._diagnostics = DiagnosticsPublisher(self, self._reports)
        if self._values[AUTOSTART.name]:
            self.bring_up_soon()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model. A bundle that cannot be used leaves the node unconfigured, with one logged sentence."""
        try:
            converter = colour_converter()
            loaded = Pipeline(self._values)
        except (OsisError, ImportError) as err:
            self.get_logger().error(f"not configured: {err}")
            for statistics in self._every_statistics():
                statistics.refused(str(err))
            return TransitionCallbackReturn.FAILURE
        self._pipeline, segmenter = loaded, loaded.segment.segmenter
        for stream in self._streams:
            stream.configure(loaded.another())
        guesser = loaded.guess.guesser
        self._label_info = LabelInfoPublisher(self, segmenter.class_names, guesser.names if guesser else ())
        self._announce()
        self.get_logger().info(f"colours are converted by {converter.name}: {converter.note}", once=True)
        self.get_logger().info(f"configured with model '{segmenter.bundle.name}' on {segmenter.provider}")
        if segmenter.not_cuda and has_nvidia_gpu():
            self.get_logger().warning(f"the GPU is not used: {segmenter.not_cuda}")
        for name, most in loaded.limits.items():
            if (asked := self._values[name]) > most:
                self.get_logger().warning(f"{name} is {asked}, but '{segmenter.bundle.name}' allows at most {most}")
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to segment the cameras' images."""
        self._worker = NewestFrameWorker(self._process, lambda late: late.stream.statistics.dropped(), "segmenter")
        for stream in self._streams:
            stream.activate(self._values, self._taker(stream, self._worker))
        return super().on_activate(state)

    def end_waits(self) -> None:
        """Answer the requests that wait for frames, because the process is told to stop."""
        for stream in self._streams:
            stream.end_waits()

    def _stop(self) -> None:
        for stream in self._streams:
            stream.stop()
        if self._worker is not None:
            self._worker.stop()
        self._worker = None

    def _release(self) -> None:
        self._stop()
        for stream in self._streams:
            stream.release()
        if self._label_info is not None:
            self._label_info.destroy()
        self._label_info = self._pipeline = None

    def _taker(self, stream: CameraStream, worker: NewestFrameWorker[Arrival]) -> Callable[[ImageMessage], None]:
        """What takes the images of a camera: they wait for their turn."""
        return lambda message: worker.put(Arrival(stream, time.monotonic(), message), stream.name)

    def _process(self, arrival: Arrival) -> None:
        arrival.stream.process(arrival.message, arrival.time, self._values)

    def _on_segment(self, request: Segment.Request, response: Segment.Response) -> Segment.Response:
        loaded, header = self._pipeline, request.image.header
        response.instances.header = header

        def answer(response: Segment.Response) -> None:
            if loaded is None:
                raise NotConfiguredError
            values = self._values | {EMBEDDINGS.name: request.embeddings}
            frame = Frame(rgb=rgb_from_message(request.image), header=header, in_stream=False)
            response.instances = INSTANCES.make(loaded(frame, values), values)
            response.success = True
            for statistics in self._every_statistics():
                statistics.answered()

        return self._answered(response, answer)

    def _on_forget(self, request: Forget.Request, response: Forget.Response) -> Forget.Response:
        from osis_ros.nodes import teach_request  # with the first request, for a quick start

        def answer(response: Forget.Response) -> None:
            teach_request.forget(request, response, self._kept())
            self._announce()

        return self._answered(response, answer)

    def _on_taught(self, request: Taught.Request, response: Taught.Response) -> Taught.Response:
        from osis_ros.nodes import teach_request

        return self._answered(response, lambda empty: teach_request.taught(empty, self._kept()))

    def _answered(self, response: R, answer: Callable[[R], object]) -> R:
        return answered(self.get_logger(), self._every_statistics(), response, answer)

    def _every_statistics(self) -> list[FrameStatistics]:
        return [stream.statistics for stream in self._streams]

    def _kept(self) -> "KeptGallery | None":
        loaded = self._pipeline
        if loaded is None:
            raise NotConfiguredError
        return loaded.name.kept

    def _announce(self) -> None:
        """Tell the names of classes and taught objects, where they have changed."""
        label_info, loaded = self._label_info, self._pipeline
        if label_info is not None and loaded is not None:
            kept = loaded.name.kept
            label_info.announce(loaded.segment.score_threshold(self._values), kept.gallery.names if kept else ())

    def _on_set_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        loaded = self._pipeline
        reason = parameters.refusal(changed, SETTINGS, self.state, loaded.limits if loaded else {})
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _reports(self) -> list[Report]:
        """One for each camera."""
        loaded, values = self._pipeline, self._values
        segmenter = loaded.segment.segmenter if loaded else None
        model = {
            "model": segmenter.bundle.name if segmenter else values["model"],
            "provider": segmenter.provider if segmenter else "none",
            "why not cuda": segmenter.not_cuda if segmenter else "",
        }
        return [stream.report(self.state, values, model) for stream in self._streams]

    @property
    def _values(self) -> dict[str, object]:
        """Of every parameter, by name."""
        return parameters.values(self, SETTINGS)


def main() -> None:
    """`ros2 run osis_ros segmenter`."""
    run(SegmenterNode)


if __name__ == "__main__":
    main()
