"""A setting of a stage, an output or a node: its name, default, range, meaning, and when it may change."""

from collections.abc import Iterable
from dataclasses import dataclass

from osis_ros.errors import OsisError

MODELS_OWN = -1.0  # a threshold of this value means the one in the model's bundle

ALWAYS, NOT_ACTIVE, UNCONFIGURED, NEVER = "always", "not while active", "only while unconfigured", "never"


class SettingError(OsisError):
    """A value that a setting does not accept; the message names both."""


@dataclass(frozen=True)
class Setting:
    """One setting. A node declares it as a parameter, the replay takes it from its command line.

    Attributes:
        default: also gives the type.
        changes: when a node's user may set it: ALWAYS, NOT_ACTIVE, UNCONFIGURED, or NEVER once the node has started.
        low, high: the range of a number, ends included.
        choices: the words that a string may be; any if empty.
        models_own: whether the value MODELS_OWN is allowed and means the model's own value.
    """

    name: str
    default: str | float | int | bool | list[str]
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


def values_of(settings: Iterable[Setting], **given: object) -> dict[str, object]:
    """The value of each setting: the given one, or the default if none or None is given.

    Raises:
        SettingError: a value out of its range.
    """
    values = {}
    for setting in settings:
        value = given.get(setting.name)
        value = setting.default if value is None else value
        if complaint := setting.complaint(value):
            raise SettingError(complaint)
        values[setting.name] = value
    return values
