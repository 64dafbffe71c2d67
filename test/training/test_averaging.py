"""`osis average`: the mean of checkpoints, and what cannot be averaged is one sentence."""

from pathlib import Path

import pytest
import torch
from narrow_network import narrow
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.training.checkpoint import load_checkpoint, save_checkpoint
from osis_ros.training.model.detector import Detector

SMALL = {"roi": {"hidden": 8}, "embedding": {"dim": 4}, "mask": {"channels": 4, "embedding_dim": 4, "convs": 1}}


def saved(
    file: Path, seed: int, names: tuple[str, ...] = ("bowl", "cup"), channels: int = 8, **parts: dict
) -> Detector:
    torch.manual_seed(seed)
    model = Detector(narrow(names).replace(channels=channels, **SMALL, **parts))
    save_checkpoint(file, model, {"seed": seed, "data": f"set {seed}"}, torch.float32)
    return model


def average(*paths: Path, output: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["average", *map(str, paths), "--output", str(output)], env={"COLUMNS": "500"})
    return result.exit_code, result.output


def test_every_tensor_is_the_mean_and_the_provenance_says_of_what(tmp_path: Path):
    files = [tmp_path / f"{i}.safetensors" for i in range(3)]
    models = [saved(file, i).state_dict() for i, file in enumerate(files)]
    code, said = average(*files, output=tmp_path / "mean.safetensors")
    assert code == 0, said
    mean, provenance = load_checkpoint(tmp_path / "mean.safetensors")
    assert not torch.equal(models[0]["embedding.centres"], models[1]["embedding.centres"])
    for name, tensor in mean.state_dict().items():
        if tensor.is_floating_point():
            expected = torch.stack([model[name] for model in models]).mean(0)
            assert torch.allclose(tensor, expected, rtol=1e-3, atol=1e-4), name  # it is written in half precision
    assert provenance["seed"] == 2
    assert provenance["data"] == f"set 2 (mean of the weights {' and '.join(map(str, files))})"


def test_a_part_that_came_later_is_the_mean_of_those_that_have_it(tmp_path: Path):
    files = [tmp_path / f"{i}.safetensors" for i in range(3)]
    small = {"crop_size": 32, "border": 4, "channels": (8,) * 4}
    parts = ({}, {"mask_refinement": small}, {"mask_refinement": {**small, "fit_share": 0.5}})
    models = [saved(file, i, **own).state_dict() for i, (file, own) in enumerate(zip(files, parts))]
    code, said = average(*files, output=tmp_path / "mean.safetensors")
    assert code == 0, said
    mean = load_checkpoint(tmp_path / "mean.safetensors")[0].state_dict()
    refinement, score = "mask_refinement.decoder.0.weight", "mask_refinement.score.hidden.weight"
    for name, having in (("roi_head.fc1.weight", models), (refinement, models[1:]), (score, models[2:])):
        expected = torch.stack([model[name] for model in having]).mean(0)
        assert torch.allclose(mean[name], expected, rtol=1e-3, atol=1e-4), name


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"names": ("cup", "bowl")}, "its classes are not those of"),
        ({"channels": 16}, "expected [8, "),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, other: dict, sentence: str):
    saved(tmp_path / "a.safetensors", 0, **other)
    saved(tmp_path / "b.safetensors", 1)
    code, said = average(tmp_path / "a.safetensors", tmp_path / "b.safetensors", output=tmp_path / "c.safetensors")
    assert code == 1
    assert f"{tmp_path / 'a.safetensors'}: " in said
    assert sentence in said
    assert not (tmp_path / "c.safetensors").exists()


def test_one_alone_a_missing_one_and_a_foreign_name_are_refused(tmp_path: Path):
    one = tmp_path / "a.safetensors"
    saved(one, 0)
    assert "two checkpoints or more" in average(one, output=tmp_path / "c.safetensors")[1]
    assert "b.ckpt is not a file" in average(one, tmp_path / "b.ckpt", output=tmp_path / "c.safetensors")[1]
    assert "ends with .safetensors" in average(one, one, output=tmp_path / "c.ckpt")[1]
