"""The second look: what is cut out, whose opinion counts where, and what it is taught."""

import crop_networks as shared
import pytest
import torch
import torch.nn.functional as F
from crop_networks import SIZE, alive, losses, scene
from pydantic import ValidationError
from torchvision.ops import box_iou

from osis_ros.training.model.additions.crops import blurred, crop_rois
from osis_ros.training.model.additions.second_look import (
    NO_OPINION,
    SecondLook,
    SecondLookConfig,
    both_embeddings,
    drawn_around,
)
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.stages import Candidates, View


def tiny(**second_look) -> ModelConfig:
    small = {"max_boxes": 6, "crop_size": 32, "hidden": 16, "dim": 8, "share": 0.25, "unknown_share": 0.5}
    return shared.tiny(second_look={**small, **second_look})


@pytest.fixture
def model() -> Detector:
    torch.manual_seed(0)
    model = Detector(tiny())
    alive(model.second_look)
    return model


def candidates(model: Detector, count: int) -> tuple[View, Candidates]:
    """Boxes apart from each other, best first."""
    corner = torch.stack((torch.arange(count) % 5 * 20.0, torch.arange(count) // 5 * 20.0), 1)
    semantics = model.describe(torch.rand(count, 32))
    scores = torch.linspace(0.9, 0.1, count)
    view = View(torch.randn(1, 3, *SIZE), [], SIZE)
    logits = model.classifier(semantics.raw)
    return view, Candidates(torch.cat((corner, corner + 15), 1), scores, semantics, logits, scores)


def test_a_crop_is_the_box_with_its_border_and_the_mean_colour_outside_the_image():
    pixels = torch.zeros(2, 3, 64, 64)
    pixels[1, :, 16:32, 16:32] = 1
    inside, corner = crop_rois(pixels, torch.tensor([[1.0, 16, 16, 32, 32], [1.0, 0, 0, 32, 32]]), 32, 0.5)
    assert (inside[:, 9:23, 9:23] == 1).all()  # the box is the middle half
    assert (inside[:, :7] == 0).all()
    assert corner[:, 17:23, 17:23].min() == 1  # a pixel of it is two of the image, which begins at 8
    assert (corner[:, :8] == 0).all()


@torch.no_grad()
def test_it_sees_a_box_and_half_of_the_margin_on_each_side():
    look = SecondLook(SecondLookConfig(crop_size=32, margin=0.5), num_classes=2).eval()
    seen = []
    look.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    columns = torch.arange(128.0).expand(1, 3, 96, 128)  # a pixel's value is its column, of which the centre is 0.5 off
    look(columns, torch.tensor([[0.0, 32, 24, 64, 56]]))
    # 32 pixels and 8 on each side, from 24 to 72 in 32 cells: the middles of the outermost ones
    assert seen[0][0, 0, 16, [0, -1]].tolist() == pytest.approx([24 + 0.75 - 0.5, 72 - 0.75 - 0.5], abs=1e-3)


@torch.no_grad()
def test_a_blur_is_that_of_the_crops_its_network_sees():
    crops = {}
    for blur in (0, 0.7):
        torch.manual_seed(0)
        look = SecondLook(SecondLookConfig(crop_size=32, blur=blur), num_classes=2).eval()
        look.backbone.register_forward_pre_hook(lambda _, inputs, blur=blur: crops.update({blur: inputs[0]}))
        look(torch.randn(1, 3, *SIZE), torch.tensor([[0.0, 8, 8, 56, 56]]))
    assert torch.allclose(crops[0.7], blurred(crops[0], 0.7))
    assert not torch.allclose(crops[0.7], crops[0])


@torch.no_grad()
def test_boxes_that_overlap_share_what_was_seen_and_the_rest_is_not_seen():
    torch.manual_seed(0)
    look = alive(SecondLook(SecondLookConfig(crop_size=32, max_boxes=2), num_classes=2)).eval()
    boxes = torch.tensor([[0.0, 0, 40, 40], [80, 40, 120, 80], [1, 0, 40, 41], [40, 40, 60, 60], [82, 40, 120, 80]])
    _, distances, seen = look.opinion(torch.randn(1, 3, *SIZE), boxes, torch.tensor([0.9, 0.8, 0.7, 0.6, 0.95]))
    assert seen.tolist() == [True, True, True, False, True]
    assert torch.equal(distances[0], distances[2])
    assert torch.equal(distances[1], distances[4])  # what the better of the two shows
    assert not torch.equal(distances[0], distances[1])


@torch.no_grad()
def test_where_it_saw_a_box_it_has_its_share_and_elsewhere_none(model):
    model.eval()
    view, found = candidates(model, 9)
    z, distances, seen = model.second_look.opinion(view.pixels, found.boxes, found.scores)
    assert seen.tolist() == [True] * 6 + [False] * 3
    both, first = model.second_look.on_candidates(view, found), found.semantics.distances
    assert torch.allclose(both.semantics.distances[:6], (0.75 * first + 0.25 * distances)[:6])
    assert torch.allclose(both.logits[:6], (0.75 * found.logits + 0.25 * model.second_look.logits(distances))[:6])
    assert torch.equal(both.semantics.distances[6:], first[6:])
    assert torch.equal(both.logits[6:], found.logits[6:])
    no_class = model.second_look.logits(distances).softmax(1)[:, -1]
    no_class[6:] = NO_OPINION
    assert torch.allclose(both.scores_as_unknown, found.scores * no_class**0.5)
    assert torch.equal(both.semantics.z, found.semantics.z)
    # One embedding of both looks, whose dot product with a class's is the mean of both cosines.
    decisive = both.semantics.decisive
    assert torch.allclose(decisive[:6], torch.cat((0.75**0.5 * found.semantics.z, 0.25**0.5 * z), 1)[:6])
    assert torch.allclose(decisive.norm(dim=1), torch.ones(9))
    spaces = (model.embedding, model.second_look.embedding)
    centres = both_embeddings(*(F.normalize(own.centres) for own in spaces), torch.tensor(0.25))
    assert torch.allclose(1 - decisive[:6] @ centres.T, both.semantics.distances[:6], atol=1e-6)
    assert torch.equal(decisive[6:, : found.semantics.z.shape[1]], found.semantics.z[6:])
    assert torch.equal(both.scores, found.scores)


@torch.no_grad()
@pytest.mark.parametrize("count", [0, 1])
def test_few_boxes_or_none_are_no_matter(model, count):
    view, found = candidates(model.eval(), count)
    assert model.second_look.on_candidates(view, found).scores.shape == (count,)


def test_an_object_of_no_class_is_one_at_right_angles_to_every_centre(model):
    probabilities = model.second_look.logits(torch.tensor([[1.0, 1.0], [0.2, 1.0]])).softmax(1)
    assert torch.allclose(probabilities[0], torch.ones(3) / 3)
    assert probabilities[1, 0] > 0.99


def test_an_image_without_objects_teaches_it_nothing(model):
    assert shared.loss_without_objects(model, "loss_second_look") == 0
    assert not any(p.grad.any() for p in model.second_look.parameters() if p.grad is not None)


def test_every_weight_of_it_learns_beside_the_rest_which_learns_nothing_from_it(model):
    found = losses(model)
    assert len(found) == 8
    learning = shared.names_that_learn_from(found["loss_second_look"], model)
    assert learning == shared.names_of("second_look", model)


def test_where_it_learns_alone_only_its_loss_is_taken(model):
    assert shared.losses_of_it_alone("second_look", model) == {"loss_second_look"}


def test_boxes_around_objects_lie_on_them_and_have_an_extent():
    torch.manual_seed(0)
    objects = torch.tensor([[10.0, 10, 60, 30], [0, 0, 2, 2]])
    boxes = drawn_around(objects)
    assert boxes.shape == (8, 4)
    assert (boxes[:, 2:] >= boxes[:, :2]).all()
    assert box_iou(boxes, objects).diagonal().mean() > 0.3
    assert len(boxes.unique(dim=0)) == 8
    assert drawn_around(objects[:0]).shape == (0, 4)


def test_around_objects_it_learns_alone_without_the_rest_of_the_network():
    torch.manual_seed(0)
    model = Detector(tiny(around_objects=True))
    alive(model.second_look)
    assert len(losses(model)) == 8  # where all of it learns, all of it runs
    ran = []
    model.proposals.register_forward_pre_hook(lambda *_: ran.append("proposals"))
    assert shared.losses_of_it_alone("second_look", model) == {"loss_second_look"}
    assert not ran
    learning = shared.names_that_learn_from(losses(model)["loss_second_look"], model)
    assert {"second_look.fc.weight", "second_look.embedding.centres"} <= learning
    assert all(name.startswith("second_look.") for name in learning)
    assert shared.loss_without_objects(model, "loss_second_look") == 0


def test_it_learns_to_tell_a_known_object_from_another():
    """On the scene it learns from."""
    torch.manual_seed(0)
    model = Detector(tiny(dropout=0.0))
    alive(model.second_look)
    shared.learn(model, "second_look", 40, 5e-4)
    image, target = scene()
    rois = torch.cat((torch.zeros(2, 1), target["boxes"]), 1)
    pixels = model.backbone.normalise(image[None], [SIZE])
    with torch.no_grad():
        look = model.second_look.eval()
        assert look.logits(look.embedding.distances(look(pixels, rois))).argmax(1).tolist() == [0, 2]


@torch.no_grad()
def test_detections_are_of_the_same_form(model):
    model.eval().config = model.config.replace(decision={"score_threshold": 0.0})
    found = model(scene()[0][None], [SIZE])[0]
    assert len(found.boxes) == len(found.masks) == len(found.embeddings) > 0
    assert (found.scores.diff() <= 0).all()


def test_it_wants_the_pixels_of_a_mobilenet():
    with pytest.raises(ValidationError, match="second_look: it wants the pixels of backbone mobilenet_v2"):
        tiny().replace(backbone="resnet18")
