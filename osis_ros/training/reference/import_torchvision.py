"""Torchvision's Mask R-CNN becomes ours: the referee of our region proposals, box head and mask head."""

import re

import torch
from torch import Tensor

from osis_ros.training.model.backbones.resnet_names import torchvision_name
from osis_ros.training.model.build import build_detector
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.presets import faithful
from osis_ros.training.model.systems import mask_rcnn

_PREFIXES = {
    "proposals.conv": "rpn.head.conv.0.0",
    "proposals.objectness": "rpn.head.cls_logits",
    "proposals.box": "rpn.head.bbox_pred",
    "roi_head.fc1": "roi_heads.box_head.fc6",
    "roi_head.fc2": "roi_heads.box_head.fc7",
    "roi_head.box": "roi_heads.box_predictor.bbox_pred",
    "classifier.output": "roi_heads.box_predictor.cls_score",
    "mask_head.deconv": "roi_heads.mask_predictor.conv5_mask",
    "mask_head.output": "roi_heads.mask_predictor.mask_fcn_logits",
}


def torchvision_config(class_names: tuple[str, ...], **sections: object) -> ModelConfig:
    """Our `mask-rcnn` with torchvision's conventions: whole anchors, RoIAlign without the half-pixel shift, and its
    number of samples. ResNet-18: our ResNet-50 is Detectron2's, whose strides are elsewhere.

    Args:
        sections: further changes, as `ModelConfig.replace` takes them.
    """
    config = mask_rcnn(faithful(class_names).replace(backbone="resnet18"))
    return config.replace(
        proposals={"whole_anchors": True}, roi={"aligned": False, "sampling_ratio": 2}, mask={"sampling_ratio": 2}
    ).replace(**sections)


def import_torchvision(tensors: dict[str, Tensor], config: ModelConfig) -> Detector:
    """A network with the weights of a `torchvision.models.detection.MaskRCNN` on a ResNet-18 with feature pyramid.

    Args:
        tensors: its state dict. Its first class is background; the others are those of the configuration.
        config: as `torchvision_config` makes it.
    Raises:
        KeyError, RuntimeError: tensors are missing or of another shape.
    """
    model = build_detector(config)
    model.load_state_dict({name: _own(name, tensors[torchvision_detector_name(name)]) for name in model.state_dict()})
    return model.eval()


def torchvision_detector_name(own: str) -> str:
    """Torchvision's name of a tensor of ours."""
    if own.startswith("backbone.stages."):
        return f"backbone.body.{torchvision_name(own.removeprefix('backbone.stages.'))}"
    prefix, _, leaf = own.rpartition(".")
    if match := re.fullmatch(r"fpn\.(lateral|output)\.(\d)", prefix):
        blocks = {"lateral": "inner_blocks", "output": "layer_blocks"}[match[1]]
        return f"backbone.fpn.{blocks}.{match[2]}.0.{leaf}"
    if match := re.fullmatch(r"mask_head\.convs\.(\d)", prefix):
        return f"roi_heads.mask_head.{match[1]}.0.{leaf}"
    return f"{_PREFIXES[prefix]}.{leaf}"


def _own(name: str, tensor: Tensor) -> Tensor:
    """Torchvision's background comes first: it is last here, and has neither box nor mask."""
    part = name.rpartition(".")[0]
    if part == "classifier.output":
        return torch.cat((tensor[1:], tensor[:1]))
    if part == "roi_head.box":
        return tensor[4:]
    return tensor[1:] if part == "mask_head.output" else tensor
