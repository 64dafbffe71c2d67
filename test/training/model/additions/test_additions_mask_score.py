"""The estimate of how well a mask fits: what is true of it, what it costs to be wrong, and that it can be learnt."""

import math

import crop_networks as shared
import pytest
import torch
from crop_networks import RECTANGLES, SIZE, scene

from osis_ros.training.model.additions.mask_score import areas_in_cells, mask_score_loss
from osis_ros.training.model.detector import Detector


def model(**mask_refinement) -> Detector:
    torch.manual_seed(0)
    small = {"crop_size": 32, "border": 4, "mask_size": 24, "channels": (16,) * 4, "fit_share": 0.5}
    made = Detector(shared.tiny(mask_refinement={**small, **mask_refinement}))
    shared.alive(made.mask_refinement)
    return made


def test_the_area_of_an_object_is_in_cells_of_its_crop_rois():
    masks = torch.zeros(2, 60, 60)
    masks[1, :10, :20] = 1
    frames = torch.tensor([[1.0, 0, 0, 40, 40], [1.0, 0, 0, 40, 20]])
    # cells of 5x5 and of 5x2.5 pixels
    assert areas_in_cells(masks, frames, torch.tensor([1, 1]), 8).tolist() == [8, 16]


@pytest.mark.parametrize(("width", "area", "iou"), [(4, 16, 1), (2, 16, 0.5), (8, 16, 0.5), (4, 64, 0.25), (4, 15, 1)])
def test_the_truth_is_the_iou_with_the_whole_object(width, area, iou):
    target = torch.zeros(1, 8, 8)
    target[:, :4, :4] = 1
    drawn = torch.zeros(1, 8, 8, dtype=torch.bool)
    drawn[:, :4, :width] = True
    loss = mask_score_loss(torch.tensor([0.0]), drawn, target, torch.tensor([float(area)]))
    assert float(loss) == pytest.approx(math.log(2))  # whatever is true
    sure = mask_score_loss(torch.tensor([20.0]), drawn, target, torch.tensor([float(area)]))
    assert float(sure) == pytest.approx(20 * (1 - iou), abs=1e-6)


def test_nothing_drawn_where_nothing_is_has_no_iou():
    nothing = torch.zeros(1, 8, 8)
    loss = mask_score_loss(torch.tensor([-20.0]), nothing > 0, nothing, torch.tensor([9.0]))
    assert float(loss) == pytest.approx(0, abs=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("passes", [1, 2])
def test_a_score_is_multiplied_by_a_power_of_every_pass_estimate(share, passes):
    part = model(fit_share=share, agreement=0.0, passes=passes).mask_refinement.eval()
    part.score.output.weight.zero_()
    part.score.output.bias.fill_(math.log(0.81 / 0.19))
    boxes = torch.tensor([[20.0, 10, 84, 74]])
    found = shared.refined(part, torch.zeros(1, 3, *SIZE), boxes, torch.full((1, 28, 28), 5.0))
    assert found.scores.tolist() == pytest.approx([0.81 ** (share * passes)])


def test_without_a_share_nothing_is_estimated_and_nothing_taught():
    plain = model(fit_share=None)
    assert plain.mask_refinement.score is None
    assert "loss_mask_score" not in shared.losses(plain)


def test_every_weight_of_it_learns_and_no_mask_learns_from_it():
    made = model()
    learning = shared.names_that_learn_from(shared.losses(made)["loss_mask_score"], made)
    assert {name for name in shared.names_of("mask_refinement", made) if ".score." in name} <= learning
    assert not any(name.startswith("mask_refinement.output") for name in learning)


def test_an_image_without_objects_teaches_it_nothing():
    assert shared.loss_without_objects(model(), "loss_mask_score") == 0


def test_it_learns_to_tell_an_object_from_nothing():
    """On the scene it learns from."""
    made = model(samples=24, positive_fraction=0.4)
    shared.learn(made, "mask_refinement", 50, 3e-3, and_of=("loss_mask_score",))
    image, _ = scene()
    pixels = made.backbone.normalise(image[None], [SIZE])
    part = made.mask_refinement.eval()
    boxes = torch.tensor([*RECTANGLES, [60, 4, 70, 90]], dtype=torch.float32)
    with torch.no_grad():
        rois = torch.cat((torch.zeros(3, 1), boxes), 1)
        fit = part(pixels, rois, part.with_border(torch.full((3, 28, 28), 3.0))).fit.sigmoid()
    assert fit[:2].min() > 0.6
    assert fit[2] < 0.3
