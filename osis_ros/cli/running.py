"""`osis segment` and `demo`: run a model on image files, and on a simulated camera."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osis_ros.cli.console import plain_console
from osis_ros.cli.failure import fail
from osis_ros.cli.options import MaxInstances, MaxOverlap, Model, Provider, ScoreThreshold, UnknownThreshold

if TYPE_CHECKING:
    from osis_ros.instances import Instances


def segment(
    images: Annotated[list[Path], typer.Argument(help="Image files, or folders of images.")],
    model: Model = "tabletop",
    output: Annotated[Path, typer.Option(help="Folder for the results NAME.overlay.png and NAME.json.")] = Path(
        "segmented"
    ),
    provider: Provider = "cpu",
    score_threshold: ScoreThreshold = None,
    unknown_threshold: UnknownThreshold = None,
    max_instances: MaxInstances = None,
    max_overlap: MaxOverlap = None,
    overlays: Annotated[bool, typer.Option(help="Also draw an overlay of each image.")] = True,
    gallery: Annotated[Path | None, typer.Option(help="Folder of taught names (`osis teach`) to look for.")] = None,
    names_file: Annotated[
        Path | None,
        typer.Option(
            "--names",
            help="File of `osis names`, for a zero-shot model, or for --guess-map or --image-model.",
        ),
    ] = None,
    guess_map: Annotated[
        Path | None, typer.Option(help="Guess names of unknown objects with this file of `osis guess-map`.")
    ] = None,
    image_model: Annotated[
        Path | None,
        typer.Option(help="Guess names of unknown objects with this ONNX file, the image part of CLIP or the like."),
    ] = None,
) -> None:
    """Segment image files: overlays to look at, and JSON files with COCO RLE masks.

    A file that cannot be read is reported and skipped; the exit status is then 1.
    """
    from osis_ros.inference.segment_files import find_images, segment_files
    from osis_ros.inference.segmenter import Segmenter
    from osis_ros.progress import track

    if output.exists() and not output.is_dir():
        raise fail(f"{output} is a file, expected a folder to write the results to")
    segmenter = Segmenter(model, provider)
    finish = []
    if guess_map is not None or image_model is not None:
        from osis_ros.words.guesser import Guesser

        if names_file is None:
            raise fail("a guess needs a list of names, expected --names with a file of osis names")
        finish.append(Guesser(segmenter.bundle, names_file, embedding_map=guess_map, image_model=image_model))
    elif names_file is not None:
        from osis_ros.words.names_file import read_names_file

        segmenter.ask(read_names_file(names_file))
    files = find_images(images)
    if gallery is not None:
        from osis_ros.teaching.gallery_folder import read_gallery

        if not gallery.is_dir():
            raise fail(f"{gallery} is no folder, expected the gallery of osis teach")
        finish.append(read_gallery(gallery, segmenter.bundle).name)
    results = segment_files(
        segmenter, files, output, overlays, finish=finish,
        score_threshold=score_threshold, unknown_threshold=unknown_threshold, max_instances=max_instances,
        max_overlap=max_overlap,
    )  # fmt: skip
    failed = 0
    for result in track(results, "segmenting", total=len(files)):
        if result.error:
            failed += 1
            fail(result.error)
        else:
            unknowns = int(result.instances.unknown.sum())
            found = f"{len(result.instances) - unknowns} known, {unknowns} unknown"
            typer.echo(f"{result.file}: {found}{_names(result.instances)}")
    typer.echo(f"{len(files) - failed} of {len(files)} images segmented by '{segmenter.bundle.name}' into {output}")
    if failed:
        raise typer.Exit(1)


def _names(instances: "Instances") -> str:
    """The taught names and the guesses among them."""
    taught, guesses = (
        [] if column is None else sorted({name for name in column.tolist() if name})
        for column in (instances.taught_names, instances.guesses)
    )
    names = [*taught, *(f"{name}?" for name in guesses)]
    return f"; by name: {', '.join(names)}" if names else ""


def demo(
    folder: Annotated[Path, typer.Argument(help="Output folder; an earlier demo there is overwritten.")] = Path("demo"),
    model: Model = "tabletop",
    frames: Annotated[int, typer.Option(min=1, help="Number of camera images.")] = 60,
    rate: Annotated[float, typer.Option(min=0.1, max=60, help="Camera images per second.")] = 2.0,
) -> None:
    """Run a simulated camera and the segmenter node, record every topic, and score the results.

    Needs a ROS 2 in this shell: `source scripts/env.sh`.
    """
    from osis_ros.demo import run_demo, verdict_table

    console = plain_console()
    console.print(verdict_table(run_demo(folder, model, frames, rate, console)))
    picture = f"{folder}/overlay.png: camera, and answer with boxes in space"
    console.print(f"{picture}; {folder}/{folder.name}.mcap: every topic")
