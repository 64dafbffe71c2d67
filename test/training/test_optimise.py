"""The learning rate follows the paper's schedule, and parameters fall into the right groups."""

import pytest
from torch import nn

from osis_ros.training.config import Optimiser
from osis_ros.training.optimise import learning_rate_factor, make_optimiser


@pytest.mark.parametrize(
    ("step", "factor"),
    [(0, 0.001), (200, 0.5005), (400, 1.0), (83_999, 1.0), (84_000, 0.1), (116_000, 0.01)],
)
def test_the_papers_schedule(step, factor):
    assert learning_rate_factor(step, 128_000, Optimiser()) == pytest.approx(factor)


@pytest.mark.parametrize(("step", "factor"), [(0, 0.5), (10, 1.0 - 0.99 * 0.5), (20, 0.01)])
def test_cosine_falls_to_one_percent(step, factor):
    config = Optimiser(schedule="cosine", warmup_steps=10, warmup_factor=0.5)
    assert learning_rate_factor(step, 20, config) == pytest.approx(factor)


@pytest.mark.parametrize(("step", "factor"), [(0, 0.5), (10, 1.0), (80, 1.0), (85, 0.5), (100, 0.0), (101, 0.0)])
def test_cooldown_falls_at_the_end_alone(step, factor):
    config = Optimiser(schedule="cooldown", cooldown=0.2, warmup_steps=10, warmup_factor=0.5)
    assert learning_rate_factor(step, 100, config) == pytest.approx(factor)


def test_a_run_with_cooldown_made_longer_goes_on_as_if_it_had_been_so_from_the_start():
    config = Optimiser(schedule="cooldown", cooldown=0.2)
    assert all(learning_rate_factor(s, 100, config) == learning_rate_factor(s, 400, config) for s in range(80))


def test_rate_grows_with_the_batch_and_frozen_parameters_stay_out():
    model = nn.ModuleDict({"backbone": nn.Linear(2, 3), "head": nn.Linear(3, 1)})
    model["backbone"].bias.requires_grad_(False)
    groups = make_optimiser(model, Optimiser(backbone_factor=0.1), batch=8).param_groups
    rates = {p: g["lr"] for g in groups for p in g["params"]}
    assert len(rates) == 3
    assert rates[model["head"].weight] == pytest.approx(0.01)
    assert rates[model["backbone"].weight] == pytest.approx(0.001)


@pytest.mark.parametrize(("part", "rate"), [("second_look", 0.05), ("mask_refinement", 0.1)])
def test_a_backbone_for_cut_outs_learns_slower_still_and_a_second_look_slower_than_the_rest(part, rate):
    look = nn.ModuleDict({"backbone": nn.Linear(2, 3), "fc": nn.Linear(3, 1)})
    model = nn.ModuleDict({"head": nn.Linear(3, 1), part: look})
    groups = make_optimiser(model, Optimiser(learning_rate=0.1, backbone_factor=0.5), batch=4).param_groups
    rates = {p: g["lr"] for g in groups for p in g["params"]}
    layers = (model["head"], look["fc"], look["backbone"])
    assert [rates[layer.weight] for layer in layers] == pytest.approx([0.1, rate, 0.025])


def test_adamw_does_not_decay_biases():
    groups = make_optimiser(nn.Linear(2, 2), Optimiser(name="adamw", weight_decay=0.1), batch=4).param_groups
    decay = {p.ndim: g["weight_decay"] for g in groups for p in g["params"]}
    assert decay == {2: 0.1, 1: 0.0}
