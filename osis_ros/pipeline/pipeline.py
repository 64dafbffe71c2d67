"""The stages in their order."""

from collections.abc import Mapping
from typing import TypeVar

from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.guess import Guess
from osis_ros.pipeline.mask_nms import MaskNms
from osis_ros.pipeline.name import Name
from osis_ros.pipeline.segment import Segment
from osis_ros.pipeline.stage import Stage
from osis_ros.pipeline.track import Track

S = TypeVar("S", bound=Stage)
STAGES: tuple[type[Stage], ...] = (Segment, MaskNms, Track, Name, Guess)
SETTINGS = tuple(setting for stage in STAGES for setting in stage.settings)


class Pipeline:
    """Runs all stages on an image. Calls from several threads are safe.

    Attributes:
        segment: the first stage, which holds the model.
        track: the stage that remembers the objects of the stream.
        name: the stage that holds the taught names.
        guess: the last stage, which guesses what unknown objects are.
        limits: setting's name → largest value that makes sense with the loaded model.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        """Load what the stages need.

        Args:
            values: of `SETTINGS`, by name (`values_of`).
        Raises:
            OsisError: a model that cannot be used, or that cannot run on the provider.
        """
        self._hold(tuple(stage(values) for stage in STAGES))

    def another(self) -> "Pipeline":
        """The stages for another stream of images. It has the same model and names, but tracks and votes of its own."""
        other = Pipeline.__new__(Pipeline)
        other._hold(tuple(stage.another() for stage in self._stages))
        return other

    def _hold(self, stages: tuple[Stage, ...]) -> None:
        self._stages = stages
        self.segment = self._stage(Segment)
        self.track = self._stage(Track)
        self.name = self._stage(Name)
        self.guess = self._stage(Guess)
        self.limits = {name: limit for stage in self._stages for name, limit in stage.limits.items()}

    def _stage(self, kind: type[S]) -> S:
        return next(stage for stage in self._stages if isinstance(stage, kind))

    def __call__(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        """The frame with its instances.

        Args:
            values: of `SETTINGS`, by name; `model`, `provider` and `threads` stay as they were at the start.
        """
        return self.follow(self.segment(frame, values), values)

    def follow(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        """A frame that the first stage has done, with what the other stages add; the frames of a stream in order."""
        for stage in self._stages[1:]:
            frame = stage(frame, values)
        return frame
