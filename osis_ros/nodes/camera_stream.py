"""One camera of the segmenter: its topic, what is remembered of its images, its results and its services."""

import re
import time
from collections.abc import Callable, Mapping, Sequence

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleNode
from std_srvs.srv import Trigger

from osis_ros.errors import OsisError
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.nodes.frame_board import FrameBoard
from osis_ros.nodes.outputs.publishers import OutputPublishers
from osis_ros.nodes.support import image_input
from osis_ros.nodes.support.diagnostics import Report
from osis_ros.nodes.support.faults import answered, told
from osis_ros.nodes.support.image_input import ImageInput, ImageMessage
from osis_ros.nodes.support.running import StartError
from osis_ros.nodes.support.statistics import FrameStatistics, age
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.pipeline import Pipeline
from osis_ros.pipeline.setting import NEVER, Setting
from osis_ros.srv import Teach

CAMERAS = Setting(
    "cameras", [""],
    "Names of the cameras. Each NAME is listened to on NAME/image and has its results below ~/NAME/; the empty name "
    "stands for image and ~/. All share the model and take turns.", NEVER,
)  # fmt: skip
RECENT = 10  # frames that ~/teach may name by their stamp


class NotConfiguredError(OsisError):
    """A request came before the model was loaded."""

    def __init__(self) -> None:
        super().__init__("the node is not configured")


def checked(names: Sequence[str]) -> Sequence[str]:
    """The names of cameras.

    Raises:
        StartError: no name, one that cannot be a part of a topic's name, or one that comes twice.
    """
    if not names:
        raise StartError("cameras is empty, expected names of cameras, or one empty name for a single camera")
    for name in names:
        if name and not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
            raise StartError(f"cameras has '{name}', expected a letter and then letters, digits and underscores")
        if names.count(name) > 1:
            raise StartError(f"cameras has '{name}' more than once")
    return names


class CameraStream:
    """Lives as long as the node. Configured, it has its results' topics; active, it listens.

    Attributes:
        name: of the camera; empty for the only one.
        statistics: of its frames.
    """

    def __init__(
        self, node: LifecycleNode, name: str, announce: Callable[[], None], waiting: MutuallyExclusiveCallbackGroup
    ) -> None:
        """Offer its services.

        Args:
            announce: called when the taught names may have changed.
            waiting: for requests that wait for images, which must go on meanwhile.
        """
        self.name, self.statistics = name, FrameStatistics()
        self._node, self._announce, self._below = node, announce, f"~/{name}/" if name else "~/"
        self._topic = f"{name}/image" if name else "image"
        self._pipeline: Pipeline | None = None
        self._next_track = 1  # also of the next pipeline, so that no id is used again
        self._outputs: OutputPublishers | None = None
        self._input: ImageInput | None = None
        self._board: FrameBoard[Frame] | None = None
        node.create_service(Trigger, f"{self._below}reset_tracks", self._on_reset_tracks)
        node.create_service(Teach, f"{self._below}teach", self._on_teach, callback_group=waiting)

    def configure(self, pipeline: Pipeline) -> None:
        """Take the stages of this camera, and make the topics of its results."""
        pipeline.track.start_from(self._next_track)
        self._pipeline, self.statistics = pipeline, FrameStatistics()
        self._outputs = OutputPublishers(self._node, below=self._below)

    def activate(self, values: Mapping[str, object], on_image: Callable[[ImageMessage], None]) -> None:
        """Listen.

        Args:
            values: of all parameters.
            on_image: called with each image.
        """
        self.statistics.restart()
        self._board = FrameBoard[Frame](RECENT)

        def received(message: ImageMessage) -> None:
            self.statistics.received()
            on_image(message)

        self._input = ImageInput(self._node, values, received, self.statistics, self._topic)

    def end_waits(self) -> None:
        """Answer the requests that wait for frames."""
        if self._board is not None:
            self._board.close()

    def stop(self) -> None:
        """No longer listen."""
        if self._input is not None:
            self._input.close()
        self.end_waits()
        self._input = self._board = None

    def release(self) -> None:
        """Let go of what `configure` made."""
        if self._outputs is not None:
            self._outputs.destroy()
        if self._pipeline is not None:
            self._next_track = self._pipeline.track.next_id
        self._outputs = self._pipeline = None

    def process(self, message: ImageMessage, arrived: float, values: Mapping[str, object]) -> None:
        """Segment an image and publish what is found. Whatever is wrong with it, the next one gets its turn.

        Args:
            arrived: time.monotonic() of its arrival.
            values: of all parameters.
        """
        try:
            begun = time.monotonic()
            frame = Frame(rgb=rgb_from_message(message), header=message.header)
            self._announce()
            frame = self._pipeline(frame, values)
            for notice in frame.notices:
                self._node.get_logger().warning(notice, throttle_duration_sec=5.0)
            self._outputs.publish(frame, values)
            if self._pipeline.name.kept is not None and (board := self._board) is not None:
                board.post(frame)
            done = time.monotonic()
            overhead = done - begun - frame.inference
            self.statistics.processed(
                done - arrived, age(message.header.stamp, self._node.get_clock()), frame.inference, overhead
            )
        except Exception as err:
            if not self._node.context.ok():  # told to stop in the middle of it
                return
            self.statistics.failed(*told(self._node.get_logger(), "image skipped", err))

    def report(self, state: str, values: Mapping[str, object], model: Mapping[str, str]) -> Report:
        """For the diagnostics.

        Args:
            state: of the node.
            values: of all parameters.
            model: what is to be said of the model.
        """
        summary = self.statistics.summary()
        details = {
            "state": state,
            "topic": self._node.resolve_topic_name(self._topic),
            "type": f"sensor_msgs/msg/{image_input.TRANSPORTS[values['image_transport']].__name__}",
            **model,
        }
        task = f"segmentation of {self.name}" if self.name else "segmentation"
        return Report(task, state, summary, values["image_timeout"], details, self.cause)

    def cause(self) -> str:
        """Why no image comes, in one sentence."""
        source = self._input
        return source.cause() if source else "the node does not listen"

    def _on_reset_tracks(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        loaded = self._pipeline
        response.success = loaded is not None
        if loaded is None:
            response.message = str(NotConfiguredError())
        else:
            count = loaded.track.reset()
            response.message = f"{count} tracks forgotten; the next id is {loaded.track.next_id}"
            self._node.get_logger().info(response.message)
        return response

    def _on_teach(self, request: Teach.Request, response: Teach.Response) -> Teach.Response:
        from osis_ros.nodes import teach_request  # with the first request, for a quick start

        loaded, board = self._pipeline, self._board

        def answer(response: Teach.Response) -> None:
            if loaded is None:
                raise NotConfiguredError()
            teach_request.teach(request, response, board, loaded.name.kept, self.cause)
            self._announce()

        return answered(self._node.get_logger(), [self.statistics], response, answer)
