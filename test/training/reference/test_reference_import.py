"""Official checkpoints become ours, or a sentence that names the tensor."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.model.weights_file import WeightsError
from osis_ros.training.reference.import_checkpoint import import_checkpoint, import_tensors

FILE = Path("official.pth")


def test_every_tensor_of_an_official_checkpoint_has_a_place(reference):
    shapes = json.loads((reference / "keys_graspnet.json").read_text())
    model = import_tensors({name: torch.zeros(shape) for name, shape in shapes.items()}, FILE)
    assert sum(t.numel() for t in model.state_dict().values()) == sum(torch.Size(s).numel() for s in shapes.values())
    assert model.config.num_classes == 28
    assert model.config.class_names[0] == "cracker_box"
    assert model.config.loss_weights.contrastive == 3


def test_values_arrive_where_they_belong(official):
    model = import_tensors(official, FILE)
    pairs = {
        "backbone.stages.0.0.weight": "backbone.bottom_up.stem.conv1.weight",
        "backbone.stages.3.0.downsample.0.weight": "backbone.bottom_up.res4.0.shortcut.weight",
        "fpn.lateral.0.bias": "backbone.fpn_lateral2.bias",
        "mask_head.convs.3.weight": "roi_heads.mask_head.conv.mask_fcn4.weight",
        "mask_head.pixel.weight": "roi_heads.mask_head.conv.post_conv.weight",
        "classifier.decoder.weight": "roi_heads.dml.decoder.weight",
        "embedding.centres": "roi_heads.dml.representatives",
    }
    state = model.state_dict()
    for ours, theirs in pairs.items():
        assert torch.equal(state[ours], official[theirs]), ours
    assert torch.equal(
        state["proposals.output.weight"][4], official["proposal_generator.rpn_head.centerness.weight"][0]
    )


def test_twenty_classes_are_those_of_coco_osis_unless_named(official):
    assert import_tensors(official, FILE).config.class_names == COCO_KNOWN
    names = tuple(f"thing {i}" for i in range(20))
    assert import_tensors(official, FILE, names).config.class_names == names
    with pytest.raises(WeightsError, match="20 known classes, expected as many class names, got 2"):
        import_tensors(official, FILE, ("mug", "bowl"))


@pytest.mark.parametrize(
    "name",
    [
        "roi_heads.dml.encoder.bias",
        "backbone.bottom_up.res4.5.conv2.norm.running_var",
        "proposal_generator.rpn_head.centerness.weight",
        "roi_heads.dml.representatives",
    ],
)
def test_a_missing_tensor_is_named(official, name):
    with pytest.raises(WeightsError, match=f"missing.*{name}"):
        import_tensors({key: value for key, value in official.items() if key != name}, FILE)


def test_an_extra_tensor_is_named_but_constants_are_welcome(official):
    with pytest.raises(WeightsError, match=r"not part of SemSeg: roi_heads\.extra\.weight"):
        import_tensors({**official, "roi_heads.extra.weight": torch.zeros(1)}, FILE)
    import_tensors({**official, "pixel_mean": torch.zeros(3, 1, 1)}, FILE)


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("roi_heads.box_head.fc1.weight", (1024, 6272), r"\[1024, 6272\], expected \[1024, 12544\]"),
        ("proposal_generator.rpn_head.anchor_deltas.bias", (5,), r"\[5\], expected \[4\]"),
        ("roi_heads.softmaxcls.cls_score.bias", (29,), r"\[29\], expected \[21\]"),
    ],
)
def test_a_misshapen_tensor_is_named_with_both_shapes(official, name, shape, expected):
    with pytest.raises(WeightsError, match=f"{name} is {expected}"):
        import_tensors({**official, name: torch.zeros(shape)}, FILE)


def test_the_command_writes_a_checkpoint_that_loads(official, tmp_path):
    torch.save({"model": official, "iteration": 127999}, tmp_path / "official.pth")
    result = CliRunner().invoke(
        app, ["import-checkpoint", str(tmp_path / "official.pth"), "--output", str(tmp_path / "ours.safetensors")]
    )
    assert result.exit_code == 0, result.output
    assert "20 known classes" in result.output
    model, provenance = load_checkpoint(tmp_path / "ours.safetensors")
    assert torch.equal(model.embedding.centres, official["roi_heads.dml.representatives"])
    assert "official.pth" in provenance["data"]


def test_a_backbone_alone_becomes_a_network_whose_heads_are_untrained(official, tmp_path):
    prefix = "backbone.bottom_up."
    backbone = {n.removeprefix(prefix): t.numpy() for n, t in official.items() if n.startswith(prefix)}
    with (tmp_path / "R-50.pkl").open("wb") as file:
        pickle.dump({"model": backbone, "__author__": "MSRA", "matching_heuristics": True}, file)
    model, whole = import_checkpoint(tmp_path / "R-50.pkl", ("mug", "bowl"))
    assert not whole
    assert model.config.class_names == ("mug", "bowl")
    weight = official["backbone.bottom_up.res5.2.conv3.weight"]
    assert torch.equal(model.backbone.stages[4][2].conv3.weight, weight)


@pytest.mark.parametrize("name", ["absent.pth", "text.pth"])
def test_the_command_says_in_one_line_what_it_cannot_read(tmp_path, name):
    (tmp_path / "text.pth").write_text("hello")
    result = CliRunner().invoke(app, ["import-checkpoint", str(tmp_path / name)])
    assert result.exit_code == 1
    assert name in result.output
    assert "Traceback" not in result.output
