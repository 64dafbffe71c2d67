"""What a run needs on disk before it starts: its rendered scenes."""

import os
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from osis_ros.simulation.dataset import VIEWS_PER_SCENE, DatasetError, Settings, write_dataset
from osis_ros.simulation.gl import RenderError
from osis_ros.training.config import ConfigError, TrainConfig


def prepare_scenes(config: TrainConfig, data_root: Path) -> None:
    """Render the configured scenes below `data_root`; those that are there already are kept.

    Raises:
        ConfigError: the folder holds other scenes, or nothing can be rendered here.
    """
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    for folder, scenes in config.scenes.items():
        settings = Settings(scenes.split, scenes.seed, 640, 480, VIEWS_PER_SCENE[scenes.split], depth=False)
        try:
            with Progress(*columns) as progress:
                task = progress.add_task(f"rendering {folder}/{scenes.split}", total=scenes.count)
                for done in write_dataset(data_root / folder, settings, scenes.count, os.cpu_count() or 1):
                    progress.update(task, completed=done)
        except (DatasetError, RenderError) as error:
            raise ConfigError(f"scenes.{folder}: {error}") from None
