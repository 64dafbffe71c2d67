"""The names that Caffe2, Detectron2 and torchvision give to the tensors of a ResNet, and ours."""

import re

import torch
from torch import Tensor

NORM_EPS = 1e-5
_NORM = {"s": "weight", "b": "bias", "gamma": "weight", "beta": "bias", "rm": "running_mean", "riv": "running_var"}
_PLAIN = {"w": "weight", "b": "bias"}
_CAFFE_CONV = {"branch1": "shortcut", "branch2a": "conv1", "branch2b": "conv2", "branch2c": "conv3"}


def detectron2_name(name: str) -> str:
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


def stage_name(name: str) -> str | None:
    """Our name, below `backbone.stages.`, of a Detectron2 or torchvision ResNet tensor; None where there is none."""
    if match := re.fullmatch(r"stem\.conv1\.(norm\.)?(\w+)", name):
        return f"0.{1 if match[1] else 0}.{match[2]}"
    if match := re.fullmatch(r"res([2-5])\.(\d+)\.(conv\d|shortcut)\.(norm\.)?(\w+)", name):
        stage, block, layer, norm, leaf = match.groups()
        if layer == "shortcut":
            layer = f"downsample.{1 if norm else 0}"
        elif norm:
            layer = layer.replace("conv", "bn")
        return f"{int(stage) - 1}.{block}.{layer}.{leaf}"
    if match := re.fullmatch(r"(conv1|bn1)\.(weight|bias|running_mean|running_var)", name):
        return f"0.{0 if match[1] == 'conv1' else 1}.{match[2]}"
    if match := re.fullmatch(r"layer([1-4])\.(.+)", name):
        return None if name.endswith("num_batches_tracked") else f"{match[1]}.{match[2]}"
    return None


def add_absent_statistics(tensors: dict[str, Tensor], own: dict[str, Tensor]) -> None:
    """Complete affine-only batch norm in place: with mean 0 and variance 1 − ε it multiplies by its weight exactly."""
    for name, tensor in own.items():
        if name.endswith("running_mean"):
            tensors.setdefault(name, torch.zeros_like(tensor))
        elif name.endswith("running_var"):
            tensors.setdefault(name, torch.full_like(tensor, 1 - NORM_EPS))
