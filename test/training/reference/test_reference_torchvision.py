"""The referee of the `mask-rcnn` system: torchvision's Mask R-CNN with the same weights finds the same."""

import pytest
import torch
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops.misc import FrozenBatchNorm2d

from osis_ros.training.reference.import_torchvision import import_torchvision, torchvision_config

CLASS_NAMES = ("mug", "bowl", "can")
HEIGHT, WIDTH = 128, 192
HIDDEN, CHANNELS, PROPOSALS = 64, 16, 150


@pytest.fixture(scope="module")
def theirs() -> MaskRCNN:
    """Random weights whose outputs differ from place to place."""
    torch.manual_seed(0)
    outputs = len(CLASS_NAMES) + 1
    model = MaskRCNN(
        resnet_fpn_backbone(backbone_name="resnet18", weights=None, norm_layer=FrozenBatchNorm2d), num_classes=None,
        min_size=HEIGHT, max_size=WIDTH, rpn_post_nms_top_n_test=PROPOSALS,
        box_head=TwoMLPHead(256 * 7 * 7, HIDDEN), box_predictor=FastRCNNPredictor(HIDDEN, outputs),
        mask_head=MaskRCNNHeads(256, (CHANNELS,) * 4, 1),
        mask_predictor=MaskRCNNPredictor(CHANNELS, CHANNELS, outputs),
    ).eval()  # fmt: skip
    with torch.no_grad():
        for layer, factor in (
            (model.rpn.head.cls_logits, 40), (model.rpn.head.bbox_pred, 4),
            (model.roi_heads.box_predictor.cls_score, 8), (model.roi_heads.box_predictor.bbox_pred, 4),
            (model.roi_heads.mask_predictor.mask_fcn_logits, 4),
        ):  # fmt: skip
            layer.weight.mul_(factor)
        # Anchors of every ratio shall be among the best.
        features = model.backbone(torch.rand(1, 3, HEIGHT, WIDTH)).values()
        logits = [level.flatten(2)[0] for level in model.rpn.head(list(features))[0]]
        model.rpn.head.cls_logits.bias.sub_(torch.cat(logits, 1).mean(1))
    return model


@torch.no_grad()
def test_torchvisions_mask_rcnn_with_the_same_weights_finds_the_same(theirs):
    image = torch.randint(0, 256, (3, HEIGHT // 8, WIDTH // 8), dtype=torch.uint8)
    image = torch.nn.functional.interpolate(image[None].float(), (HEIGHT, WIDTH), mode="bilinear").round()
    images, _ = theirs.transform([image[0] / 255])
    features = theirs.backbone(images.tensors)
    proposals, _ = theirs.rpn(images, features)
    ((expected,), _) = theirs.roi_heads(features, proposals, images.image_sizes)
    assert len(expected["scores"]) > 20
    assert len(set(expected["labels"].tolist())) > 1

    config = torchvision_config(
        CLASS_NAMES, roi={"hidden": HIDDEN}, mask={"channels": CHANNELS}, proposals={"max_proposals": PROPOSALS}
    )
    ours = import_torchvision(theirs.state_dict(), config)
    batch = ours.observe(image, [(HEIGHT, WIDTH)])
    assert len(batch.proposals[0].boxes) == len(proposals[0])
    torch.testing.assert_close(batch.proposals[0].boxes, proposals[0], atol=0.05, rtol=0)
    (found,) = ours(image, [(HEIGHT, WIDTH)])
    assert found.class_ids.tolist() == (expected["labels"] - 1).tolist()
    torch.testing.assert_close(found.scores, expected["scores"], atol=1e-4, rtol=0)
    torch.testing.assert_close(found.boxes, expected["boxes"], atol=0.05, rtol=0)
    torch.testing.assert_close(found.masks, expected["masks"][:, 0], atol=1e-3, rtol=0)
    assert found.masks.std() > 0.05
