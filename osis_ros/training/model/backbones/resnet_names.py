"""What Detectron2, Caffe2 and torchvision call the tensors of a ResNet whose stages are ours."""

import re

import torch
from torch import Tensor

NORM_EPS = 1e-5
_NORM = {"s": "weight", "b": "bias", "gamma": "weight", "beta": "bias", "rm": "running_mean", "riv": "running_var"}
_PLAIN = {"w": "weight", "b": "bias"}
_CAFFE_CONV = {"branch1": "shortcut", "branch2a": "conv1", "branch2b": "conv2", "branch2c": "conv3"}


def detectron2_name(own: str) -> str:
    """Detectron2's name of a tensor of `backbone.stages`: `0.1.bias` → `stem.conv1.norm.bias`."""
    stage, *middle, leaf = own.split(".")
    if stage == "0":
        return f"stem.conv1.{'norm.' if middle == ['1'] else ''}{leaf}"
    block, layer, *index = middle
    if layer == "downsample":
        layer = "shortcut" if index == ["0"] else "shortcut.norm"
    elif layer.startswith("bn"):
        layer = f"conv{layer.removeprefix('bn')}.norm"
    return f"res{int(stage) + 1}.{block}.{layer}.{leaf}"


def torchvision_name(own: str) -> str:
    """Torchvision's name of a tensor of `backbone.stages`: `0.1.bias` → `bn1.bias`."""
    stage, rest = own.split(".", 1)
    if stage == "0":
        index, leaf = rest.split(".")
        return f"{('conv1', 'bn1')[int(index)]}.{leaf}"
    return f"layer{stage}.{rest}"


def from_caffe2(name: str) -> str:
    """The Detectron2 name of a Caffe2 blob (`res2_0_branch2a_bn_s` → `res2.0.conv1.norm.weight`); others unchanged."""
    if match := re.fullmatch(r"conv1_([wb])", name):
        return f"stem.conv1.{_PLAIN[match[1]]}"
    if match := re.fullmatch(r"(?:res_)?conv1_bn_(\w+)", name):
        return f"stem.conv1.norm.{_NORM.get(match[1], match[1])}"
    if match := re.fullmatch(r"(res[2-5])_(\d+)_(branch1|branch2[abc])(_bn)?_(\w+)", name):
        stage, block, branch, norm, kind = match.groups()
        leaf = f"norm.{_NORM.get(kind, kind)}" if norm else _PLAIN.get(kind, kind)
        return f"{stage}.{block}.{_CAFFE_CONV[branch]}.{leaf}"
    return name


def add_absent_statistics(tensors: dict[str, Tensor]) -> None:
    """Complete affine-only batch norm in place: with mean 0 and variance 1 − ε it multiplies by its weight exactly."""
    for name in [name for name in tensors if name.endswith("norm.weight")]:
        stem = name.removesuffix("weight")
        tensors.setdefault(f"{stem}running_mean", torch.zeros_like(tensors[name]))
        tensors.setdefault(f"{stem}running_var", torch.full_like(tensors[name], 1 - NORM_EPS))
