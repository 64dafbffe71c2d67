"""The systems of the paper's comparison: each trains every weight it has, decides, and is what it is called."""

import numpy as np
import pytest
import torch
from crop_networks import SIZE, scene
from narrow_network import narrow
from pydantic import ValidationError

from osis_ros.inference.manifest import BundleError
from osis_ros.training.checkpoint import load_checkpoint, save_checkpoint
from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.config import ConfigError, load_config
from osis_ros.training.export import export_bundle
from osis_ros.training.model.build import build_detector
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector, Progress
from osis_ros.training.model.presets import faithful, tabletop
from osis_ros.training.model.systems import ABLATION, COMPARISON, SYSTEMS
from osis_ros.words.names_file import NamedVectors

SMALL = {
    "channels": 16, "proposals": {"test_top_k": 30, "train_top_k": 30}, "roi": {"hidden": 24, "samples": 24},
    "mask": {"channels": 8, "convs": 1, "embedding_dim": 8},
}  # fmt: skip
OTHERS = {
    "mask-rcnn": {"objectness", "proposal_box", "box", "classification", "mask"},
    "opendet-ca-mask": {
        "objectness", "proposal_box", "box", "classification", "mask", "unknown_probability", "instance_contrast",
    },
    "oln-mask-proser": {
        "centerness", "proposal_box", "iou", "box", "classification", "mask", "mixed", "placeholder",
    },
    "semseg": {"centerness", "proposal_box", "iou", "box", "classification", "mask", "contrastive"},
    "zsi": {
        "objectness", "proposal_box", "box", "classification", "mask", "reconstruction", "mask_reconstruction",
    },
}  # fmt: skip


def small(system: str, names: tuple[str, ...] = ("mug", "bowl")) -> ModelConfig:
    return SYSTEMS[system].network(narrow(names).replace(**SMALL))


def build(system: str) -> Detector:
    torch.manual_seed(0)
    model = build_detector(small(system))
    if system == "zsi":
        model.learn_words(NamedVectors(("mug", "bowl"), np.eye(2, 300, dtype=np.float32), "test"))
    return model


@pytest.mark.parametrize("system", OTHERS)
def test_every_loss_is_there_and_every_trained_weight_gets_a_gradient(system):
    model = build(system).train()
    model.progress = Progress(200, 1000)
    image, target = scene()
    losses = model(torch.stack([image, image.flip(2)]), [SIZE] * 2, [target, target])
    assert {name.removeprefix("loss_") for name in losses} == OTHERS[system]
    total = sum(losses.values())
    assert total.isfinite()
    total.backward()
    without = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert without == []


@torch.no_grad()
@pytest.mark.parametrize("system", SYSTEMS)
def test_it_detects_with_scores_classes_and_masks_in_range(system):
    model = build(system).eval()
    for name, tensor in model.named_parameters():
        if name.startswith(tuple(f"classifier.{part}" for part in ("output", "weight", "placeholders", "encoder"))):
            tensor.mul_(60)
    (found,) = model(scene()[0][None], [SIZE])
    assert len(found.scores) > 0
    assert (found.scores[:-1] >= found.scores[1:]).all()
    assert (0 <= found.class_ids).all()
    assert (found.class_ids <= 2).all()
    assert found.boxes.shape == (len(found.scores), 4)
    assert found.masks.shape[1:] == (28, 28)
    torch.testing.assert_close(found.embeddings.norm(dim=1), torch.ones(len(found.scores)))
    if system in ("mask-rcnn", "zsi", "oln-mask-softmax", "modulation-only"):
        assert (found.class_ids < 2).all()  # a closed set
    assert len(found.scores) <= model.max_instances == (200 if system == "zsi" else 100)


@torch.no_grad()
@pytest.mark.parametrize("system", ["mask-rcnn", "opendet-ca-mask", "oln-mask-proser"])
def test_masks_of_given_boxes_are_those_of_their_classes(system):
    model = build(system).eval()
    boxes = scene()[1]["boxes"][:1].repeat(3, 1)
    (found,) = model.segment_boxes(scene()[0][None], [SIZE], [boxes], [torch.tensor([0, 1, 2])])
    same = [torch.equal(found.masks[0], found.masks[i]) for i in (1, 2)]
    if system == "mask-rcnn":  # an unknown object gets the mask of its likeliest class
        assert not same[0]
        assert any(torch.equal(found.masks[2], found.masks[i]) for i in (0, 1))
    else:
        assert same == [True, True]


@pytest.mark.parametrize("base", [faithful(COCO_KNOWN), tabletop(("mug", "bowl"))], ids=["paper", "tabletop"])
def test_a_system_keeps_the_sizes_of_its_base(base):
    for name in dict.fromkeys((*COMPARISON, *ABLATION)):
        config = SYSTEMS[name].network(base)
        assert (config.backbone, config.channels, config.class_names) == (
            base.backbone,
            base.channels,
            base.class_names,
        )
        assert (config.roi.hidden, config.mask.channels) == (base.roi.hidden, base.mask.channels)
        assert (config.second_look, config.mask_refinement, config.scoring, config.box_voting) == (None,) * 4
        assert not config.roi.reject_unlabelled
    assert SYSTEMS["semseg"].network(faithful(COCO_KNOWN)) == faithful(COCO_KNOWN)


def test_mask_rcnn_at_the_papers_size_is_detectron2s():
    config = SYSTEMS["mask-rcnn"].network(faithful(COCO_KNOWN))
    p, r, d, w = config.proposals, config.roi, config.decision, config.loss_weights
    assert (p.ratios, p.anchor_scale, p.finest_level) == ((0.5, 1.0, 2.0), 8, 2)
    assert (p.train_top_k, p.test_top_k, p.nms_iou, p.max_proposals) == (2000, 1000, 0.7, 1000)
    assert (p.box_positive_iou, p.box_negative_iou, p.samples, p.box_positive_fraction) == (0.7, 0.3, 256, 0.5)
    assert (r.samples, r.positive_fraction, r.positive_iou, r.hidden, r.class_boxes) == (512, 0.25, 0.5, 1024, True)
    assert (d.score_threshold, d.nms_iou, d.max_known + d.max_unknown) == (0.05, 0.5, 100)
    assert (w.objectness, w.proposal_box, w.box, w.classification, w.mask) == (1, 1, 1, 1, 1)


def test_opendets_contrast_fades_and_its_unknown_probability_waits():
    model = build("opendet-ca-mask").train()
    image, target = scene()

    def losses(step: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(1)
        model.instance_contrast.filled[:] = False
        model.instance_contrast.next[:] = 0
        model.progress = Progress(step, 128_000)
        return model(image[None], [SIZE], [target])

    first, half = losses(0), losses(64_000)
    assert "loss_unknown_probability" not in losses(100)
    assert "loss_unknown_probability" in losses(101)
    assert half["loss_instance_contrast"].item() == pytest.approx(first["loss_instance_contrast"].item() / 2, rel=1e-4)


def test_proser_starts_from_the_weights_of_its_first_part():
    final = small("oln-mask-proser")
    first = final.replace(**SYSTEMS["oln-mask-proser"].fine_tuning.before)
    one, two = (build_detector(config).state_dict() for config in (first, final))
    assert two.keys() - one.keys() == {
        f"classifier.{name}" for name in ("placeholders.weight", "placeholders.bias", "bias", "differences", "seen")
    }
    assert one.keys() <= two.keys()


@torch.no_grad()
def test_proser_finds_unknown_what_a_placeholder_claims():
    model = build("oln-mask-proser").eval()
    image = scene()[0][None]
    model.classifier.bias.fill_(50)
    (found,) = model(image, [SIZE])
    assert len(found.scores)
    assert (found.class_ids == 2).all()
    model.classifier.bias.fill_(-50)
    model.classifier.output.bias.data[:] = torch.tensor([9.0, 0])
    (found,) = model(image, [SIZE])
    assert (found.class_ids == 0).all()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"decision": {"kind": "class"}},
            "decision.kind class wants softmax or cosine or words, not semantic",
        ),
        ({"classifier": {"kind": "softmax"}}, "decision.kind distance wants semantic, not softmax"),
        ({"roi": {"head": "fast_rcnn"}}, "roi.head: decision.kind distance wants oln, not fast_rcnn"),
        ({"roi": {"class_boxes": True}}, "roi.class_boxes: roi.head oln refines one box"),
        ({"mask": {"output": "class_specific"}}, "class_specific has no mask for an unknown object"),
        ({"mask": {"pixel_conv": False}}, "mask.pixel_conv: mask.output modulated needs it"),
        ({"proposals": {"kind": "rpn", "side_bias": 0.5}}, "proposals.side_bias: it is for proposals.kind oln"),
        ({"unknown_probability": {}}, "unknown_probability: it is for classifier.kind cosine, not semantic"),
        (
            {"decision": {"kind": "placeholder"}, "classifier": {"kind": "placeholder"}},
            "mask.output: modulated needs the embedding of classifier.kind semantic, not placeholder",
        ),
        ({"mask": {"modulation": True, "blend": True}}, "at most one true"),
        ({"mask": {"modulation": [1]}}, "write mask.output"),
    ],
)
def test_parts_that_do_not_go_together_are_refused_in_a_sentence(wrong, sentence):
    with pytest.raises(ValidationError, match=sentence):
        ModelConfig(**{"class_names": ("mug",), **wrong})


@pytest.mark.parametrize(
    ("system", "wrong", "sentence"),
    [
        ("opendet-ca-mask", {"roi": {"class_boxes": True}}, "have no box of a class"),
        ("opendet-ca-mask", {"mask": {"output": "class_specific"}}, "has no mask for an unknown object"),
        ("mask-rcnn", {"second_look": {}}, "second_look: it is for decision.kind distance"),
        ("mask-rcnn", {"instance_contrast": {}}, "instance_contrast: it is for classifier.kind cosine"),
        ("oln-mask-proser", {"decision": {"unknown_threshold": 1.5}}, "bounds odds, expected 0..1"),
    ],
)
def test_a_system_refuses_parts_of_another(system, wrong, sentence):
    with pytest.raises(ValidationError, match=sentence):
        small(system).replace(**wrong)


def test_a_training_configuration_names_a_system():
    config = load_config("paper-graspnet", ["model.system=mask-rcnn", "model.decision.nms_iou=0.6"]).model
    assert (config.decision.kind, config.backbone, len(config.class_names)) == ("class", "resnet50", 28)
    assert config.loss_weights.classification == 1  # not the 2 of SemSeg on GraspNet-OSIS
    assert config.decision.nms_iou == 0.6
    weights = load_config("paper-graspnet", ["model.system=semseg"]).model.loss_weights
    assert (weights.contrastive, weights.classification) == (3, 2)
    with pytest.raises(ConfigError, match=r"model\.system is 'yolo', expected one of mask-rcnn, opendet-ca-mask"):
        load_config("paper-coco", ["model.system=yolo"])


@torch.no_grad()
def test_a_checkpoint_is_of_its_system_and_has_no_graph(tmp_path):
    model = build("opendet-ca-mask").eval()
    save_checkpoint(tmp_path / "weights.safetensors", model, {}, torch.float32)
    loaded, _ = load_checkpoint(tmp_path / "weights.safetensors")
    image = scene()[0][None]
    for first, second in zip(model(image, [SIZE])[0], loaded(image, [SIZE])[0], strict=True):
        assert torch.equal(first, second)
    assert type(loaded.reconfigured(loaded.config)) is type(model)
    with pytest.raises(BundleError, match=r"decision\.kind class is for comparisons and has no graph"):
        export_bundle(tmp_path / "weights.safetensors", tmp_path / "bundle")


def test_rpn_is_a_switch_of_semseg_too():
    config = small("semseg").replace(proposals=small("mask-rcnn").proposals.model_dump())
    model = build_detector(config).train()
    image, target = scene()
    losses = model(image[None], [SIZE], [target])
    assert {"loss_objectness", "loss_contrastive"} <= losses.keys()


@pytest.mark.parametrize(
    ("old", "today"),
    [
        ({"modulation": False}, "class_agnostic"), ({"modulation": False, "blend": True}, "blended"),
        ({"modulation": True}, "modulated"), ({"modulation": True, "blend": False}, "modulated"),
    ],
)  # fmt: skip
def test_the_old_switches_of_the_mask_head_are_read(old, today):
    assert ModelConfig(class_names=("mug",), mask=old).mask.output == today
