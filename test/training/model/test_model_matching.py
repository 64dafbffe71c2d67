"""Which candidates are positive, negative or ignored, and how many are drawn."""

import torch

from osis_ros.training.model.matching import IGNORED, NEGATIVE, POSITIVE, match, sample


def test_candidates_are_positive_negative_or_ignored_by_their_best_overlap():
    iou = torch.tensor([[0.8, 0.5, 0.1, 0.3], [0.2, 0.6, 0.2, 0.0]])
    index, label = match(iou, 0.3, 0.7)
    assert index.tolist() == [0, 1, 1, 0]
    assert label.tolist() == [POSITIVE, IGNORED, NEGATIVE, IGNORED]


def test_an_overlap_of_exactly_the_positive_threshold_is_positive():
    _, label = match(torch.tensor([[0.5, 0.49]]), 0.5, 0.5)
    assert label.tolist() == [POSITIVE, NEGATIVE]


def test_the_best_candidates_of_every_object_are_positive_if_asked_for():
    iou = torch.tensor([[0.2, 0.2, 0.1, 0.0], [0.25, 0.0, 0.05, 0.0], [0.0, 0.0, 0.0, 0.0]])
    index, label = match(iou, 0.3, 0.7, keep_best=True)
    # both of the first object's ties, and the second's best, which stays matched to the object it overlaps most;
    # an object that nothing overlaps makes nothing positive
    assert label.tolist() == [POSITIVE, POSITIVE, NEGATIVE, NEGATIVE]
    assert index.tolist() == [1, 0, 0, 0]


def test_without_objects_everything_is_negative():
    index, label = match(torch.zeros(0, 3), 0.3, 0.7, keep_best=True)
    assert index.tolist() == [0, 0, 0]
    assert label.tolist() == [NEGATIVE] * 3


def test_positives_are_limited_to_their_share_and_negatives_fill_up():
    label = torch.tensor([POSITIVE] * 10 + [IGNORED] * 5 + [NEGATIVE] * 100)
    positive, negative = sample(label, 16, 0.25)
    assert (len(positive), len(negative)) == (4, 12)
    assert (label[positive] == POSITIVE).all()
    assert (label[negative] == NEGATIVE).all()
    assert len(set(positive.tolist() + negative.tolist())) == 16


def test_few_positives_leave_their_places_to_negatives():
    label = torch.tensor([POSITIVE] * 2 + [NEGATIVE] * 100)
    positive, negative = sample(label, 16, 0.5)
    assert (len(positive), len(negative)) == (2, 14)


def test_samples_differ_between_draws():
    label = torch.full((1000,), NEGATIVE)
    assert sample(label, 16, 0.5)[1].tolist() != sample(label, 16, 0.5)[1].tolist()
