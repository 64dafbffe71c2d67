"""An untrained network that nevertheless decides: spread scores, known and unknown objects, masks with edges."""

import cv2
import numpy as np
import torch
from torch import Tensor

from osis_ros.training.model.config import tabletop
from osis_ros.training.model.crops import cut_out
from osis_ros.training.model.mask_refinement import MaskRefinement
from osis_ros.training.model.pooling import with_image_index
from osis_ros.training.model.second_look import SecondLook
from osis_ros.training.model.semseg import SemSeg

CLASS_NAMES = ("bowl", "cup", "drill")
HEIGHT, WIDTH = 96, 128  # of the network and picture that conftest.py has ready


def coarse_picture(height: int, width: int) -> np.ndarray:
    """Blurred noise, uint8 [height, width, 3] RGB."""
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(coarse, (width, height))


@torch.no_grad()
def decisive_network(height: int, width: int, seed: int = 0, *, on_cut_outs: bool = False) -> SemSeg:
    """A narrow `tabletop` network whose output layers are scaled so that, on noise, their outputs have given spreads.

    Its class centres are embeddings of three of its own proposals, so that what resembles them is known. `on_cut_outs`
    it has a second look, with such centres of its own, and mask refinement.
    """
    torch.manual_seed(seed)
    config = tabletop(CLASS_NAMES).replace(
        channels=32,
        proposals={"test_top_k": 60, "max_proposals": 80},
        roi={"hidden": 48},
        embedding={"dim": 24},
        mask={"channels": 16, "embedding_dim": 16, "convs": 2},
        decision={"max_boxes": 80, "max_known": 30, "max_unknown": 30},
        second_look={"hidden": 32, "dim": 16} if on_cut_outs else None,
        mask_refinement={"channels": (16,) * 4, "passes": 2, "fit_share": 0.5} if on_cut_outs else None,
    )
    model = SemSeg(config).eval()
    coarse = torch.rand(1, 3, height // 16, width // 16) * 255
    image = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
    levels = model.pyramid(model.backbone.normalise(image, [(height, width)]))

    dense = model.proposals(levels)
    output = model.proposals.output
    output.weight[4] *= 2 / dense.logits.std()
    output.weight[:4] *= 0.3 / dense.sides.std()
    proposals = model.proposals.select(model.proposals(levels), [(height, width)])[0]
    hidden = model.pool_boxes(levels, with_image_index([proposals.boxes]))
    _centre_and_scale(model.roi_head.iou, hidden, 1.5)
    _centre_and_scale(model.roi_head.box, hidden, 0.5)
    _centre_and_scale(model.embedding.encoder, hidden, 1.0)
    raw = model.embedding(hidden)
    model.embedding.centres.copy_(raw[[0, len(raw) // 2, len(raw) - 1]])
    _centre_and_scale(model.classifier.output, model.classifier.decoder(raw), 2.0)
    semantics = model.describe(hidden)
    masks = model.masks(levels, with_image_index([proposals.boxes]), semantics)
    model.mask_head.embed[-1].weight *= 3 / masks.std()
    model.mask_head.embed[-1].bias *= 3 / masks.std()
    threshold = float(semantics.distances.amin(1).median())
    if on_cut_outs:
        pixels = model.backbone.normalise(image, [(height, width)])
        _make_look_decisive(model.second_look, pixels, proposals.boxes)
        _make_refinement_decisive(model.mask_refinement, pixels, proposals.boxes)
    model.config = config.replace(decision={"unknown_threshold": threshold})
    return model


def _make_look_decisive(look: SecondLook, pixels: Tensor, boxes: Tensor) -> None:
    _keep_size(look.backbone)
    crops = cut_out(pixels, with_image_index([boxes]), look.config.crop_size, look.config.margin / 2)
    features = look.backbone(crops)[-1].flatten(1)
    _centre_and_scale(look.fc, features, 1.0)
    hidden = torch.nn.functional.relu(look.fc(features))
    _centre_and_scale(look.embedding.encoder, hidden, 1.0)
    raw = look.embedding(hidden)
    look.embedding.centres.copy_(raw[[0, len(raw) // 2, len(raw) - 1]])


def _make_refinement_decisive(part: MaskRefinement, pixels: Tensor, boxes: Tensor) -> None:
    _keep_size(part.backbone)
    torch.nn.init.normal_(part.output.weight)
    size = part.config.crop_size
    nothing = torch.zeros(len(boxes), size, size)
    corrections = part(pixels, with_image_index([boxes]), nothing).logits
    part.output.weight *= 3 / corrections.std()


def _keep_size(backbone: torch.nn.Module) -> None:
    for layer in backbone.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)  # without batch norm, the usual ones would fade


def _centre_and_scale(layer: torch.nn.Linear, inputs: Tensor, spread: float) -> None:
    """Give the layer's outputs on `inputs` mean 0 and standard deviation `spread`."""
    outputs = layer(inputs) - layer.bias
    factor = spread / outputs.std(0)
    layer.weight *= factor[:, None]
    layer.bias.copy_(-(outputs * factor).mean(0))
