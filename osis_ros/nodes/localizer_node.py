"""`localizer`: a lifecycle node that places the segmenter's instances in space, by a depth image that is aligned.

It only wires: parameters, the topics of instances, depth and colour, the worker that is given the newest instances,
the placing, the tracks in space, the output topics and three services.
"""

import time
from collections.abc import Mapping

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image
from std_srvs.srv import Trigger

from osis_ros.msg import InstanceArray
from osis_ros.nodes import export_request, pick_request, placing, space_tracks
from osis_ros.nodes.frame_board import FrameBoard
from osis_ros.nodes.object_outputs import all_outputs
from osis_ros.nodes.outputs.publishers import OutputPublishers
from osis_ros.nodes.placing import FramePlacer, PlacedFrame, UnpairedError, unplaced
from osis_ros.nodes.space_tracks import SpaceTracks
from osis_ros.nodes.support import image_input, parameters
from osis_ros.nodes.support.diagnostics import DiagnosticsPublisher, Report, why_no_instances
from osis_ros.nodes.support.faults import told
from osis_ros.nodes.support.image_input import ImageInput
from osis_ros.nodes.support.lifecycle import AUTOSTART
from osis_ros.nodes.support.newest_frame import NewestFrameWorker
from osis_ros.nodes.support.qos import RESULTS
from osis_ros.nodes.support.running import run
from osis_ros.nodes.support.statistics import FrameStatistics, age
from osis_ros.nodes.support.streaming import StreamingNode
from osis_ros.nodes.support.transforms import TransformError, TransformListener
from osis_ros.nodes.support.unused_parameters import warn_of_unused
from osis_ros.pipeline.setting import NOT_ACTIVE, Setting
from osis_ros.srv import ExportGraspInput, PickCandidates

COLOUR = Setting("colour", True, "Subscribe to `image`, for the colours of ~/points and of exported files.", NOT_ACTIVE)
TIMEOUT = Setting(
    "instances_timeout", 5.0, "Seconds without instances after which an active node warns.", low=0.1, high=3600.0
)
DEPTH = Setting("qos.depth", 10, "Depth and colour images that the middleware keeps.", NOT_ACTIVE, low=1, high=100)
CAMERA = tuple(s for s in image_input.SETTINGS if s.name not in ("qos.depth", "image_timeout"))
SETTINGS = (*placing.SETTINGS, COLOUR, *CAMERA, DEPTH, TIMEOUT, *all_outputs.SETTINGS, *export_request.SETTINGS,
            *space_tracks.SETTINGS, AUTOSTART)  # fmt: skip
CALIBRATION = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)  # which every publisher offers


class LocalizerNode(StreamingNode):
    """Active it answers each message on `instances` with one on `~/objects`, also where nothing could be placed."""

    def __init__(self, **options: object) -> None:
        """Declare parameters; nothing else is done before the first transition.

        Args:
            options: of rclpy's Node: namespace, parameter_overrides, context …
        Raises:
            rclpy.exceptions.ParameterException: a parameter's start-up value is refused.
        """
        super().__init__("localizer", **options)
        self._outputs: OutputPublishers | None = None
        self._placer: FramePlacer | None = None
        self._tracks = SpaceTracks()
        self._worker: NewestFrameWorker | None = None
        self._listener: TransformListener | None = None
        self._inputs: list[ImageInput] = []
        self._heard: list[Subscription] = []
        self._depth_statistics = FrameStatistics()
        self._unpaired = self._without_transform = 0
        self.add_on_set_parameters_callback(self._on_set_parameters)
        parameters.declare(self, SETTINGS)
        warn_of_unused(self)
        group = MutuallyExclusiveCallbackGroup()  # a request waits for frames, which must go on meanwhile
        self.create_service(PickCandidates, "~/pick_candidates", self._on_pick, callback_group=group)
        self.create_service(ExportGraspInput, "~/export_grasp_input", self._on_export, callback_group=group)
        self.create_service(Trigger, "~/reset_tracks", self._on_reset_tracks)
        self._diagnostics = DiagnosticsPublisher(self, lambda: [self._report()], "message")
        if self._values[AUTOSTART.name]:
            self.bring_up_soon()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make the output topics."""
        self._statistics, self._depth_statistics = FrameStatistics(), FrameStatistics()
        self._unpaired = self._without_transform = 0
        self._outputs = OutputPublishers(self, all_outputs.all_outputs())
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to listen, and to place what comes on `instances`."""
        values = self._values
        self._statistics.restart()
        self._depth_statistics.restart()
        try:
            self._listener = TransformListener(self)
        except TransformError as err:
            self.get_logger().info(str(err))
        tree = self._listener.tree if self._listener else None
        topics = (self.resolve_topic_name(name) for name in ("depth", "depth_camera_info"))
        self._placer = FramePlacer(*topics, values[placing.HISTORY.name], tree, self._no_depth)
        self._board = FrameBoard[PlacedFrame]()
        self._worker = NewestFrameWorker(self._process, lambda _: self._statistics.dropped(), "localizer")
        self._inputs = [ImageInput(self, values, self._on_depth, self._depth_statistics, "depth", Image)]
        if values[COLOUR.name]:
            self._inputs.append(ImageInput(self, values, self._placer.put_colour, FrameStatistics()))
        self._heard = [
            self.create_subscription(CameraInfo, "depth_camera_info", self._placer.put_info, CALIBRATION),
            self.create_subscription(InstanceArray, "instances", self._on_instances, RESULTS),
        ]
        return super().on_activate(state)

    def _stop(self) -> None:
        for subscription in self._heard:
            self.destroy_subscription(subscription)
        self.end_waits()
        for closing in (*self._inputs, self._listener, self._placer):
            if closing is not None:
                closing.close()
        if self._worker is not None:
            self._worker.stop()
        self._inputs, self._heard = [], []
        self._worker = self._listener = self._placer = self._board = None

    def _release(self) -> None:
        self._stop()
        if self._outputs is not None:
            self._outputs.destroy()
        self._outputs = None

    def _on_depth(self, message: Image) -> None:
        placer = self._placer
        if placer is not None:
            self._depth_statistics.received()
            placer.put_depth(message)

    def _on_instances(self, message: InstanceArray) -> None:
        worker = self._worker
        if worker is not None:
            self._statistics.received()
            worker.put((time.monotonic(), message))

    def _process(self, arrived_message: tuple[float, InstanceArray]) -> None:
        """One frame, in the worker's thread. Whatever is wrong with it, it is answered, and the next one comes."""
        arrived, found = arrived_message
        try:
            values = self._values
            frame, placed = self._placed(found, values)
            frame, notice = self._tracks.follow(frame, values)
            if notice:
                self.get_logger().warning(notice, throttle_duration_sec=5.0)
            self._board.post(frame)
            self._outputs.publish(frame, values)
            if placed:
                self._statistics.processed(time.monotonic() - arrived, age(found.header.stamp, self.get_clock()))
            if frame.in_camera_frame:
                self._without_transform += 1
                self.get_logger().warning(frame.problem, throttle_duration_sec=5.0)
                self._statistics.refused(frame.problem)
        except Exception as err:
            if not self.context.ok():  # told to stop in the middle of it
                return
            self._statistics.failed(*told(self.get_logger(), "frame skipped", err))

    def _placed(self, found: InstanceArray, values: Mapping[str, object]) -> tuple[PlacedFrame, bool]:
        """The frame, and whether its instances were looked for in space."""
        try:
            return self._placer.place(found, values), True
        except Exception as err:
            self._unpaired += isinstance(err, UnpairedError)
            sentence, faulty = told(self.get_logger(), "objects not placed", err)
            self._statistics.failed(sentence, faulty)
            return unplaced(found, sentence), False

    def _on_pick(self, request: PickCandidates.Request, response: PickCandidates.Response) -> PickCandidates.Response:
        try:
            return pick_request.answer(request, response, self._board, self._values, why_no_instances(self))
        except Exception as err:
            response.message, faulty = told(self.get_logger(), "request refused", err)
            response.code = response.FAULT
            self._statistics.refused(response.message, faulty)
        return response

    def _on_export(
        self, request: ExportGraspInput.Request, response: ExportGraspInput.Response
    ) -> ExportGraspInput.Response:
        board = self._board
        try:
            if board is None:
                raise export_request.ExportError("the node is not active")
            files = export_request.export(request, board.newest(), self._values)
            response.success, response.files = True, [str(file) for file in files]
        except Exception as err:
            response.message, _ = told(self.get_logger(), "request refused", err)
        return response

    def _on_reset_tracks(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = True, self._tracks.reset()
        self.get_logger().info(response.message)
        return response

    def _on_set_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        reason = parameters.refusal(changed, SETTINGS, self.state, {})
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _report(self) -> Report:
        depth, values = self._depth_statistics.summary(), self._values
        details = {
            "state": self.state,
            "topic": self.resolve_topic_name("instances"),
            "depth topic": self.resolve_topic_name("depth"),
            "target_frame": values[placing.TARGET_FRAME.name] or "the camera's",
            "messages without depth": str(self._unpaired),
            "messages without transform": str(self._without_transform),
            "depth images received": str(depth.received),
            "depth images lost on their way": str(depth.lost),
            "depth rate [1/s]": f"{depth.input_rate:.2f}",
        }
        summary = self._statistics.summary()
        return Report(
            "objects in space", self.state, summary, values[TIMEOUT.name], details, lambda: why_no_instances(self)
        )

    def _no_depth(self) -> str:
        """Why no depth image comes, in one sentence."""
        inputs = self._inputs
        return inputs[0].cause() if inputs else ""

    @property
    def _values(self) -> dict[str, object]:
        """Of every parameter, by name."""
        return parameters.values(self, SETTINGS)


def main() -> None:
    """`ros2 run osis_ros localizer`."""
    run(LocalizerNode)


if __name__ == "__main__":
    main()
