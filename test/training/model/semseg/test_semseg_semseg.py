"""The whole network: losses in training, detections otherwise, its switches."""

import pytest
import torch
from narrow_network import narrow

from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.semseg.semseg import SemSeg

LOSSES = {
    "loss_centerness", "loss_proposal_box", "loss_iou", "loss_box", "loss_contrastive", "loss_classification",
    "loss_mask",
}  # fmt: skip
SIZE = (96, 128)


def tiny(**sections) -> ModelConfig:
    config = narrow(("mug", "bowl")).replace(
        channels=16, proposals={"test_top_k": 40, "train_top_k": 40}, roi={"hidden": 32, "samples": 32},
        embedding={"dim": 16}, mask={"channels": 8, "convs": 1, "embedding_dim": 8},
    )  # fmt: skip
    return config.replace(**sections)


def build(**sections) -> SemSeg:
    torch.manual_seed(0)
    return SemSeg(tiny(**sections))


def scene(labels: list[int]) -> tuple[torch.Tensor, dict]:
    """Coloured rectangles on noise, with their masks."""
    generator = torch.Generator().manual_seed(1)
    image = torch.randint(90, 110, (3, *SIZE), generator=generator, dtype=torch.uint8)
    boxes = torch.tensor([[8.0, 8, 56, 56], [72, 32, 120, 80], [60, 4, 92, 28]])[: len(labels)]
    masks = torch.zeros(len(labels), *SIZE, dtype=torch.bool)
    for i, (x0, y0, x1, y1) in enumerate(boxes.int().tolist()):
        masks[i, y0:y1, x0:x1] = True
        image[:, y0:y1, x0:x1] = torch.tensor([[250, 0, 0], [0, 0, 250], [0, 250, 0]][i], dtype=torch.uint8)[
            :, None, None
        ]
    return image, {"boxes": boxes.reshape(-1, 4), "labels": torch.tensor(labels, dtype=torch.int64), "masks": masks}


def losses(model: SemSeg, *label_lists: list[int]) -> dict[str, torch.Tensor]:
    images, targets = zip(*(scene(labels) for labels in label_lists), strict=True)
    return model.train()(torch.stack(images), [SIZE] * len(images), list(targets))


def test_training_gives_seven_finite_losses_and_every_trained_weight_a_gradient():
    model = build()
    found = losses(model, [0, 1], [1])
    assert set(found) == LOSSES
    sum(found.values()).backward()
    without = [
        n for n, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.isfinite().all())
    ]
    assert without == []
    frozen = [n for n, p in model.named_parameters() if not p.requires_grad]
    assert all(n.startswith(("backbone.stages.0", "backbone.stages.1")) for n in frozen)
    assert frozen


def test_weights_multiply_their_losses():
    names = ("centerness", "proposal_box", "iou", "box", "contrastive", "classification", "mask")
    weights = {name: 2 * getattr(tiny().loss_weights, name) for name in names}
    single, double = losses(build(), [0, 1]), losses(build(loss_weights=weights), [0, 1])
    for name in LOSSES:
        assert double[name].item() == pytest.approx(2 * single[name].item(), rel=1e-4), name


def test_an_object_of_unlabelled_class_teaches_boxes_and_masks_but_no_class():
    model = build(embedding={"repel_unlabelled": False})
    found = losses(model, [-1, -1])
    for name in ("loss_centerness", "loss_proposal_box", "loss_iou", "loss_box", "loss_mask"):
        assert found[name] > 0, name
    # what is left of the contrast is the distance between the two centres, which no object enters
    found["loss_contrastive"].backward(retain_graph=True)
    assert model.embedding.encoder.weight.grad is None or model.embedding.encoder.weight.grad.abs().sum() == 0
    model.zero_grad()
    model.classifier.output.bias.data[:] = torch.tensor([0.0, 0.0, 50.0])  # certain of background
    assert losses(model, [-1, -1])["loss_classification"] < 1e-3
    assert losses(model, [0, 1])["loss_classification"] > 1


def test_an_object_without_a_mask_teaches_all_but_masks():
    image, target = scene([0, 1])

    def found(**changes: torch.Tensor) -> dict[str, torch.Tensor]:
        torch.manual_seed(5)
        return build().train()(image[None], [SIZE], [{**target, **changes}])

    plain, boxed = found(), found(has_mask=torch.tensor([True, False]))
    empty = torch.stack((target["masks"][0], torch.zeros_like(target["masks"][1])))
    assert all(torch.equal(plain[name], value) for name, value in found(has_mask=torch.ones(2) > 0).items())
    assert {name for name in plain if not torch.equal(plain[name], boxed[name])} == {"loss_mask"}
    assert torch.equal(boxed["loss_mask"], found(has_mask=torch.tensor([True, False]), masks=empty)["loss_mask"])
    nothing = found(has_mask=torch.zeros(2) > 0)
    assert nothing["loss_mask"] == 0
    sum(nothing.values()).backward()


def test_an_image_without_objects_trains():
    found = losses(build(), [])
    for name in ("loss_proposal_box", "loss_box", "loss_mask"):
        assert found[name] == 0, name
    assert found["loss_centerness"] > 0
    assert found["loss_classification"] > 0
    sum(found.values()).backward()


def test_mixed_precision_and_channels_last_give_nearly_the_same_losses():
    model = build()
    torch.manual_seed(5)
    exact = losses(model, [0, 1])
    model = model.to(memory_format=torch.channels_last)
    torch.manual_seed(5)
    with torch.autocast("cpu", torch.bfloat16):
        half = losses(model, [0, 1])
    sum(half.values()).backward()
    for name in LOSSES:
        assert half[name].dtype == torch.float32
        assert half[name].item() == pytest.approx(exact[name].item(), rel=0.15, abs=0.02), name


def test_a_few_steps_on_one_scene_lower_the_loss():
    # Cross-entropy stays above 0, and a heavy contrast is noisy over so few objects.
    model = build(
        roi={"iou_loss": "l1"}, proposals={"centerness_loss": "l1"}, loss_weights={"contrastive": 4}
    )  # fmt: skip
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    history = []
    for _ in range(30):
        total = sum(losses(model, [0, 1]).values())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        history.append(total.item())
    assert sum(history[-5:]) < 0.8 * sum(history[:5])


def detecting(**sections) -> SemSeg:
    return build(decision={"score_threshold": 0.0}, **sections).eval()


@torch.no_grad()
def test_detections_are_sorted_and_of_the_promised_shapes():
    model = detecting()
    (found,) = model(scene([0, 1])[0][None], [SIZE])
    count = len(found.boxes)
    assert count > 0
    assert (found.scores.diff() <= 0).all()
    assert found.boxes.shape == (count, 4)
    assert found.class_ids.dtype == torch.int64
    assert set(found.class_ids.tolist()) <= {0, 1, 2}
    assert found.masks.shape == (count, 28, 28)
    assert ((found.masks >= 0) & (found.masks <= 1)).all()
    assert torch.allclose(found.embeddings.norm(dim=1), torch.ones(count), atol=1e-5)
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2::2] <= SIZE[1]).all()
    assert (found.boxes[:, 3] <= SIZE[0]).all()


@torch.no_grad()
def test_unknown_means_farther_than_the_threshold_from_every_centre():
    model = detecting()
    (found,) = model(scene([0, 1])[0][None], [SIZE])
    unit = torch.nn.functional.normalize(model.embedding.centres)
    nearest = (1 - found.embeddings @ unit.T).amin(1)
    assert torch.allclose(found.distances, nearest, atol=1e-5)
    assert torch.equal(found.class_ids == 2, found.distances > model.config.decision.unknown_threshold)


@torch.no_grad()
def test_an_image_gives_the_same_alone_and_in_a_batch_of_its_size():
    model = detecting()
    images = torch.stack([scene([0, 1])[0], scene([1])[0], scene([])[0]])
    for image, together in zip(images, model(images, [SIZE] * 3), strict=True):
        (alone,) = model(image[None], [SIZE])
        assert len(alone.boxes) > 0
        for name, ours, theirs in zip(alone._fields, alone, together, strict=True):
            torch.testing.assert_close(theirs, ours, atol=1e-4, rtol=1e-4, msg=name)


@torch.no_grad()
def test_what_stands_in_the_padding_of_a_batch_is_never_seen_and_no_box_reaches_into_it():
    model = detecting()
    small, large = scene([0, 1])[0], torch.randint(0, 255, (3, 160, 192), dtype=torch.uint8)
    batch, other = (torch.full((2, 3, 160, 192), value, dtype=torch.uint8) for value in (77, 200))
    for images in (batch, other):
        images[0, :, : SIZE[0], : SIZE[1]], images[1] = small, large
    levels = model.pyramid(model.backbone.normalise(batch, [SIZE, (160, 192)]))
    expected = model.pyramid(model.backbone.normalise(small[None], [SIZE]))
    # the padding reaches the features only from the far side, by the convolutions' width
    assert torch.allclose(levels[0][:1, :, :12, :16], expected[0][:, :, :12, :16], atol=1e-4)
    together, again = (model(images, [SIZE, (160, 192)])[0] for images in (batch, other))
    assert len(together.boxes) > 0
    assert all(torch.equal(one, two) for one, two in zip(together, again, strict=True))
    assert (together.boxes[:, 2] <= SIZE[1]).all()
    assert (together.boxes[:, 3] <= SIZE[0]).all()


@torch.no_grad()
def test_given_boxes_keep_their_order_classes_and_score_one():
    model = build().eval()
    boxes, ids = torch.tensor([[72.0, 32, 120, 80], [8, 8, 56, 56]]), torch.tensor([2, 0])
    (found,) = model.segment_boxes(scene([0, 1])[0][None], [SIZE], [boxes], [ids])
    assert torch.equal(found.boxes, boxes)
    assert torch.equal(found.class_ids, ids)
    assert found.scores.tolist() == [1.0, 1.0]
    assert found.masks.shape == (2, 28, 28)


@torch.no_grad()
def test_given_boxes_have_the_embedding_of_those_very_boxes():
    model = build().eval()
    image = scene([0, 1])[0][None]
    one, other = torch.tensor([[8.0, 8, 56, 56]]), torch.tensor([[8.0, 8, 40, 40]])
    both = model.segment_boxes(image, [SIZE], [torch.cat((one, other))], [torch.tensor([0, 0])])[0]
    single = model.segment_boxes(image, [SIZE], [other], [torch.tensor([0])])[0]
    assert torch.allclose(both.embeddings[1:], single.embeddings, atol=1e-5)
    assert torch.allclose(both.masks[1:], single.masks, atol=1e-5)
    assert not torch.allclose(both.embeddings[0], both.embeddings[1], atol=1e-4)


def test_without_an_embedding_space_nothing_is_unknown_and_no_contrast_is_learnt():
    model = detecting(embedding={"enabled": False})
    with torch.no_grad():
        (found,) = model(scene([0, 1])[0][None], [SIZE])
    assert set(found.class_ids.tolist()) <= {0, 1}
    assert set(losses(build(embedding={"enabled": False}), [0, 1])) == LOSSES - {"loss_contrastive"}


@pytest.mark.parametrize(
    "mask", [{"modulation": False}, {"modulation": False, "blend": True}, {"pool_size": 28}, {"convs": 0}]
)
def test_every_variant_of_the_mask_head_trains_and_detects(mask):
    found = losses(build(mask=mask), [0, 1])
    sum(found.values()).backward()
    with torch.no_grad():
        (detections,) = detecting(mask=mask)(scene([0, 1])[0][None], [SIZE])
    side = 2 * mask.get("pool_size", 14)
    assert detections.masks.shape[1:] == (side, side)


@pytest.mark.parametrize(
    "sections",
    [
        {"late_merge": False},
        {"frozen_stages": 0},
        {"proposals": {"finest_level": 4}},
    ],
)
def test_every_variant_of_the_pyramid_trains_and_detects(sections):
    sum(losses(build(**sections), [0, 1]).values()).backward()
    with torch.no_grad():
        (found,) = detecting(**sections)(scene([0, 1])[0][None], [SIZE])
    assert len(found.boxes) > 0


def test_the_mask_loss_uses_at_most_so_many_proposals_an_image():
    model = build(mask={"rois_per_image": 2})
    seen = []
    model.mask_head.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    losses(model, [0, 1], [1])
    assert seen == [4]


def test_the_iou_estimate_learns_from_background_only_if_asked_to():
    assert losses(build(roi={"iou_on_background": False}), [])["loss_iou"] == 0
    assert losses(build(roi={"iou_on_background": True}), [])["loss_iou"] > 0


def test_objects_without_a_class_are_background_to_the_classifier_only_if_asked_to():
    def class_loss(reject: bool) -> float:
        model = build(roi={"reject_unlabelled": reject}, embedding={"repel_unlabelled": False})
        model.classifier.output.bias.data[:] = torch.tensor([50.0, 0.0, 0.0])  # certain of the first class
        return losses(model, [0, -1])["loss_classification"].item()

    # Right on the one object and wrong by 50 on background: a mean that further wrong ones raise.
    weight = build().config.loss_weights.classification
    assert 0 < class_loss(False) < class_loss(True) < 50 * weight


def test_objects_without_a_class_are_kept_out_of_the_territories_only_if_asked_to():
    with_them = losses(build(embedding={"repel_unlabelled": True, "inter_margin": 2}), [-1])["loss_contrastive"]
    without = losses(build(embedding={"repel_unlabelled": False, "inter_margin": 2}), [-1])["loss_contrastive"]
    assert with_them > without


def test_masks_are_shifted_so_that_one_half_cuts_them_at_the_configured_probability():
    plain, shifted = detecting(mask={"threshold": 0.5}), detecting(mask={"threshold": 0.3})
    image = scene([0, 1])[0][None]
    with torch.no_grad():
        before, after = plain(image, [SIZE])[0].masks, shifted(image, [SIZE])[0].masks
    assert len(before) > 0
    assert ((before > 0.3) & (before < 0.5)).any()
    assert torch.equal(after >= 0.5, before >= 0.3)
