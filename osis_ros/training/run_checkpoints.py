"""The checkpoints of a training run: when they are written, and whether a run can go on from one."""

import io
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from osis_ros.files.atomic import write_whole
from osis_ros.training.config import ConfigError
from osis_ros.training.fit_module import FitModule
from osis_ros.training.resuming import resumed_step


class WholeCheckpoints(TorchCheckpointIO):
    """Lightning draws up a checkpoint in the system's temporary folder: where that is another file system, moving it
    over the last one takes a while, and a run that is killed meanwhile has lost both."""

    def save_checkpoint(self, checkpoint: dict, path: str | Path, storage_options: object = None) -> None:
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_whole(Path(path), buffer.getvalue())


class Checkpoints(Checkpoint):
    """Writes the run's last checkpoint every so many steps and after the last one. Lightning calls a `Checkpoint` after
    every other callback, so the averages in it are the step's own; and it is written before the end of the run puts
    them in the weights' place, so that a run that is given more steps goes on as if it had never ended."""

    def __init__(self, path: Path, every: int) -> None:
        self.path, self.every = path, every

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, outputs, batch, index: int) -> None:
        step, whole_step = trainer.global_step, (index + 1) % trainer.accumulate_grad_batches == 0
        if whole_step and (step % self.every == 0 or step == trainer.max_steps):
            trainer.save_checkpoint(self.path)


def require_resumable(path: Path, module: FitModule) -> tuple[int, dict]:
    """Hold a run's last checkpoint against the network that is to go on from it, before Lightning stumbles over it.

    Returns:
        The steps of the configuration that it has been trained, and its hyperparameters.
    Raises:
        ConfigError: a damaged file, or one of another network or optimiser.
    """
    advice = "remove it or give --no-resume to start anew"
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        theirs = {name: tensor.shape for name, tensor in checkpoint["state_dict"].items()}
        parameters = checkpoint["hyper_parameters"]
        earlier = parameters["config"]
        class_names, optimiser = earlier["model"]["class_names"], earlier["optimiser"]["name"]
        only = earlier.get("only", ())  # there are checkpoints older than it
        steps = resumed_step(checkpoint, module.config)
    except Exception:  # whatever a damaged zip or pickle makes PyTorch stumble over
        raise ConfigError(f"{path} is damaged, or no training checkpoint; {advice}") from None
    if theirs != {name: tensor.shape for name, tensor in module.state_dict().items()}:
        raise ConfigError(f"{path} is of another network than the configuration's; {advice}, or choose another name")
    if list(class_names) != list(module.config.model.class_names):
        names = ", ".join(class_names)
        raise ConfigError(
            f"{path} knows other classes than the configuration, {names}; {advice}, or choose another name"
        )
    config = module.config
    if optimiser != config.optimiser.name or list(only) != list(config.only):
        raise ConfigError(
            f"{path} was trained with optimiser.name {optimiser} and only {list(only)}, which cannot change on the "
            f"way; train on from it under another name, with --init {path}"
        )
    return steps, parameters
