"""What a training run cannot use is one sentence, and comes before anything that takes long."""

import resource
import tempfile

import pytest
import torch
import yaml
from shapes import NAMES, tiny_run, write_shapes
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.errors import ImageError
from osis_ros.training.config import ConfigError, load_config
from osis_ros.training.fit import fit
from osis_ros.training.fit_module import source_commit
from osis_ros.training.prepare import require_files


@pytest.fixture
def shapes(tmp_path):
    (tmp_path / "data").mkdir()
    return write_shapes(tmp_path / "data", pictures=4, square=34, radius=20)


def test_what_is_missing_is_named_before_any_scene_is_rendered(tmp_path):
    result = CliRunner().invoke(app, ["train", "--data", str(tmp_path / "data"), "--output", str(tmp_path / "runs")])
    said = " ".join(result.output.split())
    assert result.exit_code == 1
    for name in ("weights/mobilenet_v2_imagenet.pth", "coco_mini/instances_train.json", "images: "):
        assert name in said
    assert "data/scenes" not in said  # these would be made
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_rendered_may_be_missing(tmp_path):
    for file in ("weights/mobilenet_v2_imagenet.pth", "coco_mini/instances_train.json"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).touch()
    config = load_config("tabletop")
    require_files(config, tmp_path)
    with pytest.raises(ConfigError, match=r"not found: train\.scenes\.annotations: .*; train\.scenes\.images: "):
        require_files(config.model_copy(update={"scenes": {}}), tmp_path)
    with pytest.raises(ConfigError, match=r"not found: --init: .*gone\.safetensors"):
        require_files(config, tmp_path, tmp_path / "gone.safetensors")


def test_a_damaged_or_foreign_last_checkpoint_says_what_to_do(shapes, tmp_path):
    last = fit(tiny_run(steps=1), shapes, tmp_path)
    with pytest.raises(ConfigError, match=r"last\.ckpt is of another network than the configuration's; remove it or"):
        fit(tiny_run(model={**tiny_run().model.model_dump(), "class_names": ["a", "b", "c"]}), shapes, tmp_path)
    with pytest.raises(ConfigError, match=r"last\.ckpt knows other classes than .*, square, disc; remove"):
        fit(tiny_run(model={**tiny_run().model.model_dump(), "class_names": NAMES[::-1]}), shapes, tmp_path)
    last.write_bytes(last.read_bytes()[:5000])
    with pytest.raises(
        ConfigError, match=r"last\.ckpt is damaged, or no training checkpoint; remove it or give --no-r"
    ):
        fit(tiny_run(steps=1), shapes, tmp_path)
    assert fit(tiny_run(steps=1), shapes, tmp_path, resume=False) == last
    assert torch.load(last, weights_only=True)["global_step"] == 1
    assert [path.name for path in last.parent.glob("*.ckpt")] == ["last.ckpt"]


def test_a_checkpoint_is_drawn_up_beside_its_place_and_nowhere_else(shapes, tmp_path, monkeypatch):
    def elsewhere(*_, **__) -> None:
        raise AssertionError("a temporary file in another folder")

    monkeypatch.setattr(tempfile, "mkstemp", elsewhere)
    assert fit(tiny_run(steps=1), shapes, tmp_path).is_file()


def test_an_output_that_is_no_folder_is_one_sentence(shapes, tmp_path):
    (tmp_path / "runs").write_text("in the way")
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(tiny_run().model_dump(mode="json")))
    arguments = ["train", "--config", tmp_path / "run.yaml", "--data", shapes, "--output", tmp_path / "runs"]
    result = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "300"})
    assert result.exit_code == 1
    assert f"{tmp_path / 'runs'}" in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_picture_that_a_worker_cannot_read_is_one_sentence(shapes, tmp_path):
    for picture in shapes.glob("*.png"):
        picture.write_bytes(b"no picture")
    with pytest.raises(ImageError) as caught:
        fit(tiny_run(workers=1), shapes, tmp_path)
    said = str(caught.value)
    assert said.startswith(str(shapes))
    assert ".png cannot be decoded (10 bytes): damaged or not an image" in said
    assert "\n" not in said


def test_workers_without_room_for_a_batch_end_the_run_with_one_sentence(shapes, tmp_path):
    """A full /dev/shm and a limit on the size of files stop PyTorch at the same call."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # bytes; a batch's images have 73,728
    try:
        with pytest.raises(ConfigError) as caught:
            fit(tiny_run(workers=1), shapes, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value).startswith(
        "workers: they cannot hand over samples through shared memory, /dev/shm (unable to"
    )
    assert "\n" not in str(caught.value)


def test_without_git_the_commit_is_not_recorded(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert source_commit() == "not recorded"
