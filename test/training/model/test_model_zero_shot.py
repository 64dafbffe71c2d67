"""The zero-shot network: it finds names that it never learnt, and the vectors alone say where."""

import numpy as np
import pytest
import torch
from crop_networks import SIZE, scene
from narrow_network import narrow
from pydantic import ValidationError

from osis_ros.training.checkpoint import load_checkpoint, save_checkpoint
from osis_ros.training.model.build import build_detector
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.semseg.config import SemSegConfig
from osis_ros.training.model.semseg.stages import Candidates
from osis_ros.training.model.systems import SYSTEMS
from osis_ros.training.model.zero_shot_detector import ZeroShotDetector
from osis_ros.words.names_file import NamedVectors, NamesError

SEEN = ("mug", "bowl")
VECTORS = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.8, 0.6, 0, 0], [0, 0, 1, 0]], np.float32)


def small(**sections: dict | None) -> ModelConfig:
    base = narrow(SEEN).replace(
        channels=16, proposals={"test_top_k": 30, "train_top_k": 30}, roi={"hidden": 24, "samples": 24},
        mask={"channels": 8, "convs": 1},
    )  # fmt: skip
    return SYSTEMS["zsi"].network(base).replace(words={"dim": 4}).replace(**sections)


def built(**sections: dict | None) -> ZeroShotDetector:
    torch.manual_seed(0)
    model = build_detector(small(**sections)).eval()
    model.learn_words(NamedVectors(SEEN, VECTORS[:2], "test"))
    with torch.no_grad():
        model.classifier.encoder.weight.mul_(100)
    return model


def asked(model: ZeroShotDetector, names: tuple[str, ...] = ("cup",), rows: tuple[int, ...] = (2,)) -> ZeroShotDetector:
    model.ask(NamedVectors(names, VECTORS[list(rows)], "test"))
    return model


def candidates(model: ZeroShotDetector, semantic: list[list[float]]) -> Candidates:
    """Boxes far from each other, with these semantic vectors."""
    raw = torch.tensor(semantic)
    boxes = torch.arange(len(raw))[:, None] * 20 + torch.tensor([0.0, 0, 10, 10])
    semantics = model.describe(torch.zeros(len(raw), 24))._replace(raw=raw)
    return Candidates(boxes, torch.ones(len(raw)), semantics, model.classify(semantics), torch.ones(len(raw)))


@torch.no_grad()
def test_it_finds_names_that_it_is_asked_for():
    model = asked(built(), ("cup", "nail"), (2, 3))
    assert model.class_names == ("mug", "bowl", "cup", "nail")
    (found,) = model(scene()[0][None], [SIZE])
    assert set(found.class_ids.tolist()) & {2, 3}
    assert (found.scores[:-1] >= found.scores[1:]).all()
    assert found.masks.shape[1:] == (28, 28)


@torch.no_grad()
def test_without_a_question_it_finds_what_it_finds_with_one():
    """Names that are asked for take no place from the classes."""
    plain, more = built(), asked(built())
    (one,), (other,) = (model(scene()[0][None], [SIZE]) for model in (plain, more))
    classes = other.class_ids < 2
    assert classes.any()
    for first, second in zip(one, other, strict=True):
        torch.testing.assert_close(first, second[classes])


@torch.no_grad()
def test_a_name_gets_the_boxes_whose_semantic_vector_is_like_its_own():
    model = asked(built(words={"rule": "direct"}), ("cup", "nail"), (2, 3))
    found = candidates(model, [[8, 6, 0, 0], [0, 0, 3, 0], [5, 0, 0, 0]])
    scores = model.score(found).as_known
    torch.testing.assert_close(scores, torch.tensor([[0.8, 0.6, 1, 0], [0, 0, 0, 1], [1, 0, 0.8, 0]]))
    decision = model.decide(found, model.thresholds, model.config.decision)
    best = dict(zip(decision.index.tolist()[::-1], decision.class_ids.tolist()[::-1], strict=True))
    assert best == {0: 2, 1: 3, 2: 0}


@torch.no_grad()
def test_classes_and_names_have_a_limit_each():
    model = asked(built(words={"rule": "direct"}, decision={"max_known": 2, "max_unknown": 1}))
    found = candidates(model, [[8.0, 6, 0, 0]] * 5)
    ids = model.decide(found, model.thresholds, model.config.decision).class_ids.tolist()
    assert (ids.count(0), ids.count(1), ids.count(2)) == (2, 0, 1)  # best first: mug .8 before bowl .6


@torch.no_grad()
def test_names_in_another_order_are_found_alike():
    def by_name(names: tuple[str, ...], rows: tuple[int, ...]) -> dict[str, list[float]]:
        model = asked(built(), names, rows)
        (found,) = model(scene()[0][None], [SIZE])
        return {n: found.scores[found.class_ids == i].tolist() for i, n in enumerate(model.class_names)}

    assert by_name(("cup", "nail"), (2, 3)) == by_name(("nail", "cup"), (3, 2))


@pytest.mark.parametrize(
    ("sync", "own"), [("none", {"box", "mask"}), ("box", {"mask"}), ("mask", {"box"}), ("both", set())]
)
def test_the_background_that_the_proposals_learn_is_that_of_the_heads_in_sync(sync, own):
    model = built(words={"sync": sync})
    with torch.no_grad():
        model.proposals.background.fill_(7)
    mean = torch.from_numpy(VECTORS[:2].mean(0))
    for head, words in (("box", model.words), ("mask", model.mask_words)):
        torch.testing.assert_close(words[-1], mean if head in own else torch.full((4,), 7.0))
        torch.testing.assert_close(words[:-1], torch.from_numpy(VECTORS[:2]))


@pytest.mark.parametrize(
    "sections",
    [
        {"words": {"sync": "none"}}, {"words": {"decoder": False}},
        {"words": {"sync": "none"}, "proposals": {"kind": "rpn"}},
        {"words": {"sync": "box"}, "mask": {"output": "class_agnostic"}},
        {"words": {"sync": "none"}, "proposals": {"kind": "oln"}, "roi": {"head": "separate"}},
    ],
)  # fmt: skip
def test_all_that_learns_gets_a_gradient_and_vectors_get_none(sections):
    model = built(**sections).train()
    image, target = scene()
    losses = model(image[None], [SIZE], [target])
    assert ("loss_reconstruction" in losses) == model.config.words.decoder
    sum(losses.values()).backward()
    assert [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None] == []
    assert not any("seen" in name for name, _ in model.named_parameters())


def test_the_background_gets_a_gradient_from_the_classifier():
    model = built(words={"sync": "box"}).train()
    image, target = scene()
    model(image[None], [SIZE], [target])["loss_classification"].backward()
    assert model.proposals.background.grad.any()


@torch.no_grad()
def test_vectors_of_the_classes_are_a_part_of_a_checkpoint_and_names_are_not(tmp_path):
    save_checkpoint(tmp_path / "weights.safetensors", asked(built()), {}, torch.float32)
    loaded, _ = load_checkpoint(tmp_path / "weights.safetensors")
    assert loaded.class_names == SEEN
    (one,), (other,) = (model(scene()[0][None], [SIZE]) for model in (built(), loaded))
    for first, second in zip(one, other, strict=True):
        assert torch.equal(first, second)


@torch.no_grad()
def test_masks_of_given_boxes_are_those_of_their_names():
    model = asked(built())
    boxes = scene()[1]["boxes"][:1].repeat(4, 1)
    (found,) = model.segment_boxes(scene()[0][None], [SIZE], [boxes], [torch.tensor([0, 1, 2, 3])])
    assert not torch.equal(found.masks[0], found.masks[1])
    assert not torch.equal(found.masks[0], found.masks[2])
    assert any(torch.equal(found.masks[3], found.masks[i]) for i in (0, 1))  # unknown: its likeliest class's


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(NamesError, match="have 3 numbers, but the network was trained with vectors of 4"):
        built().ask(NamedVectors(("cup",), np.ones((1, 3), np.float32), "test"))
    with pytest.raises(NamesError, match="every one of the names is a class"):
        asked(built(), ("mug",), (0,))
    assert asked(built(), ("mug", "cup"), (0, 2)).class_names == ("mug", "bowl", "cup")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"words": None}, "words: classifier.kind words needs this section"),
        (
            {"words": {"sync": "both"}, "proposals": {"kind": "rpn"}},
            "words.sync: both wants proposals.kind background_rpn",
        ),
        ({"mask": {"output": "class_agnostic"}}, "words.sync: both wants mask.output words, not class_agnostic"),
        ({"mask": {"output": "class_specific"}}, "class_specific has no mask for an unknown object"),
        ({"roi": {"class_boxes": True}}, "roi.class_boxes: classifier.kind words finds unknown objects"),
        ({"decision": {"kind": "distance"}}, "decision.kind distance wants semantic, not words"),
        ({"proposals": {"side_bias": 0.5}}, "proposals.side_bias: it is for proposals.kind oln, not background_rpn"),
        ({"scoring": {}}, "scoring: it is for decision.kind distance"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(wrong, sentence):
    with pytest.raises(ValidationError, match=sentence):
        small(**wrong)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"words": {}}, "words: it is for classifier.kind words, not semantic"),
        ({"mask": {"output": "words"}}, "mask.output: words needs the vectors of classifier.kind words, not semantic"),
        ({"proposals": {"kind": "background_rpn"}}, "proposals.kind: background_rpn needs the vectors"),
    ],
)
def test_parts_for_words_are_refused_elsewhere(wrong, sentence):
    with pytest.raises(ValidationError, match=sentence):
        ModelConfig(class_names=("mug",), **wrong)


def test_the_papers_network_knows_nothing_of_words():
    assert "words" not in SemSegConfig.model_fields
    assert ModelConfig(class_names=("mug",)).words is None
