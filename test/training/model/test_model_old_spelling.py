"""Configurations of earlier releases are read as what they meant, or refused with the entry that is gone."""

import pytest
from pydantic import ValidationError

from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.presets import faithful, tabletop

NAMES = ("mug", "bowl")
# as e43ed54 wrote the sections that were cut
FLAT_DECISION = {
    "score_threshold": 0.05, "unknown_by": "odds", "unknown_threshold": 0.085, "nms_iou": 0.5, "max_boxes": 200,
    "max_known": 50, "max_unknown": 50, "multi_class": False, "class_share": 0.4, "unknown_scale": 0.7,
    "unknown_share": 0.15, "vote_iou": 0.8, "duplicate_iou": None,
}  # fmt: skip
FLAT_WEIGHTS = {
    "centerness": 1.0, "proposal_box": 10.0, "iou": 1.0, "box": 2.0, "contrastive": 8.0, "classification": 2.0,
    "mask": 1.0, "second_look": 1.0, "mask_refinement": 1.0, "mask_score": 0.5,
}  # fmt: skip
FLAT = {"min_level": 2, "max_level": 6, "separable": False, "decision": FLAT_DECISION, "loss_weights": FLAT_WEIGHTS}


def flat(**changes: object) -> ModelConfig:
    """The tabletop network as it was written, `section_entry=value` changed."""
    new = tabletop(NAMES).model_dump(exclude={"scoring", "box_voting"})
    new["second_look"] = {k: v for k, v in new["second_look"].items() if k not in ("unknown_share", "loss_weight")}
    tree = {**new, **FLAT}
    for name, value in changes.items():
        section, _, entry = name.partition("__")
        tree = {**tree, section: {**tree[section], entry: value} if entry else value}
    return ModelConfig.model_validate(tree)


def test_a_whole_configuration_is_the_same_network():
    assert flat() == tabletop(NAMES)


def test_every_entry_that_moved_keeps_its_value():
    moved = flat(
        decision__unknown_by="probability", decision__class_share=0.1, decision__unknown_scale=0.2,
        decision__unknown_share=0.3, decision__vote_iou=0.6, loss_weights__second_look=4, loss_weights__mask_score=6,
        loss_weights__mask_refinement=5,
    )  # fmt: skip
    assert moved.scoring.model_dump() == {"unknown_by": "probability", "class_share": 0.1, "unknown_scale": 0.2}
    assert (moved.second_look.unknown_share, moved.box_voting.iou) == (0.3, 0.6)
    refinement = moved.mask_refinement
    assert (moved.second_look.loss_weight, refinement.loss_weight, refinement.score_loss_weight) == (4, 5, 6)


def test_the_papers_network_written_in_full_has_no_addition():
    papers = {**FLAT_DECISION, "unknown_by": "distance", "class_share": 1, "unknown_scale": 1, "vote_iou": None}
    papers |= {"unknown_share": 0, "max_boxes": 1000, "multi_class": True}
    weights = {**FLAT_WEIGHTS, "contrastive": 2, "classification": 1}
    tree = {**FLAT, "class_names": NAMES, "decision": papers, "loss_weights": weights, "second_look": None}
    assert ModelConfig.model_validate(tree) == faithful(NAMES)


def test_entries_of_a_part_that_is_not_there_are_of_no_effect_as_they_always_were():
    without = flat(second_look=None, mask_refinement=None)
    assert without == tabletop(NAMES).replace(second_look=None, mask_refinement=None)


def test_one_entry_alone_changes_what_it_names():
    assert tabletop(NAMES).replace(decision={"unknown_by": "distance"}) == tabletop(NAMES).replace(
        scoring={"unknown_by": "distance"}
    )
    assert faithful(NAMES).replace(decision={"class_share": 0.4}).scoring.class_share == 0.4
    assert tabletop(NAMES).replace(decision={"vote_iou": None}).box_voting is None


@pytest.mark.parametrize(
    ("gone", "sentence"),
    [
        ({"separable": True}, "separable is True, but this release can only do False; leave separable out"),
        ({"min_level": 3}, "min_level is 3, but this release can only do 2"),
        ({"max_level": 7}, "max_level is 7, but this release can only do 6"),
        ({"decision__duplicate_iou": 0.7}, "decision.duplicate_iou is 0.7, but this release can only do None"),
    ],
)
def test_what_no_network_can_do_any_more_is_refused_by_name(gone, sentence):
    with pytest.raises(ValidationError, match=sentence):
        flat(**gone)
