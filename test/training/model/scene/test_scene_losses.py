"""GOSS's targets, losses and rules for unknown pixels, each with numbers worked out by hand."""

import math

import numpy as np
import pytest
import torch

from osis_ros.training.model.scene.boundary_head import boundary_loss, boundary_targets
from osis_ros.training.model.scene.identification import identify
from osis_ros.training.model.scene.pixel_contrast import TEMPERATURE, contrast, drawn_anchors, pixel_contrast
from osis_ros.training.model.scene.pixel_labels import NONE, class_loss, pixel_labels


def test_directions_of_a_square_lead_away_from_its_sides():
    """A 3x3 square in a frame: down from the upper side, right from the left one; weight 1 / √9."""
    framed = np.zeros((5, 5), int)
    framed[1:4, 1:4] = 7
    field, weight = boundary_targets(framed)
    for (row, column), direction in {(1, 2): (1, 0), (3, 2): (-1, 0), (2, 1): (0, 1), (2, 3): (0, -1)}.items():
        assert field[:, row, column].tolist() == list(direction)
        assert weight[row, column] == pytest.approx(1 / 3)
    assert not field[:, 0].any()
    assert not weight[0].any()


def test_beyond_the_image_is_outside():
    field, _ = boundary_targets(np.ones((3, 3), int))
    assert field[:, 0, 1].tolist() == [1, 0]
    assert field[:, 1, 2].tolist() == [0, -1]


def test_a_segment_in_two_parts_has_the_weight_of_each():
    """An object behind another one: parts of 4 and 2 pixels."""
    _, weight = boundary_targets(np.array([[1, 1, 2, 1], [1, 1, 2, 1]]))
    np.testing.assert_allclose(weight[0], [1 / 2, 1 / 2, 1 / math.sqrt(2), 1 / math.sqrt(2)])


def test_boundary_loss_counts_length_and_angle():
    """f = 2g: |f − g|² = 1 and no angle. f at a right angle to g, both of length 1: 2 + (π/2)²."""
    true = torch.tensor([0.0, 1.0]).view(1, 2, 1, 1)
    one = torch.ones(1, 1, 1)
    assert float(boundary_loss(2 * true, true, one)) == pytest.approx(1, abs=1e-5)
    across = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1)
    assert float(boundary_loss(across, true, one)) == pytest.approx(2 + 2.467401, abs=1e-5)
    assert float(boundary_loss(across, true, 3 * one)) == pytest.approx(3 * 4.467401, abs=1e-5)
    assert float(boundary_loss(across, true * 0, 0 * one)) == 0


def test_boundary_loss_has_a_gradient_where_directions_agree():
    true = torch.tensor([0.0, 1.0]).view(1, 2, 1, 1)
    field = true.clone().requires_grad_()
    boundary_loss(field, true, torch.ones(1, 1, 1)).backward()
    assert field.grad.isfinite().all()


def test_msp_of_two_pixels():
    """Highest probability .665241 and .367165: below .5 is unknown."""
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.3, 0.2, 0.1]]).T.view(1, 3, 1, 2)
    found = identify(logits, "msp")
    torch.testing.assert_close(found.probability[0, 0], torch.tensor([0.665241, 0.367165]))
    assert (found.distance > 1 - 0.5).tolist() == [[[False, True]]]


def test_max_logit_is_scaled_over_the_whole_image():
    """1, 3 and 5 become 0, .5 and 1; below .5 is the first alone. Each image has a scale of its own."""
    logits = torch.tensor([[1.0, 3.0, 5.0], [10.0, 30.0, 50.0]]).view(2, 1, 3, 1)
    distance = identify(torch.cat((logits, logits - 9), 1), "max_logit").distance
    assert distance.tolist() == [[[1], [0.5], [0]]] * 2
    assert (distance > 0.5)[0].flatten().tolist() == [True, False, False]


@pytest.mark.parametrize(("beta", "is_unknown"), [(5, True), (4, False)])
def test_beta_raises_the_probability_of_unknown(beta, is_unknown):
    """Known .5 and .38, unknown .12: times 5 it is .6 and wins, times 4 it is .48 and does not."""
    logits = torch.tensor([0.5, 0.38, 0.12]).log().view(1, 3, 1, 1)
    found = identify(logits, "class")
    assert (found.classes.item(), found.probability.item()) == (0, pytest.approx(0.5))
    assert (found.distance > 1 / (1 + beta)).item() == is_unknown


def test_contrast_by_hand():
    """e (1, 0), e+ (.6, .8), e- (.8, .6): ln(1 + exp(.2 / .07)) = 2.912987. e+ (.8, .6), e- (0, 1): 1.0880e-5."""
    for vectors, of_first, of_second in (
        ([(1, 0), (0.6, 0.8), (0.8, 0.6)], 2.912987, math.log1p(math.exp((0.96 - 0.6) / TEMPERATURE))),
        ([(1, 0), (0.8, 0.6), (0, 1)], 1.0880e-5, math.log1p(math.exp((0.6 - 0.8) / TEMPERATURE))),
    ):
        found = contrast(torch.tensor(vectors, dtype=torch.float64), torch.tensor([0, 0, 1]))
        assert float(found) == pytest.approx((of_first + of_second) / 2, rel=1e-5)  # the third has no positive


def test_anchors_without_partners_are_left_out_and_give_no_nan():
    anchors = torch.eye(3, requires_grad=True)
    contrast(anchors, torch.tensor([0, 1, 2])).backward()
    assert not anchors.grad.any()
    alike = torch.nn.functional.normalize(torch.rand(4, 3), dim=1).requires_grad_()
    loss = contrast(alike, torch.zeros(4, dtype=torch.int64))  # no negative: nothing to tell apart
    loss.backward()
    assert (loss.item(), alike.grad.abs().max().item()) == (0, 0)


def test_half_of_the_anchors_are_wrong_pixels_filled_up_by_right_ones():
    own = torch.arange(40) < 30
    for wrong, hard in ((20, 5), (2, 2), (28, 8)):
        chosen = drawn_anchors(own, torch.arange(40) < wrong, 10)
        assert len(set(chosen.tolist())) == 10
        assert int((chosen < wrong).sum()) == hard
        assert bool((chosen < 30).all())


def test_contrast_leaves_void_and_small_classes_out():
    """Class 0 and void fill half an image each; class 1 has 10 pixels, which are too few."""
    torch.manual_seed(0)
    classes = torch.full((1, 8, 8), NONE)
    classes[:, :4] = 0
    classes[0, 4, :8] = 1
    classes[0, 5, :2] = 1
    embeddings = torch.nn.functional.normalize(torch.rand(1, 4, 8, 8), dim=1)
    assert float(pixel_contrast(embeddings, classes, classes)) == 0  # anchors of one class, no negatives
    classes[0, 5, 2] = 1
    assert float(pixel_contrast(embeddings, classes, classes)) > 0
    assert float(pixel_contrast(embeddings, torch.full_like(classes, NONE), classes)) == 0


def target(*objects: tuple[int, slice, bool], side: int = 4) -> dict:
    masks = torch.zeros(len(objects), 1, side, dtype=torch.uint8)
    for mask, (_, columns, _) in zip(masks, objects, strict=True):
        mask[0, columns] = 1
    labels, has_mask = ([own[i] for own in objects] for i in (0, 2))
    return {"masks": masks, "labels": torch.tensor(labels), "has_mask": torch.tensor(has_mask)}


def test_small_objects_lie_on_large_ones():
    table_with_mug = target((1, np.s_[1:2], True), (0, np.s_[0:3], True))
    found = pixel_labels([table_with_mug], (1, 4), unknown=2)
    assert found.classes.tolist() == [[[0, 1, 0, NONE]]]
    assert found.segments.tolist() == [[[2, 1, 2, 0]]]


def test_objects_without_a_class_teach_unknown_or_nothing():
    objects = [target((0, np.s_[0:1], True), (-1, np.s_[1:2], True))]
    assert pixel_labels(objects, (1, 4), unknown=5).classes.tolist() == [[[0, 5, NONE, NONE]]]
    found = pixel_labels(objects, (1, 4), unknown=None)
    assert found.classes.tolist() == [[[0, NONE, NONE, NONE]]]
    assert found.segments.tolist() == [[[1, 2, 0, 0]]]  # the boundary is learnt all the same


def test_boxes_without_outlines_teach_nothing():
    found = pixel_labels([target((0, np.s_[0:4], True), (1, np.s_[1:3], False))], (1, 4), unknown=2)
    assert found.classes.tolist() == [[[0, NONE, NONE, 0]]]
    assert found.segments.tolist() == [[[1, 0, 0, 1]]]


def test_small_classes_weigh_three_in_their_image_alone():
    """Even logits: ln 2 a pixel. Image 1: class 1 has one pixel of four; image 2: void but for three of class 1."""
    classes = torch.tensor([[[0, 0, 0, 1]], [[1, 1, 1, NONE]]])
    found = class_loss(torch.zeros(2, 2, 1, 4), classes, small_pixels=3, small_weight=3)
    assert float(found) == pytest.approx(math.log(2) * (3 + 3 + 3) / 7)
    assert float(class_loss(torch.zeros(1, 2, 1, 1), torch.full((1, 1, 1), NONE), 3, 3)) == 0
