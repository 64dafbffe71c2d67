"""Training in two processes: Lightning's DDP on CPUs (gloo), as it is on GPUs but for the device."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from shapes import tiny_run, write_shapes

from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.config import ConfigError
from osis_ros.training.fit import device_count

PROGRAM = Path(__file__).parents[1] / "fixtures" / "two_ranks.py"
STEPS = 4


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> dict[bool, tuple[dict, list[dict]]]:
    """The last checkpoint, and what each rank wrote down, of a run without a GPU; with the embedding and without.

    Of two pictures one loses both its objects to `min_pixels`; a pass over both gives either rank one of them. Both
    runs are of the same two processes, for to start them takes longest.
    """
    pictures = write_shapes(tmp_path_factory.mktemp("pictures"), pictures=2, square=34, radius=20)
    tree = json.loads((pictures / "a.json").read_text())
    for annotation in tree["annotations"][2:]:
        annotation["segmentation"] = [[10, 10, 12, 10, 12, 12, 10, 12]]
    (pictures / "a.json").write_text(json.dumps(tree))
    augment = {"mode": "jitter", "size": (96, 128), "scale": (1, 1), "min_pixels": 50}
    folders = {embedding: tmp_path_factory.mktemp("trained") for embedding in (True, False)}
    for embedding, folder in folders.items():
        model = tiny_run().model.replace(embedding={"enabled": embedding})
        config = tiny_run(devices=2, steps=STEPS, batch=1, model=model, augment=augment)
        (folder / "run.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    # Each rank on one thread: two that share two cores would otherwise wait for one another.
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, PROGRAM, pictures, *folders.values()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return {embedding: records(folder) for embedding, folder in folders.items()}


def records(folder: Path) -> tuple[dict, list[dict]]:
    load_checkpoint(folder / "shapes" / "last.ckpt")
    last = torch.load(folder / "shapes" / "last.ckpt", weights_only=True)
    return last, [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in (0, 1)]


def test_two_processes_train_one_model_each_on_its_half_of_the_stream(trained):
    last, ranks = trained[True]
    for rank, record in enumerate(ranks):  # rank r takes positions r, r + 2, …
        assert [position for position, _ in record["drawn"]][:STEPS] == list(range(rank, 2 * STEPS, 2))
    for name, tensor in ranks[0]["state"].items():
        assert torch.equal(ranks[1]["state"][name], tensor), name
        assert torch.equal(last["state_dict"][f"model.{name}"], tensor), name
    # 1e-3 is for a batch of 2, which two processes with one image each are (the linear rule)
    assert last["lr_schedulers"][0]["base_lrs"] == pytest.approx([1e-3] * 4)
    assert last["global_step"] == STEPS


@pytest.mark.parametrize("embedding", [True, False])
def test_a_process_without_an_object_in_its_image_keeps_pace(trained, embedding):
    """A parameter without a gradient, be it for want of an object or of a loss, would stop DDP at the next step."""
    _, ranks = trained[embedding]
    objects = [[count for _, count in record["drawn"]][:STEPS] for record in ranks]
    assert [a + b for a, b in zip(*objects)] == [2] * STEPS  # in every step one rank has both, the other none
    for name, tensor in ranks[0]["state"].items():
        assert torch.equal(ranks[1]["state"][name], tensor), name


@pytest.mark.parametrize(("asked", "present", "expected"), [("auto", 0, 1), ("auto", 4, 4), (2, 0, 2), (3, 4, 3)])
def test_a_process_a_gpu_or_as_many_as_asked_for(monkeypatch, asked, present, expected):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: present)
    assert device_count(tiny_run(devices=asked)) == expected


def test_more_gpus_than_there_are_is_one_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ConfigError, match=r"devices is 2, but this machine has 1 GPU$"):
        device_count(tiny_run(devices=2))
