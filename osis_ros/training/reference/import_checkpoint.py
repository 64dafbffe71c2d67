"""Official SemSeg checkpoints become our models."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from osis_ros.training.class_names import COCO_KNOWN, GRASPNET_KNOWN
from osis_ros.training.model.backbones.backbone import load_backbone_weights
from osis_ros.training.model.backbones.resnet_names import from_caffe2
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.presets import faithful
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.model.weights_file import WeightsError, fill, listed, read_tensors
from osis_ros.training.reference.checkpoint_names import (
    CENTERNESS,
    CENTRES,
    CONSTANTS,
    JOINED_OUTPUT,
    SIDES,
    official_name,
)


def import_checkpoint(path: Path, class_names: tuple[str, ...] = ()) -> tuple[SemSeg, bool]:
    """An official checkpoint, or a Detectron2 ResNet-50 backbone, as a faithful model in eval mode.

    Args:
        class_names: of the known classes; may be left out for the two official benchmarks (COCO-OSIS for a backbone).
    Returns:
        the model, and whether it is whole: False if the file held a backbone and the rest is yet to be trained.
    Raises:
        WeightsError: the file cannot be read, or tensors are missing, unknown or of another shape; they are named.
    """
    path = Path(path)
    tensors = read_tensors(path)
    if CENTRES in tensors or not is_backbone(tensors):
        return import_tensors(tensors, path, class_names), True
    model = SemSeg(faithful(class_names or COCO_KNOWN))
    load_backbone_weights(model, path)
    return model.eval(), False


def is_backbone(tensors: dict[str, Tensor]) -> bool:
    """Whether a ResNet and nothing of a detector is in a file of Detectron2 or Caffe2."""
    names = [from_caffe2(name) for name in tensors]
    return any(name.startswith("res2.") for name in names)


def provenance(path: Path, whole: bool) -> dict[str, str]:
    """Where imported weights come from, in the fields of a checkpoint's record."""
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    kind = "checkpoint of SemSeg's authors" if whole else "ResNet-50 backbone, its heads not trained"
    return {"config": "faithful, imported", "data": f"that of the {kind} {Path(path).name} (sha256 {digest})"}


def import_tensors(tensors: dict[str, Tensor], path: Path, class_names: tuple[str, ...] = ()) -> SemSeg:
    """`import_checkpoint` of tensors that are already read; `path` is for messages."""
    if CENTRES not in tensors or tensors[CENTRES].ndim != 2:
        raise WeightsError(f"{path}: missing {CENTRES} [classes, 256], expected an official SemSeg checkpoint")
    tensors = _join_proposal_outputs(tensors, path)
    model = SemSeg(_config(len(tensors[CENTRES]), class_names, path))
    names = {own: official_name(own) for own in model.state_dict()}
    wanted = set(names.values())
    extra = [name for name in tensors if name not in wanted and not CONSTANTS.fullmatch(name)]
    if extra:
        raise WeightsError(f"{path}: not part of SemSeg: {listed(extra)}")
    fill(model, tensors, names, path)
    return model.eval()


def _config(num_classes: int, class_names: tuple[str, ...], path: Path) -> ModelConfig:
    graspnet = tuple(GRASPNET_KNOWN.values())
    official = {len(COCO_KNOWN): COCO_KNOWN, len(graspnet): graspnet}
    names = class_names or official.get(num_classes, ())
    if len(names) != num_classes:
        raise WeightsError(f"{path}: {num_classes} known classes, expected as many class names, got {len(names)}")
    return faithful(names, graspnet=names == graspnet)


def _join_proposal_outputs(tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The same tensors with the two output layers of the proposal head made one."""
    joined = dict(tensors)
    for leaf in ("weight", "bias"):
        names = [f"{SIDES}.{leaf}", f"{CENTERNESS}.{leaf}"]
        missing = [name for name in names if name not in tensors]
        if missing:
            raise WeightsError(f"{path}: missing {listed(missing)}")
        parts = [joined.pop(name) for name in names]
        for name, part, count in zip(names, parts, (4, 1), strict=True):
            shape = [count, *parts[0].shape[1:]] if leaf == "weight" else [count]
            if list(part.shape) != shape:
                raise WeightsError(f"{path}: {name} is {list(part.shape)}, expected {shape}")
        joined[f"{JOINED_OUTPUT}.{leaf}"] = torch.cat(parts)
    return joined
