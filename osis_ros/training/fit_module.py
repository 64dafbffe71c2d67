"""The network with its losses, optimiser and data, as Lightning wants them."""

import subprocess
from pathlib import Path

import cv2
import lightning.pytorch as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from osis_ros.errors import OsisError
from osis_ros.training.augment import train_transform
from osis_ros.training.checkpoint import NOT_RECORDED
from osis_ros.training.config import ConfigError, Cutouts, Retexture, TrainConfig
from osis_ros.training.cutouts import Cutout, CutoutPaster, cut_out, drawn_from
from osis_ros.training.data import Paster, Record, Samples, Stream, collate, read_source
from osis_ros.training.data_checks import require_known_objects, warn_without_masks
from osis_ros.training.model.backbones.backbone import load_backbone_weights
from osis_ros.training.model.build import build_detector
from osis_ros.training.model.detector import Progress
from osis_ros.training.model.weights_file import WeightsError
from osis_ros.training.optimise import learning_rate_factor, make_optimiser
from osis_ros.training.resuming import SAMPLES, resumed_step, samples_seen, set_step
from osis_ros.training.retexture import Retexturer, textures_of
from osis_ros.training.starting import require_no_frozen_chance, require_words, start_from, train_only
from osis_ros.words.word_vectors import read_word_vectors


class TrainingDiverged(OsisError):
    """A loss that is no longer a number; the message says where and what to try."""


class FitModule(pl.LightningModule):
    """The network with its losses, optimiser and data stream, as Lightning wants them."""

    def __init__(
        self, config: TrainConfig, data_root: Path, init: Path | None = None, goes_on: bool = False,
        init_parts: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """
        Args:
            init, init_parts: weights to start from, as in `fit`.
            goes_on: all weights will be those of the run's last checkpoint.
        Raises:
            ConfigError: weights that cannot be used, or that would stay random for ever.
        """
        super().__init__()
        self.save_hyperparameters({"config": config.model_dump(mode="json"), "commit": source_commit()})
        self.config = config
        self.data_root = data_root
        self.samples = 0  # trained on, over all processes
        self._cut_outs: dict[tuple, list[Cutout]] = {}
        self.model = build_detector(config.model)
        if config.only:
            train_only(self.model, config.only)
        taken: set[str] = set()
        if config.backbone_weights:
            try:
                load_backbone_weights(self.model, data_root / config.backbone_weights)
            except WeightsError as error:
                raise ConfigError(f"backbone_weights: {error}") from None
            taken |= self.model.start_from_backbone()

        if config.word_vectors:
            self.model.learn_words(read_word_vectors(data_root / config.word_vectors, config.model.class_names))
        self.started_from: dict | None = None
        if init:
            self.started_from, of_earlier = start_from(self.model, init, init_parts)
            taken |= of_earlier
        if not goes_on:
            require_no_frozen_chance(self.model, taken)
            require_words(self.model)

    def training_step(self, batch: tuple, batch_index: int) -> Tensor:
        images, sizes, targets = batch
        # What the network draws (anchors, RoIs) depends on the step alone, so that a resumed run repeats it.
        torch.manual_seed((self.config.seed * 1_000_003 + batch_index) * self.trainer.world_size + self.global_rank)
        # Half precision is fastest with channels last, a CPU's float32 with channels first.
        channels_first = self.device.type == "cpu" and self.trainer.precision == "32-true"
        layout = torch.contiguous_format if channels_first else torch.channels_last
        self.model.progress = Progress(self.global_step, self.config.steps)
        losses = self.model(images.contiguous(memory_format=layout), sizes, targets)
        total = sum(losses.values())
        if not torch.isfinite(total):
            bad = ", ".join(name for name, value in losses.items() if not torch.isfinite(value))
            raise TrainingDiverged(
                f"{bad} is not finite at step {self.global_step}; lower optimiser.learning_rate (now "
                f"{self.config.optimiser.learning_rate:g}), warm up longer, or set optimiser.clip_gradient_norm"
            )
        self.log_dict({"loss": total, **losses}, batch_size=len(images))
        self.samples += len(images) * self.trainer.world_size
        return total

    def on_save_checkpoint(self, checkpoint: dict) -> None:
        checkpoint[SAMPLES] = self.samples

    def on_load_checkpoint(self, checkpoint: dict) -> None:
        self.samples = samples_seen(checkpoint, self.trainer.world_size)
        set_step(checkpoint, resumed_step(checkpoint, self.config), self.config.accumulate)

    def configure_optimizers(self) -> dict:
        optimiser = self._new_optimiser()
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate_factor)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_start(self) -> None:
        """A run that goes on takes its rates from the configuration: those of a checkpoint may be why it diverged."""
        optimiser, schedule = self.optimizers(), self.lr_schedulers()
        new = self._new_optimiser().param_groups
        schedule.base_lrs = [group["lr"] for group in new]
        factor = self._rate_factor(schedule.last_epoch)
        for group, fresh in zip(optimiser.param_groups, new, strict=True):
            settings = {key: value for key, value in fresh.items() if key != "params"}
            group |= settings | {"initial_lr": fresh["lr"], "lr": fresh["lr"] * factor}

    def _new_optimiser(self) -> torch.optim.Optimizer:
        batch = self.config.batch * self.config.accumulate * self.trainer.world_size
        return make_optimiser(self.model, self.config.optimiser, batch)

    def _rate_factor(self, step: int) -> float:
        return learning_rate_factor(step, self.config.steps, self.config.optimiser)

    def train_dataloader(self) -> DataLoader:
        config, trainer = self.config, self.trainer
        records = [read_source(s, self.data_root, config.model.class_names) for s in config.train.values()]
        require_known_objects(records, config.model.class_names)
        warn_without_masks(records, config.model)
        stream = Stream(
            [len(r) for r in records], [s.weight for s in config.train.values()], config.seed,
            start=self.samples, rank=trainer.global_rank, world=trainer.world_size,
        )  # fmt: skip
        samples = Samples(
            [record for source in records for record in source],
            train_transform(config.augment), config.augment.min_pixels, config.seed, self._pasters(records),
            config.augment.recolour,
        )  # fmt: skip
        # Workers are forked and leave the other cores to the network. A fork that inherits OpenCV's threads only in
        # name would wait for them for ever once it gives them up, so they go before it.
        cv2.setNumThreads(1)
        return DataLoader(
            samples, config.batch, sampler=stream, num_workers=config.workers, collate_fn=collate,
            persistent_workers=config.workers > 0, pin_memory=torch.cuda.is_available(),
        )  # fmt: skip

    def _pasters(self, records: list[list[Record]]) -> dict[int, tuple[Paster, ...]]:
        """What changes the image of a record, other surfaces first, by its number in all sources together."""
        pasters, start = {}, 0
        for source, own in zip(self.config.train.values(), records, strict=True):
            of_source: list[Paster] = []
            if source.retexture:
                of_source.append(self._retexturer(source.retexture))
            if source.cutouts:
                of_source.append(CutoutPaster(self._cut_out(source.cutouts), source.cutouts))
            if of_source:
                pasters.update(dict.fromkeys(range(start, start + len(own)), tuple(of_source)))
            start += len(own)
        return pasters

    def _retexturer(self, config: Retexture) -> Retexturer:
        class_names = self.config.model.class_names
        records = read_source(self.config.train[config.source], self.data_root, class_names)
        photographs = textures_of(drawn_from(records, config.photographs, self.config.seed))
        return Retexturer(photographs, config, frozenset(map(class_names.index, config.keep)))

    def _cut_out(self, cutouts: Cutouts) -> list[Cutout]:
        """The objects that `cutouts` pastes, made once for all who paste the same."""
        key = cutouts.source, cutouts.drop_annotations, cutouts.photographs
        if key not in self._cut_outs:
            other = self.config.train[cutouts.source]
            dropped = (*other.drop_annotations, *cutouts.drop_annotations)
            other = other.model_copy(update={"drop_annotations": dropped})
            records = read_source(other, self.data_root, self.config.model.class_names)
            self._cut_outs[key] = cut_out(drawn_from(records, cutouts.photographs, self.config.seed))
        return self._cut_outs[key]


def source_commit() -> str:
    """The commit of the source that trains, marked where files differ from it; `not recorded` without git."""
    command = ("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*")
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return NOT_RECORDED
    return result.stdout.strip() or NOT_RECORDED
