"""The second stage: what is sampled, and its two losses."""

import pytest
import torch

from osis_ros.training.model.semseg.roi_head import box_refinement_loss, iou_estimate_loss, proposal_scores
from osis_ros.training.model.semseg.roi_sampling import sample_rois


def test_a_proposals_score_is_the_geometric_mean_of_centerness_and_estimated_iou():
    scores = proposal_scores(torch.tensor([0.25, 0.81, 0.5]), torch.tensor([1.0, 0.64, 0.0]))
    assert scores.tolist() == pytest.approx([0.5, 0.72, 0])


def target(boxes, labels) -> dict:
    return {"boxes": torch.tensor(boxes).reshape(-1, 4).float(), "labels": torch.tensor(labels, dtype=torch.int64)}


PAPERS = {"positive_fraction": 0.25, "positive_iou": 0.5}  # the paper's


def test_losses_are_l1_on_positives_divided_by_all_samples():
    proposals = torch.tensor([[0.0, 0.0, 10.0, 10.0]])
    objects = torch.tensor([[1.0, 0.0, 11.0, 10.0]])  # moved by a tenth: delta 1
    deltas = torch.tensor([[0.25, 0.0, -0.5, 0.0]])
    assert iou_estimate_loss(torch.tensor([0.5]), torch.tensor([0.9]), count=8).item() == pytest.approx(0.4 / 8)
    assert box_refinement_loss(deltas, proposals, objects, count=8).item() == pytest.approx((0.75 + 0.5) / 8)


def test_without_positives_both_losses_are_zero():
    nothing = torch.zeros(0, 4)
    assert iou_estimate_loss(torch.zeros(0), torch.zeros(0), count=0).item() == 0
    assert box_refinement_loss(nothing, nothing, nothing, count=0).item() == 0


def test_objects_are_proposals_too_and_labels_follow_the_best_object():
    proposals = torch.tensor([[0.0, 0, 10, 8], [100, 100, 110, 110], [50, 50, 60, 60]])
    samples = sample_rois(
        [proposals],
        [target([[0, 0, 10, 10], [50, 50, 60, 58]], [3, -1])],
        7,
        count=20,
        **PAPERS,
    )
    found = {tuple(roi[1:].tolist()): i for i, roi in enumerate(samples.rois)}
    assert len(found) == 5
    expected = {
        (0, 0, 10, 8): (3, True, 0, 0.8),
        (0, 0, 10, 10): (3, True, 0, 1.0),
        (50, 50, 60, 60): (-1, True, 1, 0.8),  # an object whose class is not to be learnt is positive all the same
        (50, 50, 60, 58): (-1, True, 1, 1.0),
        (100, 100, 110, 110): (7, False, None, None),
    }
    for box, (label, positive, index, iou) in expected.items():
        i = found[tuple(map(float, box))]
        assert samples.labels[i] == label
        assert samples.positive[i] == positive
        if positive:
            assert samples.index[i] == index
            assert samples.iou[i].item() == pytest.approx(iou)


def test_a_quarter_of_the_samples_is_positive_at_most():
    proposals = torch.cat(
        (torch.tensor([[0.0, 0, 10, 10]]).repeat(50, 1), torch.rand(50, 4) + torch.tensor([90, 90, 95, 95]))
    )
    samples = sample_rois([proposals], [target([[0, 0, 10, 10]], [0])], 1, count=16, **PAPERS)
    assert int(samples.positive.sum()) == 4
    assert len(samples.rois) == 16
    assert (samples.labels[~samples.positive] == 1).all()


def test_every_sample_of_a_batch_is_held_against_an_object_of_its_own_image():
    torch.manual_seed(0)
    corners = [torch.rand(30, 2) * 80 for _ in range(2)]
    proposals = [torch.cat((corner, corner + 8), 1) for corner in corners]
    targets = [target([[0, 0, 20, 20]], [1]), target([[60, 60, 80, 80], [0, 0, 20, 20]], [2, 3])]
    samples = sample_rois(proposals, targets, 4, count=100, positive_fraction=1, positive_iou=0.5)
    assert len(samples.rois) == 30 + 1 + 30 + 2
    first = samples.rois[:, 0] == 0
    assert (samples.index[first] == 0).all()
    assert set(samples.index[~first].tolist()) == {1, 2}
    for index, box in enumerate(torch.cat([t["boxes"] for t in targets])):
        assert (samples.objects[samples.index == index] == box).all()
    assert set(samples.labels[samples.positive & first].tolist()) == {1}
    assert set(samples.labels[samples.positive & ~first].tolist()) == {2, 3}


def test_an_image_without_objects_gives_background_alone():
    samples = sample_rois(
        [torch.tensor([[0.0, 0, 5, 5]])] * 2, [target([], []), target([[0, 0, 5, 5]], [0])], 4,
        count=512, **PAPERS,
    )  # fmt: skip
    first = samples.rois[:, 0] == 0
    assert samples.labels[first].tolist() == [4]
    assert samples.labels[~first].tolist() == [0, 0]
