"""Gives instances the names that a user taught."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from osis_ros.inference.bundle import load_bundle
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import UNCONFIGURED, Setting
from osis_ros.pipeline.stage import Stage

if TYPE_CHECKING:
    from osis_ros.teaching.kept_gallery import KeptGallery

GALLERY = Setting(
    "teaching.gallery", "",
    "Folder of the taught names, which ~/teach writes to; it need not exist yet. Empty for no names.", UNCONFIGURED,
)  # fmt: skip


class Name(Stage):
    """Looks for taught names among the instances, while there is a gallery.

    Attributes:
        kept: the gallery; None without one.
    """

    settings = (GALLERY,)

    def __init__(self, values: Mapping[str, object]) -> None:
        self.kept = _kept_gallery(values)

    def __call__(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        if self.kept is None:
            return frame
        return replace(frame, instances=self.kept.gallery.name(frame.rgb, frame.instances))


def _kept_gallery(values: Mapping[str, object]) -> "KeptGallery | None":
    folder = str(values[GALLERY.name]).strip()
    if not folder:
        return None
    from osis_ros.teaching.kept_gallery import KeptGallery  # a node without names starts sooner without it

    return KeptGallery(Path(folder).expanduser(), load_bundle(values["model"]))
