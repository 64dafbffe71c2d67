"""Training a model from a `TrainConfig`: the Lightning loop, its checkpoints, and what stops it."""

import logging
import warnings
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging, LearningRateMonitor
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from osis_ros.errors import OsisError
from osis_ros.training.config import ConfigError, TrainConfig
from osis_ros.training.fit_module import FitModule
from osis_ros.training.progress import ProgressLines
from osis_ros.training.run_checkpoints import Checkpoints, WholeCheckpoints, require_resumable


def device_count(config: TrainConfig) -> int:
    """Processes to train in, one a GPU; on a machine without GPUs one a process that shares its cores.

    Raises:
        ConfigError: more GPUs asked for than there are.
    """
    present = torch.cuda.device_count()
    if config.devices == "auto":
        return max(1, present)
    if 0 < present < config.devices:
        raise ConfigError(f"devices is {config.devices}, but this machine has {present} GPU{'s' * (present > 1)}")
    return config.devices


def fastest_precision() -> str:
    """What `precision: auto` means here. Without instructions for it a CPU emulates bfloat16, ten times slower."""
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return "bf16-mixed" if native else "32-true"


def _own_sentence(error: OsisError) -> str:
    """The message as it was raised: PyTorch puts a worker's whole traceback before it."""
    text = str(error).strip()
    return text.rpartition(f"{type(error).__qualname__}: ")[2] if text.startswith("Caught ") else text


def fit(
    config: TrainConfig, data_root: Path, output: Path, resume: bool = True, init: Path | None = None,
    init_parts: tuple[str, ...] = (),
) -> Path:  # fmt: skip
    """Train until `config.steps`, and write `OUTPUT/NAME/last.ckpt` every `checkpoint_every` steps and at the end.

    A run that is stopped at any moment goes on from its last checkpoint when it is started again: the data
    stream, the schedule, the optimiser and the averaged weights all continue where they were, and so they do where a
    run that came to its end is given more steps. Rates are those of the configuration, where it has changed.

    Args:
        config: what to train on what.
        data_root: folder that the configuration's data paths start at.
        output: folder for runs.
        resume: go on from the run's last checkpoint, if there is one.
        init: a checkpoint or weights.safetensors of an earlier model to start from; its classes may differ.
        init_parts: parts of the network that start from it, as `backbone`; (): all that fit.
    Returns:
        The last checkpoint.
    Raises:
        ConfigError: a configuration or weights that cannot be used. DatasetError, ImageError: data that cannot.
        TrainingDiverged: a loss stopped being finite.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    torch.manual_seed(config.seed)
    torch.set_float32_matmul_precision("high")
    folder = output / config.name
    last = folder / "last.ckpt"
    goes_on = resume and last.is_file()
    module = FitModule(config, data_root, init, goes_on, init_parts)
    started_from = module.started_from
    callbacks: list[Callback] = [
        Checkpoints(last, config.checkpoint_every),
        LearningRateMonitor("step"),
        ProgressLines(),
    ]
    if config.optimiser.ema_decay:
        callbacks.append(
            EMAWeightAveraging(decay=config.optimiser.ema_decay, use_buffers=config.model.scene is not None)
        )
    devices = device_count(config)
    trainer = pl.Trainer(
        max_steps=config.steps,
        precision=fastest_precision() if config.precision == "auto" else config.precision,
        accumulate_grad_batches=config.accumulate,
        gradient_clip_val=config.optimiser.clip_gradient_norm,
        callbacks=callbacks,
        logger=TensorBoardLogger(output, config.name, version=""),
        accelerator="gpu" if torch.cuda.is_available() else "cpu",
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        use_distributed_sampler=False,
        log_every_n_steps=20,
        enable_model_summary=False,
        enable_progress_bar=False,
        plugins=[WholeCheckpoints()],
    )
    warnings.filterwarnings("ignore", message=".*IterableDataset.*")
    if goes_on:
        done, parameters = require_resumable(last, module)
        started_from = parameters.get("init", started_from)
        if done >= config.steps:
            rank_zero_only(print)(f"{last} has its {done} steps already; give more steps, or --no-resume to start anew")
            return last
    module.hparams["init"] = started_from
    try:
        trainer.fit(module, ckpt_path=str(last) if goes_on else None, weights_only=True)
    except OsisError as error:
        raise type(error)(_own_sentence(error)) from None
    return last
