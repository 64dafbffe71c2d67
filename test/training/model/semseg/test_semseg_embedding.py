"""Distances to class centres and the three parts of the contrastive loss (equations 2 to 5)."""

import pytest
import torch

from osis_ros.training.model.semseg.config import EmbeddingConfig
from osis_ros.training.model.semseg.embedding import (
    EmbeddingSpace,
    contrastive_loss,
    embedding_loss,
    repulsion_loss,
)
from osis_ros.training.model.semseg.roi_sampling import RoISamples

CONFIG = EmbeddingConfig()  # m_p 0.05, m_n 0.95
ORTHOGONAL = torch.eye(3)


def test_distance_is_one_minus_cosine_whatever_the_centres_length():
    space = EmbeddingSpace(4, 2, 3)
    with torch.no_grad():
        space.centres.copy_(torch.tensor([[5.0, 0.0], [0.0, 0.1], [-2.0, 0.0]]))
    assert space.distances(torch.tensor([[1.0, 0.0]]))[0].tolist() == pytest.approx([0.0, 1.0, 2.0])


def test_the_own_centre_may_be_five_hundredths_away():
    near = torch.tensor([[0.05, 1.0, 1.0]])
    far = torch.tensor([[0.30, 1.0, 1.0]])
    assert contrastive_loss(near, torch.tensor([0]), ORTHOGONAL, 1, CONFIG).item() == pytest.approx(0, abs=1e-6)
    assert contrastive_loss(far, torch.tensor([0]), ORTHOGONAL, 1, CONFIG).item() == pytest.approx(0.25, abs=1e-6)


def test_only_the_nearest_other_centre_pushes():
    distances = torch.tensor([[0.0, 0.5, 0.6]])
    assert contrastive_loss(distances, torch.tensor([0]), ORTHOGONAL, 1, CONFIG).item() == pytest.approx(0.45, abs=1e-6)


def test_centres_closer_than_both_margins_together_are_pushed_apart():
    # cosine 0.6 between the first two: distance 0.4, wanted 1.0; the third is orthogonal to both
    centres = torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 2.0]])
    loss = contrastive_loss(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64), centres, 1, CONFIG)
    assert loss.item() == pytest.approx(0.6 + 0.6, abs=1e-6)


def test_the_sum_is_divided_by_all_samples():
    distances = torch.tensor([[0.25, 1.0, 1.0], [1.0, 0.35, 0.75]])
    loss = contrastive_loss(distances, torch.tensor([0, 1]), ORTHOGONAL, 10, CONFIG)
    assert loss.item() == pytest.approx((0.20 + 0.30 + 0.20) / 10, abs=1e-6)


def test_one_known_class_has_no_other_to_keep_away_from():
    loss = contrastive_loss(torch.tensor([[0.15]]), torch.tensor([0]), torch.ones(1, 4), 1, CONFIG)
    assert loss.item() == pytest.approx(0.10, abs=1e-6)


def test_its_gradient_is_finite_and_moves_centres():
    centres = torch.nn.Parameter(torch.tensor([[1.0, 0.1], [1.0, -0.1]]))
    contrastive_loss(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), centres, 1, CONFIG).backward()
    assert torch.isfinite(centres.grad).all()
    assert centres.grad.abs().sum() > 0


def samples(labels: list[int], positive: list[bool], iou: list[float]) -> RoISamples:
    nothing = torch.zeros(len(labels), 5)
    index = torch.zeros(len(labels), dtype=torch.int64)
    return RoISamples(
        nothing, torch.tensor(labels), torch.tensor(positive), index, nothing[:, 1:], torch.tensor(iou), index == 0
    )


# a known object, one that is hit too badly, background, and two objects without a label
FIVE = samples([0, 1, 3, -1, -1], [True, True, False, True, True], [0.9, 0.5, 0.1, 0.9, 0.9])
DISTANCES = torch.tensor([[0.25, 1, 1], [1, 0.9, 1], [0.5, 0.5, 0.5], [0.15, 1, 1], [1, 0.75, 1]])


def test_the_contrast_is_taken_on_well_hit_known_objects_over_all_samples_with_a_label():
    """N counts known objects and background: objects without a label are no sample of the paper's."""
    loss = embedding_loss(DISTANCES, FIVE, ORTHOGONAL, CONFIG)
    assert loss.item() == pytest.approx((0.25 - 0.05) / 3, abs=1e-6)


def test_objects_without_a_label_are_repelled_only_where_asked_for():
    loss = embedding_loss(DISTANCES, FIVE, ORTHOGONAL, EmbeddingConfig(repel_unlabelled=True))
    assert loss.item() == pytest.approx((0.20 + (0.95 - 0.15) + (0.95 - 0.75)) / 3, abs=1e-6)


def test_strangers_are_pushed_from_their_nearest_centre_up_to_the_margin():
    distances = torch.tensor([[0.25, 1.0, 0.9], [0.96, 1.2, 1.0]])  # the second is far enough
    assert repulsion_loss(distances, 10, CONFIG).item() == pytest.approx((0.95 - 0.25) / 10, abs=1e-6)
    assert repulsion_loss(torch.zeros(0, 3), 0, CONFIG).item() == 0
