"""Boxes and the numbers that a network predicts for them. A box is x0 y0 x1 y1 in pixels, float."""

import math

import torch
from torch import Tensor

DELTA_WEIGHTS = (10.0, 10.0, 5.0, 5.0)
# A predicted size is at most 1000/16 times the proposal's (Fast R-CNN's guard against exp overflowing).
MAX_LOG_SCALE = math.log(1000 / 16)


def sides_to_boxes(sides: Tensor, centres: Tensor, anchor_sizes: Tensor) -> Tensor:
    """Boxes from the distances to their four sides (OLN; the order is that of the authors' checkpoints).

    Args:
        sides: [..., 4], left top right bottom in anchor sides; negative ones count as 0.
        centres: [..., 2], x y of the anchors' centres in pixels.
        anchor_sizes: [...], the anchors' sides in pixels.
    Returns:
        [..., 4] boxes.
    """
    left_top, right_bottom = (sides.clamp(min=0) * anchor_sizes[..., None]).split(2, -1)
    return torch.cat((centres - left_top, centres + right_bottom), -1)


def boxes_to_sides(boxes: Tensor, centres: Tensor, anchor_sizes: Tensor) -> Tensor:
    """The inverse of `sides_to_boxes`; negative where a centre lies outside its box. [..., 4]."""
    return torch.cat((centres - boxes[..., :2], boxes[..., 2:] - centres), -1) / anchor_sizes[..., None]


def _centre_form(boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x0, y0, x1, y1 = boxes.unbind(-1)
    return (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0


def boxes_to_deltas(
    proposals: Tensor, boxes: Tensor, weights: tuple[float, float, float, float] = DELTA_WEIGHTS
) -> Tensor:
    """What the RoI stage must predict to turn `proposals` [N, 4] into `boxes` [N, 4] (R-CNN): [N, 4].

    `weights`: what shifts in x and y and changes of width and height are multiplied by.
    """
    px, py, pw, ph = _centre_form(proposals)
    x, y, w, h = _centre_form(boxes)
    deltas = torch.stack(((x - px) / pw, (y - py) / ph, torch.log(w / pw), torch.log(h / ph)), -1)
    return deltas * deltas.new_tensor(weights)


def deltas_to_boxes(
    proposals: Tensor, deltas: Tensor, weights: tuple[float, float, float, float] = DELTA_WEIGHTS
) -> Tensor:
    """The inverse of `boxes_to_deltas`: `proposals` [..., 4] moved and scaled by `deltas` [..., 4]."""
    px, py, pw, ph = _centre_form(proposals)
    dx, dy, dw, dh = (deltas / deltas.new_tensor(weights)).unbind(-1)
    x, y = px + dx * pw, py + dy * ph
    half_w = pw * dw.clamp(max=MAX_LOG_SCALE).exp() / 2
    half_h = ph * dh.clamp(max=MAX_LOG_SCALE).exp() / 2
    return torch.stack((x - half_w, y - half_h, x + half_w, y + half_h), -1)


def paired_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU of each box of `a` [N, 4] with the box of `b` [N, 4] in the same row: [N], 0 where both are empty."""
    size = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
    overlap = size[:, 0] * size[:, 1]
    union = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1) - overlap
    return overlap / union.clamp(min=1e-6)


def has_area(boxes: Tensor) -> Tensor:
    """[..., 4] boxes → [...] bool: wider and higher than nothing."""
    return (boxes[..., 2:] > boxes[..., :2]).all(-1)
