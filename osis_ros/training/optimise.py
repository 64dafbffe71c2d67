"""The optimiser and the learning rate over the steps of a run."""

import math

import torch
from torch import nn

from osis_ros.training.config import Optimiser

# Parts with a MobileNetV2 of their own: on cut-outs, without batch norm, its ReLU6s died at higher rates.
ON_CUT_OUTS = ("second_look", "mask_refinement")


def make_optimiser(model: nn.Module, config: Optimiser, batch: int) -> torch.optim.Optimizer:
    """Optimiser over the model's trainable parameters.

    Args:
        model: its parameters named `backbone.…` get `backbone_factor` times the rate, those of a part ON_CUT_OUTS the
            factor once more, as the second look's other ones do once; vectors (biases, class centres are not among
            them) are free of weight decay under AdamW.
        batch: images a step over all devices; the rate grows linearly with it (Goyal et al. 2017).
    """
    rate = config.learning_rate * batch / config.reference_batch
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parts = name.split(".")
            backbone = "backbone" in parts
            slower = backbone + (parts[0] == "second_look" or (backbone and parts[0] in ON_CUT_OUTS))
            decays = parameter.ndim > 1 or config.name == "sgd"
            groups.setdefault((slower, decays), []).append(parameter)
    parameters = [
        {
            "params": members,
            "lr": rate * config.backbone_factor**slower,
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (slower, decays), members in groups.items()
    ]
    if config.name == "sgd":
        return torch.optim.SGD(parameters, rate, config.momentum)
    return torch.optim.AdamW(parameters, rate)


def learning_rate_factor(step: int, steps: int, config: Optimiser) -> float:
    """What the rate is multiplied by at a step, after a linear warm-up.

    steps: ×0.1 at each milestone; cosine: to 1 %; cooldown: constant, at the end to 0 by 1 − √t (Hägele et al. 2024),
    so that a run may be made longer while it trains.
    """
    warmup = 1.0
    if step < config.warmup_steps:
        warmup = config.warmup_factor + (1 - config.warmup_factor) * step / config.warmup_steps
    if config.schedule == "steps":
        return warmup * 0.1 ** sum(step >= milestone for milestone in config.milestones)
    if config.schedule == "cooldown":
        before = (1 - config.cooldown) * steps
        return warmup * (1 - math.sqrt(min(max((step - before) / (steps - before), 0), 1)))
    return warmup * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1))))
