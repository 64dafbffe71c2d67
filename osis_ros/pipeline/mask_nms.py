"""Mask NMS: keep the best of overlapping instances, and at most `max_instances`."""

from collections.abc import Mapping
from dataclasses import replace

from osis_ros.inference.mask_nms import mask_nms
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import MODELS_OWN, Setting
from osis_ros.pipeline.stage import Stage


class MaskNms(Stage):
    """Drops duplicates, whatever their classes, and then all but the best `max_instances`."""

    settings = (
        Setting("max_instances", -1,
                "Keep at most this many instances per image, from 1 to the model's own limit; -1 for that limit.",
                low=1, high=1000, models_own=True),
        Setting("max_overlap", 1.0,
                "Drop the lower-scoring of two instances whose mask IoU exceeds this, 0..1, whatever their classes; "
                "1 keeps all.", low=0.0, high=1.0),
    )  # fmt: skip

    def __call__(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        instances, most = frame.instances, values["max_instances"]
        kept = mask_nms(instances.rois, instances.masks, values["max_overlap"])
        kept = kept[: None if most == MODELS_OWN else most]
        return frame if len(kept) == len(instances) else replace(frame, instances=instances.take(kept))
