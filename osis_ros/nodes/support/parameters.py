"""Settings as a node's parameters: declared with range and description, and checked before they change."""

from collections.abc import Iterable, Mapping

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from osis_ros.pipeline.setting import ALWAYS, MODELS_OWN, NEVER, NOT_ACTIVE, UNCONFIGURED, Setting

HINTS = {NOT_ACTIVE: "deactivate the node first", UNCONFIGURED: "clean the node up first"}
FORBIDDEN = {ALWAYS: (), NEVER: (), NOT_ACTIVE: ("active",), UNCONFIGURED: ("inactive", "active")}


def declare(node: Node, settings: Iterable[Setting]) -> None:
    """Declare a parameter for each setting.

    Raises:
        rclpy.exceptions.ParameterException: a value given at start-up is of another type or out of range.
    """
    for setting in settings:
        node.declare_parameter(setting.name, setting.default, _descriptor(setting))


def _descriptor(setting: Setting) -> ParameterDescriptor:
    words = f" One of {', '.join(setting.choices)}." if setting.choices else ""
    when = "" if setting.changes == ALWAYS else f" Changes {setting.changes}."
    described = ParameterDescriptor(description=setting.description + words + when, read_only=setting.changes == NEVER)
    low = MODELS_OWN if setting.models_own else setting.low
    if isinstance(setting.default, float):
        described.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(setting.high))]
    elif setting.low is not None:
        described.integer_range = [IntegerRange(from_value=int(low), to_value=int(setting.high), step=1)]
    return described


def values(node: Node, settings: Iterable[Setting]) -> dict[str, object]:
    """The present value of each setting, by name."""
    return {setting.name: node.get_parameter(setting.name).value for setting in settings}


def refusal(
    changed: Iterable[Parameter], settings: Iterable[Setting], state: str, limits: Mapping[str, float]
) -> str | None:
    """Why these cannot be set in this lifecycle state, in one sentence; None if they can.

    Args:
        limits: of a setting's name, the largest value that the loaded model allows.
    """
    by_name = {setting.name: setting for setting in settings}
    for parameter in changed:
        setting = by_name.get(parameter.name)
        if setting is None:  # not one of ours: use_sim_time and the like
            continue
        if state in FORBIDDEN[setting.changes]:
            return f"{setting.name} changes {setting.changes}: {HINTS[setting.changes]}"
        complaint = setting.complaint(parameter.value)
        if complaint:
            return complaint
        limit = limits.get(setting.name)
        if limit is not None and parameter.value > limit:
            return f"{setting.name} is {parameter.value:g}, the model allows at most {limit:g}"
    return None
