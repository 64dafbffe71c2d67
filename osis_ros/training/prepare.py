"""What a run needs on disk before it starts: files of others, which must be there, and its own rendered scenes."""

import os
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from osis_ros.simulation.dataset import VIEWS_PER_SCENE, Settings, write_dataset
from osis_ros.training.config import ConfigError, TrainConfig


def require_files(config: TrainConfig, data_root: Path, init: Path | None = None) -> None:
    """Miss files now rather than after hours of rendering; what `prepare_scenes` makes need not be there.

    Raises:
        ConfigError: names every file and folder that is missing.
    """
    single = {"backbone_weights": config.backbone_weights, "word_vectors": config.word_vectors}
    wanted = {entry: path for entry, path in single.items() if path}
    for name, source in config.train.items():
        wanted |= {f"train.{name}.annotations": source.annotations, f"train.{name}.images": source.images}
    rendered = [Path(folder) / split for folder, splits in config.scenes.items() for split in splits]
    paths = {
        entry: data_root / path for entry, path in wanted.items() if not any(map(path.is_relative_to, rendered))
    } | ({"--init": init} if init else {})
    missing = [f"{entry}: {path}" for entry, path in paths.items() if not path.exists()]
    if missing:
        raise ConfigError(f"not found: {'; '.join(missing)}; is the data folder right?")


def prepare_scenes(config: TrainConfig, data_root: Path) -> None:
    """Render the configured scenes below `data_root`; those that are there already are kept.

    Raises:
        DatasetError: the folder holds other scenes. RenderError: nothing can be rendered here.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    wanted = [(folder, split, scenes) for folder, splits in config.scenes.items() for split, scenes in splits.items()]
    for folder, split, scenes in wanted:
        settings = Settings(split, scenes.seed, scenes.width, scenes.height, VIEWS_PER_SCENE[split], depth=False)
        with Progress(*columns) as progress:
            task = progress.add_task(f"rendering {folder}/{split}", total=scenes.count)
            for done in write_dataset(data_root / folder, settings, scenes.count, os.cpu_count() or 1):
                progress.update(task, completed=done)
