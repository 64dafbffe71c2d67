"""Everything a training run is made of, as one typed value that is read from one YAML file."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from osis_ros.errors import OsisError
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.presets import faithful, tabletop
from osis_ros.training.model.systems import SCENE_SYSTEMS, SYSTEMS

MOST_ENTRIES = 100_000
PRESETS = Path(__file__).parent / "configs"
Positive = Annotated[int, Field(gt=0)]


MODEL_PRESETS = {
    "tabletop": tabletop,
    "paper-coco": faithful,
    "paper-graspnet": lambda class_names: faithful(class_names, graspnet=True),
}


class ConfigError(OsisError):
    """A configuration that cannot be used; the message is one sentence for the user."""


class Strict(BaseModel):
    """A section in which unknown keys, inf and nan are errors: a misspelt key must not spoil a day of training."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def refuse_without_effect(section: BaseModel, names: tuple[str, ...], where: str) -> None:
    """Raise ValueError for entries that differ from their defaults but have no effect `where`."""
    changed = [name for name in names if getattr(section, name) != type(section).model_fields[name].default]
    if changed:
        raise ValueError(f"{', '.join(changed)}: of no effect with {where}")


class SceneSet(Strict):
    """Scenes that are rendered (once) before training, as by `osis scenes`."""

    count: Positive = Field(description="total number of images")
    seed: int = Field(0, ge=0, description="seed of the first scene; further scenes count up from it")
    width: int = Field(640, ge=64, le=1920, description="image width in pixels")
    height: int = Field(480, ge=64, le=1200, description="image height in pixels")


class Cutouts(Strict):
    """Objects of another data set that are pasted into the images of this one."""

    source: str = Field(description="name of the other data set, under `train`")
    probability: Annotated[float, Field(ge=0, le=1)] = Field(0.5, description="share of images that get cut-outs")
    most: Positive = Field(4, description="most cut-outs in one image; their number is drawn from 1 to this")
    size: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = Field(
        (0.05, 0.2), description="smallest and largest size: square root of the area, as a share of the image's width"
    )
    drop_annotations: tuple[str, ...] = Field((), description="class names that are not pasted")
    photographs: Positive = Field(2000, description="cut from at most this many images, drawn at random")


class Retexture(Strict):
    """Objects of this data set that show pieces of another one's photographs instead of their own surface."""

    source: str = Field(description="name of the other data set, under `train`")
    probability: Annotated[float, Field(ge=0, le=1)] = Field(0.5, description="share of objects")
    keep: tuple[str, ...] = Field((), description="known classes that keep their own surface, as fruit should")
    photographs: Positive = Field(200, description="use at most this many photographs, drawn at random")


class Source(Strict):
    """One COCO-format data set.

    Paths are relative to the run's data folder. Annotations of a known class train that class. All others (with
    `classes: none`, every annotation) are objects without a class. They train boxes and masks. With
    `roi.reject_unlabelled` and `embedding.repel_unlabelled` they also train the model not to take them for a known
    class.
    """

    annotations: Path = Field(description="COCO-format file")
    images: Path = Field(description="folder that the file names in the annotations are relative to")
    weight: float = Field(1.0, gt=0, description="share of the training samples, relative to the other data sets")
    classes: Literal["by_name", "none"] = Field(
        "by_name", description="by_name: classes are matched by name; none: no object has a class"
    )
    rename: dict[str, str] = Field({}, description="class names in the file → class names of the model, {cup: mug}")
    drop_annotations: tuple[str, ...] = Field((), description="class names whose annotations are ignored")
    drop_images: tuple[str, ...] = Field((), description="class names; images with such an object are left out")
    boxes_only: Literal["all"] | tuple[str, ...] = Field(
        (),
        description="class names, or all: these objects train boxes and classes, but no masks, whatever the file has; "
        "so does every annotation that has a `bbox` and no segmentation",
    )
    cutouts: Cutouts | None = Field(None, description="paste objects of another data set into these images")
    retexture: Retexture | None = Field(None, description="give objects surfaces from another data set's photographs")


class Augment(Strict):
    """How a training image is varied (defaults: the paper's)."""

    mode: Literal["short_side", "jitter"] = Field(
        "short_side", description="short_side: scale the whole image; jitter: scale and crop to a fixed size"
    )
    short_sides: tuple[Positive, ...] = Field(
        (640, 672, 704, 736, 768, 800),
        description="short_side: lengths of the short side in pixels, one of which is drawn at random",
    )
    max_side: Positive = Field(1333, description="short_side: greatest length of the long side in pixels")
    size: tuple[Positive, Positive] = Field((480, 640), description="jitter: height and width of the crop in pixels")
    scale: tuple[float, float] = Field(
        (0.6, 1.8), description="jitter: smallest and largest zoom; at 1 the image just fits into the crop"
    )
    photometric: bool = Field(
        False, description="vary colour, contrast, noise, blur and compression, as cheap cameras do"
    )
    recolour: float = Field(0, ge=0, le=1, description="share of objects of which a part gets another colour")
    min_pixels: int = Field(1, ge=1, description="objects with fewer pixels after cropping are left out")

    @model_validator(mode="after")
    def _check(self) -> "Augment":
        of_the_other = ("size", "scale") if self.mode == "short_side" else ("short_sides", "max_side")
        refuse_without_effect(self, of_the_other, f"mode: {self.mode}")
        return self


class Optimiser(Strict):
    """Optimiser and learning-rate schedule.

    The defaults are the paper's, for a batch of 4. The learning rate is scaled linearly with the batch.
    """

    name: Literal["sgd", "adamw"] = Field("sgd", description="the algorithm")
    learning_rate: float = Field(
        0.005, gt=0, description="learning rate after warm-up, if the batch over all GPUs is `reference_batch`"
    )
    reference_batch: Positive = Field(4, description="the batch, over all GPUs, that `learning_rate` is meant for")
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum of SGD")
    weight_decay: float = Field(1e-4, ge=0, description="weight decay; AdamW leaves biases and scales out")
    backbone_factor: float = Field(
        1.0, ge=0, description="learning rate of the backbone, divided by that of the other layers"
    )
    schedule: Literal["steps", "cosine", "cooldown"] = Field(
        "steps",
        description="how the learning rate falls. steps: to a tenth at each milestone; cosine: along a cosine to 1 %; "
        "cooldown: constant, then to 0 over the last part of the run",
    )
    milestones: tuple[Positive, ...] = Field(
        (84_000, 116_000), description="schedule steps: the steps at which the learning rate falls"
    )
    cooldown: float = Field(
        0.25, gt=0, le=1, description="schedule cooldown: the last share of the steps, in which the learning rate falls"
    )
    warmup_steps: int = Field(400, ge=0, description="first steps, in which the learning rate rises to its full value")
    warmup_factor: float = Field(0.001, ge=0, le=1, description="share of the learning rate at the first step")
    clip_gradient_norm: float | None = Field(
        None, gt=0, description="gradients with a greater norm are scaled down to this norm"
    )
    ema_decay: float | None = Field(
        None, gt=0, lt=1, description="decay of the running average of the weights; checkpoints hold the average"
    )

    @model_validator(mode="after")
    def _check(self) -> "Optimiser":
        if self.name != "sgd":
            refuse_without_effect(self, ("momentum",), f"name: {self.name}")
        for schedule, entry in (("steps", "milestones"), ("cooldown", "cooldown")):
            if self.schedule != schedule:
                refuse_without_effect(self, (entry,), f"schedule: {self.schedule}")
        return self


class TrainConfig(Strict):
    """One training run. `osis train --config NAME` reads a preset of `training/configs`, or a file."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="name of the run; its folder is OUTPUT/NAME")
    model: ModelConfig = Field(
        description="the network; `preset: tabletop` starts from that preset, `system: mask-rcnn` from that system of "
        "the paper's comparison at the preset's sizes; `system: goss` labels every pixel"
    )
    backbone_weights: Path | None = Field(
        None, description="weights of the backbone, relative to the data folder; none: random weights"
    )
    word_vectors: Path | None = Field(
        None,
        description="model.classifier.kind words: vectors of the class names, relative to the data folder; a file of "
        "word2vec, GloVe or fastText, or a names.npz",
    )
    scenes: dict[str, dict[Literal["train", "outliers", "val", "test"], SceneSet]] = Field(
        {}, description="rendered scenes: folder below the data folder → split → their number"
    )
    train: Annotated[dict[str, Source], Field(min_length=1)] = Field(
        description="data sets to train on, each with a name of your choice"
    )
    augment: Augment = Field(Augment(), description="how training images are varied")
    optimiser: Optimiser = Field(Optimiser(), description="optimiser and learning rate")
    steps: Positive = Field(128_000, description="optimiser steps")
    batch: Positive = Field(4, description="images per step and GPU")
    accumulate: Positive = Field(1, description="batches per step; their gradients are averaged")
    workers: int = Field(2, ge=0, description="processes per GPU that load images; 0: the training process itself")
    devices: Positive | Literal["auto"] = Field(
        "auto", description="number of GPUs; without a GPU, number of CPU processes; auto: every GPU"
    )
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "auto"] = Field(
        "32-true", description="auto: half precision if this machine supports it natively"
    )
    only: tuple[str, ...] = Field((), description="parts of the network to train, others keep their weights; []: all")
    checkpoint_every: Positive = Field(500, description="steps between checkpoints")
    seed: int = Field(0, ge=0, description="seed of initial weights, sampling and augmentation")
    on_gpu: dict[str, Any] = Field({}, description="entries that replace those above if there is a GPU")

    @model_validator(mode="after")
    def _check_names(self) -> "TrainConfig":
        for name, source in self.train.items():
            if source.rename and source.classes == "none":
                raise ValueError(f"train.{name}: rename is of no effect with classes: none, expected one of them")
        return self

    @model_validator(mode="after")
    def _check_scene(self) -> "TrainConfig":
        if self.model.scene and self.batch < 2:
            raise ValueError("batch is 1, but model.scene has batch norm, which needs 2 images or more")
        return self

    @model_validator(mode="after")
    def _check_words(self) -> "TrainConfig":
        if self.word_vectors and self.model.words is None:
            kind = self.model.classifier.kind
            raise ValueError(f"word_vectors: it is of no effect with model.classifier.kind: {kind}, leave it out")
        return self

    @model_validator(mode="after")
    def _check_other_sources(self) -> "TrainConfig":
        for name, source in self.train.items():
            for section in ("cutouts", "retexture"):
                other = getattr(source, section)
                if other and other.source not in self.train:
                    raise ValueError(f"train.{name}.{section}.source: there is no source {other.source!r}")
            absent = (
                [kept for kept in source.retexture.keep if kept not in self.model.class_names]
                if source.retexture
                else []
            )
            if absent:
                raise ValueError(f"train.{name}.retexture.keep: {absent[0]!r} is none of the model's classes")
        return self

    @model_validator(mode="before")
    @classmethod
    def _start_from_a_model_preset(cls, tree: Any) -> Any:
        """`model: {preset: tabletop, system: mask-rcnn, …}` takes the preset's entries, changed as the system of the
        paper's comparison wants it, where the file has none of its own."""
        if not isinstance(tree, dict) or not isinstance(tree.get("model"), dict):
            return tree
        own = {str(key): value for key, value in tree["model"].items()}
        if not {"preset", "system"} & own.keys():
            return tree
        preset = _one_of(MODEL_PRESETS, own.pop("preset", "paper-coco"), "model.preset")
        model = preset(("?",))
        if "system" in own:
            model = _one_of({**SYSTEMS, **SCENE_SYSTEMS}, own.pop("system"), "model.system").network(model)
        return {**tree, "model": model.replace(**{"class_names": (), **own})}


def _one_of(known: dict[str, Any], name: Any, entry: str) -> Any:
    if str(name) not in known:
        raise ValueError(f"{entry} is {name!r}, expected one of {', '.join(known)}")
    return known[str(name)]


def load_config(name_or_path: str, overrides: list[str] = ()) -> TrainConfig:
    """Read a preset by name or a YAML file by path.

    Args:
        name_or_path: `tabletop`, or a file that ends in .yaml.
        overrides: `key.sub=value` strings that replace single entries; values are YAML.
    Raises:
        ConfigError: no such preset or file, bad YAML, an entry that is unknown or out of range.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = PRESETS / f"{name_or_path}.yaml"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in PRESETS.glob("*.yaml")))
            raise ConfigError(f"there is no preset {name_or_path!r}; presets: {known}; or give a path to a .yaml file")
    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{path} holds no mapping of settings")
    if _entries(tree) > MOST_ENTRIES:
        raise ConfigError(f"{path}: its aliases (*name) unfold to more than {MOST_ENTRIES:,} entries")
    for override in filter(_is_of_gpu, overrides):
        _override(tree, override)
    on_gpu = _merged(tree, tree.get("on_gpu"))
    for override in (o for o in overrides if not _is_of_gpu(o)):
        _override(tree, override)
        _override(on_gpu, override)
    elsewhere, there = _validated(tree, path), _validated(on_gpu, path)  # both, so that a GPU has no surprises
    return there if torch.cuda.is_available() else elsewhere


def _is_of_gpu(override: str) -> bool:
    return override.lstrip().startswith("on_gpu")


def _validated(tree: dict[str, Any], path: Path) -> TrainConfig:
    try:
        return TrainConfig.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{path}: {faults(error)}") from None


def faults(error: ValidationError) -> str:
    """The first three faults in one line, each behind the entry that it is in."""
    told = ((".".join(map(str, e["loc"])), e["msg"].removeprefix("Value error, ")) for e in error.errors()[:3])
    return "; ".join(": ".join(filter(None, fault)) for fault in told)


def _entries(value: Any, known: dict[int, float] | None = None) -> float:
    """How many values a YAML tree has when each alias is written out; infinite where one contains itself."""
    if not isinstance(value, dict | list | tuple | set):
        return 1
    known = {} if known is None else known
    if id(value) not in known:
        known[id(value)] = math.inf  # until it is counted: whoever meets it meanwhile is inside it
        parts = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_entries(part, known) for part in parts)
    return known[id(value)]


def _merged(tree: dict[str, Any], changes: Any) -> dict[str, Any]:
    """`tree` with the entries of `changes`, mappings within mappings; what is no mapping is left to validation."""
    if not isinstance(changes, dict):
        return tree
    return tree | {
        key: _merged(tree[key], value) if isinstance(tree.get(key), dict) and isinstance(value, dict) else value
        for key, value in changes.items()
    }


def _override(tree: dict[str, Any], override: str) -> None:
    key, separator, value = override.partition("=")
    if not separator:
        raise ConfigError(f"{override!r} is not of the form key.sub=value")
    *parents, leaf = key.strip().split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
        if not isinstance(tree, dict):
            raise ConfigError(f"{key}: {parent} holds a value, not further settings")
    try:
        tree[leaf] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"{key}: {value!r} is not YAML ({' '.join(str(error).split())})") from None
