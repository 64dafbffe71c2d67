"""The proposal network: its feature normalisation, its choice of proposals, its two losses."""

import math

import pytest
import torch

from osis_ros.training.model.semseg.config import ProposalConfig
from osis_ros.training.model.semseg.proposals import DensePrediction, ProposalNetwork


def network(**changes) -> ProposalNetwork:
    torch.manual_seed(0)
    model = ProposalNetwork(ProposalConfig(**changes), 8).eval()
    model.strides = (4, 8)  # two levels are enough
    return model


def dense(sides, logits, centres, sizes, counts) -> DensePrediction:
    return DensePrediction(
        torch.tensor(sides)[None], torch.tensor(logits)[None], torch.tensor(centres), torch.tensor(sizes), counts
    )


def test_the_output_layer_sees_features_of_unit_length():
    model = network()
    level = torch.randn(1, 8, 4, 4)
    feature = torch.relu(model.conv(level))
    expected = model.output(torch.nn.functional.normalize(feature))
    found = model([level, torch.randn(1, 8, 2, 2)])
    assert torch.allclose(found.sides[0, :16], expected[0, :4].flatten(1).T, atol=1e-6)
    assert torch.allclose(found.logits[0, :16], expected[0, 4].flatten(), atol=1e-6)


def test_a_longer_feature_changes_the_scale_of_the_output_layer_alone():
    longer, plain = network(feature_length=4), network()
    levels = [torch.randn(1, 8, 4, 4), torch.randn(1, 8, 2, 2)]
    plain.conv.load_state_dict(longer.conv.state_dict())
    plain.output.weight.data, plain.output.bias.data = 4 * longer.output.weight.data, longer.output.bias.data
    assert torch.allclose(plain(levels).sides, longer(levels).sides, atol=1e-6)
    assert longer.output.weight.std() < 0.5 * network().output.weight.std()


def test_levels_finer_than_its_strides_are_not_looked_at():
    levels = [torch.full((1, 8, 8, 8), torch.nan), torch.randn(1, 8, 4, 4), torch.randn(1, 8, 2, 2)]
    assert network()(levels).sides.isfinite().all()


def test_proposals_come_from_the_finest_level_asked_for_to_the_sixth():
    assert ProposalNetwork(ProposalConfig(), 8).strides == (4, 8, 16, 32, 64)
    assert ProposalNetwork(ProposalConfig(finest_level=4), 8).strides == (16, 32, 64)


def test_anchors_are_eight_strides_large_and_listed_finest_level_first():
    found = network()([torch.randn(1, 8, 2, 2), torch.randn(1, 8, 1, 1)])
    assert found.sizes.tolist() == [32.0] * 4 + [64.0]
    assert found.centres.tolist() == [[0, 0], [4, 0], [0, 4], [4, 4], [0, 0]]
    assert found.counts == [4, 1]


ONE = [1.0, 1.0, 1.0, 1.0]


def test_every_level_gives_its_best_level_by_level_clipped_to_the_image():
    prediction = dense(
        [ONE] * 5, [0.0, 2.0, 1.0, 3.0, 4.0], [[10.0, 10], [20, 20], [30, 30], [40, 40], [50, 10]],
        [16.0, 16, 16, 32, 32], [3, 2],
    )  # fmt: skip
    (found,) = network(test_top_k=2).select(prediction, [(48, 64)])
    assert found.boxes.tolist() == [[4, 4, 36, 36], [14, 14, 46, 46], [18, 0, 64, 42], [8, 8, 64, 48]]
    assert found.centerness.tolist() == pytest.approx([1 / (1 + math.exp(-x)) for x in (2, 1, 4, 3)])


def test_empty_boxes_are_dropped():
    prediction = dense([ONE, [0.0, 1, 0, 1], ONE], [0.0, 0.0, 0.0], [[8.0, 8], [8, 8], [100, 8]], [4.0] * 3, [3])
    (found,) = network().select(prediction, [(16, 16)])  # the second has no width, the third lies outside
    assert found.boxes.tolist() == [[4, 4, 12, 12]]


def test_overlapping_proposals_are_kept_unless_nms_is_asked_for():
    prediction = dense([ONE] * 3, [1.0, 3.0, 2.0], [[16.0, 16], [17, 16], [48, 16]], [8.0] * 3, [2, 1])
    assert len(network().select(prediction, [(64, 64)])[0].boxes) == 3
    (found,) = network(nms_iou=0.7).select(prediction, [(64, 64)])
    assert found.boxes[:, 0].tolist() == [9.0, 40.0]  # best first over all levels


def test_the_total_limit_keeps_the_best_of_all_levels():
    prediction = dense([ONE] * 3, [1.0, 3.0, 2.0], [[16.0, 16], [17, 16], [48, 16]], [8.0] * 3, [2, 1])
    (found,) = network(max_proposals=2).select(prediction, [(64, 64)])
    assert found.boxes[:, 0].tolist() == [9.0, 40.0]


def test_training_and_test_keep_their_own_numbers():
    prediction = dense([ONE] * 4, [1.0, 3.0, 2.0, 0.0], [[16.0, 16]] * 4, [8.0] * 4, [4])
    model = network(train_top_k=3, test_top_k=1)
    assert len(model.select(prediction, [(64, 64)])[0].boxes) == 1
    assert len(model.train().select(prediction, [(64, 64)])[0].boxes) == 3


def test_losses_are_divided_by_samples_and_images():
    # One anchor of side 20 at (10, 10), IoU 0.75 with the object, and one far from it.
    prediction = dense([[0.5, 0.25, 0.5, 0.25], ONE], [0.0, 0.0], [[10.0, 10], [200, 200]], [20.0, 20.0], [2])
    objects = torch.tensor([[0.0, 5.0, 20.0, 20.0]])
    centerness, box = network().losses(prediction, [objects]).values()
    # target √(10/10 · 5/10) for the first, 0 for the second; both predicted sigmoid(0) = 0.5
    assert centerness.item() == pytest.approx((abs(math.sqrt(0.5) - 0.5) + 0.5) / 256)
    # predicted [0, 5, 20, 15]: IoU 200 / 300
    assert box.item() == pytest.approx((1 - 200 / 300) / 256)


def test_smooth_l1_may_replace_the_iou_loss_of_boxes():
    prediction = dense([[0.5, 0.25, 0.5, 0.25], ONE], [0.0, 0.0], [[10.0, 10], [200, 200]], [20.0, 20.0], [2])
    objects = torch.tensor([[0.0, 5.0, 20.0, 20.0]])
    # sides wanted: 0.5 0.25 0.5 0.5; one is off by 0.25, and β is 1/9
    box = network(box_loss="smooth_l1").losses(prediction, [objects])["proposal_box"]
    assert box.item() == pytest.approx((0.25 - 1 / 18) / 256)


def test_without_objects_every_centerness_should_be_zero_and_no_box_counts():
    prediction = dense([ONE, ONE], [0.0, 0.0], [[10.0, 10], [200, 200]], [20.0, 20.0], [2])
    centerness, box = network().losses(prediction, [torch.zeros(0, 4)]).values()
    assert centerness.item() == pytest.approx(2 * 0.5 / 256)
    assert box.item() == 0


def test_an_object_that_no_anchor_fits_still_teaches_its_best_anchor():
    prediction = dense([ONE, ONE], [0.0, 0.0], [[10.0, 10], [200, 200]], [20.0, 20.0], [2])
    objects = torch.tensor([[8.0, 8.0, 12.0, 12.0]])  # IoU 16/400 with the first anchor
    centerness, box = network().losses(prediction, [objects]).values()
    assert centerness.item() == pytest.approx((0.5 + 0.5) / 256)  # target 1 and target 0
    assert box.item() == pytest.approx((1 - 16 / 1600) / 256)


def test_the_images_of_a_batch_are_each_held_against_their_own_objects():
    sides = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0)) + 0.2
    logits = torch.tensor([[0.0, 1.0, -1.0, 2.0]]).repeat(3, 1)
    centres, sizes = torch.tensor([[10.0, 10], [40, 10], [10, 40], [200, 200]]), torch.tensor([20.0, 20, 20, 20])
    objects = [
        torch.tensor([[1.0, 1.0, 20.0, 20.0]]),
        torch.zeros(0, 4),
        torch.tensor([[0.0, 30.0, 18.0, 50.0], [31.0, 0.0, 50.0, 19.0]]),
    ]
    model = network(samples=16)
    together = model.losses(DensePrediction(sides, logits, centres, sizes, [4]), objects)
    alone = [
        model.losses(DensePrediction(sides[i : i + 1], logits[i : i + 1], centres, sizes, [4]), objects[i : i + 1])
        for i in range(3)
    ]
    for name, whole in together.items():
        assert whole.item() == pytest.approx(sum(losses[name].item() for losses in alone) / 3)
