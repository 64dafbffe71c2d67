"""Mask refinement: where the first mask lies on the crop, what becomes of box and mask, and what it is taught."""

import math

import crop_networks as shared
import pytest
import torch
from crop_networks import SIZE, alive, losses, scene
from pydantic import ValidationError

from osis_ros.training.model.additions.mask_refinement import OUTSIDE, MaskRefinement, MaskRefinementConfig, seen_from
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.pooling import with_image_index

PIXELS = torch.zeros(1, 3, *SIZE)
SHORT_BOXES = torch.tensor([[8.0, 8, 51, 56], [72, 37, 120, 80]])  # they end short of the scene's objects


def tiny(**mask_refinement) -> ModelConfig:
    small = {"crop_size": 32, "border": 4, "mask_size": 24, "channels": (16,) * 4}
    return shared.tiny(mask_refinement={**small, **mask_refinement})


def correcting_nothing(**config) -> MaskRefinement:
    """With 8 cells of border around 32 of the box."""
    torch.manual_seed(0)
    return alive(MaskRefinement(MaskRefinementConfig(crop_size=48, border=8, **config))).eval()


@pytest.fixture
def part() -> MaskRefinement:
    return correcting_nothing()


@pytest.fixture
def model() -> Detector:
    torch.manual_seed(0)
    model = Detector(tiny())
    alive(model.mask_refinement)
    return model


def left_half() -> torch.Tensor:
    logits = torch.full((1, 28, 28), -5.0)
    logits[:, :, :14] = 5
    return logits


@torch.no_grad()
def test_at_first_nothing_is_corrected_and_the_box_is_the_masks_own(part):
    boxes = torch.tensor([[20.0, 10, 84, 74]])
    _, fitted, logits, _ = shared.refined(part, PIXELS, boxes, left_half())
    assert fitted.tolist() == [[20, 10, 52, 74]]
    assert logits.shape == (1, 56, 56)
    assert (logits > 0).float().mean() > 0.98


@torch.no_grad()
def test_a_given_box_stays_and_so_does_its_mask(part):
    boxes = torch.tensor([[20.0, 10, 84, 74]])
    _, fitted, logits, _ = shared.refined(part, PIXELS, boxes, left_half(), least=None)
    assert torch.equal(fitted, boxes)
    assert (logits[:, :, :27] > 0).all()
    assert (logits[:, :, 29:] < 0).all()


@torch.no_grad()
def test_a_mask_may_grow_beyond_its_box_as_far_as_the_border(part):
    part.output.bias.fill_(20.0)
    boxes = torch.tensor([[20.0, 10, 84, 74]])
    _, fitted, logits, _ = shared.refined(part, PIXELS, boxes, left_half())
    assert fitted.tolist() == [[4, -6, 100, 90]]  # 8 of 32 cells, a quarter of the side
    assert (logits > 0).all()


def test_a_mask_is_the_same_seen_from_its_own_frame_and_is_not_beyond_it():
    frames = torch.tensor([[0.0, 10, 20, 26, 28]])  # cells of 2x1
    others = torch.tensor([[0.0, 18, 24, 34, 32]])  # four cells further to the right and down
    logits = torch.rand(1, 8, 8)
    assert torch.allclose(seen_from(logits, frames, frames, 8), logits, atol=1e-5)
    moved = seen_from(logits, frames, others, 8)
    assert torch.allclose(moved[:, :4, :4], logits[:, 4:, 4:], atol=1e-5)
    assert torch.allclose(moved[:, 5:], torch.tensor(OUTSIDE))
    assert torch.allclose(moved[:, :, 5:], torch.tensor(OUTSIDE))


@torch.no_grad()
def test_a_box_that_was_clipped_to_nothing_is_no_matter(part):
    """Refined beyond the right border of the picture."""
    boxes, logits = torch.tensor([[64.0, 10, 64, 20], [8, 8, 40, 40]]), torch.full((2, 28, 28), 3.0)
    redrawn = part.refine(torch.randn(1, 3, 64, 64), boxes, logits, torch.ones(2), 0.0)
    assert all(value.isfinite().all() for value in redrawn)
    rois, hint = with_image_index([boxes]), torch.zeros(2, 64, 64)
    for value in part.some_passes_on(torch.randn(1, 3, 64, 64), rois, hint):
        assert value.isfinite().all()


@torch.no_grad()
def test_each_pass_starts_from_the_box_of_the_one_before():
    boxes = torch.tensor([[20.0, 10, 84, 74]])
    twice = correcting_nothing(passes=2)
    assert shared.refined(twice, PIXELS, boxes, left_half()).boxes.tolist() == [[20, 10, 52, 74]]
    twice.output.bias.fill_(20.0)  # grows by a quarter on every side, then again
    _, fitted, logits, worth = shared.refined(twice, PIXELS, boxes, left_half())
    assert fitted.tolist() == [[-20, -30, 124, 114]]
    assert (logits > 0).all()
    assert worth.tolist() == pytest.approx([(32 * 16 / 48**2) ** 0.3 * (32**2 / 48**2) ** 0.3], rel=1e-2)
    index, given, _, scores = shared.refined(twice, PIXELS, boxes, left_half(), least=None)
    assert (index.tolist(), given.tolist(), scores.tolist()) == ([0], boxes.tolist(), [1])


@torch.no_grad()
def test_it_learns_from_boxes_and_masks_of_every_pass():
    part = correcting_nothing(passes=3)
    part.output.bias.fill_(20.0)
    rois = torch.tensor([[0.0, 20, 10, 84, 74]]).repeat(60, 1)
    hint = part.with_border(left_half().repeat(60, 1, 1))
    reached, hints = part.some_passes_on(PIXELS, rois, hint)
    sides = (reached[:, 3] - reached[:, 1]).tolist()
    assert {sides.count(64 * 1.5**passes) > 10 for passes in range(3)} == {True}
    assert [bool((own > 0).float().mean() > 0.3) for own in hints] == [side > 64 for side in sides]


@torch.no_grad()
def test_an_empty_mask_keeps_its_box_and_no_instance_is_no_matter(part):
    boxes = torch.tensor([[20.0, 10, 84, 74]])
    _, fitted, logits, _ = shared.refined(part, PIXELS, boxes, torch.full((1, 28, 28), -5.0))
    assert torch.equal(fitted, boxes)
    assert (logits < 0).all()
    _, fitted, logits, _ = shared.refined(part, PIXELS, boxes[:0], logits[:0])
    assert fitted.shape == (0, 4)
    assert logits.shape == (0, 56, 56)


@torch.no_grad()
def test_a_score_is_worth_less_the_more_a_mask_was_corrected(part):
    boxes = torch.tensor([[20.0, 10, 84, 74]]).expand(3, 4)
    first = torch.cat((left_half(), torch.full((1, 28, 28), 5.0), torch.full((1, 28, 28), -5.0)))
    assert shared.refined(part, PIXELS, boxes, first).scores.tolist() == [1, 1, 0]
    part.output.bias.fill_(20.0)  # all of the 48 x 48 cells, where the box has 32 x 32
    worth = shared.refined(part, PIXELS, boxes, first).scores
    assert worth.tolist() == pytest.approx([(32 * 16 / 48**2) ** 0.3, (32**2 / 48**2) ** 0.3, 0], rel=1e-3)


@torch.no_grad()
def test_what_a_pass_leaves_too_low_is_dropped_and_the_rest_is_as_it_would_be():
    part = correcting_nothing(passes=3)
    part.output.bias.fill_(1.0)
    torch.nn.init.normal_(part.output.weight, std=0.3)
    boxes = torch.tensor([[20.0, 10, 84, 74]]).expand(8, 4)
    first = torch.linspace(-2, 2, 8)[:, None, None] + torch.linspace(-3, 3, 28).expand(8, 28, 28)
    every = shared.refined(part, PIXELS, boxes, first)
    least = every.scores.median()
    best = shared.refined(part, PIXELS, boxes, first, least=least)
    above = every.scores > least
    assert 0 < len(best.index) == above.sum() < 8
    for kept, field in zip(best, every, strict=True):
        assert torch.allclose(kept, field[above], atol=1e-5)


@torch.no_grad()
def test_the_threshold_says_what_counts_as_the_object(part):
    boxes = torch.tensor([[20.0, 10, 84, 74]])
    faint = torch.full((1, 28, 28), -0.2)  # a probability of 0.45
    assert shared.refined(part, PIXELS, boxes, faint).scores == 0  # an empty mask, as the one before
    part.threshold_logit = math.log(0.4 / 0.6)
    assert shared.refined(part, PIXELS, boxes, faint).scores == pytest.approx(1)


@pytest.mark.parametrize("width", [1, 2, 10])
def test_half_an_object_missed_costs_as_much_where_it_is_thin(part, width):
    target = torch.zeros(1, 48, 48)
    target[:, :, 10 : 10 + 2 * width] = 1
    found = torch.full((1, 48, 48), -20.0)
    found[:, :, 10 : 10 + width] = 20
    entropy = 20 * width / 48  # of the share of cells that are wrong
    assert float(part.loss(found, target)) == pytest.approx(entropy + 0.5, abs=1e-4)
    assert float(part.loss(40 * target - 20, target)) == pytest.approx(0, abs=1e-4)


def test_an_image_without_objects_teaches_it_nothing(model):
    assert shared.loss_without_objects(model, "loss_mask_refinement") == 0


def test_an_object_without_a_mask_teaches_it_nothing(model):
    """Neither masks nor how well they fit."""
    torch.manual_seed(0)
    model = Detector(tiny(fit_share=0.5))
    alive(model.mask_refinement)
    names = ("loss_mask_refinement", "loss_mask_score")
    _, target = scene()
    changed = torch.stack((target["masks"][0], ~target["masks"][1]))

    def found(**changes: torch.Tensor) -> list[float]:
        torch.manual_seed(5)
        taken = losses(model, **changes)
        return [taken[name].item() for name in names]

    one = torch.tensor([True, False])
    assert found(has_mask=one) == found(has_mask=one, masks=changed)
    assert found() != found(masks=changed)
    assert found(has_mask=torch.ones(2) > 0) == found()
    assert found(has_mask=torch.zeros(2) > 0) == [0, 0]


def test_every_weight_of_it_learns_beside_the_rest_which_learns_nothing_from_it(model):
    torch.nn.init.normal_(model.mask_refinement.output.weight, std=0.1)
    found = losses(model)
    assert len(found) == 8
    learning = shared.names_that_learn_from(found["loss_mask_refinement"], model)
    assert learning == shared.names_of("mask_refinement", model)


def test_where_it_learns_alone_only_its_loss_is_taken(model):
    assert shared.losses_of_it_alone("mask_refinement", model) == {"loss_mask_refinement"}


def test_it_learns_where_an_object_ends_beyond_its_box():
    """On the scene it learns from."""
    torch.manual_seed(0)
    model = Detector(tiny(samples=8))
    alive(model.mask_refinement)
    shared.learn(model, "mask_refinement", 60, 4e-3, boxes=SHORT_BOXES)
    image, target = scene()
    pixels = model.backbone.normalise(image[None], [SIZE])
    with torch.no_grad():
        nothing = torch.zeros(2, 28, 28)
        boxes = shared.refined(model.eval().mask_refinement, pixels, SHORT_BOXES, nothing).boxes
    assert (boxes - target["boxes"]).abs().max() < 3


@torch.no_grad()
def test_detections_have_finer_masks_and_boxes_given_stay(model):
    model.eval().config = model.config.replace(decision={"score_threshold": 0.0})
    image, target = scene()
    found = model(image[None], [SIZE])[0]
    assert found.masks.shape[1:] == (24, 24)
    assert len(found.boxes) == len(found.masks) > 0
    assert (found.scores.diff() <= 0).all()
    given = model.segment_boxes(image[None], [SIZE], [target["boxes"]], [torch.tensor([0, 2])])[0]
    assert torch.equal(given.boxes, target["boxes"])
    assert given.scores.tolist() == [1, 1]
    assert given.masks.shape == (2, 24, 24)


def test_what_cannot_be_is_told():
    with pytest.raises(ValidationError, match="mask_refinement: it wants the pixels of backbone mobilenet_v2"):
        tiny().replace(backbone="resnet18")
    with pytest.raises(ValidationError, match="border: 16 on both sides leaves nothing of 32 for the box"):
        MaskRefinementConfig(crop_size=32, border=16)
