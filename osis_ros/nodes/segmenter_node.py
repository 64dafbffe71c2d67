"""`segmenter`: a lifecycle node that turns a camera's images into masks of known and unknown objects.

This file only connects the parts: parameters, the camera's topic, the worker that gets the newest frame, the pipeline
of stages, the output topics and the services.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from std_srvs.srv import Trigger

from osis_ros.errors import OsisError
from osis_ros.inference.provider import has_nvidia_gpu
from osis_ros.messages.colour import colour_converter
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.nodes import teach_request
from osis_ros.nodes.frame_board import FrameBoard
from osis_ros.nodes.outputs import publishers
from osis_ros.nodes.outputs.instances import EMBEDDINGS, INSTANCES
from osis_ros.nodes.outputs.label_info import LabelInfoPublisher
from osis_ros.nodes.support import image_input, parameters
from osis_ros.nodes.support.diagnostics import DiagnosticsPublisher
from osis_ros.nodes.support.faults import told
from osis_ros.nodes.support.image_input import ImageInput, ImageMessage
from osis_ros.nodes.support.lifecycle import AUTOSTART
from osis_ros.nodes.support.newest_frame import NewestFrameWorker
from osis_ros.nodes.support.running import run
from osis_ros.nodes.support.statistics import FrameStatistics, Summary, age
from osis_ros.nodes.support.streaming import StreamingNode
from osis_ros.nodes.support.unused_parameters import warn_of_unused
from osis_ros.pipeline import pipeline
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.pipeline import Pipeline
from osis_ros.srv import Forget, Segment, Taught, Teach
from osis_ros.teaching.kept_gallery import KeptGallery

R = TypeVar("R")
SETTINGS = (*pipeline.SETTINGS, *image_input.SETTINGS, *publishers.SETTINGS, AUTOSTART)
# Each request that waits holds an image; of more than these, DDS would forget some, whose clients then wait for ever.
WAITING_REQUESTS = QoSProfile(depth=1000)

RECENT = 10  # frames that ~/teach may name by their stamp


class NotConfiguredError(OsisError):
    """A request came before the model was loaded."""


class SegmenterNode(StreamingNode):
    """Configured, it holds a model and answers `~/segment`. Active, it also segments the images of `image`."""

    def __init__(self, **options: object) -> None:
        """Declare parameters; nothing else is done before the first transition.

        Args:
            options: of rclpy's Node: namespace, parameter_overrides, context …
        Raises:
            rclpy.exceptions.ParameterException: a parameter's start-up value is refused.
        """
        super().__init__("segmenter", **options)
        self._pipeline: Pipeline | None = None
        self._next_track = 1  # also of the next pipeline, so that no id is used again
        self._outputs: publishers.OutputPublishers | None = None
        self._label_info: LabelInfoPublisher | None = None
        self._worker: NewestFrameWorker | None = None
        self._input: ImageInput | None = None
        self.add_on_set_parameters_callback(self._on_set_parameters)
        parameters.declare(self, SETTINGS)
        warn_of_unused(self)
        # In a group of its own, so that a request does not hold up the rest; and there as long as the node, because a
        # service that goes while a request is in work leaves its client without an answer.
        self._segment_group = MutuallyExclusiveCallbackGroup()
        self.create_service(
            Segment, "~/segment", self._on_segment, qos_profile=WAITING_REQUESTS, callback_group=self._segment_group
        )
        self.create_service(Trigger, "~/reset_tracks", self._on_reset_tracks)
        teaching = MutuallyExclusiveCallbackGroup()  # a request waits for frames, which must go on meanwhile
        for kind, name, answer in (
            (Teach, "~/teach", self._on_teach), (Forget, "~/forget", self._on_forget),
            (Taught, "~/taught", self._on_taught),
        ):  # fmt: skip
            self.create_service(kind, name, answer, callback_group=teaching)
        self._diagnostics = DiagnosticsPublisher(self, self._report, self._cause)
        if self._values[AUTOSTART.name]:
            self.bring_up_soon()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model. A bundle that cannot be used leaves the node unconfigured, with one logged sentence."""
        try:
            converter = colour_converter()
            loaded = Pipeline(self._values)
        except (OsisError, ImportError) as err:
            self.get_logger().error(f"not configured: {err}")
            self._statistics.refused(str(err))
            return TransitionCallbackReturn.FAILURE
        segmenter = loaded.segment.segmenter
        loaded.track.start_from(self._next_track)
        self._pipeline, self._statistics = loaded, FrameStatistics()
        self._outputs = publishers.OutputPublishers(self)
        self._label_info = LabelInfoPublisher(self, segmenter.bundle.class_names)
        self._announce(loaded)
        self.get_logger().info(f"colours are converted by {converter.name}: {converter.note}", once=True)
        self.get_logger().info(f"configured with model '{segmenter.bundle.name}' on {segmenter.provider}")
        if segmenter.not_cuda and has_nvidia_gpu():
            self.get_logger().warning(f"the GPU is not used: {segmenter.not_cuda}")
        for name, most in loaded.limits.items():
            if (asked := self._values[name]) > most:
                self.get_logger().warning(f"{name} is {asked}, but '{segmenter.bundle.name}' allows at most {most}")
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to segment the images of `image`."""
        self._statistics.restart()
        self._board = FrameBoard[Frame](RECENT)
        self._worker = NewestFrameWorker(self._process, self._statistics.dropped, "segmenter")
        self._input = ImageInput(self, self._values, self._on_image, self._statistics)
        return super().on_activate(state)

    def _stop(self) -> None:
        if self._input is not None:
            self._input.close()
        self.end_waits()
        if self._worker is not None:
            self._worker.stop()
        self._input = self._worker = self._board = None

    def _release(self) -> None:
        self._stop()
        for publisher in (self._outputs, self._label_info):
            if publisher is not None:
                publisher.destroy()
        if self._pipeline is not None:
            self._next_track = self._pipeline.track.next_id
        self._outputs = self._label_info = self._pipeline = None

    def _on_image(self, message: ImageMessage) -> None:
        worker = self._worker
        if worker is not None:
            self._statistics.received()
            worker.put((time.monotonic(), message))

    def _process(self, arrived_message: tuple[float, ImageMessage]) -> None:
        """One image, in the worker's thread. Whatever is wrong with it, the next one gets its turn."""
        arrived, message = arrived_message
        try:
            values = self._values
            frame = Frame(rgb=rgb_from_message(message), header=message.header)
            self._announce(self._pipeline)
            frame = self._pipeline(frame, values)
            for notice in frame.notices:
                self.get_logger().warning(notice, throttle_duration_sec=5.0)
            self._outputs.publish(frame, values)
            if self._pipeline.name.kept is not None:
                self._board.post(frame)
            self._statistics.processed(time.monotonic() - arrived, age(message.header.stamp, self.get_clock()))
        except Exception as err:
            if not self.context.ok():  # told to stop in the middle of it
                return
            self._statistics.failed(*told(self.get_logger(), "image skipped", err))

    def _on_segment(self, request: Segment.Request, response: Segment.Response) -> Segment.Response:
        loaded, header = self._pipeline, request.image.header
        response.instances.header = header
        try:
            if loaded is None:
                raise NotConfiguredError("the node is not configured")
            values = self._values | {EMBEDDINGS.name: request.embeddings}
            frame = Frame(rgb=rgb_from_message(request.image), header=header, in_stream=False)
            response.instances = INSTANCES.make(loaded(frame, values), values)
            response.success = True
            self._statistics.answered()
        except Exception as err:
            response.message, faulty = told(self.get_logger(), "request refused", err)
            self._statistics.refused(response.message, faulty)
        return response

    def _on_reset_tracks(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        loaded = self._pipeline
        response.success = loaded is not None
        if loaded is None:
            response.message = "the node is not configured"
        else:
            count = loaded.track.reset()
            response.message = f"{count} tracks forgotten; the next id is {loaded.track.next_id}"
            self.get_logger().info(response.message)
        return response

    def _on_teach(self, request: Teach.Request, response: Teach.Response) -> Teach.Response:
        loaded, board = self._pipeline, self._board

        def answer(response: Teach.Response) -> None:
            teach_request.teach(request, response, board, self._kept(loaded), self._cause)
            self._announce(loaded)

        return self._answered(response, answer)

    def _on_forget(self, request: Forget.Request, response: Forget.Response) -> Forget.Response:
        loaded = self._pipeline

        def answer(response: Forget.Response) -> None:
            teach_request.forget(request, response, self._kept(loaded))
            self._announce(loaded)

        return self._answered(response, answer)

    def _on_taught(self, request: Taught.Request, response: Taught.Response) -> Taught.Response:
        return self._answered(response, lambda empty: teach_request.taught(empty, self._kept(self._pipeline)))

    def _answered(self, response: R, answer: Callable[[R], object]) -> R:
        """The response of a service about names, with the reason where it is refused."""
        try:
            answer(response)
        except Exception as err:
            response.message, faulty = told(self.get_logger(), "request refused", err)
            self._statistics.refused(response.message, faulty)
        return response

    def _kept(self, loaded: Pipeline | None) -> KeptGallery | None:
        if loaded is None:
            raise NotConfiguredError("the node is not configured")
        return loaded.name.kept

    def _announce(self, loaded: Pipeline) -> None:
        """Tell the names of classes and taught objects, where they have changed."""
        label_info, kept = self._label_info, loaded.name.kept
        if label_info is not None:
            label_info.announce(loaded.segment.score_threshold(self._values), kept.gallery.names if kept else ())

    def _on_set_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        loaded = self._pipeline
        reason = parameters.refusal(changed, SETTINGS, self.state, loaded.limits if loaded else {})
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _report(self) -> tuple[str, Summary, float, dict[str, str]]:
        loaded, values = self._pipeline, self._values
        segmenter = loaded.segment.segmenter if loaded else None
        details = {
            "state": self.state,
            "topic": self.resolve_topic_name("image"),
            "type": f"sensor_msgs/msg/{image_input.TRANSPORTS[values['image_transport']].__name__}",
            "model": segmenter.bundle.name if segmenter else values["model"],
            "provider": segmenter.provider if segmenter else "none",
            "why not cuda": segmenter.not_cuda if segmenter else "",
        }
        return self.state, self._statistics.summary(), values["image_timeout"], details

    def _cause(self) -> str:
        source = self._input
        return source.cause() if source else "the node does not listen"

    @property
    def _values(self) -> dict[str, object]:
        """Of every parameter, by name."""
        return parameters.values(self, SETTINGS)


def main() -> None:
    """`ros2 run osis_ros segmenter`."""
    run(SegmenterNode)


if __name__ == "__main__":
    main()
