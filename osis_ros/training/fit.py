"""Training a model from a `TrainConfig`: the Lightning loop, its checkpoints, and what stops it."""

import warnings
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging, LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader

from osis_ros.training.augment import train_transform
from osis_ros.training.config import ConfigError, TrainConfig
from osis_ros.training.data import NO_CLASS, Record, Samples, Stream, collate, read_source
from osis_ros.training.model.backbone import load_backbone_weights
from osis_ros.training.model.semseg import SemSeg
from osis_ros.training.optimise import learning_rate_factor, make_optimiser


class TrainingDiverged(Exception):
    """A loss that is no longer a number; the message says where and what to try."""


class FitModule(pl.LightningModule):
    """SemSeg with its losses, optimiser and data stream, as Lightning wants them."""

    def __init__(self, config: TrainConfig, data_root: Path) -> None:
        super().__init__()
        self.save_hyperparameters({"config": config.model_dump(mode="json")})
        self.config = config
        self.data_root = data_root
        self.model = SemSeg(config.model)
        if config.backbone_weights:
            load_backbone_weights(self.model, data_root / config.backbone_weights)

    def training_step(self, batch: tuple, batch_index: int) -> Tensor:
        images, sizes, targets = batch
        losses = self.model(images.contiguous(memory_format=torch.channels_last), sizes, targets)
        total = sum(losses.values())
        if not torch.isfinite(total):
            bad = ", ".join(name for name, value in losses.items() if not torch.isfinite(value))
            raise TrainingDiverged(
                f"{bad} is not finite at step {self.global_step}; lower optimiser.learning_rate (now "
                f"{self.config.optimiser.learning_rate:g}), warm up longer, or set optimiser.clip_gradient_norm"
            )
        self.log_dict({"loss": total, **losses}, batch_size=len(images))
        self.log("loss_shown", total, prog_bar=True, logger=False, batch_size=len(images))
        return total

    def configure_optimizers(self) -> dict:
        config = self.config
        batch = config.batch * config.accumulate * self.trainer.world_size
        optimiser = make_optimiser(self.model, config.optimiser, batch)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: learning_rate_factor(step, config.steps, config.optimiser)
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def train_dataloader(self) -> DataLoader:
        config, trainer = self.config, self.trainer
        records = [read_source(s, self.data_root, config.model.class_names) for s in config.train.values()]
        require_known_objects(records)
        drawn = self.global_step * config.batch * config.accumulate * trainer.world_size
        stream = Stream(
            [len(r) for r in records], [s.weight for s in config.train.values()], config.seed,
            start=drawn, rank=trainer.global_rank, world=trainer.world_size,
        )  # fmt: skip
        samples = Samples(
            [record for source in records for record in source],
            train_transform(config.augment), config.augment.min_pixels, config.seed,
        )  # fmt: skip
        return DataLoader(
            samples, config.batch, sampler=stream, num_workers=config.workers, collate_fn=collate,
            persistent_workers=config.workers > 0, pin_memory=torch.cuda.is_available(), worker_init_fn=_one_thread,
        )  # fmt: skip


def _one_thread(_: int) -> None:
    """A worker is one of several: it leaves the other cores to the network."""
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def require_known_objects(sources: list[list[Record]]) -> None:
    """Stop a run that could learn no class.

    Raises:
        ConfigError: no annotation of any source belongs to a known class.
    """
    labels = {label for records in sources for record in records for label in record.labels}
    if labels <= {NO_CLASS}:
        raise ConfigError(
            "no annotation belongs to a known class; check model.class_names against the categories of the train data"
        )


def fit(config: TrainConfig, data_root: Path, output: Path, resume: bool = True) -> Path:
    """Train until `config.steps`, and write `OUTPUT/NAME/last.ckpt` every `checkpoint_every` steps.

    A run that is stopped at any moment goes on from its last checkpoint when it is started again: the data
    stream, the schedule, the optimiser and the averaged weights all continue where they were.

    Returns:
        The last checkpoint.
    Raises:
        ConfigError: data or weights that cannot be used. TrainingDiverged: a loss stopped being finite.
    """
    pl.seed_everything(config.seed, workers=True)
    torch.set_float32_matmul_precision("high")
    folder = output / config.name
    last = folder / "last.ckpt"
    module = FitModule(config, data_root)
    callbacks: list[Callback] = [
        ModelCheckpoint(
            folder, "step-{step}", save_last=True, save_top_k=0, every_n_train_steps=config.checkpoint_every,
            save_on_train_epoch_end=False,
        ),
        LearningRateMonitor("step"),
    ]  # fmt: skip
    if config.optimiser.ema_decay:
        callbacks.append(EMAWeightAveraging(decay=config.optimiser.ema_decay))
    devices = max(1, torch.cuda.device_count())
    trainer = pl.Trainer(
        max_steps=config.steps,
        precision=config.precision,
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
    )
    warnings.filterwarnings("ignore", message=".*IterableDataset.*")
    trainer.fit(module, ckpt_path=str(last) if resume and last.is_file() else None, weights_only=True)
    trainer.save_checkpoint(last)
    return last
