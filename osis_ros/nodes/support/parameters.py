"""The segmenter's parameters: names, defaults, ranges, meaning, and when each may change."""

from collections.abc import Iterable
from dataclasses import dataclass

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from osis_ros.inference.bundle import DEFAULT_MODEL
from osis_ros.nodes.support.qos import DURABILITIES, RELIABILITIES

MODELS_OWN = -1.0  # a threshold of this value means the one in the model's bundle

ALWAYS, NOT_ACTIVE, UNCONFIGURED = "always", "not while active", "only while unconfigured"
HINTS = {NOT_ACTIVE: "deactivate the node first", UNCONFIGURED: "clean the node up first"}
FORBIDDEN = {ALWAYS: (), NOT_ACTIVE: ("active",), UNCONFIGURED: ("inactive", "active")}


@dataclass(frozen=True)
class Setting:
    """One parameter.

    Attributes:
        default: also gives the type.
        changes: when it may be set: ALWAYS, NOT_ACTIVE or UNCONFIGURED.
        low, high: the range of a number, ends included.
        choices: the words that a string may be; any if empty.
        models_own: whether MODELS_OWN is meant as such; low is then above it.
    """

    name: str
    default: str | float | int | bool
    description: str
    changes: str = ALWAYS
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    models_own: bool = False

    def complaint(self, value: object) -> str | None:
        """Why this value is refused, or None."""
        if self.choices and value not in self.choices:
            return f"{self.name} is '{value}', expected one of {', '.join(self.choices)}"
        if self.low is None or (self.models_own and value == MODELS_OWN):
            return None
        if not self.low <= value <= self.high:  # a NaN is not, either
            own = f", or {MODELS_OWN:g} for the model's own" if self.models_own else ""
            return f"{self.name} is {value:g}, expected {self.low:g}..{self.high:g}{own}"
        return None

    def descriptor(self) -> ParameterDescriptor:
        words = f" One of {', '.join(self.choices)}." if self.choices else ""
        when = "" if self.changes == ALWAYS else f" Changes {self.changes}."
        described = ParameterDescriptor(description=self.description + words + when)
        low = MODELS_OWN if self.models_own else self.low
        if isinstance(self.default, float):
            described.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(self.high))]
        elif self.low is not None:
            described.integer_range = [IntegerRange(from_value=int(low), to_value=int(self.high), step=1)]
        return described


SETTINGS = (
    Setting("model", DEFAULT_MODEL,
            "The model bundle: its folder, or the name of one that came with the package.", UNCONFIGURED),
    Setting("provider", "auto", "What the model runs on; auto takes CUDA where it works, else the CPU.", UNCONFIGURED,
            choices=("auto", "cpu", "cuda", "tensorrt")),
    Setting("threads", 0, "CPU threads of the model, 0 for one a core.", UNCONFIGURED, low=0, high=256),
    Setting("score_threshold", MODELS_OWN,
            "Objects of a lower score are left out, 0..1; -1 for the model's own.", low=0.0, high=1.0, models_own=True),
    Setting("unknown_threshold", MODELS_OWN,
            "T_u: an object is unknown where its distance from the known classes is greater, 0..2; "
            "-1 for the model's own.", low=0.0, high=2.0, models_own=True),
    Setting("max_instances", -1, "The most instances of a frame, 1 to the model's own limit; -1 for that limit.",
            low=1, high=1000, models_own=True),
    Setting("max_overlap", 1.0,
            "Of two instances whose masks overlap more than this (IoU, 0..1) the one of lower score is left out, "
            "whatever their classes; 1 keeps all.", low=0.0, high=1.0),
    Setting("image_transport", "raw", "Whether `image` carries Image or CompressedImage.", NOT_ACTIVE,
            choices=("raw", "compressed")),
    Setting("qos.reliability", "best_effort",
            "Reliability requested of the camera; best_effort matches every camera.", NOT_ACTIVE,
            choices=tuple(RELIABILITIES)),
    Setting("qos.durability", "volatile", "Durability requested of the camera; volatile matches every camera.",
            NOT_ACTIVE, choices=tuple(DURABILITIES)),
    Setting("qos.depth", 1, "Images that the middleware keeps; only the newest is ever processed.", NOT_ACTIVE,
            low=1, high=100),
    Setting("image_timeout", 5.0, "Seconds without an image after which an active node warns.", low=0.1, high=3600.0),
    Setting("publish.detections", True, "Publish ~/detections, where vision_msgs is installed."),
    Setting("publish.label_image", True, "Publish ~/label_image, while somebody subscribes."),
    Setting("publish.overlay", True, "Publish ~/overlay, while somebody subscribes."),
    Setting("publish.embeddings", False, "Put each instance's embedding into ~/instances."),
)  # fmt: skip
BY_NAME = {setting.name: setting for setting in SETTINGS}


def declare(node: Node) -> None:
    """Declare all of them.

    Raises:
        rclpy.exceptions.ParameterException: a value given at start-up is of another type or out of range.
    """
    for setting in SETTINGS:
        node.declare_parameter(setting.name, setting.default, setting.descriptor())


def refusal(parameters: Iterable[Parameter], state: str, most_instances: int | None = None) -> str | None:
    """Why these cannot be set in this lifecycle state, in one sentence; None if they can.

    `most_instances` is the loaded model's own limit.
    """
    for parameter in parameters:
        setting = BY_NAME.get(parameter.name)
        if setting is None:  # not one of ours: use_sim_time and the like
            continue
        if state in FORBIDDEN[setting.changes]:
            return f"{setting.name} changes {setting.changes}: {HINTS[setting.changes]}"
        complaint = setting.complaint(parameter.value)
        if complaint:
            return complaint
        if setting.name == "max_instances" and most_instances is not None and parameter.value > most_instances:
            return f"max_instances is {parameter.value}, the model gives at most {most_instances}"
    return None


def thresholds(node: Node) -> dict[str, float | int | None]:
    """The thresholds in force, as `Segmenter.segment` takes them: None for the model's own."""
    names = ("score_threshold", "unknown_threshold", "max_instances", "max_overlap")
    values = {name: node.get_parameter(name).value for name in names}
    return {name: None if value == MODELS_OWN else value for name, value in values.items()}
