"""The optimiser and the learning rate over the steps of a run."""

import math

import torch

from osis_ros.training.config import Optimiser
from osis_ros.training.model.detector import Detector


def make_optimiser(model: Detector, config: Optimiser, batch: int) -> torch.optim.Optimizer:
    """Optimiser over the model's trainable parameters.

    Args:
        model: which says how many times `backbone_factor` multiplies the rate of each of its parameters; vectors
            (biases, class centres are not among them) are free of weight decay under AdamW.
        batch: images a step over all devices; the rate grows linearly with it (Goyal et al. 2017).
    """
    rate = config.learning_rate * batch / config.reference_batch
    groups: dict[tuple[int, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decays = parameter.ndim > 1 or config.name == "sgd"
            groups.setdefault((model.backbone_factors(name), decays), []).append(parameter)
    parameters = [
        {
            "params": members,
            "lr": rate * config.backbone_factor**factors,
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (factors, decays), members in groups.items()
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
