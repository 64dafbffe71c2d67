"""A run trains, can be stopped and resumed at any step, and says in one sentence why it will not go on."""

import warnings

import cv2
import numpy as np
import pytest
import torch
from shapes import NAMES, tiny_run, write_shapes

from osis_ros.training.checkpoint import load_checkpoint, save_checkpoint
from osis_ros.training.config import ConfigError, load_config
from osis_ros.training.cutouts import CutoutPaster
from osis_ros.training.data import decode_masks, read_pixels, read_source
from osis_ros.training.data_checks import warn_without_masks
from osis_ros.training.fit import fastest_precision, fit
from osis_ros.training.fit_module import FitModule, TrainingDiverged
from osis_ros.training.model.systems import SYSTEMS


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return write_shapes(tmp_path_factory.mktemp("shapes"), pictures=8, square=34, radius=20)


def tensors(path):
    return load_checkpoint(path)[0].state_dict()


def test_a_run_leaves_a_checkpoint_that_loads_as_a_model(shapes, tmp_path, capsys):
    last = fit(tiny_run(), shapes, tmp_path)
    model, _ = load_checkpoint(last)
    assert model.config.class_names == NAMES
    assert "step 4/4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("amx", "avx512_bf16", "precision"),
    [(False, False, "32-true"), (True, False, "bf16-mixed"), (False, True, "bf16-mixed")],
)
def test_half_precision_is_chosen_only_where_the_cpu_computes_in_it(monkeypatch, amx, avx512_bf16, precision):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512_bf16)
    assert fastest_precision() == precision


def test_a_run_without_any_mask_says_that_masks_learn_nothing(shapes, tmp_path):
    config = tiny_run(steps=1, train={"shapes": {"annotations": "a.json", "images": ".", "boxes_only": "all"}})
    with pytest.warns(UserWarning, match="no annotation has a mask to learn from"):
        fit(config, shapes, tmp_path)


def test_masks_of_a_class_with_boxes_only_are_said_not_to_be_learnt(shapes):
    config = tiny_run(
        train={"shapes": {"annotations": "a.json", "images": ".", "boxes_only": ["disc"]}},
        model={"system": "mask-rcnn", "preset": "tabletop", "class_names": NAMES},
    )
    records = [read_source(config.train["shapes"], shapes, NAMES)]
    with pytest.warns(UserWarning, match="class_specific has masks of their own for disc, of which"):
        warn_without_masks(records, config.model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_without_masks(records, tiny_run().model)  # the others' masks serve


@pytest.mark.parametrize("system", [None, "mask-rcnn"])
def test_a_run_with_a_teacher_of_masks_teaches_and_the_student_stands_alone(shapes, tmp_path, system):
    model = tiny_run().model
    model = SYSTEMS[system].network(model) if system else model
    config = tiny_run(
        model=model.replace(mask_teacher={"convs": 2}).model_dump(),
        train={"shapes": {"annotations": "a.json", "images": ".", "boxes_only": ["disc"]}},
    )
    begun = {n: p.clone() for n, p in FitModule(config, shapes).model.state_dict().items()}
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*(class_specific|mask_teacher)")
        learnt = load_checkpoint(fit(config, shapes, tmp_path))[0]
    changed = {n for n, p in learnt.state_dict().items() if not torch.equal(p, begun[n])}
    assert {n for n in begun if n.startswith(("mask_teacher.", "mask_head."))} <= changed
    image = torch.from_numpy(cv2.imread(str(shapes / "0.png"))[..., ::-1].copy()).permute(2, 0, 1)[None]
    with torch.no_grad():
        (found,) = learnt.eval().segment_boxes(
            image, [(96, 128)], [torch.tensor([[75.0, 40, 115, 80]])], [torch.tensor([1])]
        )
    assert found.masks.shape == (1, 28, 28)


def test_a_teacher_with_nothing_to_teach_is_told_of(shapes):
    config = tiny_run(model=tiny_run().model.replace(mask_teacher={}).model_dump())
    with pytest.warns(UserWarning, match="mask_teacher: every annotation has a mask, so there is nothing to teach"):
        warn_without_masks([read_source(config.train["shapes"], shapes, NAMES)], config.model)


def test_a_run_of_automatic_precision_trains_here(shapes, tmp_path):
    load_checkpoint(fit(tiny_run(precision="auto", steps=1), shapes, tmp_path))


def test_a_stopped_run_goes_on_to_the_same_weights(shapes, tmp_path):
    """Three steps and one more, in another process life, equal four in one go: data, schedule, momenta, averages."""
    whole = tensors(fit(tiny_run(), shapes, tmp_path / "whole"))
    config = tiny_run(checkpoint_every=3)

    class Stopped(Exception):
        pass

    def stop_after_three(callback, trainer, *_):
        if trainer.global_step == 3:
            raise Stopped

    from osis_ros.training import progress

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress.ProgressLines, "on_train_batch_start", stop_after_three)
        with pytest.raises(Stopped):
            fit(config, shapes, tmp_path / "parts")
    resumed = tensors(fit(config, shapes, tmp_path / "parts"))
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=1e-4, atol=1e-5, msg=name)


def of_constant_rate(**changes):
    constant = {"name": "adamw", "learning_rate": 1e-3, "reference_batch": 2, "warmup_steps": 0, "ema_decay": 0.5}
    return tiny_run(optimiser=constant | changes.pop("optimiser", {}), **changes)


def test_a_run_that_ended_goes_on_to_the_same_weights_when_given_more_steps(shapes, tmp_path):
    whole = tensors(fit(of_constant_rate(steps=4), shapes, tmp_path / "whole"))
    fit(of_constant_rate(steps=2, checkpoint_every=500), shapes, tmp_path / "parts")
    longer = tensors(fit(of_constant_rate(steps=4), shapes, tmp_path / "parts"))
    for name, tensor in whole.items():
        torch.testing.assert_close(longer[name], tensor, rtol=1e-4, atol=1e-5, msg=name)


def test_a_run_that_has_its_steps_says_so_and_is_left_alone(shapes, tmp_path, capsys):
    last = fit(tiny_run(steps=1), shapes, tmp_path)
    before = last.read_bytes()
    assert fit(tiny_run(steps=1, seed=7), shapes, tmp_path) == last
    assert f"{last} has its 1 steps already; give more steps, or --no-resume" in capsys.readouterr().out
    assert last.read_bytes() == before


def test_a_run_that_goes_on_takes_its_rates_from_the_configuration(shapes, tmp_path):
    before = tensors(fit(of_constant_rate(steps=2), shapes, tmp_path))
    lower = {"learning_rate": 1e-12, "weight_decay": 0.02, "ema_decay": None}
    last = fit(of_constant_rate(steps=4, optimiser=lower), shapes, tmp_path)
    groups = torch.load(last, weights_only=True)["optimizer_states"][0]["param_groups"]
    assert {group["lr"] for group in groups} == {1e-12}
    assert {group["weight_decay"] for group in groups} == {0, 0.02}
    assert tensors(last).keys() == before.keys()


@pytest.mark.parametrize("change", [{"only": ("mask_head",)}, {"optimiser": {"name": "sgd"}}])
def test_what_a_run_cannot_change_on_its_way_is_one_sentence(change, shapes, tmp_path):
    fit(tiny_run(steps=1), shapes, tmp_path)
    with pytest.raises(ConfigError, match=r"with optimiser\.name adamw and only \[\], which cannot change .* --init"):
        fit(tiny_run(steps=2, **change), shapes, tmp_path)


def test_a_run_pastes_cut_outs_of_another_source(tmp_path):
    shapes = write_shapes(tmp_path, pictures=4, square=50, radius=20)
    own = {"annotations": "a.json", "images": "."}
    cutouts = {"source": "photos", "probability": 1, "size": (0.2, 0.3)}
    config = tiny_run(train={"shapes": {**own, "cutouts": cutouts}, "photos": own}, steps=1)
    module = FitModule(config, shapes)
    records = [read_source(source, shapes, NAMES) for source in config.train.values()]
    pasters = module._pasters(records)
    assert sorted(pasters) == [0, 1, 2, 3]  # the first source's pictures alone
    assert {cutout.label for cutout in pasters[0][0].cutouts} == {0}  # the discs are too small
    assert fit(config, shapes, tmp_path / "runs").is_file()


def test_a_run_gives_objects_surfaces_from_another_source_before_it_pastes_cut_outs(tmp_path):
    shapes = write_shapes(tmp_path, pictures=3, square=50, radius=20)
    own = {"annotations": "a.json", "images": "."}
    retexture = {"source": "photos", "probability": 1, "keep": ["disc"], "photographs": 2}
    train = {"shapes": {**own, "retexture": retexture, "cutouts": {"source": "photos"}}, "photos": own}
    config = tiny_run(train=train, steps=1)
    module = FitModule(config, shapes)
    records = [read_source(source, shapes, NAMES) for source in config.train.values()]
    pasters = module._pasters(records)
    assert sorted(pasters) == [0, 1, 2]
    retexturer, paster = pasters[0]
    assert isinstance(paster, CutoutPaster)
    assert len(retexturer.photographs) == 2
    pixels, masks = read_pixels(records[0][0]), decode_masks(records[0][0])
    after, _, _ = retexturer(pixels, masks, records[0][0].labels, np.random.default_rng(0))
    changed = (after != pixels).any(2)
    square, disc = (masks[records[0][0].labels.index(NAMES.index(name))] for name in ("square", "disc"))
    assert changed[square == 1].mean() > 0.1
    assert not changed[disc == 1].any()
    assert fit(config, shapes, tmp_path / "runs").is_file()


def test_a_run_that_diverges_says_where_and_what_to_try(shapes, tmp_path):
    config = tiny_run(optimiser={"name": "sgd", "learning_rate": 1e18, "warmup_steps": 0})
    with pytest.raises(TrainingDiverged, match=r"is not finite at step \d; lower optimiser.learning_rate"):
        fit(config, shapes, tmp_path)


def test_data_without_a_known_class_is_refused(shapes, tmp_path):
    source = {"shapes": {"annotations": "a.json", "images": ".", "classes": "none"}}
    with pytest.raises(ConfigError, match="no annotation belongs to a known class"):
        fit(tiny_run(train=source), shapes, tmp_path)


def test_starting_from_an_earlier_model_takes_what_fits(shapes, tmp_path):
    first = fit(tiny_run(), shapes, tmp_path / "first")
    more_classes = {**tiny_run().model.model_dump(), "class_names": (*NAMES, "ring")}
    config = tiny_run(model=more_classes, steps=1, optimiser={"learning_rate": 1e-12})
    with pytest.warns(UserWarning, match="no annotation is of class ring, .* misspelt"):
        second, before = tensors(fit(config, shapes, tmp_path / "second", init=first)), tensors(first)
    torch.testing.assert_close(second["mask_head.pixel.weight"], before["mask_head.pixel.weight"])
    assert second["embedding.centres"].shape[0] == 3


def test_what_was_taken_of_an_earlier_model_is_said_and_next_to_nothing_is_refused(shapes, tmp_path, capsys):
    first = fit(tiny_run(steps=1), shapes, tmp_path / "first")
    capsys.readouterr()
    model = tiny_run().model
    wider = model.replace(mask={"channels": 24})
    fit(tiny_run(model=wider.model_dump(), steps=1), shapes, tmp_path / "second", init=first)
    assert f"{first}: took " in (said := capsys.readouterr().out)
    assert "% of its weights; parts of mask_head start anew" in said
    other = model.replace(backbone="resnet18", channels=32, roi={"hidden": 48})
    with pytest.raises(ConfigError, match=r"has but \d+ of this model's \d+ tensors, 0% of its weights; it is of an"):
        fit(tiny_run(model=other.model_dump(), steps=1), shapes, tmp_path / "third", init=first)


def test_weights_tell_what_they_went_on_from_and_whose_weights_their_backbone_started_with(shapes, tmp_path):
    first, _ = load_checkpoint(fit(tiny_run(steps=1), shapes, tmp_path / "first"))
    given = {"data": "pictures", "steps": 7, "seed": 3, "commit": "abc", "metrics": [1]}
    for name, weights in (("ours", None), ("theirs", "weights/theirs.pth")):
        provenance = given | {"config": {"name": "before", "backbone_weights": weights}}
        save_checkpoint(tmp_path / f"{name}.safetensors", first, provenance)
        fit(tiny_run(steps=1), shapes, tmp_path / name, init=tmp_path / f"{name}.safetensors")
        last = fit(tiny_run(steps=2), shapes, tmp_path / name)  # without saying once more what it started from
        _, recorded = load_checkpoint(last)
        assert recorded["init"] == {
            "name": "before", "backbone_weights": weights, "data": "pictures", "steps": 7, "seed": 3, "commit": "abc",
        }  # fmt: skip


def test_other_classes_of_the_same_number_start_anew(shapes, tmp_path):
    look = {"crop_size": 32, "hidden": 16, "frozen_stages": 0}
    model = {**tiny_run().model.model_dump(), "second_look": look}
    first = fit(tiny_run(model=model), shapes, tmp_path / "first")
    renamed = {**model, "class_names": NAMES[::-1]}
    config = tiny_run(model=renamed, steps=1, optimiser={"learning_rate": 1e-12})
    second, before = tensors(fit(config, shapes, tmp_path / "second", init=first)), tensors(first)
    torch.testing.assert_close(second["roi_head.fc1.weight"], before["roi_head.fc1.weight"])
    class_tensors = ("embedding.centres", "classifier.output.weight", "classifier.output.bias")
    for name in (*class_tensors, "second_look.embedding.centres"):
        assert not torch.allclose(second[name], before[name], atol=1e-4), name


def test_a_checkpoint_of_something_else_is_no_start(shapes, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(ConfigError, match="--init: "):
        fit(tiny_run(), shapes, tmp_path, init=path)


def test_a_worker_starts_although_opencv_has_threads_of_its_own(shapes, tmp_path):
    cv2.setNumThreads(2)
    cv2.GaussianBlur(np.zeros((2000, 2000), np.uint8), (31, 31), 0)  # starts them
    fit(tiny_run(workers=1, steps=1), shapes, tmp_path)


def test_only_the_named_parts_are_trained(shapes, tmp_path):
    on_crops = {
        "second_look": {"crop_size": 32, "hidden": 16, "frozen_stages": 0},
        "mask_refinement": {"crop_size": 32, "border": 4, "frozen_stages": 0},
    }
    model = {**tiny_run().model.model_dump(), **on_crops}
    first = fit(tiny_run(model=model, steps=1), shapes, tmp_path / "first")
    config = tiny_run(model=model, only=("second_look", "mask_refinement", "mask_head"), steps=2)
    second, before = tensors(fit(config, shapes, tmp_path / "second", init=first)), tensors(first)
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], second[name])}
    assert changed == {"mask_head", "mask_refinement", "second_look"}


def random_and_frozen(changes, root, **init):
    with pytest.raises(ConfigError, match="drawn at random and frozen, so they would never be learnt") as error:
        FitModule(tiny_run(**changes), root, **init)
    return str(error.value)


def test_weights_that_nothing_would_ever_train_are_refused(shapes, tmp_path):
    frozen = {**tiny_run().model.model_dump(), "frozen_stages": 2}
    on_crops = {"second_look": {"crop_size": 32, "hidden": 16}, "mask_refinement": {"crop_size": 32, "border": 4}}
    sentence = random_and_frozen({"model": {**frozen, **on_crops}}, shapes)
    assert sentence.startswith("45,552 weights of backbone, second_look, mask_refinement are drawn at random")
    assert "--init or backbone_weights" in sentence
    assert random_and_frozen({"only": ("mask_head",)}, shapes).count("classifier") == 1
    first = fit(tiny_run(steps=1), shapes, tmp_path)
    FitModule(tiny_run(model=frozen, only=("mask_head",)), shapes, first)
    renamed = {**frozen, "class_names": NAMES[::-1]}  # those of the classes start anew
    sentence = random_and_frozen({"model": renamed, "only": ("mask_head",)}, shapes, init=first)
    assert "weights of embedding, classifier are drawn" in sentence


def test_the_shipped_preset_is_refused_without_weights_to_start_from(shapes):
    config = load_config("tabletop", ["backbone_weights=null"])
    with pytest.raises(ConfigError, match="45,552 weights of backbone, second_look, mask_refinement"):
        FitModule(config, shapes)


def test_a_run_that_goes_on_needs_nothing_to_start_from(shapes, tmp_path):
    frozen = {**tiny_run().model.model_dump(), "frozen_stages": 2}
    first = fit(tiny_run(steps=1), shapes, tmp_path / "first")
    fit(tiny_run(model=frozen, steps=1), shapes, tmp_path / "second", init=first)
    assert fit(tiny_run(model=frozen, steps=2), shapes, tmp_path / "second").is_file()


@pytest.mark.parametrize("part", ["second_look", "box_pool"])  # not there; without a weight
def test_a_part_that_has_nothing_to_learn_cannot_be_the_only_one(part, shapes, tmp_path):
    with pytest.raises(ConfigError, match=f"only: the network has no part {part}; expected some of backbone, fpn"):
        fit(tiny_run(only=(part,)), shapes, tmp_path)
