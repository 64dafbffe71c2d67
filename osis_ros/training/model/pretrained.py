"""Pretrained backbones read from files that their projects publish."""

from pathlib import Path

import torch
from torch import Tensor

from osis_ros.training.model.backbone import Backbone
from osis_ros.training.model.mobilenet import fold_torchvision


class WeightsError(Exception):
    """Weights that cannot be used; the message is one sentence that names the file and the tensors."""


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a PyTorch file, which may hold them under `state_dict` or `model`. Runs no code from the file.

    Raises:
        WeightsError: missing, not a PyTorch file, or holding something other than tensors.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file, expected PyTorch weights")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as err:  # torch.load raises whatever its zip and pickle readers raise
        reason = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
        raise WeightsError(f"{path}: not a file of plain PyTorch weights ({reason})") from None
    if isinstance(state, dict):
        for key in ("state_dict", "model"):
            if isinstance(state.get(key), dict):
                state = state[key]
    if not isinstance(state, dict) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path}: expected a dict of tensors")
    return state


def load_backbone(backbone: Backbone, name: str, path: Path) -> None:
    """Fill `backbone`, built by `build_backbone(name)`, with ImageNet weights in torchvision's names.

    `mobilenet_v2`: batch norm is folded. `resnet18`, `resnet50`: as they are; the classifier is left out.
    (ResNet-50 here is the Caffe variant: torchvision's own weights have their stride elsewhere and fit it badly.)

    Raises:
        WeightsError: tensors missing or of another shape; the first of them is named.
    """
    state = read_state_dict(Path(path))
    own = backbone.stages.state_dict()
    if name == "mobilenet_v2":
        try:
            folded = [tensor for pair in fold_torchvision(state) for tensor in pair]
        except KeyError as err:
            raise WeightsError(f"{path}: tensor {err} is missing, expected torchvision's mobilenet_v2") from None
        renamed = dict(zip(own, folded, strict=False))
    else:
        stem = {"conv1": "0.0", "bn1": "0.1", **{f"layer{i}": str(i) for i in range(1, 5)}}
        renamed = {}
        for key, tensor in state.items():
            first, rest = key.split(".", 1)
            if first in stem and not key.endswith("num_batches_tracked"):
                renamed[f"{stem[first]}.{rest}"] = tensor
    for key, tensor in own.items():
        if key not in renamed:
            raise WeightsError(f"{path}: no tensor for {name}'s stages.{key}, expected torchvision's {name}")
        if renamed[key].shape != tensor.shape:
            raise WeightsError(
                f"{path}: the tensor for {name}'s stages.{key} is {list(renamed[key].shape)}, "
                f"expected {list(tensor.shape)}"
            )
    backbone.stages.load_state_dict({key: renamed[key] for key in own})
