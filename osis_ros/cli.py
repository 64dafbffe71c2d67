"""The `osis` command: one subcommand a job. Each is thin and imports what it needs when it runs,
so that `osis segment` starts without PyTorch, MuJoCo or ROS installed."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from osis_ros.evaluation import commands as evaluation
from osis_ros.terminal import Commands, fail
from osis_ros.training.datasets.command import app as data_app

app = typer.Typer(
    name="osis", cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Open-set instance segmentation: make scenes, train, export, segment, evaluate.",
)  # fmt: skip

app.add_typer(data_app, name="data")
for command in (
    evaluation.evaluate, evaluation.compare, evaluation.calibrate, evaluation.card_figures, evaluation.tables,
):  # fmt: skip
    app.command()(command)


@app.callback()
def main() -> None:
    """Keep `osis` a group of subcommands, however many there are."""


@app.command()
def train(
    config: Annotated[str, typer.Option(help="A preset (tabletop, …) or a YAML file.")] = "tabletop",
    data: Annotated[Path, typer.Option(help="Folder that the configuration's data paths start at.")] = Path("data"),
    output: Annotated[Path, typer.Option(help="Folder for runs; this one goes to OUTPUT/NAME.")] = Path("runs"),
    set_: Annotated[
        list[str], typer.Option("--set", help="Replace one entry, e.g. optimiser.learning_rate=0.001; repeatable.")
    ] = [],  # noqa: B006
    init: Annotated[Path | None, typer.Option(help="Start from an earlier model's weights.safetensors.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the run's last checkpoint, if there is one.")] = True,
) -> None:
    """Train a model, from scenes and photographs to a checkpoint.

    Missing rendered scenes are made first. Stop it at any moment; the same command goes on where it was.
    `tensorboard --logdir runs` shows the losses.
    """
    from osis_ros.training.config import ConfigError, load_config
    from osis_ros.training.fit import TrainingDiverged, fit
    from osis_ros.training.prepare import prepare_scenes, require_files

    try:
        run = load_config(config, set_)
        require_files(run, data, init)
        prepare_scenes(run, data)
        typer.echo(fit(run, data, output, resume=resume, init=init))
    except (ConfigError, TrainingDiverged) as error:
        raise fail(error) from None
    except OSError as error:
        raise fail(f"{error.filename or output}: {error.strerror or error}") from None


@app.command()
def scenes(
    output: Annotated[Path, typer.Argument(help="Folder; the images go to OUTPUT/SPLIT.")],
    split: Annotated[str, typer.Option(help="train (known categories only), outliers, val, test or demo.")] = "train",
    count: Annotated[
        int | None, typer.Option(help="Images in all, Tabletop-OSIS's if left out; a later run may ask for more.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first scene; the next ones have the next seeds.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
    width: Annotated[int, typer.Option(help="Image width in pixels.")] = 640,
    height: Annotated[int, typer.Option(help="Image height in pixels.")] = 480,
    views: Annotated[int | None, typer.Option(help="Images per scene; 3 for train and outliers, else 2.")] = None,
    depth: Annotated[bool, typer.Option(help="Also write depth as 16-bit PNG, millimetres.")] = False,
    preview: Annotated[Path | None, typer.Option(help="Also write a sheet of the first images to this file.")] = None,
) -> None:
    """Render tabletop scenes as a COCO-format data set; without options, Tabletop-OSIS's train, val or test set.

    Stop it at any moment; the same command goes on where it was.
    """
    try:
        from osis_ros.simulation.dataset import TABLETOP_OSIS, VIEWS_PER_SCENE, DatasetError, Settings
        from osis_ros.simulation.gl import RenderError
        from osis_ros.simulation.preview import write_preview
        from osis_ros.simulation.progress import write_with_progress
    except ModuleNotFoundError as err:
        raise fail(f"rendering needs {err.name}: in the repository, pip install '.[sim]'") from None
    except (ImportError, AttributeError, RuntimeError) as err:  # MuJoCo's, where MUJOCO_GL names what is not there
        raise fail(f"MuJoCo cannot be loaded with MUJOCO_GL={os.environ.get('MUJOCO_GL')!r}: {err}") from None

    settings = Settings(split, seed, width, height, VIEWS_PER_SCENE.get(split, 1) if views is None else views, depth)
    try:
        write_with_progress(output, settings, TABLETOP_OSIS.get(split, 1) if count is None else count, workers)
        if preview:
            write_preview(output / split, preview)
    except (DatasetError, RenderError) as err:
        raise fail(err) from None
    except KeyboardInterrupt:
        raise fail(f"stopped; the same command goes on where {output / split} ends") from None


@app.command()
def segment(
    images: Annotated[list[Path], typer.Argument(help="Image files, or folders of them.")],
    model: Annotated[str, typer.Option(help="A bundle's folder, or the name of a model of the package.")] = "tabletop",
    output: Annotated[Path, typer.Option(help="Folder for NAME.overlay.png and NAME.json.")] = Path("segmented"),
    provider: Annotated[str, typer.Option(help="cpu, cuda, tensorrt or auto.")] = "cpu",
    score: Annotated[float | None, typer.Option(help="Lowest score kept, 0..1; the model's own by default.")] = None,
    unknown: Annotated[float | None, typer.Option(help="Distance T_u beyond which an object is unknown, 0..2.")] = None,
    max_instances: Annotated[int | None, typer.Option(help="Most instances an image.")] = None,
    max_overlap: Annotated[float | None, typer.Option(help="Of two masks of greater IoU the better one alone.")] = None,
    overlays: Annotated[bool, typer.Option(help="Draw the overlays.")] = True,
) -> None:
    """Find the instances in images: overlays to look at, JSON with COCO RLE masks to use.

    A file that cannot be read is named and the others go on; the exit status is then 1.
    """
    from rich.progress import track

    from osis_ros.inference.bundle import BundleError
    from osis_ros.inference.segment_files import find_images, segment_files
    from osis_ros.inference.segmenter import Segmenter

    try:
        segmenter = Segmenter(model, provider)
        files = find_images(images)
        results = segment_files(
            segmenter, files, output, overlays,
            score_threshold=score, unknown_threshold=unknown, max_instances=max_instances, max_overlap=max_overlap,
        )  # fmt: skip
        failed = 0
        for result in track(results, "segmenting", total=len(files), transient=True):
            if result.error:
                failed += 1
                fail(result.error)
            else:
                unknowns = int(result.instances.unknown.sum())
                typer.echo(f"{result.file}: {len(result.instances) - unknowns} known, {unknowns} unknown")
    except (BundleError, ValueError) as error:
        raise fail(error) from None
    typer.echo(f"{len(files) - failed} of {len(files)} images segmented by '{segmenter.bundle.name}' into {output}")
    if failed:
        raise typer.Exit(1)


@app.command()
def mask_quality(
    checkpoint: Annotated[Path, typer.Argument(help="A run's last.ckpt, or a weights.safetensors.")],
    ground_truth: Annotated[Path, typer.Option(help="COCO-format JSON, plain or gzip.")],
    images: Annotated[Path, typer.Option(help="Folder that its file names start at.")],
    known: Annotated[str | None, typer.Option(help="Known classes, NAME,…; as in `osis evaluate`.")] = None,
    short_side: Annotated[int, typer.Option(min=32, help="Short side of the image as the network sees it.")] = 800,
    long_side: Annotated[int, typer.Option(min=32, help="The most that its long side may be.")] = 1333,
    json: Annotated[Path | None, typer.Option(help="Write every figure to this file.")] = None,
) -> None:
    """Score masks alone: boxes and labels are given (the paper's Table IV)."""
    from rich.console import Console

    from osis_ros.coco.annotations import EvaluationError
    from osis_ros.evaluation.jobs.evaluate import write_json
    from osis_ros.evaluation.reports.terminal import print_report
    from osis_ros.training.checkpoint import CheckpointError
    from osis_ros.training.mask_quality import mask_quality as score

    names = None if known is None else tuple(name.strip() for name in known.split(",") if name.strip())
    try:
        report = score(checkpoint, ground_truth, images, names, short_side, long_side)
        if json is not None:
            write_json(report, json)
    except (EvaluationError, CheckpointError) as err:
        raise fail(err) from None
    print_report(report, Console())


@app.command()
def detect(
    checkpoint: Annotated[Path, typer.Argument(help="A run's last.ckpt, or a weights.safetensors.")],
    ground_truth: Annotated[Path, typer.Option(help="COCO-format JSON, plain or gzip: the images and categories.")],
    images: Annotated[Path, typer.Option(help="Folder that its file names start at.")],
    output: Annotated[Path, typer.Option(help="COCO-format results, for `osis evaluate --detections`.")],
    short_side: Annotated[int, typer.Option(min=32, help="Short side of the image as the network sees it.")] = 800,
    long_side: Annotated[int, typer.Option(min=32, help="The most that its long side may be.")] = 1333,
    score_threshold: Annotated[float, typer.Option(min=0, max=1, help="Lowest score that is kept.")] = 0.05,
    unknown_threshold: Annotated[
        float | None, typer.Option(min=0, max=2, help="T_u; that of the training configuration by default.")
    ] = None,
    first: Annotated[int | None, typer.Option(min=1, help="Only the first so many images.")] = None,
) -> None:
    """Find instances with a checkpoint at the paper's image size, which no bundle's fixed input has.

    Stop it at any moment; the same command goes on where it was.
    """
    from osis_ros.coco.annotations import EvaluationError
    from osis_ros.training.checkpoint import CheckpointError
    from osis_ros.training.detect import detect as run

    try:
        found, rate = run(
            checkpoint, ground_truth, images, output, short_side, long_side, first,
            score_threshold=score_threshold, unknown_threshold=unknown_threshold,
        )  # fmt: skip
    except (EvaluationError, CheckpointError) as err:
        raise fail(err) from None
    except KeyboardInterrupt:
        raise fail("stopped; the same command goes on where it was") from None
    typer.echo(f"{output}: {found} instances ({rate:.2f} images/s)")


@app.command()
def average(
    checkpoints: Annotated[list[Path], typer.Argument(help="Two or more last.ckpt or weights.safetensors.")],
    output: Annotated[Path, typer.Option(help="The file to write, NAME.safetensors.")],
) -> None:
    """Take the mean of the weights of several runs, one after the other perhaps: often better than each."""
    from osis_ros.training.averaging import average_checkpoints
    from osis_ros.training.checkpoint import CheckpointError

    try:
        average_checkpoints(checkpoints, output)
    except CheckpointError as error:
        raise fail(error) from None
    except OSError as error:
        raise fail(f"{output}: {error.strerror or error}") from None
    typer.echo(f"{output}: the mean of {len(checkpoints)} checkpoints")


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="A run's last.ckpt, or a weights.safetensors.")],
    output: Annotated[Path, typer.Option(help="The bundle's folder, models/NAME.")],
    height: Annotated[int, typer.Option(help="Input height in pixels, a multiple of 32.")] = 480,
    width: Annotated[int, typer.Option(help="Input width in pixels, a multiple of 32.")] = 640,
    score: Annotated[float | None, typer.Option(help="Default score threshold; the training configuration's.")] = None,
    unknown: Annotated[float | None, typer.Option(help="Default T_u; the training configuration's.")] = None,
    data: Annotated[str | None, typer.Option(help="What it was trained on, for the card.")] = None,
    metrics: Annotated[list[Path], typer.Option(help="JSON list of {name, value, data, command}.")] = [],  # noqa: B006
    section: Annotated[list[Path], typer.Option(help="Markdown to add to the card.")] = [],  # noqa: B006
    half: Annotated[bool, typer.Option(help="Store weights rounded to float16; it computes in float32.")] = True,
    static: Annotated[bool, typer.Option(help="Outputs padded to a fixed size, with a count.")] = False,
    proposals: Annotated[
        Literal["trained", "exact", "fast"],
        typer.Option(help="As trained; exact: the paper's thousands; fast: at most 500 after NMS."),
    ] = "trained",
    set_: Annotated[
        list[str], typer.Option("--set", help="Replace an entry of the network, e.g. decision.max_unknown=20.")
    ] = [],  # noqa: B006
) -> None:
    """Turn a checkpoint into a bundle that runs without PyTorch: model.onnx, model.yaml, its card, and the weights."""
    from osis_ros.inference.bundle import BundleError
    from osis_ros.training.checkpoint import CheckpointError
    from osis_ros.training.export import export_bundle, read_metrics, read_section

    try:
        figures = [metric for file in metrics for metric in read_metrics(file)]
        sections = [read_section(file) for file in section]
        bundle = export_bundle(
            checkpoint, output, height=height, width=width, score=score, unknown=unknown, data=data,
            metrics=figures, sections=sections, half=half, static=static, proposals=proposals, overrides=set_,
        )  # fmt: skip
    except (BundleError, CheckpointError, OSError) as error:
        raise fail(error) from None
    size = bundle.model_file.stat().st_size / 1e6
    typer.echo(f"{bundle.path}: model.onnx {size:.1f} MB, {len(bundle.class_names)} known classes, {width}x{height}")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to; replaces an earlier demo's.")] = Path("demo"),
    model: Annotated[str, typer.Option(help="A bundle's folder, or the name of a model of the package.")] = "tabletop",
    frames: Annotated[int, typer.Option(min=1, help="Camera frames.")] = 60,
    rate: Annotated[float, typer.Option(min=0.1, max=60, help="Camera frames a second.")] = 2.0,
) -> None:
    """Run a simulated camera and the segmenter node, record every topic, and judge what came by the simulator's truth.

    Needs a ROS 2 in this shell: `source scripts/env.sh`.
    """
    from rich.console import Console

    try:
        from osis_ros.demo import DemoError, run_demo, verdict_table
    except ModuleNotFoundError as err:
        raise fail(f"no module {err.name}: the demo wants ROS 2 and this package's messages; run make demo") from None

    console = Console()
    try:
        verdict = run_demo(folder, model, frames, rate, console)
    except DemoError as err:
        raise fail(err) from None
    console.print(verdict_table(verdict))
    console.print(f"{folder}/overlay.png: camera and answer side by side; {folder}/{folder.name}.mcap: every topic")


@app.command()
def replay(
    bag: Annotated[Path, typer.Argument(help="A bag's folder, or its .mcap or .db3 file.")],
    output: Annotated[Path, typer.Option(help="Folder of the results; replaces an earlier one.")] = Path("replay"),
    model: Annotated[str, typer.Option(help="A bundle's folder, or the name of a model of the package.")] = "tabletop",
    image_topic: Annotated[str | None, typer.Option(help="Raw or compressed; the bag's only one by default.")] = None,
    truth_topic: Annotated[
        str | None, typer.Option(help="An InstanceArray with the true masks; …/ground_truth by default.")
    ] = None,
    score: Annotated[float | None, typer.Option(help="Lowest score kept, 0..1; the model's own by default.")] = None,
    unknown: Annotated[float | None, typer.Option(help="Distance T_u beyond which an object is unknown, 0..2.")] = None,
    max_instances: Annotated[int | None, typer.Option(help="Most instances an image.")] = None,
    max_overlap: Annotated[float | None, typer.Option(help="Of two masks of greater IoU the better one alone.")] = None,
    provider: Annotated[str, typer.Option(help="cpu, cuda, tensorrt or auto.")] = "auto",
    first: Annotated[int | None, typer.Option(min=1, help="Only the first so many images.")] = None,
) -> None:
    """Segment every image of a recorded bag, however slow the machine: a bag of results, scores, and a page to look at.

    OUTPUT is a bag with the masks, label images and overlays under the images' own stamps; `ros2 bag play` plays it
    beside the recorded one. OUTPUT/report.html shows figures, their course and pictures. Where the bag holds the true
    masks, as that of the demo does, AP and AR are printed too. Needs a ROS 2 in this shell: `source scripts/env.sh`.
    """
    from rich.console import Console
    from rich.table import Table

    try:
        from osis_ros.bags.replay import REPORT, Options, ReplayError
        from osis_ros.bags.replay import replay as run
    except ModuleNotFoundError as err:
        raise fail(f"no module {err.name}: replay wants ROS 2, this package's messages and '.[replay]'") from None

    console = Console()
    options = Options(
        bag, output, model, provider, image_topic, truth_topic,
        score_threshold=score, unknown_threshold=unknown, max_instances=max_instances, max_overlap=max_overlap,
        first=first,
    )  # fmt: skip
    try:
        report = run(options, console)
    except ReplayError as err:
        raise fail(err) from None
    except KeyboardInterrupt:
        raise fail("stopped before anything was written") from None
    table = Table("measure", "value", title=f"{report.model} on {report.image_topic}")
    for row in report.figures().items():
        table.add_row(*row)
    console.print(table)
    for reason, count in report.failures.items():
        console.print(f"skipped {count}: {reason}", highlight=False, markup=False)
    console.print(report.note, highlight=False, markup=False)
    console.print(f"{output}: a bag of the results; {output / REPORT}: figures and pictures")


@app.command()
def import_checkpoint(
    file: Annotated[Path, typer.Argument(help="An official SemSeg .pth, or a Detectron2 ResNet-50 .pkl.")],
    output: Annotated[Path, typer.Option(help="The checkpoint to write.")] = Path("weights.safetensors"),
    class_names: Annotated[
        str | None, typer.Option(help="NAME,… of the known classes; by default those of COCO-OSIS or GraspNet-OSIS.")
    ] = None,
) -> None:
    """Turn the paper authors' checkpoint into ours: `osis export` makes a bundle of it, `osis train --init` goes on.

    Nothing in FILE is executed. A tensor that is missing, unknown or of another shape is named.
    """
    import torch

    from osis_ros.training.checkpoint import save_checkpoint
    from osis_ros.training.model.weights_file import WeightsError
    from osis_ros.training.reference.import_checkpoint import import_checkpoint as read
    from osis_ros.training.reference.import_checkpoint import provenance

    names = tuple(name.strip() for name in class_names.split(",")) if class_names else ()
    try:
        model, whole = read(file, names)
        save_checkpoint(output, model, provenance(file, whole), torch.float32)
    except (WeightsError, OSError) as error:
        raise fail(error) from None
    note = "" if whole else "; only the backbone is trained, the rest is random"
    typer.echo(f"{output}: {model.config.num_classes} known classes, faithful preset{note}")


@app.command()
def compare_reference(
    checkpoint: Annotated[Path, typer.Argument(help="An official .pth, or a checkpoint imported from one.")],
    fixture: Annotated[Path, typer.Argument(help=".npz of the authors' outputs for the same weights.")],
    tolerance: Annotated[float, typer.Option(min=0, help="Largest relative difference that passes.")] = 1e-3,
) -> None:
    """Hold the network against the authors' implementation: print the largest difference of each array.

    The exit status is 1 if one is past the tolerance.
    """
    from osis_ros.training.checkpoint import CheckpointError
    from osis_ros.training.model.weights_file import WeightsError
    from osis_ros.training.reference.compare import FixtureError, compare, observe, read_fixture, read_model, report

    try:
        arrays, model = read_fixture(fixture), read_model(checkpoint)
        differences = compare(model, observe(model, arrays), arrays, tolerance)
    except (CheckpointError, FixtureError, WeightsError) as error:
        raise fail(error) from None
    for line in report(differences, tolerance):
        typer.echo(line)
    past = [difference.name for difference in differences if not difference.relative <= tolerance]
    if past:
        raise fail(f"past the tolerance of {tolerance:g}: {', '.join(past)}")


if __name__ == "__main__":
    app()
