"""Presets are the paper's numbers; a wrong configuration is one sentence."""

import pytest
from pydantic import ValidationError

from osis_ros.training.class_names import COCO_KNOWN, GRASPNET_KNOWN
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.presets import faithful, tabletop


def test_the_default_is_the_papers_network():
    config = faithful(COCO_KNOWN)
    assert config == ModelConfig(class_names=COCO_KNOWN)
    assert (config.backbone, config.channels, config.frozen_stages) == ("resnet50", 256, 2)
    assert (config.scoring, config.box_voting, config.second_look, config.mask_refinement) == (None,) * 4
    p, r, e, d = config.proposals, config.roi, config.embedding, config.decision
    assert (p.anchor_scale, p.train_top_k, p.test_top_k, p.nms_iou, p.max_proposals) == (8, 2000, 1000, None, None)
    assert (r.hidden, r.samples, r.positive_fraction, r.sampling_ratio, r.canonical_size) == (1024, 512, 0.25, 0, 224)
    assert (e.dim, e.intra_margin, e.inter_margin) == (256, 0.05, 0.95)
    assert (d.unknown_threshold, d.score_threshold, d.nms_iou, d.max_known, d.max_unknown) == (0.085, 0.05, 0.5, 50, 50)
    weights = config.loss_weights
    assert (weights.centerness, weights.proposal_box, weights.iou, weights.box) == (1, 10, 1, 2)
    assert (weights.contrastive, weights.classification, weights.mask) == (2, 1, 1)


def test_graspnet_has_weights_of_its_own():
    weights = faithful(tuple(GRASPNET_KNOWN.values()), graspnet=True).loss_weights
    assert (weights.contrastive, weights.classification) == (3, 2)


def test_the_benchmarks_have_20_and_28_known_classes_of_different_names():
    assert (len(set(COCO_KNOWN)), len(set(GRASPNET_KNOWN.values()))) == (20, 28)


def test_fast_changes_only_how_many_proposals_there_are():
    config = faithful(COCO_KNOWN)
    fast = config.fast()
    assert (fast.proposals.nms_iou, fast.proposals.max_proposals) == (0.9, 500)
    assert fast.replace(proposals=config.proposals, decision=config.decision) == config
    assert fast.decision.max_boxes == 500


def test_fast_never_makes_a_network_slower():
    """The shipped one has 200 proposals: 500 would be more work, not less."""
    config = tabletop(("mug",))
    assert config.fast() == config
    some = config.replace(proposals={"max_proposals": None, "nms_iou": None, "test_top_k": 2000}).fast().proposals
    assert (some.train_top_k, some.test_top_k, some.nms_iou, some.max_proposals) == (300, 1000, 0.9, 500)


def test_exact_is_the_papers_whatever_the_network_was_trained_with():
    exact = tabletop(("mug",)).exact()
    assert (exact.proposals.nms_iou, exact.proposals.max_proposals, exact.proposals.test_top_k) == (None, None, 1000)
    assert faithful(COCO_KNOWN).fast().exact() == faithful(COCO_KNOWN)


def test_a_section_is_changed_field_by_field():
    config = tabletop(("mug",)).replace(roi={"samples": 32}, channels=96)
    assert (config.roi.samples, config.roi.hidden, config.channels) == (32, 256, 96)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"class_names": ()}, "class_names"),
        ({"class_names": ("mug", "mug")}, "mug more than once"),
        ({"decision": {"unknown_threshold": 1.5}, "scoring": {"unknown_by": "odds"}}, "1.5 bounds a probability"),
        ({"decision": {"unknown_by": "odds", "unknown_threshold": 1.5}}, "1.5 bounds a probability"),
        ({"backbone": "vgg"}, "backbone"),
        ({"chanels": 3}, "chanels"),
        ({"decision": {"unknown_threshold": 3}}, "unknown_threshold"),
        ({"mask": {"blend": True}}, "at most one"),
        ({"mask": {"blend": True, "modulation": False}, "embedding": {"enabled": False}}, "class centres"),
    ],
)
def test_what_is_wrong_is_named(wrong, named):
    with pytest.raises(ValidationError, match=named):
        ModelConfig(**{"class_names": ("mug",), **wrong})
