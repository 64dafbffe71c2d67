"""Powers and shares of scores, worked out by hand; with the defaults they are the paper's scores."""

import pytest
import torch
from narrow_network import narrow

from osis_ros.training.model.additions.scoring import (
    Scoring,
    ScoringConfig,
    known_scores,
    mask_worth,
    mean_of_both,
    none_of_them,
    unknown_scores,
)
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.stages import Candidates, Scored, Semantics

NONE = 0.2, 0.5  # the probability of none of the classes of two candidates
LOGITS = torch.tensor([[0.5, 0.3, NONE[0]], [0.4, 0.1, NONE[1]]]).log()


def candidates() -> Candidates:
    distances = torch.tensor([[0.3, 0.1], [0.6, 0.9]])
    scores = torch.tensor([0.4, 0.9])
    return Candidates(torch.zeros(2, 4), scores, Semantics(*[distances] * 4), LOGITS, scores)


def scored(unknowns: bool = True, **config: object) -> Scored:
    part, papers = Scoring(ScoringConfig(**config), unknowns), LOGITS.softmax(1)[:, :-1]
    found = part.on_candidates(None, candidates())
    nearest = found.semantics.distances.amin(1)
    return part.on_scores(found, Scored(papers, found.scores_as_unknown, nearest))


def test_the_defaults_are_the_papers_scores():
    found = scored()
    assert torch.equal(found.as_known, LOGITS.softmax(1)[:, :-1])  # background lowers them
    assert found.as_unknown.tolist() == pytest.approx([0.4, 0.9])
    assert found.unknown_scores.tolist() == pytest.approx([0.1, 0.6])


@pytest.mark.parametrize(("share", "score"), [(1, 0.9), (0.5, 0.6), (0.25, 0.4898979), (0, 0.4)])
def test_a_known_score_lies_between_that_of_the_proposal_and_that_of_the_class(share, score):
    assert known_scores(torch.tensor([[0.9]]), torch.tensor([0.4]), share).item() == pytest.approx(score)


def test_unknown_scores_are_scaled_and_known_ones_are_not():
    found = scored(unknown_scale=0.5)
    assert found.as_unknown.tolist() == pytest.approx([0.2, 0.45])
    assert torch.equal(found.as_known, scored().as_known)


def test_what_looks_like_none_of_the_classes_ranks_higher_among_the_unknown():
    assert unknown_scores(torch.tensor([0.8, 0.8]), torch.tensor([0.25, 0.81]), 0.5).tolist() == pytest.approx(
        [0.4, 0.72]
    )
    assert unknown_scores(torch.tensor([0.8]), torch.tensor([0.25]), 0.0).tolist() == pytest.approx([0.8])


def test_unknown_by_probability_is_that_of_none_of_the_classes():
    assert none_of_them(LOGITS, "probability").tolist() == pytest.approx(NONE)
    assert scored(unknown_by="probability").unknown_scores.tolist() == pytest.approx(NONE)


def test_unknown_by_odds_is_that_against_the_likeliest_class():
    odds = [0.2 / (0.2 + 0.5), 0.5 / (0.5 + 0.4)]
    assert none_of_them(LOGITS, "odds").tolist() == pytest.approx(odds)
    assert scored(unknown_by="odds").unknown_scores.tolist() == pytest.approx(odds)


def test_where_nothing_is_unknown_no_measure_says_otherwise():
    assert scored(unknowns=False, unknown_by="odds").unknown_scores.tolist() == pytest.approx([0.1, 0.6])


def test_the_second_of_two_opinions_has_its_share():
    first, second = torch.tensor([1.0, 1.0]), torch.tensor([0.0, 2.0])
    assert mean_of_both(first, second, 0.25).tolist() == [0.75, 1.25]


def test_a_mask_is_worth_a_power_of_its_agreement_times_one_of_its_fit():
    agreement, fit = torch.tensor([0.25, 1.0]), torch.tensor([1.0, 0.81])
    assert mask_worth(agreement, 0.5, None, None).tolist() == pytest.approx([0.5, 1])
    assert mask_worth(agreement, 0.5, fit, 0.5).tolist() == pytest.approx([0.5, 0.9])
    assert mask_worth(agreement, 0.0, fit, 0.0).tolist() == [1, 1]


@torch.no_grad()
@pytest.mark.parametrize("measure", ["probability", "odds"])
def test_detections_are_unknown_beyond_the_threshold_of_the_measure(measure):
    torch.manual_seed(0)
    config = narrow(("mug", "bowl")).replace(
        channels=16, roi={"hidden": 32}, mask={"channels": 8}, scoring={"unknown_by": measure}
    )
    config = config.replace(decision={"score_threshold": 0.0})
    model, image = Detector(config).eval(), torch.randint(0, 255, (1, 3, 96, 128), dtype=torch.uint8)
    model.classifier.output.weight *= 30
    (found,) = model(image, [(96, 128)])
    middle = float(found.distances.median())
    model = model.reconfigured(config.replace(decision={"unknown_threshold": middle}))
    (found,) = model(image, [(96, 128)])
    assert torch.equal(found.class_ids == 2, found.distances > middle)
    assert 0 < (found.class_ids == 2).sum() < len(found.class_ids)
