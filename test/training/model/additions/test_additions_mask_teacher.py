"""The teacher of masks: what is taken for an object of which only the box is known, and who learns from what."""

import math

import pytest
import torch
from crop_networks import SIZE, scene, tiny
from narrow_network import narrow
from pydantic import ValidationError

from osis_ros.training.model.additions.mask_teacher import MaskTeacherConfig
from osis_ros.training.model.additions.pseudo_masks import cells_in_boxes, pseudo_masks
from osis_ros.training.model.build import build_detector
from osis_ros.training.model.detector import Detector, Progress
from osis_ros.training.model.semseg.roi_sampling import RoISamples
from osis_ros.training.model.semseg.stages import Semantics
from osis_ros.training.model.systems import SYSTEMS

TEACHER_SAYS, STUDENT_SAYS = 2.0, (0.0, -1.0, 5.0)  # logits, of the student for each class
BOXES = torch.tensor([[8.0, 8, 56, 56], [72, 32, 120, 80]])


def sure(*classes: int, has_mask: tuple[bool, ...], **config) -> tuple[Detector, RoISamples, list[dict]]:
    """A network whose heads say the same everywhere, and two objects that fill their boxes, sampled in these."""
    small = {
        "channels": 16, "roi": {"hidden": 24}, "mask": {"channels": 8, "convs": 1, "pool_size": 2},
        "mask_teacher": {"convs": 1, **config},
    }  # fmt: skip
    torch.manual_seed(0)
    model = build_detector(SYSTEMS["mask-rcnn"].network(narrow(("mug", "bowl", "can"))).replace(**small)).train()
    for head, said in ((model.mask_teacher.head, [TEACHER_SAYS]), (model.mask_head, STUDENT_SAYS)):
        torch.nn.init.zeros_(head.output.weight)
        head.output.bias.data = torch.tensor(said)
    _, target = scene()
    target |= {"labels": torch.tensor(classes), "has_mask": torch.tensor(has_mask)}
    rois = torch.cat((torch.zeros(2, 1), BOXES), 1)
    true = torch.ones(2, dtype=torch.bool)
    samples = RoISamples(
        rois, target["labels"], true, torch.arange(2), BOXES, torch.ones(2), target["has_mask"]
    )  # fmt: skip
    return model, samples, [target]


def losses(model: Detector, samples: RoISamples, targets: list[dict], step: int = 0) -> dict[str, torch.Tensor]:
    model.progress = Progress(step, 10)
    generator = torch.Generator().manual_seed(0)
    levels = [torch.rand(1, 16, SIZE[0] // s, SIZE[1] // s, generator=generator) for s in (4, 8, 16, 32)]
    semantics = Semantics(torch.zeros(2, 24), torch.zeros(2, 24), torch.zeros(2, 3), torch.zeros(2, 24))
    return model.mask_losses(levels, samples, semantics, targets)


def test_a_cell_is_the_objects_by_the_teacher_or_by_the_mean_of_both():
    teacher, student = torch.tensor([[[0.7, 0.6, 0.4]]]), torch.tensor([[[0.2, 0.45, 0.7]]])
    assert pseudo_masks(teacher, student, "threshold").tolist() == [[[True, True, False]]]
    assert pseudo_masks(teacher, student, "interaction").tolist() == [[[False, True, True]]]
    ignorant = torch.full_like(student, 0.5)
    assert torch.equal(pseudo_masks(teacher, ignorant, "interaction"), pseudo_masks(teacher, student, "threshold"))


def test_a_cell_is_in_a_box_where_its_centre_is():
    rois = torch.tensor([[0.0, 0, 0, 4, 8], [3.0, 10, 20, 14, 24]])
    inside = cells_in_boxes(rois, torch.tensor([[0.0, 0, 2.4, 4], [11.6, 0, 99, 99]]), 4)
    assert inside[0].int().tolist() == [[1, 1, 0, 0]] * 2 + [[0] * 4] * 2
    assert inside[1].int().tolist() == [[0, 0, 1, 1]] * 4


def test_what_is_drawn_ends_at_the_own_box_and_leaves_others_their_masks():
    model, _, _ = sure(0, 1, has_mask=(True, False))
    masks = torch.zeros(3, 8, 8, dtype=torch.bool)
    masks[0, :, 1] = masks[1, :, 2] = True  # the second one's mask is not known, nor is the third's
    target = {"masks": masks, "labels": torch.zeros(3), "has_mask": torch.tensor([True, False, False])}
    rois, box = torch.tensor([[0.0, 0, 0, 4, 4]]), torch.tensor([[0.0, 0, 3, 4]])
    levels = [torch.zeros(1, 16, 8 // s, 8 // s) for s in (1, 2, 4, 8)]
    drawn = model.mask_teacher.drawn(levels, rois, box, torch.full((1, 4, 4), 3.0), [target])
    assert drawn.tolist() == [[[1, 0, 1, 0]] * 4]


def test_losses_of_a_known_and_a_drawn_mask():
    """The teacher learns from the first alone; the mean of both heads says that the second is there."""
    model, samples, targets = sure(0, 1, has_mask=(True, False))
    found = losses(model, samples, targets)
    assert found["mask_teacher"].item() == pytest.approx(math.log(1 + math.exp(-2)))
    assert (1 / (1 + math.exp(-2)) + 1 / (1 + math.e)) / 2 == pytest.approx(0.574869, abs=1e-6)
    assert found["mask"].item() == pytest.approx((math.log(2) + math.log(1 + math.e)) / 2)  # 1.003204
    sum(found.values()).backward()
    assert model.mask_head.output.bias.grad.tolist() == pytest.approx([-0.25, -1 / (1 + math.exp(-1)) / 2, 0])
    assert model.mask_teacher.head.output.bias.grad.item() == pytest.approx(-1 / (1 + math.exp(2)))


def test_where_heads_disagree_enough_nothing_is_drawn():
    model, samples, targets = sure(0, 1, has_mask=(True, False))
    model.mask_head.output.bias.data[1] = -9.0
    assert losses(model, samples, targets)["mask"].item() == pytest.approx(math.log(2) / 2, abs=1e-3)
    model, samples, targets = sure(0, 1, has_mask=(True, False), rule="threshold")
    model.mask_head.output.bias.data[1] = -9.0
    assert losses(model, samples, targets)["mask"].item() == pytest.approx((math.log(2) + 9) / 2, abs=1e-3)


def test_before_the_first_step_of_the_teacher_only_known_masks_are_learnt():
    model, samples, targets = sure(0, 1, has_mask=(True, False), first_step=3)
    assert losses(model, samples, targets, step=2)["mask"].item() == pytest.approx(math.log(2))
    assert losses(model, samples, targets, step=3)["mask"].item() == pytest.approx(1.003204, abs=1e-6)


def test_an_object_without_a_class_has_no_mask_of_a_class_but_teaches_the_teacher():
    model, samples, targets = sure(-1, 1, has_mask=(True, False))
    found = losses(model, samples, targets)
    assert found["mask_teacher"].item() == pytest.approx(math.log(1 + math.exp(-2)))
    assert found["mask"].item() == pytest.approx(math.log(1 + math.e))


def test_where_no_mask_is_known_the_teacher_learns_nothing():
    model, samples, targets = sure(0, 1, has_mask=(False, False))
    found = losses(model, samples, targets)
    assert found["mask_teacher"] == 0
    sum(found.values()).backward()
    assert not model.mask_teacher.head.output.bias.grad.any()


def test_a_teacher_learns_in_true_boxes_where_it_is_told_to():
    """The proposal is twice as wide as the object, so half of its cells are background."""
    wide = torch.tensor([[0.0, 8, 8, 104, 56]] * 2)
    for true_boxes, expected in ((False, math.log(1 + math.exp(-2)) + 1), (True, math.log(1 + math.exp(-2)))):
        model, samples, targets = sure(0, 1, has_mask=(True, False), true_boxes=true_boxes)
        targets[0]["masks"][1] = False
        samples = samples._replace(rois=wide, index=torch.zeros(2, dtype=torch.int64), has_mask=torch.ones(2) > 0)
        assert losses(model, samples, targets)["mask_teacher"].item() == pytest.approx(expected)


def test_a_finer_teacher_is_averaged_to_the_students_cells():
    model, samples, targets = sure(0, 1, has_mask=(True, False), scale=2)
    assert model.mask_teacher([torch.zeros(1, 16, 8, 8)] * 4, samples.rois).shape == (2, 8, 8)
    assert losses(model, samples, targets)["mask"].item() == pytest.approx(1.003204, abs=1e-6)


def modulated(teacher: dict | None) -> Detector:
    torch.manual_seed(0)
    return Detector(tiny(mask_teacher=teacher))


def test_it_teaches_modulated_masks_too_and_is_gone_at_test():
    image, target = scene()
    target["has_mask"] = torch.tensor([True, False])

    def found(model: Detector, **changes: torch.Tensor) -> dict[str, torch.Tensor]:
        torch.manual_seed(1)
        return model.train()(image[None], [SIZE], [{**target, **changes}])

    plain, taught = modulated(None), modulated(MaskTeacherConfig(convs=2).model_dump())
    both = torch.ones(2, dtype=torch.bool)
    assert torch.equal(found(plain, has_mask=both)["loss_mask"], found(taught, has_mask=both)["loss_mask"])
    losses = found(taught)
    assert "loss_mask_teacher" in losses
    sum(losses.values()).backward()
    assert [n for n, p in taught.named_parameters() if p.requires_grad and p.grad is None] == []
    with torch.no_grad():
        for parameter in taught.mask_teacher.parameters():
            parameter.fill_(torch.nan)
        taught.config = plain.config = taught.config.replace(decision={"score_threshold": 0.0})
        first, second = (model.eval()(image[None], [SIZE])[0] for model in (plain, taught))
    assert len(first.scores) > 0
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_masks_of_words_have_no_teacher():
    with pytest.raises(ValidationError, match=r"mask_teacher: mask\.output words learns from known masks alone"):
        SYSTEMS["zsi"].network(narrow(("mug", "bowl"))).replace(mask_teacher={})
