"""`osis export`, `quantize`, `build-engine`, `import-checkpoint` and `compare-reference`: bundles, engines."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from osis_ros.cli.failure import fail
from osis_ros.cli.options import Checkpoint, Model, names
from osis_ros.files.output_file import require_output


def export(
    checkpoint: Checkpoint,
    output: Annotated[Path, typer.Option(help="Folder of the bundle, models/NAME.")],
    height: Annotated[int, typer.Option(help="Input height in pixels, a multiple of 32.")] = 480,
    width: Annotated[int, typer.Option(help="Input width in pixels, a multiple of 32.")] = 640,
    score_threshold: Annotated[
        float | None, typer.Option(help="Default score threshold, 0..1. Default: the training configuration's.")
    ] = None,
    unknown_threshold: Annotated[
        float | None, typer.Option(help="Default T_u. Default: the training configuration's.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Name of the training data, for the model card.")] = None,
    metrics: Annotated[
        list[Path], typer.Option(help="JSON file with a list of {name, value, data, command} for the card; repeatable.")
    ] = [],  # noqa: B006
    section: Annotated[list[Path], typer.Option(help="Markdown file to append to the model card; repeatable.")] = [],  # noqa: B006
    half: Annotated[bool, typer.Option(help="Store weights as float16; the model still computes in float32.")] = True,
    static: Annotated[bool, typer.Option(help="Pad outputs to a fixed size and add a count, for TensorRT.")] = False,
    proposals: Annotated[
        Literal["trained", "exact", "fast"],
        typer.Option(help="Number of proposals: as trained, exact (as in the SemSeg paper), or fast (at most 500)."),
    ] = "trained",
    set_: Annotated[
        list[str],
        typer.Option(
            "--set",
            help="Replace one entry of the network's configuration, e.g. decision.max_unknown=20; repeatable.",
            metavar="KEY=VALUE",
        ),
    ] = [],  # noqa: B006
) -> None:
    """Export a checkpoint to a bundle that runs without PyTorch.

    A bundle is a folder with model.onnx, model.yaml, a model card and the weights. An earlier bundle is replaced.
    """
    from osis_ros.training.export import export_bundle, read_metrics, read_section

    figures = [metric for file in metrics for metric in read_metrics(file)]
    sections = [read_section(file) for file in section]
    bundle = export_bundle(
        checkpoint, output, height=height, width=width, score=score_threshold, unknown=unknown_threshold,
        data=data, metrics=figures, sections=sections, half=half, static=static, proposals=proposals, overrides=set_,
    )  # fmt: skip
    size = bundle.model_file.stat().st_size / 1e6
    typer.echo(f"{bundle.path}: model.onnx {size:.1f} MB, {len(bundle.class_names)} known classes, {width}x{height}")


def quantize(
    images: Annotated[
        list[Path],
        typer.Argument(help="Images like those the model will see, or folders of them; not those of its evaluation."),
    ],
    output: Annotated[Path, typer.Option(help="Folder of the new bundle.")],
    model: Model = "tabletop",
    count: Annotated[int, typer.Option(min=1, help="Use N of the images, evenly spread.", metavar="N")] = 60,
) -> None:
    """Make a model's convolutions compute in 8 bits, for CPUs (best with VNNI, AVX-VNNI or Arm's dot product).

    Takes minutes. Then `osis calibrate --write` chooses the thresholds, and `osis compare` shows time and accuracy of
    both models.
    """
    from osis_ros.inference.bundle import load_bundle
    from osis_ros.inference.segment_files import find_images
    from osis_ros.progress import track
    from osis_ros.training.quantise import quantise

    found = find_images(images)
    chosen = found[:: -(-len(found) // count)]
    bundle = quantise(load_bundle(model), output, track(chosen, "calibrating"))
    size = bundle.model_file.stat().st_size / 1e6
    typer.echo(f"{bundle.path}: model.onnx {size:.1f} MB, ranges from {len(chosen)} images")


def classes(
    model: Annotated[str, typer.Argument(help="Folder of a model bundle, or the name of a model in the package.")],
    output: Annotated[
        Path | None, typer.Option(help="Folder of a new bundle with the changed classes. Default: only list them.")
    ] = None,
    remove: Annotated[list[str], typer.Option(help="Class to remove; its objects become unknown; repeatable.")] = [],  # noqa: B006
    add: Annotated[list[str], typer.Option(help="Taught name to make a class of; repeatable.")] = [],  # noqa: B006
    gallery: Annotated[Path | None, typer.Option(help="Folder of the names taught with this model, for --add.")] = None,
) -> None:
    """List the known classes of a model, or write a bundle that has other ones. Nothing is trained.

    A class that was taught is not as good as one that was trained. The classes of models that were exported by an
    earlier release are part of the graph and cannot be changed.
    """
    from osis_ros.inference.bundle import load_bundle
    from osis_ros.teaching.class_rows import with_changed_classes
    from osis_ros.teaching.gallery_folder import read_gallery

    bundle = load_bundle(model)
    if output is not None:
        if add and gallery is None:
            raise fail("--add takes a taught name, expected --gallery with the folder of the taught names")
        taught = [read_gallery(gallery, bundle)[name] for name in add] if gallery else []
        bundle = with_changed_classes(bundle, output, remove, taught)
    elif remove or add:
        raise fail("nothing was changed, expected --output with the folder of the new bundle")
    for number, name in enumerate(bundle.class_names):
        typer.echo(f"{number:4d}  {name}")


def build_engine(
    model: Annotated[str, typer.Argument(help="Folder of a model bundle, or the name of a model in the package.")],
    cache: Annotated[
        Path | None,
        typer.Option(help="Folder for the engines. Default: where the node looks, ~/.cache/osis_ros/tensorrt."),
    ] = None,
) -> None:
    """Build a model's TensorRT engine ahead of time, so that the node starts at once with `provider:=tensorrt`.

    Takes minutes. An engine fits one kind of GPU, one onnxruntime and one TensorRT, so build it on the robot.
    """
    import time

    from osis_ros.inference.provider import engine_cache
    from osis_ros.inference.segmenter import Segmenter

    started = time.monotonic()
    segmenter = Segmenter(model, "tensorrt", cache=cache)
    typer.echo(f"{engine_cache(segmenter.bundle, cache)}: ready in {time.monotonic() - started:.0f} s")


def import_checkpoint(
    file: Annotated[Path, typer.Argument(help="An official SemSeg .pth file, or a Detectron2 ResNet-50 .pkl file.")],
    output: Annotated[Path, typer.Option(help="Checkpoint file to write.")] = Path("weights.safetensors"),
    class_names: Annotated[
        str | None,
        typer.Option(
            help="Names of the known classes, separated by commas. Default: those of COCO-OSIS or GraspNet-OSIS."
        ),
    ] = None,
) -> None:
    """Convert a checkpoint of SemSeg's authors to ours, for `osis export` or `osis train --init`.

    No code in FILE is executed. A tensor that is missing, unknown or of the wrong shape is reported.
    """
    import torch

    from osis_ros.training.checkpoint import save_checkpoint
    from osis_ros.training.reference.import_checkpoint import import_checkpoint as read
    from osis_ros.training.reference.import_checkpoint import provenance

    require_output(output, (file,))
    model, whole = read(file, names(class_names) or ())
    save_checkpoint(output, model, provenance(file, whole), torch.float32)
    note = "" if whole else "; only the backbone is trained, the rest is random"
    typer.echo(f"{output}: {model.config.num_classes} known classes, faithful preset{note}")


def compare_reference(
    checkpoint: Annotated[Path, typer.Argument(help="An official .pth file, or a checkpoint imported from one.")],
    fixture: Annotated[Path, typer.Argument(help="An .npz file of the authors' outputs for the same weights.")],
    tolerance: Annotated[float, typer.Option(min=0, help="Largest relative difference that passes.")] = 1e-3,
) -> None:
    """Compare the network's outputs with those of the SemSeg authors' implementation.

    Prints the largest difference of each array. The exit status is 1 if one exceeds the tolerance.
    """
    from osis_ros.training.reference.compare import compare, observe, read_fixture, read_model, report

    arrays, model = read_fixture(fixture), read_model(checkpoint)
    differences = compare(model, observe(model, arrays), arrays, tolerance)
    for line in report(differences, tolerance):
        typer.echo(line)
    past = [difference.name for difference in differences if not difference.relative <= tolerance]
    if past:
        raise fail(f"past the tolerance of {tolerance:g}: {', '.join(past)}")
