"""The parts of the zero-shot network, by numbers worked out by hand."""

import pytest
import torch
import torch.nn.functional as F

from osis_ros.training.model.baselines.rpn import RPN
from osis_ros.training.model.semseg.config import MaskConfig, ProposalConfig
from osis_ros.training.model.zero_shot.background_rpn import BackgroundAwareRPN, WordObjectness
from osis_ros.training.model.zero_shot.names import mean_vector, with_background
from osis_ros.training.model.zero_shot.semantic_classifier import (
    SemanticClassifier,
    mean_vectors,
    name_scores,
    semantic_logits,
)
from osis_ros.training.model.zero_shot.semantic_mask import SemanticMaskHead, mask_kernels

WORDS = torch.tensor([[1.0, 0], [0, 1], [0.5, 0.5]])  # two classes and, last, background
NAME = torch.tensor([[0.6, 0.8]])


def test_the_mean_rule_compares_the_mean_of_the_classes_with_every_name():
    """.3 (1, 0) + .5 (0, 1) + .2 (.5, .5) = (.4, .6). The name: .6 · .4 + .8 · .6 = .72."""
    logits = torch.tensor([[0.3, 0.5, 0.2]]).log()
    mean = mean_vectors(logits, WORDS)
    torch.testing.assert_close(mean, torch.tensor([[0.4, 0.6]]))
    torch.testing.assert_close(mean @ NAME.T, torch.tensor([[0.72]]))
    torch.testing.assert_close(mean @ WORDS.T, torch.tensor([[0.4, 0.6, 0.5]]))


def test_scores_by_both_rules():
    """A semantic vector of zeros makes all of WORDS as likely: mean (.5, .5), and the name scores .7. Direct: the
    cosine of (3, 4) with each."""
    names = torch.cat((WORDS[:2], NAME))
    mean = name_scores(torch.zeros(1, 2), WORDS, names, "mean")
    torch.testing.assert_close(mean, torch.tensor([[0.5, 0.5, 0.7]]))
    direct = name_scores(torch.tensor([[3.0, 4.0]]), WORDS, names, "direct")
    torch.testing.assert_close(direct, torch.tensor([[0.6, 0.8, 1.0]]))


@pytest.mark.parametrize("rule", ["mean", "direct"])
def test_equal_vectors_score_equally_and_the_order_of_names_does_not_matter(rule):
    torch.manual_seed(0)
    words, names = F.normalize(torch.randn(6, 8)), F.normalize(torch.randn(5, 8))
    names[4] = names[1]
    scores = name_scores(torch.randn(3, 8), words, names, rule)
    torch.testing.assert_close(scores[:, 4], scores[:, 1])
    order = torch.tensor([3, 0, 4, 2, 1])
    torch.manual_seed(0)
    torch.randn(6, 8), torch.randn(5, 8)
    torch.testing.assert_close(name_scores(torch.randn(3, 8), words, names[order], rule), scores[:, order])


def test_one_hot_vectors_carry_nothing_over():
    """Names at right angles to every class score 0, whatever is seen."""
    axes = torch.eye(5)
    semantic = torch.randn(20, 3) @ axes[:3]
    assert (name_scores(semantic, axes[:3], axes[3:], "direct") == 0).all()
    assert (name_scores(semantic, axes[:3], axes[3:], "mean") == 0).all()


def test_logits_are_products_with_the_vectors():
    torch.testing.assert_close(semantic_logits(torch.tensor([[2.0, -1]]), WORDS), torch.tensor([[2.0, -1, 0.5]]))


def test_the_reconstruction_loss_is_the_mean_of_squares():
    """(1, 2, 3) made again as (1, 1, 1): (0 + 1 + 4) / 3."""
    classifier = SemanticClassifier(3, 2, decoder=True)
    with torch.no_grad():
        classifier.decoder.weight.zero_()
        classifier.decoder.bias.fill_(1)
    loss = classifier.reconstruction_loss(torch.tensor([[1.0, 2, 3]]), torch.zeros(1, 2))
    torch.testing.assert_close(loss, torch.tensor(5 / 3))
    assert SemanticClassifier(3, 2, decoder=False).decoder is None


def test_the_background_starts_at_the_mean_and_comes_last():
    rows = torch.tensor([[1.0, 0], [0, 1], [2, 2]])
    torch.testing.assert_close(mean_vector(rows), torch.tensor([1.0, 1.0]))
    torch.testing.assert_close(with_background(rows, mean_vector(rows))[-1], torch.tensor([1.0, 1.0]))


def test_objectness_is_the_softmax_of_two_products():
    """Folding the pair of vectors into the convolution gives the sigmoid that a softmax over the two products gives."""
    torch.manual_seed(0)
    part = WordObjectness(4, anchors=3, dim=5)
    with torch.no_grad():
        part.background.normal_()
        part.foreground.normal_()
        part.encoder.weight.normal_()
        part.encoder.bias.normal_()
    feature = torch.randn(2, 4, 6, 7)
    semantic = part.encoder(feature).unflatten(1, (3, 5))
    pair = torch.stack((part.background, part.foreground))
    both = torch.einsum("nd,badhw->banhw", pair, semantic)
    torch.testing.assert_close(part(feature).sigmoid(), both.softmax(2)[:, :, 1], rtol=1e-4, atol=1e-5)


def test_the_rpn_has_no_other_part_than_its_objectness():
    config = ProposalConfig(kind="background_rpn")
    own, plain = BackgroundAwareRPN(config, 8, 5), RPN(config, 8)
    differ = own.state_dict().keys() ^ plain.state_dict().keys()
    assert all(name.startswith("objectness.") for name in differ)
    own.start_background(torch.tensor([[2.0] * 5, [4.0] * 5]))
    torch.testing.assert_close(own.background, torch.full((5,), 3.0))


def test_kernels_of_masks_by_hand():
    """With background (.5, .5) and logits 2, -1 and 0 of (1, 0), (0, 1) and background, the vector is (2, -1); the name
    gets .6 · 2 - .8 = .4. The semantic vector (2, -1) has the background's logit .5 instead: (2.25, -.75), .75."""
    kernels = mask_kernels(WORDS, NAME)
    torch.testing.assert_close(kernels[:2], WORDS[:2])
    torch.testing.assert_close(kernels[2] @ torch.tensor([2.0, -1]), torch.tensor(0.75))
    torch.testing.assert_close(torch.tensor([2.0, -1, 0]) @ WORDS @ NAME[0], torch.tensor(0.4))


def mask_head(decoder: bool = True) -> SemanticMaskHead:
    torch.manual_seed(0)
    head = SemanticMaskHead(MaskConfig(channels=6, convs=2, output="words", pixel_conv=False), 4, 5, decoder)
    with torch.no_grad():
        head.scale.fill_(3)
        head.encoder.bias.normal_()
    return head


def test_mask_logits_are_scaled_products_of_cells_and_kernels():
    head, pooled, kernels = mask_head(), torch.randn(2, 4, 7, 7), torch.randn(2, 5)
    semantic = head.encoder(head.trunk(pooled))
    torch.testing.assert_close(head(pooled, kernels).logits, 3 * torch.einsum("rd,rdhw->rhw", kernels, semantic))


def test_masks_have_a_reconstruction_only_where_it_is_learnt():
    pooled, kernels = torch.randn(2, 4, 7, 7), torch.randn(2, 5)
    head = mask_head()
    features = head.trunk(pooled)
    again = head.decoder(head.encoder(features))
    expected = ((again - features) ** 2).mean((1, 2, 3))
    torch.testing.assert_close(head.train()(pooled, kernels).reconstruction, expected)
    assert head.eval()(pooled, kernels).reconstruction is None
    assert mask_head(decoder=False).train()(pooled, kernels).reconstruction is None
    assert head(pooled[:0], kernels[:0]).logits.shape == (0, 14, 14)
