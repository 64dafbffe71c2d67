"""Training a model from a `TrainConfig`: the Lightning loop, its checkpoints, and what stops it."""

import io
import logging
import subprocess
import warnings
from pathlib import Path

import cv2
import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint, EMAWeightAveraging, LearningRateMonitor
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.utilities import rank_zero_only, rank_zero_warn
from torch import Tensor
from torch.utils.data import DataLoader

from osis_ros.errors import OsisError
from osis_ros.files.atomic import write_whole
from osis_ros.training.augment import train_transform
from osis_ros.training.checkpoint import NOT_RECORDED, CheckpointError, lineage, load_checkpoint
from osis_ros.training.config import ConfigError, Cutouts, Retexture, TrainConfig
from osis_ros.training.cutouts import Cutout, CutoutPaster, cut_out, drawn_from
from osis_ros.training.data import NO_CLASS, Paster, Record, Samples, Stream, collate, read_source
from osis_ros.training.model.backbones.backbone import load_backbone_weights
from osis_ros.training.model.build import build_detector
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector, Progress
from osis_ros.training.model.weights_file import WeightsError
from osis_ros.training.model.zero_shot_detector import ZeroShotDetector
from osis_ros.training.optimise import learning_rate_factor, make_optimiser
from osis_ros.training.progress import ProgressLines
from osis_ros.training.resuming import SAMPLES, resumed_step, samples_seen, set_step
from osis_ros.training.retexture import Retexturer, textures_of
from osis_ros.words.word_vectors import read_word_vectors

LEAST_SHARE = 0.1  # of a network's weights, to call it started from another one


class TrainingDiverged(OsisError):
    """A loss that is no longer a number; the message says where and what to try."""


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


def train_only(model: Detector, parts: tuple[str, ...]) -> None:
    """Take the gradient from every part of the network but `parts`.

    Raises:
        ConfigError: one that the network does not have, or that has nothing to learn.
    """
    present = [name for name, part in model.named_children() if any(True for _ in part.parameters())]
    unknown = [part for part in parts if part not in present]
    if unknown:
        raise ConfigError(f"only: the network has no part {', '.join(unknown)}; expected some of {', '.join(present)}")
    for name, part in model.named_children():
        if name not in parts:
            part.requires_grad_(False)


def source_commit() -> str:
    """The commit of the source that trains, marked where files differ from it; `not recorded` without git."""
    command = ("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*")
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return NOT_RECORDED
    return result.stdout.strip() or NOT_RECORDED


def require_known_objects(sources: list[list[Record]], class_names: tuple[str, ...]) -> None:
    """Stop a run that could learn no class, and warn of classes that it cannot learn.

    Raises:
        ConfigError: no annotation of any source belongs to a known class.
    """
    labels = {label for records in sources for record in records for label in record.labels}
    if labels <= {NO_CLASS}:
        raise ConfigError(
            "no annotation belongs to a known class; check model.class_names against the categories of the train data"
        )
    absent = [name for label, name in enumerate(class_names) if label not in labels]
    if absent:
        rank_zero_warn(f"no annotation is of class {', '.join(absent)}, which cannot be learnt so; is it misspelt?")


def warn_without_masks(sources: list[list[Record]], config: ModelConfig) -> None:
    """Warn of masks that cannot be learnt, for there are boxes only, and of a teacher with nobody to teach."""
    records = [record for records in sources for record in records]
    labels = {
        label for record in records for number, label in enumerate(record.labels) if number not in record.box_only
    }
    if config.mask_teacher and not any(record.box_only for record in records):
        rank_zero_warn("model.mask_teacher: every annotation has a mask, so there is nothing to teach")
    if not labels:
        rank_zero_warn("no annotation has a mask to learn from, so the mask head learns nothing")
    absent = [name for label, name in enumerate(config.class_names) if label not in labels]
    if labels and absent and config.mask.output == "class_specific" and not config.mask_teacher:
        rank_zero_warn(
            f"mask.output class_specific has masks of their own for {', '.join(absent)}, of which no annotation has a "
            "mask; with another output they share those of the other classes"
        )


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


def require_no_frozen_chance(model: Detector, taken: set[str]) -> None:
    """Stop a run in which weights would stay as they were drawn.

    Args:
        taken: names of the tensors that come from earlier weights.
    Raises:
        ConfigError: parameters without gradient that do not.
    """
    frozen = {name: p.numel() for name, p in model.named_parameters() if not p.requires_grad and name not in taken}
    if frozen:
        parts = ", ".join(dict.fromkeys(name.split(".")[0] for name in frozen))
        raise ConfigError(
            f"{sum(frozen.values()):,} weights of {parts} are drawn at random and frozen, so they would never be "
            "learnt; start from trained weights with --init or backbone_weights, or train them: set every "
            "frozen_stages to 0 and leave out `only`"
        )


def require_words(model: Detector) -> None:
    """Stop a run whose classes have no vectors. Raises ConfigError."""
    if isinstance(model, ZeroShotDetector) and not model.names.seen.any():
        raise ConfigError(
            "classifier.kind words needs the vectors of the class names: set word_vectors to a file of word2vec, GloVe "
            "or fastText (--set word_vectors=FILE, relative to the data folder)"
        )


def start_from(model: Detector, path: Path, parts: tuple[str, ...] = ()) -> tuple[dict, set[str]]:
    """Take every tensor of an earlier model that fits; with other classes, those of the classes stay as they were made.

    Args:
        parts: take those of these parts of the network alone; (): of all.
    Returns:
        Where the earlier weights come from (`lineage`), those of its backbone only if that was taken; and the names of
        the tensors taken.
    Raises:
        ConfigError: not a checkpoint of ours, or one of which next to nothing fits.
    """
    try:
        earlier, provenance = load_checkpoint(path)
    except CheckpointError as error:
        raise ConfigError(f"--init: {error}") from None
    own = model.state_dict()
    same_classes = earlier.config.class_names == model.config.class_names
    of_classes = set() if same_classes else model.class_tensors()
    fitting = {
        name: tensor
        for name, tensor in earlier.state_dict().items()
        if name in own
        and own[name].shape == tensor.shape
        and name not in of_classes
        and (not parts or name.split(".")[0] in parts)
    }
    taken = sum(tensor.numel() for tensor in fitting.values()) / sum(tensor.numel() for tensor in own.values())
    how_many = f"{len(fitting)} of this model's {len(own)} tensors, {taken:.0%} of its weights"
    if taken < LEAST_SHARE:
        raise ConfigError(
            f"--init: {path} has but {how_many}; it is of another backbone or width. For the shipped models' network "
            "the configuration says `model: {preset: tabletop}`"
        )
    anew = sorted({name.split(".")[0] for name in own.keys() - fitting.keys()})
    rank_zero_only(print)(f"{path}: took {how_many}" + f"; parts of {', '.join(anew)} start anew" * bool(anew))
    model.load_state_dict(fitting, strict=False)
    taken_backbone = any(name.startswith("backbone.") for name in fitting)
    origin = lineage(provenance)
    if not taken_backbone:
        origin |= {"backbone_weights": None, "init": None}
    return origin, set(fitting)


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
