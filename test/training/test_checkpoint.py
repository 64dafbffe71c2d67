"""Weights go to disk and come back; what cannot be read is one sentence that names the tensor or the field."""

import pickle
from pathlib import Path

import pytest
import torch
from narrow_network import narrow
from safetensors.torch import load_file, save_file

from osis_ros.training.checkpoint import CheckpointError, lineage, load_checkpoint, save_checkpoint
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector


def small_config() -> ModelConfig:
    return narrow(("bowl", "cup")).replace(
        channels=8, roi={"hidden": 8}, embedding={"dim": 4}, mask={"channels": 4, "embedding_dim": 4, "convs": 1}
    )


@pytest.fixture(scope="module")
def model() -> Detector:
    torch.manual_seed(0)
    return Detector(small_config())


@pytest.fixture
def file(model, tmp_path) -> Path:
    save_checkpoint(tmp_path / "weights.safetensors", model, {"seed": 5}, torch.float32)
    return tmp_path / "weights.safetensors"


def lightning(model: Detector, **changes: object) -> dict:
    """A training run's checkpoint, as the trainer writes it."""
    config = {"name": "small", "seed": 9, "train": {"scenes": {}}, "model": model.config.model_dump(mode="json")}
    state = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    return {"hyper_parameters": {"config": config, "commit": "f00"}, "state_dict": state, "global_step": 12, **changes}


def sentence(file: Path) -> str:
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(file)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_network_comes_back_as_it_was(model, file):
    loaded, provenance = load_checkpoint(file)
    assert loaded.config == model.config
    assert provenance == {"seed": 5}
    assert not loaded.training
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])


def test_half_precision_rounds_and_comes_back_as_float32(model, tmp_path):
    save_checkpoint(tmp_path / "half.safetensors", model, {})
    loaded, _ = load_checkpoint(tmp_path / "half.safetensors")
    for name, tensor in loaded.state_dict().items():
        assert tensor.dtype == model.state_dict()[name].dtype
        torch.testing.assert_close(tensor, model.state_dict()[name], rtol=5e-4, atol=1e-7)


def test_a_training_checkpoint_gives_its_network_and_where_it_comes_from(model, tmp_path):
    torch.save(lightning(model), tmp_path / "last.ckpt")
    loaded, provenance = load_checkpoint(tmp_path / "last.ckpt")
    assert loaded.config == model.config
    assert (provenance["steps"], provenance["seed"], provenance["commit"]) == (12, 9, "f00")
    assert provenance["data"] == "scenes"
    assert provenance["config"]["name"] == "small"


def test_a_missing_an_extra_and_a_misshapen_tensor_are_named(model, tmp_path):
    name = "embedding.centres"
    for change, reason in {
        "missing": f"lacks tensor '{name}'",
        "extra": "has the unexpected tensor 'neck.weight'",
        "misshapen": f"tensor '{name}' is [2, 5], expected [2, 4]",
    }.items():
        checkpoint = lightning(model)
        state = checkpoint["state_dict"]
        if change == "missing":
            del state[f"model.{name}"]
        elif change == "extra":
            state["model.neck.weight"] = torch.zeros(1)
        else:
            state[f"model.{name}"] = torch.zeros(2, 5)
        torch.save(checkpoint, tmp_path / f"{change}.ckpt")
        assert reason in sentence(tmp_path / f"{change}.ckpt")


def test_files_that_are_no_checkpoint_are_told(model, file, tmp_path):
    assert "is not a file" in sentence(tmp_path / "gone.ckpt")
    (tmp_path / "text.ckpt").write_text("weights")
    assert "is damaged, or no training checkpoint" in sentence(tmp_path / "text.ckpt")
    torch.save(lightning(model), tmp_path / "whole.ckpt")
    data = (tmp_path / "whole.ckpt").read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(data[: len(data) // 2])
    assert "is damaged" in sentence(tmp_path / "cut.ckpt")
    torch.save({"model": model.state_dict()}, tmp_path / "other.ckpt")
    assert "expected a checkpoint of `osis train`" in sentence(tmp_path / "other.ckpt")
    (tmp_path / "cut.safetensors").write_bytes(file.read_bytes()[:1000])
    assert "is not a readable safetensors file" in sentence(tmp_path / "cut.safetensors")
    save_file(load_file(file), tmp_path / "bare.safetensors")
    assert "metadata 'format' is None, expected 'osis_ros.semseg'" in sentence(tmp_path / "bare.safetensors")


def test_a_configuration_of_another_release_names_its_field(model, tmp_path):
    checkpoint = lightning(model)
    checkpoint["hyper_parameters"]["config"]["model"]["temperature"] = 3
    torch.save(checkpoint, tmp_path / "new.ckpt")
    assert "its configuration does not fit this release: temperature" in sentence(tmp_path / "new.ckpt")


class Malicious:
    def __reduce__(self):
        return (Path.write_text, (Path("ran"), "code of the checkpoint ran"))


def test_a_checkpoint_that_would_run_code_is_refused_unrun(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.ckpt").write_bytes(pickle.dumps(Malicious(), protocol=2))
    assert "a file that would run code when loaded is refused" in sentence(tmp_path / "evil.ckpt")
    assert not (tmp_path / "ran").exists()


def test_saving_leaves_no_unfinished_file_behind(file):
    assert [entry.name for entry in file.parent.iterdir()] == ["weights.safetensors"]


def test_imported_weights_are_named_in_the_lineage_of_those_that_go_on_from_them():
    name = "faithful, imported"
    recorded = lineage({"config": name, "data": "that of others"})
    assert recorded == {"name": name, "backbone_weights": name, "data": "that of others"}
    assert lineage({"config": "not recorded"})["backbone_weights"] is None
