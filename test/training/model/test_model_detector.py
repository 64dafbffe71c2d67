"""SemSeg with additions: without any it is the paper's network; with them, each does its step and keeps its name."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from crop_networks import SIZE, scene, tiny
from safetensors import safe_open

from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector, additions_of
from osis_ros.training.model.presets import faithful, tabletop
from osis_ros.training.model.semseg.semseg import SemSeg

SHIPPED = Path(__file__).parents[3] / "models" / "tabletop"
PLAIN = {"scoring": None, "box_voting": None}


def build(kind: type[SemSeg] = Detector, **sections: object) -> SemSeg:
    torch.manual_seed(0)
    return kind(tiny(**sections))


def test_the_papers_preset_has_no_addition():
    assert additions_of(faithful(COCO_KNOWN)) == {}
    assert list(additions_of(tabletop(("mug",)))) == ["scoring", "box_voting", "second_look", "mask_refinement"]


@torch.no_grad()
def test_without_additions_it_is_the_papers_network():
    image = scene()[0][None]
    paper, ours = build(SemSeg, **PLAIN).eval(), build(**PLAIN).eval()
    assert paper.state_dict().keys() == ours.state_dict().keys()
    for first, second in zip(paper(image, [SIZE])[0], ours(image, [SIZE])[0], strict=True):
        assert torch.equal(first, second)


def test_an_addition_changes_no_name_and_no_first_weight_of_the_papers_parts():
    plain, whole = build(**PLAIN).state_dict(), build(second_look={}, mask_refinement={}).state_dict()
    assert all(torch.equal(tensor, whole[name]) for name, tensor in plain.items())
    assert {name.split(".")[0] for name in whole.keys() - plain.keys()} == {"second_look", "mask_refinement"}


@torch.no_grad()
@pytest.mark.parametrize(("box_voting", "max_boxes"), [({"iou": 0.8}, 200), (None, 200), (None, 10)])
def test_additions_learn_from_the_boxes_that_they_will_see(box_voting, max_boxes):
    model = build(box_voting=box_voting, decision={"max_boxes": max_boxes})
    image = scene()[0]
    batch = model.observe(torch.stack([image, image.flip(2)]), [SIZE, (80, 100)])
    for i, (boxes, scores) in enumerate(model._found(batch)):
        alone = model.candidates(batch.view(i), batch.proposals[i], -1.0, model.config.decision)
        assert len(scores) == min(len(batch.proposals[i].boxes), max_boxes) > 1
        order = scores.argsort(descending=True)
        torch.testing.assert_close(scores[order], alone.scores)
        torch.testing.assert_close(boxes[order], alone.boxes, atol=1e-4, rtol=0)


def test_the_tensors_of_classes_are_those_whose_rows_are_classes():
    blending = tiny(second_look={}).replace(mask={"modulation": False, "blend": True})
    model = Detector(blending)
    names = {"embedding.centres", "classifier.output.weight", "classifier.output.bias", "mask_head.convs.0.weight"}
    assert model.class_tensors() == {*names, "second_look.embedding.centres"}
    other = Detector(blending.replace(class_names=("mug",)))
    differing = {name for name, tensor in other.state_dict().items() if tensor.shape != model.state_dict()[name].shape}
    assert differing == model.class_tensors()


def test_the_backbone_of_the_network_is_the_start_of_every_addition_with_one():
    model = build(second_look={}, mask_refinement={})
    model.start_from_backbone()
    own = model.backbone.stages.state_dict()
    assert all(torch.equal(own[n], t) for n, t in model.second_look.backbone.stages.state_dict().items())
    refinement = model.mask_refinement.backbone.state_dict()
    assert refinement
    assert all(torch.equal(own[name], tensor) for name, tensor in refinement.items())


def test_another_configuration_of_the_same_tensors_takes_the_weights():
    model = build(second_look={}).eval()
    other = model.reconfigured(model.config.replace(second_look={"share": 0.1}, decision={"max_known": 3}))
    assert (other.second_look.config.share, other.max_instances, other.training) == (0.1, 53, False)
    with pytest.raises(RuntimeError):
        model.reconfigured(model.config.replace(second_look={"dim": 7}))


def recorded() -> tuple[dict, dict]:
    """The configurations in the shipped weights and in the shipped model.yaml, as they were written."""
    with safe_open(SHIPPED / "weights.safetensors", "pt") as file:
        weights = json.loads(file.metadata()["config"])
    return weights, yaml.safe_load((SHIPPED / "model.yaml").read_text())["provenance"]["config"]["model"]


def test_the_shipped_files_are_of_the_tabletop_preset_however_they_spell_it():
    for config in recorded():
        assert ModelConfig.model_validate(config) == tabletop(tuple(config["class_names"]))


def test_the_shipped_weights_fill_every_tensor_of_the_tabletop_preset():
    model, _ = load_checkpoint(SHIPPED / "weights.safetensors")
    torch.manual_seed(0)
    fresh = Detector(tabletop(model.config.class_names)).state_dict()
    loaded = model.state_dict()
    assert {name: t.shape for name, t in loaded.items()} == {name: t.shape for name, t in fresh.items()}
    with safe_open(SHIPPED / "weights.safetensors", "pt") as file:
        for name in loaded:
            assert torch.equal(loaded[name], file.get_tensor(name).to(loaded[name].dtype)), name
