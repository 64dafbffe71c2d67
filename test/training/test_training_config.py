"""A training configuration is read whole, or refused with one sentence that names the entry."""

import pytest
import torch
import yaml

from osis_ros.training.class_names import COCO_KNOWN, GRASPNET_KNOWN
from osis_ros.training.config import PRESETS, ConfigError, Optimiser, load_config
from osis_ros.training.model.presets import faithful


@pytest.fixture
def config_file(tmp_path):
    def write(**changes):
        tree = {
            "name": "tiny",
            "model": {"class_names": ["cup", "bowl"]},
            "train": {"photos": {"annotations": "a.json", "images": "."}},
            **changes,
        }
        path = tmp_path / "tiny.yaml"
        path.write_text(yaml.safe_dump(tree))
        return str(path)

    return write


def test_defaults_are_the_papers(config_file):
    config = load_config(config_file())
    assert (config.steps, config.batch, config.optimiser.learning_rate) == (128_000, 4, 0.005)
    assert config.augment.short_sides == (640, 672, 704, 736, 768, 800)


def test_single_entries_can_be_replaced(config_file):
    config = load_config(config_file(), ["optimiser.learning_rate=0.02", "steps=7", "train.photos.weight=3"])
    assert (config.optimiser.learning_rate, config.steps, config.train["photos"].weight) == (0.02, 7, 3)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["stepps=3"], "stepps"),
        (["steps=0"], "steps: .*greater than 0"),
        (["steps"], "key.sub=value"),
        (["name.x=1"], "name holds a value"),
        (["name='a/b'"], "name: "),
        (["model.preset=tiny"], "model.preset is 'tiny'"),
        (["model.preset=[tabletop]"], "model.preset is "),
        (["model.preset=tabletop", "model.class_names=5"], "class_names"),
        (["model.preset=tabletop", "model.class_names=null"], "class_names"),
        (["optimiser.momentum=.nan"], "optimiser.momentum: .*finite"),
        (["optimiser.momentum=1"], "optimiser.momentum: .*less than 1"),
        (["optimiser.weight_decay=.inf"], "optimiser.weight_decay: .*finite"),
        (["optimiser.weight_decay=-1"], "optimiser.weight_decay: .*greater than or equal to 0"),
        (["optimiser.warmup_factor=.nan"], "optimiser.warmup_factor: .*finite"),
        (["optimiser.learning_rate=.inf"], "optimiser.learning_rate: .*finite"),
        (["optimiser.clip_gradient_norm=0"], "optimiser.clip_gradient_norm: .*greater than 0"),
        (["seed=-1"], "seed: .*greater than or equal to 0"),
        (["model.backbone.x=1"], "model.*backbone"),
        (["train.photos.retexture={source: others}"], "train.photos.retexture.source: there is no source 'others'"),
        (["train.photos.retexture={source: photos, keep: [drill]}"], "retexture.keep: 'drill' is none of the model's"),
        (["train.photos.cutouts={source: others}"], "train.photos.cutouts.source: there is no source 'others'"),
        (["steps=[1"], r"steps: '\[1' is not YAML"),
        (["on_gpu=3"], "on_gpu"),
        (["on_gpu={stepps: 3}"], "stepps"),
        (["train.photos.classes=none", "train.photos.rename={cup: mug}"], "rename is of no effect with classes: none"),
        (["model.system=goss", "batch=1"], r"yaml: batch is 1, but model\.scene has batch norm"),
        (["augment.scale=[0.5, 1]"], "augment: scale: of no effect with mode: short_side"),
        (
            ["optimiser.name=adamw", "optimiser.momentum=0.8"],
            "optimiser: momentum: of no effect with name: adamw",
        ),
        (["optimiser.cooldown=0.1"], "optimiser: cooldown: of no effect with schedule: steps"),
        (["scenes={scenes: {dev: {count: 3}}}"], "scenes.scenes.dev"),
    ],
)
def test_an_entry_that_cannot_be_is_named(config_file, overrides, message):
    with pytest.raises(ConfigError, match=message):
        load_config(config_file(), overrides)


@pytest.mark.parametrize("gpu", [False, True])
def test_a_gpu_has_entries_of_its_own_and_the_command_line_the_last_word(config_file, monkeypatch, gpu):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    file = config_file(
        on_gpu={"batch": 32, "steps": 9, "optimiser": {"learning_rate": 0.5}}, optimiser={"momentum": 0.8}
    )
    config = load_config(file, ["steps=7"])
    assert (config.batch, config.optimiser.learning_rate) == ((32, 0.5) if gpu else (4, 0.005))
    assert (config.steps, config.optimiser.momentum) == (7, 0.8)
    assert load_config(file, ["on_gpu.batch=16"]).batch == (16 if gpu else 4)


def test_an_unknown_preset_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"presets: .*tabletop"):
        load_config("tabeltop")


@pytest.mark.parametrize("text", ["{", "- a", ""])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ConfigError):
        load_config(str(tmp_path / "x.yaml"))


def bomb() -> str:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 10)]
    return "\n".join(["l0: &l0 [x]", *levels, "name: *l9"])


@pytest.mark.parametrize("text", [bomb(), "name: &a [*a]"])
def test_aliases_that_unfold_without_end_are_refused_at_once(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"x\.yaml: its aliases \(\*name\) unfold to more than 100,000 entries"):
        load_config(str(tmp_path / "x.yaml"))


def test_a_file_that_is_nested_too_deep_is_one_sentence(tmp_path):
    (tmp_path / "x.yaml").write_text("[" * 5000)
    with pytest.raises(ConfigError, match=r"x\.yaml cannot be read as YAML"):
        load_config(str(tmp_path / "x.yaml"))


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_preset_is_valid(path):
    assert load_config(path.stem).name == path.stem


def test_partial_supervision_hides_the_masks_of_one_half_of_cocos_classes():
    voc, nonvoc = load_config("masks-of-voc"), load_config("masks-of-nonvoc")
    names = voc.model.class_names
    assert (len(names), len(set(names))) == (80, 80)
    assert voc.train["coco"].boxes_only == tuple(name for name in names if name not in COCO_KNOWN)
    assert nonvoc.train["coco"].boxes_only == COCO_KNOWN
    assert voc.model == nonvoc.model
    assert (voc.model.mask.output, voc.model.mask_teacher.convs) == ("class_specific", 4)
    assert (voc.model.mask_teacher.rule, voc.model.mask_teacher.loss_weight) == ("interaction", 1)
    assert voc.batch * voc.accumulate == voc.optimiser.reference_batch == 16


def test_the_papers_runs_are_the_papers():
    coco, graspnet = load_config("paper-coco"), load_config("paper-graspnet")
    assert coco.model == faithful(COCO_KNOWN)
    assert graspnet.model == faithful(tuple(GRASPNET_KNOWN.values()), graspnet=True)
    assert coco.optimiser == graspnet.optimiser == Optimiser()
    assert (coco.steps, coco.batch, coco.augment.mode) == (128_000, 4, "short_side")
