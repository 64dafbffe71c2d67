"""`osis train`, `average` and `study`: from data to weights, and to what they are worth."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.files.output_file import require_output


def train(
    config: Annotated[str, typer.Option(help="Name of a preset (tabletop, …), or a YAML file.")] = "tabletop",
    data: Annotated[Path, typer.Option(help="Folder that the configuration's data paths are relative to.")] = Path(
        "data"
    ),
    output: Annotated[Path, typer.Option(help="Folder for runs; this run goes to OUTPUT/NAME.")] = Path("runs"),
    set_: Annotated[
        list[str],
        typer.Option(
            "--set",
            help="Replace one entry of the configuration, e.g. optimiser.learning_rate=0.001; repeatable.",
            metavar="KEY=VALUE",
        ),
    ] = [],  # noqa: B006
    init: Annotated[Path | None, typer.Option(help="Start from the weights in this weights.safetensors file.")] = None,
    resume: Annotated[bool, typer.Option(help="Resume from the run's last checkpoint, if there is one.")] = True,
) -> None:
    """Train a model on rendered scenes and photographs.

    Rendered scenes that are missing are made first. You can interrupt it at any time; the same command resumes.
    `tensorboard --logdir runs` shows the losses.
    """
    from osis_ros.simulation.gl import load_mujoco
    from osis_ros.training.config import load_config

    load_mujoco()
    from osis_ros.training.fit import fit
    from osis_ros.training.prepare import prepare_scenes, require_files

    run = load_config(config, set_)
    require_output(output / run.name / "last.ckpt", (init,), is_earlier=lambda _: True)
    require_files(run, data, init)
    prepare_scenes(run, data)
    typer.echo(fit(run, data, output, resume=resume, init=init))


def average(
    checkpoints: Annotated[list[Path], typer.Argument(help="Two or more last.ckpt or weights.safetensors files.")],
    output: Annotated[Path, typer.Option(help="Output file, NAME.safetensors.")],
) -> None:
    """Average the weights of several runs; the mean often scores better than each run."""
    from osis_ros.training.averaging import average_checkpoints

    require_output(output, checkpoints)
    average_checkpoints(checkpoints, output)
    typer.echo(f"{output}: the mean of {len(checkpoints)} checkpoints")


def study(
    config: Annotated[
        str,
        typer.Argument(help="Name of a study (tabletop, tabletop-small, paper-coco, paper-graspnet), or a YAML file."),
    ],
    data: Annotated[Path, typer.Option(help="Folder that data paths are relative to.")] = Path("data"),
    output: Annotated[Path, typer.Option(help="Folder for the study.")] = Path("study"),
) -> None:
    """Train several systems on the same data with several seeds, and compare them as the SemSeg paper does.

    Writes study.html (tables, loss curves, results, maps of the embeddings) and tables.tex, again after every run. You
    can interrupt it at any time; the same command resumes. Several processes with the same command share the runs.
    """
    from osis_ros.simulation.gl import load_mujoco
    from osis_ros.training.study.config import load_study

    load_mujoco()
    from osis_ros.training.study.page import write_page
    from osis_ros.training.study.work import run_study

    compared = load_study(config)
    elsewhere = run_study(compared, data, output, typer.echo, after_run=lambda: write_page(compared, output))
    page = write_page(compared, output)
    waiting = f"; {elsewhere} runs are still at work in other processes" if elsewhere else ""
    typer.echo(f"{page}{waiting}")
