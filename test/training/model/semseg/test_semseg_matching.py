"""Which candidates are positive, negative or ignored, and how many are drawn."""

import torch

from osis_ros.training.model.semseg.matching import IGNORED, NEGATIVE, POSITIVE, label_of, overlap_of, sample


def test_candidates_are_positive_negative_or_ignored_by_their_best_overlap():
    overlap = overlap_of(torch.tensor([[0.8, 0.5, 0.1, 0.3], [0.2, 0.6, 0.2, 0.0]]))
    assert overlap.index.tolist() == [0, 1, 1, 0]
    assert label_of(overlap, 0.3, 0.7).tolist() == [POSITIVE, IGNORED, NEGATIVE, IGNORED]


def test_an_overlap_of_exactly_the_positive_threshold_is_positive():
    assert label_of(overlap_of(torch.tensor([[0.5, 0.49]])), 0.5, 0.5).tolist() == [POSITIVE, NEGATIVE]


def test_the_best_candidates_of_every_object_are_positive_if_asked_for():
    overlap = overlap_of(torch.tensor([[0.2, 0.2, 0.1, 0.0], [0.25, 0.0, 0.05, 0.0], [0.0, 0.0, 0.0, 0.0]]))
    # both of the first object's ties, and the second's best, which stays matched to the object it overlaps most;
    # an object that nothing overlaps makes nothing positive
    assert label_of(overlap, 0.3, 0.7, keep_best=True).tolist() == [POSITIVE, POSITIVE, NEGATIVE, NEGATIVE]
    assert overlap.index.tolist() == [1, 0, 0, 0]


def test_without_objects_everything_is_negative():
    overlap = overlap_of(torch.zeros(0, 3))
    assert overlap.index.tolist() == [0, 0, 0]
    assert label_of(overlap, 0.3, 0.7, keep_best=True).tolist() == [NEGATIVE] * 3
    assert label_of(overlap, 0.0, 0.0).tolist() == [NEGATIVE] * 3


def drawn(labels: list[list[int]], count: int, share: float) -> list[tuple[set[int], set[int]]]:
    """The positive and negative samples of every image, as places among its own candidates."""
    image = torch.tensor([i for i, own in enumerate(labels) for _ in own])
    every = torch.tensor([x for own in labels for x in own])
    positive, negative = sample(every, image, len(labels), count, share)
    assert (every[positive] == POSITIVE).all()
    assert (every[negative] == NEGATIVE).all()
    first = torch.tensor([0, *map(len, labels)]).cumsum(0)
    places = [[(x[image[x] == i] - first[i]).tolist() for x in (positive, negative)] for i in range(len(labels))]
    assert all(len(x) == len(set(x)) for pair in places for x in pair)
    return [(set(a), set(b)) for a, b in places]


def test_positives_are_limited_to_their_share_and_negatives_fill_up_in_every_image():
    many = [POSITIVE] * 10 + [IGNORED] * 5 + [NEGATIVE] * 100
    few = [NEGATIVE] * 100 + [POSITIVE] * 2
    none, short = [NEGATIVE] * 20, [NEGATIVE] * 3 + [IGNORED]
    sizes = [(len(a), len(b)) for a, b in drawn([many, few, [], none, short, many], 16, 0.25)]
    assert sizes == [(4, 12), (2, 14), (0, 0), (0, 16), (0, 3), (4, 12)]


def test_every_candidate_is_drawn_as_often_as_another():
    torch.manual_seed(0)
    times = torch.zeros(20)
    for _ in range(400):
        for place in drawn([[NEGATIVE] * 20, [POSITIVE] * 5], 5, 1.0)[0][1]:
            times[place] += 1
    assert times.sum() == 2000
    assert (times - 100).abs().max() < 40  # the standard deviation is 8.7


def test_samples_differ_between_draws():
    assert drawn([[NEGATIVE] * 1000], 16, 0.5) != drawn([[NEGATIVE] * 1000], 16, 0.5)
