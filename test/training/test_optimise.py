"""The learning rate follows the paper's schedule, and parameters fall into the right groups."""

import pytest
from crop_networks import tiny

from osis_ros.training.config import Optimiser
from osis_ros.training.model.detector import Detector
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


@pytest.fixture(scope="module")
def model() -> Detector:
    return Detector(tiny(second_look={}, mask_refinement={}))


def rates(model: Detector, **config: object) -> dict[str, float]:
    """The learning rate of every parameter of an optimiser, by name, for batches of 8."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = make_optimiser(model, Optimiser(**config), batch=8).param_groups
    return {names[id(parameter)]: group["lr"] for group in groups for parameter in group["params"]}


def test_rate_grows_with_the_batch_and_frozen_parameters_stay_out(model):
    found = rates(model, learning_rate=0.005, reference_batch=4, backbone_factor=0.1)
    assert found["roi_head.fc1.weight"] == pytest.approx(0.01)
    assert found["backbone.stages.4.0.layers.0.weight"] == pytest.approx(0.001)
    assert found.keys() == {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert not any(name.startswith(("backbone.stages.0", "backbone.stages.1")) for name in found)


@pytest.mark.parametrize(("part", "rate"), [("second_look.fc", 0.05), ("mask_refinement.output", 0.1)])
def test_a_backbone_for_crops_learns_slower_still_and_a_second_look_slower_than_the_rest(model, part, rate):
    found = rates(model, learning_rate=0.1, reference_batch=8, backbone_factor=0.5)
    assert found[f"{part}.weight"] == pytest.approx(rate)
    backbone = [value for name, value in found.items() if name.startswith(f"{part.split('.')[0]}.backbone.")]
    assert backbone == pytest.approx([0.025] * len(backbone))
    assert backbone


@pytest.mark.parametrize(("name", "of_vectors"), [("adamw", 0.0), ("sgd", 0.1)])
def test_adamw_does_not_decay_biases(model, name, of_vectors):
    groups = make_optimiser(model, Optimiser(name=name, weight_decay=0.1), batch=4).param_groups
    decay = {(p.ndim > 1, g["weight_decay"]) for g in groups for p in g["params"]}
    assert decay == {(True, 0.1), (False, of_vectors)}


def test_a_checkpoint_of_an_earlier_release_finds_every_momentum_where_it_was(model):
    """An optimiser's state is by position: groups in the order in which parameters first need them."""
    groups = make_optimiser(model, Optimiser(name="adamw", weight_decay=0.1, backbone_factor=0.5), batch=4).param_groups
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    first = [names[id(group["params"][0])] for group in groups]
    assert first == [
        "backbone.stages.2.0.layers.0.weight", "backbone.stages.2.0.layers.0.bias", "fpn.lateral.0.weight",
        "fpn.lateral.0.bias", "second_look.backbone.stages.2.0.layers.0.weight",
        "second_look.backbone.stages.2.0.layers.0.bias",
    ]  # fmt: skip
