"""Gives instances the names that a user taught."""

import threading
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from osis_ros.inference.bundle import load_bundle
from osis_ros.messages.stamps import stamp_of
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import UNCONFIGURED, Setting
from osis_ros.pipeline.stage import Stage

if TYPE_CHECKING:
    from osis_ros.teaching.kept_gallery import KeptGallery

GALLERY = Setting(
    "teaching.gallery", "",
    "Folder of the taught names, which ~/teach writes to; it need not exist yet. Empty for no names.", UNCONFIGURED,
)  # fmt: skip
MEMORY = Setting(
    "teaching.memory", 3.0,
    "Seconds over which the taught name of a tracked object is voted; 0 for the name by each image alone.",
    low=0.0, high=3600.0,
)  # fmt: skip


class Name(Stage):
    """Looks for taught names among the instances, while there is a gallery.

    Attributes:
        kept: the gallery, which the streams share; None without one.
    """

    settings = (GALLERY, MEMORY)

    def __init__(self, values: Mapping[str, object]) -> None:
        self.kept = _kept_gallery(values)
        if self.kept is not None:
            self._start()

    def _start(self) -> None:
        from osis_ros.teaching.name_votes import NameVotes

        self._votes, self._lock = NameVotes(), threading.Lock()

    def another(self) -> "Name":
        """One with the same gallery that has seen no image."""
        other = copy(self)
        if other.kept is not None:
            other._start()
        return other

    def __call__(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        if self.kept is None:
            return frame
        gallery, found = self.kept.gallery, frame.instances
        alike = gallery.similarities(frame.rgb, found)
        alone = gallery.named(found, alike)
        if frame.tracks is None or not values[MEMORY.name]:
            return replace(frame, instances=alone)
        with self._lock:
            stamp, memory = stamp_of(frame) * 1e-9, values[MEMORY.name]
            averaged = self._votes.average(gallery, alike, found, stamp, memory)
            self._votes.keep(frame.tracks.ids.tolist())
        voted = gallery.named(found, averaged)
        return replace(
            frame, instances=voted.replaced(frame_names=alone.taught_names, frame_scores=alone.taught_scores)
        )


def _kept_gallery(values: Mapping[str, object]) -> "KeptGallery | None":
    folder = str(values[GALLERY.name]).strip()
    if not folder:
        return None
    from osis_ros.teaching.kept_gallery import KeptGallery  # a node without names starts sooner without it

    return KeptGallery(Path(folder).expanduser(), load_bundle(values["model"]))
