"""The `osis` command. Every subcommand is thin and imports what it needs when it runs, so that `osis segment` starts
without PyTorch, MuJoCo or ROS installed. One file holds one group of subcommands; `failure` says how they fail."""

import typer

from osis_ros.cli import (
    data,
    discovery,
    evaluation,
    masks,
    models,
    rendering,
    replay,
    running,
    teaching,
    training,
    words,
)
from osis_ros.cli.failure import Commands

GROUPS = {
    "Run a model": (running.segment, running.demo, rendering.render),
    "Teach names": (teaching.teach, teaching.forget, teaching.taught),
    "Make data": (data.scenes, masks.masks, words.names, words.guess_map),
    "Train a model": (training.train, training.average, training.study),
    "Export and import models": (
        models.export, models.classes, models.quantize, models.build_engine, models.import_checkpoint,
        models.compare_reference,
    ),
    "Evaluate a model": (
        evaluation.evaluate, evaluation.goss, evaluation.calibrate, evaluation.compare, evaluation.detect,
        evaluation.mask_quality, evaluation.tables, evaluation.card_figures, evaluation.pick_benchmark,
    ),
}  # fmt: skip

app = typer.Typer(
    name="osis", cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Open-set instance segmentation for robot arms: find known and unknown objects in images.",
)  # fmt: skip
for panel, commands in GROUPS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(data.app, name="data", rich_help_panel="Make data")
app.add_typer(replay.app, name="replay", rich_help_panel="Run a model")
app.add_typer(discovery.app, name="discover", rich_help_panel="Make data")


@app.callback()
def main() -> None:
    """Keep `osis` a group of subcommands, however many there are."""
