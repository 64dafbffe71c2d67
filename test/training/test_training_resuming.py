"""A run that goes on in other batches, or on another device, neither skips nor repeats a sample."""

from itertools import islice

import pytest
import torch
from shapes import tiny_run, write_shapes

from osis_ros.training.config import TrainConfig
from osis_ros.training.data import Samples, Stream
from osis_ros.training.fit import fit
from osis_ros.training.fit_module import FitModule


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return write_shapes(tmp_path_factory.mktemp("shapes"), pictures=4, square=34, radius=20)


@pytest.fixture
def drawn(monkeypatch):
    """The index of every sample that a run is trained on, in turn; others are made ahead of their use."""
    made, trained = [], []
    make, loader, step = Samples.__getitem__, FitModule.train_dataloader, FitModule.training_step

    def train(module, batch, batch_index):
        trained.extend(made[: len(batch[0])])
        del made[: len(batch[0])]
        return step(module, batch, batch_index)

    monkeypatch.setattr(Samples, "__getitem__", lambda self, index: made.append(index) or make(self, index))
    monkeypatch.setattr(FitModule, "train_dataloader", lambda module: made.clear() or loader(module))
    monkeypatch.setattr(FitModule, "training_step", train)
    return trained


def of_samples(draws, config: TrainConfig) -> bool:
    """Whether those draws are the stream's first."""
    stream = Stream([4], [1.0], config.seed)
    return draws == list(islice(stream, len(draws)))


def test_a_run_in_other_batches_goes_on_with_the_next_sample(shapes, tmp_path, drawn):
    for batch, accumulate, steps in ((2, 1, 2), (3, 1, 3), (1, 2, 5), (2, 1, 6)):
        fit(tiny_run(batch=batch, accumulate=accumulate, steps=steps), shapes, tmp_path)
    assert len(drawn) == 2 * 2 + 3 + 2 * 2 + 2
    assert of_samples(drawn, tiny_run())


def test_a_checkpoint_from_before_samples_were_counted_had_one_size_of_batch(shapes, tmp_path, drawn):
    last = fit(tiny_run(batch=2, accumulate=2, steps=1), shapes, tmp_path)
    checkpoint = torch.load(last, weights_only=True)
    assert checkpoint.pop("samples") == 4
    torch.save(checkpoint, last)
    fit(tiny_run(batch=1, steps=3), shapes, tmp_path)
    assert of_samples(drawn, tiny_run())
    assert len(drawn) == 6


def on(device: str, **changes) -> TrainConfig:
    """One run as `load_config` gives it: 8 steps of 1 sample on a CPU, 2 of 4 on a GPU."""
    own = {"batch": 4, "steps": 2} if device == "gpu" else {"batch": 1, "steps": 8}
    return tiny_run(on_gpu={"batch": 4, "steps": 2}, **(own | changes))


def stopped_at(step: int, config: TrainConfig, shapes, tmp_path, monkeypatch):
    """The run, killed after that step."""

    class Stopped(Exception):
        pass

    def stop(module, *_):
        if module.global_step == step:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(FitModule, "on_train_batch_start", stop)
        with pytest.raises(Stopped):
            fit(config.model_copy(update={"checkpoint_every": step}), shapes, tmp_path)


@pytest.mark.parametrize(("first", "then", "step", "left"), [("cpu", "gpu", 4, 4), ("gpu", "cpu", 1, 4)])
def test_a_run_that_moves_to_another_device_goes_on_at_the_same_share(
    shapes, tmp_path, drawn, monkeypatch, first, then, step, left
):
    stopped_at(step, on(first), shapes, tmp_path, monkeypatch)
    last = fit(on(then), shapes, tmp_path)
    assert len(drawn) == 4 + left
    assert of_samples(drawn, on(then))
    checkpoint = torch.load(last, weights_only=True)
    steps = on(then).steps
    assert checkpoint["global_step"] == checkpoint["lr_schedulers"][0]["last_epoch"] == steps
    assert checkpoint["callbacks"]["EMAWeightAveraging"]["latest_update_step"] == steps
    assert checkpoint["samples"] == 8


def test_a_run_that_came_to_its_end_has_all_its_steps_on_another_device_too(shapes, tmp_path, capsys):
    last = fit(on("cpu"), shapes, tmp_path)
    before = last.read_bytes()
    assert fit(on("gpu"), shapes, tmp_path) == last
    assert f"{last} has its 2 steps already" in capsys.readouterr().out
    assert last.read_bytes() == before
