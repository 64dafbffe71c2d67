"""What a study compares: systems, seeds, data sets, and one budget for all."""

import json
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from osis_ros.training.config import PRESETS, ConfigError, Positive, Strict, TrainConfig, faults, load_config
from osis_ros.training.model.systems import SYSTEMS

STUDIES = PRESETS / "studies"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    repeated = {seed for seed in seeds if seeds.count(seed) > 1}
    if repeated:
        raise ValueError(f"{', '.join(map(str, sorted(repeated)))} more than once")
    return seeds


Seeds = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1), AfterValidator(_distinct)]


class TestSet(Strict):
    """A COCO-format data set to score on. Paths are relative to the data folder."""

    ground_truth: Path = Field(description="COCO-format file")
    images: Path = Field(description="folder that the file names in the ground truth are relative to")
    known: tuple[str, ...] | None = Field(
        None, description="names of the known classes; none: as the ground truth marks them"
    )
    first: Positive | None = Field(None, description="only the first so many images; none: all")


class StudySystem(Strict):
    """A row of the tables."""

    system: str | None = Field(
        None, description="a system of the paper's comparison; none: the one of this row's name, if there is one"
    )
    title: str | None = Field(None, description="how the tables call it; none: as the paper does, or the row's name")
    set: dict[str, Any] = Field({}, description="entries of the training configuration that replace those of the study")
    seeds: Seeds | None = Field(None, description="it is trained once with each; none: those of the study")
    checkpoint: Path | None = Field(
        None, description="weights to load, relative to the data folder, in place of training"
    )


class StudyConfig(Strict):
    """A study. `osis study FILE` reads it."""

    name: str = Field(pattern=NAME, description="name of the study")
    train: str = Field(description="training configuration of every run: a preset's name or a YAML file")
    set: dict[str, Any] = Field({}, description="entries that replace those of `train`, {steps: 3000, …}")
    init: Path | None = Field(
        None, description="weights that every run starts from, relative to the data folder; none: `train` says"
    )
    init_parts: tuple[str, ...] = Field(
        ("backbone", "fpn"),
        description="parts of the network that start from `init`; the others start anew in every run",
    )
    seeds: Seeds = Field((0,), description="every system is trained once with each, if it has no `seeds` of its own")
    systems: Annotated[dict[Annotated[str, Field(pattern=NAME)], StudySystem], Field(min_length=1)] = Field(
        description="the rows of the tables, each with a name of your choice"
    )
    tests: Annotated[dict[Annotated[str, Field(pattern=NAME)], TestSet], Field(min_length=1)] = Field(
        description="data sets to score on, each with a name of your choice"
    )
    short_side: Positive = Field(800, description="images are scaled so that their short side has so many pixels …")
    long_side: Positive = Field(1333, description="… and their long side at most so many")
    stay_known: float | None = Field(
        None,
        gt=0,
        le=1,
        description="where T_u bounds the distance to the class centres, it is set after training so that this share "
        "of the known training objects stays known; none: T_u of the training configuration",
    )
    pictures: int = Field(4, ge=0, description="images of the first data set that the page shows with every result")
    map_images: int = Field(100, ge=0, description="images of the first data set whose embeddings are mapped")

    @model_validator(mode="after")
    def _check(self) -> "StudyConfig":
        for name, row in self.systems.items():
            if row.system is not None and row.system not in SYSTEMS:
                raise ValueError(
                    f"systems.{name}.system is {row.system!r}, expected one of {', '.join(SYSTEMS)}, or none"
                )
            if row.checkpoint and (row.set or row.system or row.seeds):
                raise ValueError(
                    f"systems.{name}: system, set and seeds are of no effect on a checkpoint, leave them out"
                )
        for entry in {"name", "seed"} & {*self.set, *(key for row in self.systems.values() for key in row.set)}:
            raise ValueError(f"set: {entry} is given by the study itself, leave it out")
        return self

    def seeds_of(self, name: str) -> tuple[int, ...]:
        """The seeds that a row is trained with; of a checkpoint, seed 0 stands for none."""
        row = self.systems[name]
        return (0,) if row.checkpoint else row.seeds or self.seeds

    def system_of(self, name: str) -> str | None:
        """The system of the paper's comparison that a row is; None: it is the training configuration's own network."""
        row = self.systems[name]
        return row.system or (name if name in SYSTEMS and not row.checkpoint else None)

    def title(self, name: str) -> str:
        """What the tables call a row."""
        system = self.system_of(name)
        return self.systems[name].title or (SYSTEMS[system].title if system else name)


def load_study(name_or_path: str | Path) -> StudyConfig:
    """Read a study that comes with the package by its name, or a YAML file by its path.

    Raises:
        ConfigError: no such study or file, bad YAML, an entry that is unknown or out of range.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = STUDIES / f"{name_or_path}.yaml"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in STUDIES.glob("*.yaml")))
            raise ConfigError(f"there is no study '{name_or_path}'; studies: {known}; or give a path to a .yaml file")
    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{path} holds no mapping of settings")
    if isinstance(tree.get("systems"), dict):  # `mask-rcnn:` alone is enough
        tree["systems"] = {name: {} if row is None else row for name, row in tree["systems"].items()}
    try:
        return StudyConfig.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{path}: {faults(error)}") from None


def training_of(study: StudyConfig, name: str, seed: int) -> tuple[TrainConfig, ...]:
    """The parts in which a row is trained with a seed: one, or two where its system is fine-tuned.

    Raises:
        ConfigError: an entry that is unknown or out of range.
    """
    row, system = study.systems[name], study.system_of(name)
    entries = {**study.set, **({"model.system": system} if system else {}), **row.set, "seed": seed}
    config = load_config(study.train, [f"{key}={json.dumps(value)}" for key, value in entries.items()])
    config = config.model_copy(update={"name": "training"})
    tuning = SYSTEMS[system].fine_tuning if system else None
    if tuning is None:
        return (config,)
    last = max(1, round(tuning.share * config.steps))
    if last >= config.steps:
        raise ConfigError(f"steps is {config.steps}: too few for {name}, which is trained in two parts")
    optimiser = config.optimiser.model_copy(update={"learning_rate": tuning.rate * config.optimiser.learning_rate})
    first = {"steps": config.steps - last, "model": config.model.replace(**tuning.before)}
    second = {"name": "fine-tuning", "steps": last, "only": tuning.only, "optimiser": optimiser}
    return config.model_copy(update=first), config.model_copy(update=second)
