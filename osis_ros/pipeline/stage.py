"""One step of the pipeline."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import Setting


class Stage(ABC):
    """Base class of all stages. A stage is called from several threads at once.

    Attributes:
        settings: what the user can set; names must differ from those of the other stages.
        limits: setting's name → largest value that makes sense with what this stage has loaded.
    """

    settings: ClassVar[tuple[Setting, ...]] = ()
    limits: Mapping[str, float] = {}

    def __init__(self, values: Mapping[str, object]) -> None:  # noqa: B027  a stage may have nothing to load
        """Load what the stage needs.

        Args:
            values: of all settings of the pipeline.
        Raises:
            OsisError: something that the user named cannot be used.
        """

    def another(self) -> Self:
        """The stage for another stream of images: this one, unless it remembers earlier images."""
        return self

    @abstractmethod
    def __call__(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        """The frame with what this stage adds.

        Args:
            values: of all settings of the pipeline, as they are for this frame.
        """
