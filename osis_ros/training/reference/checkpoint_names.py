"""What an official SemSeg checkpoint (Detectron2) calls each tensor of ours."""

import re

from osis_ros.training.model.backbones.resnet_names import detectron2_name

CENTRES = "roi_heads.dml.representatives"
# The two output layers of the proposal head, which are one here: four sides, then the centerness.
SIDES = "proposal_generator.rpn_head.anchor_deltas"
CENTERNESS = "proposal_generator.rpn_head.centerness"
JOINED_OUTPUT = "proposal_generator.rpn_head.output"
# Constants that some Detectron2 versions save; ours are part of the configuration.
CONSTANTS = re.compile(r"pixel_mean|pixel_std|proposal_generator\.anchor_generator\.cell_anchors\.\d+")
_PREFIXES = {
    "proposals.conv": "proposal_generator.rpn_head.conv",
    "proposals.output": JOINED_OUTPUT,
    "roi_head.fc1": "roi_heads.box_head.fc1",
    "roi_head.fc2": "roi_heads.box_head.fc2",
    "roi_head.box": "roi_heads.box_predictor.bbox_pred",
    "roi_head.iou": "roi_heads.box_predictor.iou_pred",
    "embedding.encoder": "roi_heads.dml.encoder",
    "classifier.decoder": "roi_heads.dml.decoder",
    "classifier.output": "roi_heads.softmaxcls.cls_score",
    "mask_head.deconv": "roi_heads.mask_head.conv.deconv",
    "mask_head.pixel": "roi_heads.mask_head.conv.post_conv",
    "mask_head.embed.0": "roi_heads.mask_head.mask_embed.0",
    "mask_head.embed.2": "roi_heads.mask_head.mask_embed.2",
}


def official_name(own: str) -> str:
    """The official name of a tensor of a faithful `SemSeg`."""
    if own == "embedding.centres":
        return CENTRES
    prefix, _, leaf = own.rpartition(".")
    if own.startswith("backbone.stages."):
        return f"backbone.bottom_up.{detectron2_name(own.removeprefix('backbone.stages.'))}"
    if match := re.fullmatch(r"fpn\.(lateral|output)\.(\d)", prefix):
        return f"backbone.fpn_{match[1]}{int(match[2]) + 2}.{leaf}"
    if match := re.fullmatch(r"mask_head\.convs\.(\d)", prefix):
        return f"roi_heads.mask_head.conv.mask_fcn{int(match[1]) + 1}.{leaf}"
    return f"{_PREFIXES[prefix]}.{leaf}"
