"""`evaluator`: a node that scores a running segmenter against true masks, counts the images that it dropped, and judges
it by criteria.

It only wires: parameters, the topics of images, truth and instances, diagnostics, and two services. It needs what the
`replay` extra of setup.py installs.
"""

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger

from osis_ros import __version__
from osis_ros.bags.truth import TruthSource
from osis_ros.errors import OsisError
from osis_ros.evaluation.jobs.criteria import Criterion, FigureBound, read_criteria
from osis_ros.evaluation.jobs.truth_files import read_label_classes
from osis_ros.evaluation.metrics.steadiness import OF_PICTURES, small_grey
from osis_ros.evaluation.reports.live_run import SCORED, LiveRun, is_live_report, live_figure_names
from osis_ros.files.atomic import write_whole
from osis_ros.files.output_file import require_output
from osis_ros.inference.bundle import DEFAULT_MODEL, load_bundle
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.messages.instances import instances_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support import image_input, parameters
from osis_ros.nodes.support.diagnostics import DiagnosticsPublisher, Report, why_no_instances
from osis_ros.nodes.support.faults import told
from osis_ros.nodes.support.image_input import ImageInput, ImageMessage
from osis_ros.nodes.support.running import StartError, run
from osis_ros.nodes.support.statistics import FrameStatistics, age
from osis_ros.nodes.support.unused_parameters import warn_of_unused
from osis_ros.pipeline.setting import NEVER, Setting

NO_TRUTH = "none"
JUDGING_SHARE = 50  # times as long as judging took, the last verdict stays in the diagnostics
TRUTH_TYPES = {"instances": InstanceArray, "labels": Image, "compressed_labels": CompressedImage, NO_TRUTH: None}
MODEL = Setting(
    "model", DEFAULT_MODEL, "The segmenter's model bundle: a true object of a class that it lacks is unknown.", NEVER
)
TRUTH_TYPE = Setting(
    "truth_type", "instances", "What `truth` carries: InstanceArray, label images as Image or as PNG; or none.", NEVER,
    choices=tuple(TRUTH_TYPES),
)  # fmt: skip
TRUTH_CLASSES = Setting(
    "truth_classes", "", "YAML file with the class of each value in label images, lines `value: name`.", NEVER
)
TRUTH_AREAS = Setting("truth_areas", False, "Each connected area of a label image is one object.", NEVER)
COUNT_IMAGES = Setting(
    "count_images", True, "Subscribe to `image`, to count dropped images and to measure the latency; if false, the "
    "images of the truth are counted.", NEVER,
)  # fmt: skip
REPORT = Setting(
    "report", "", "JSON file that is written when the node ends or ~/write_report is called; empty for none.", NEVER
)
CRITERIA = Setting(
    "criteria", "", "YAML file of criteria to meet, as of `osis replay --criteria`. If one is not met in the end, the "
    "exit status is 1.", NEVER,
)  # fmt: skip
ANSWER_TIMEOUT = Setting(
    "answer_timeout", 5.0, "Seconds after which an image without an answer counts as dropped. Truth is kept as long "
    "for answers that come later.", NEVER, low=0.1, high=3600.0,
)  # fmt: skip
TIMEOUT = Setting(
    "instances_timeout", 5.0, "Seconds without instances after which the node warns.", low=0.1, high=3600.0
)
DEPTH = Setting("qos.depth", 50, "Messages of each topic that the middleware keeps.", NEVER, low=1, high=1000)
CAMERA = tuple(replace(s, changes=NEVER) for s in image_input.SETTINGS if s.name not in ("qos.depth", "image_timeout"))
SETTINGS = (
    MODEL, TRUTH_TYPE, TRUTH_CLASSES, TRUTH_AREAS, COUNT_IMAGES, REPORT, CRITERIA, ANSWER_TIMEOUT, TIMEOUT, *CAMERA,
    DEPTH,
)  # fmt: skip


class EvaluatorNode(Node):
    """Scores from its start to its end. Messages on `image`, `truth` and `instances` belong together by stamp.

    Attributes:
        failed: after its end, how many criteria are not met.
    """

    failed = 0

    def __init__(self, **options: object) -> None:
        """
        Args:
            options: of rclpy's Node: namespace, parameter_overrides, context …
        Raises:
            OsisError: a model, a file of classes or of criteria, or a report that cannot be used.
            rclpy.exceptions.ParameterException: a parameter's start-up value is refused.
        """
        super().__init__("evaluator", **options)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        parameters.declare(self, SETTINGS)
        warn_of_unused(self)
        values = self._values
        self._bundle = load_bundle(values[MODEL.name])
        self._truth_source = self._truth_of(values)
        self._report = Path(values[REPORT.name]).expanduser() if values[REPORT.name] else None
        require_output(self._report, (), is_live_report, "evaluator's report")
        self._counts_images = values[COUNT_IMAGES.name]
        self._statistics, self._image_statistics = FrameStatistics(), FrameStatistics()
        self._criteria = self._criteria_of(values)
        wanted = {one.figure for one in self._criteria if isinstance(one, FigureBound)}
        self._needs_pictures = not wanted.isdisjoint(OF_PICTURES)
        if self._needs_pictures and not self._counts_images:
            raise StartError(f"a criterion needs the images, because it bounds {min(wanted & set(OF_PICTURES))}: set "
                             "count_images to true")  # fmt: skip
        self._run = self._new_run()
        self._told, self._tell_next = {}, 0.0
        self._inputs = []
        if self._truth_source is not None:
            kind = TRUTH_TYPES[values[TRUTH_TYPE.name]]
            self._inputs.append(ImageInput(self, values, self._on_truth, FrameStatistics(), "truth", kind))
        if self._counts_images:
            self._inputs.append(ImageInput(self, values, self._on_image, self._image_statistics))
        reliable = QoSProfile(depth=values[DEPTH.name], reliability=ReliabilityPolicy.RELIABLE)
        self.create_subscription(InstanceArray, "instances", self._on_instances, reliable)
        alone = MutuallyExclusiveCallbackGroup()
        self.create_service(Trigger, "~/write_report", self._on_write_report, callback_group=alone)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self._diagnostics = DiagnosticsPublisher(self, lambda: [self._status()], "message")

    def _truth_of(self, values: dict[str, object]) -> TruthSource | None:
        kind, classes = values[TRUTH_TYPE.name], values[TRUTH_CLASSES.name]
        if kind == NO_TRUTH:
            return None
        labels = TRUTH_TYPES[kind] is not InstanceArray
        if labels and not classes:
            raise StartError(f"truth_type is {kind}: name the class of each value in a file, as truth_classes")
        if classes and not labels:
            raise StartError("truth_classes is for a truth_type of labels or compressed_labels")
        topic, names = self.resolve_topic_name("truth"), self._bundle.class_names
        named = read_label_classes(Path(classes).expanduser()) if labels else None
        return TruthSource(topic, names, named, values[TRUTH_AREAS.name])

    def _criteria_of(self, values: dict[str, object]) -> tuple[Criterion, ...]:
        if not values[CRITERIA.name]:
            return ()
        return read_criteria(Path(values[CRITERIA.name]).expanduser(), live_figure_names(self._bundle.class_names))

    def _new_run(self) -> LiveRun:
        return LiveRun(self._values[ANSWER_TIMEOUT.name], self._bundle.class_names, self._criteria)

    def _on_image(self, message: ImageMessage) -> None:
        now, picture = time.monotonic(), None
        self._image_statistics.received()
        try:
            picture = small_grey(rgb_from_message(message)) if self._needs_pictures else None
        except Exception as err:
            self._skipped("image not looked at", err)
        self._run.saw_image(stamp_of(message), now, self.get_clock().now().nanoseconds, picture)

    def _on_truth(self, message: InstanceArray | ImageMessage) -> None:
        try:
            if not self._counts_images:
                self._run.saw_image(stamp_of(message), time.monotonic())
            self._run.saw_truth(stamp_of(message), self._truth_source.read(message))
        except Exception as err:
            self._skipped("truth skipped", err)

    def _on_instances(self, message: InstanceArray) -> None:
        now, stamp = time.monotonic(), stamp_of(message)
        self._statistics.received()
        try:
            found = instances_from_message(message)
            if not self._counts_images and self._truth_source is None:
                self._run.saw_image(stamp, now)
            latency = self._run.saw_answer(stamp, found, now, self.get_clock().now().nanoseconds)
            self._statistics.processed(latency, age(message.header.stamp, self.get_clock()))
            self._run.forget(stamp - round(self._values[ANSWER_TIMEOUT.name] * 1e9))
            if message.model != self._bundle.name:
                self._statistics.problem(
                    f"the instances are of model '{message.model}', but `model` is '{self._bundle.name}': set it to "
                    "the segmenter's, or true objects may wrongly count as known or unknown"
                )
        except Exception as err:
            self._skipped("instances skipped", err)

    def _skipped(self, what: str, err: Exception) -> None:
        sentence, faulty = told(self.get_logger(), what, err)
        self._run.problem(f"{what}: {sentence}")
        self._statistics.failed(sentence, faulty)

    def _on_write_report(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._report is None:
            response.message = "the parameter report names no file"
            return response
        try:
            response.message, response.success = self._write(self._run.figures(time.monotonic())), True
        except Exception as err:
            response.message, _ = told(self.get_logger(), "report not written", err)
        return response

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._run = self._new_run()
        response.success, response.message = True, "all figures start anew"
        return response

    def _write(self, figures: Mapping[str, float | None]) -> str:
        """Write the report; where it is, in one sentence."""
        setup = {
            "model": self._bundle.name, "model_sha256": self._bundle.manifest.sha256,
            "bundle_sha256": self._bundle.sha256, "version": __version__,
            "instances": self.resolve_topic_name("instances"),
            "image": self.resolve_topic_name("image") if self._counts_images else None,
            "truth": self._truth_source and self._truth_source.name,
        }  # fmt: skip
        try:
            self._report.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._report, self._run.report(figures, setup))
        except OSError as err:
            raise StartError(f"{self._report} cannot be written: {err.strerror or err}") from None
        return f"{self._report}: {figures['images']} images"

    def _on_set_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        reason = parameters.refusal(changed, SETTINGS, "", {})
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _status(self) -> Report:
        figures = self._run.counts(time.monotonic()) | self._run.found()
        details = {
            "topic": self.resolve_topic_name("instances"),
            "truth topic": self._truth_source.name if self._truth_source else NO_TRUTH,
            "model": self._bundle.name,
            "images lost on their way": str(self._image_statistics.summary().lost),
            **{name.replace("_", " "): _shown(value) for name, value in figures.items()},
            **self._verdicts(),
        }
        timeout = self._values[TIMEOUT.name]
        return Report(
            "accuracy", "active", self._statistics.summary(), timeout, details, lambda: why_no_instances(self)
        )

    def _verdicts(self) -> dict[str, str]:
        """Of each criterion so far. Judging takes the longer the more images there are, and must not take much of the
        time of what is judged."""
        now = time.monotonic()
        if self._criteria and now >= self._tell_next:
            outcomes = self._run.outcomes(self._run.figures(now, scored=False))
            self._told = {
                f"criterion {one.name}": "judged at the end" if getattr(one, "figure", "") in SCORED else str(outcome)
                for one, outcome in zip(self._criteria, outcomes, strict=True)
            }
            self._tell_next = now + JUDGING_SHARE * (time.monotonic() - now)
        return self._told

    def _judge(self) -> None:
        """Write the report, if one was asked for, and say which criteria are met."""
        logger, figures = self.get_logger(), self._run.figures(time.monotonic())
        outcomes = self._run.outcomes(figures)
        self.failed = sum(not outcome.passed for outcome in outcomes)
        for outcome in outcomes:
            logger.info(str(outcome)) if outcome.passed else logger.error(str(outcome))
        if outcomes:
            met = f"{len(outcomes) - self.failed} of {len(outcomes)} criteria are met"
            logger.error(met) if self.failed else logger.info(met)
        if self._report is not None:
            try:
                logger.info(self._write(figures))
            except OsisError as err:
                logger.error(str(err))

    @property
    def _values(self) -> dict[str, object]:
        return parameters.values(self, SETTINGS)

    def destroy_node(self) -> None:
        """Write the report, if one was asked for, and say which criteria are met."""
        if hasattr(self, "_run") and (self._report is not None or self._criteria):
            self._judge()
        super().destroy_node()


def _shown(value: float | None) -> str:
    if value is None:
        return "not defined"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def main() -> None:
    """`ros2 run osis_ros evaluator`."""
    if run(EvaluatorNode).failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
