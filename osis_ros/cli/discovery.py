"""`osis discover` and `osis discover apply`: unknown things of recordings, grouped; the groups' names to labels."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.cli.console import plain_console
from osis_ros.cli.failure import CommandsWithDefault, fail
from osis_ros.cli.options import First, Model, Provider, ScoreThreshold, UnknownThreshold

app = typer.Typer(
    cls=CommandsWithDefault, no_args_is_help=True, rich_markup_mode="markdown",
    help="Group the unknown objects of recordings, and turn named groups into labels. `osis discover BAG` is short for "
    "`osis discover recordings BAG`.",
)  # fmt: skip


@app.command(CommandsWithDefault.DEFAULT)
def discover(
    recordings: Annotated[list[Path], typer.Argument(help="Bags, image files, or folders of images.")],
    output: Annotated[
        Path, typer.Option(help="Folder for the page, names.csv and pictures. An earlier one is replaced if unchanged.")
    ] = Path("discovered"),
    model: Model = "tabletop",
    min_cluster: Annotated[int, typer.Option(min=2, help="Smallest number of things in a cluster.", metavar="N")] = 3,
    min_views: Annotated[
        int, typer.Option(min=1, help="Leave out things that were seen in fewer pictures.", metavar="N")
    ] = 1,
    rate: Annotated[
        float, typer.Option(min=0.01, max=1000, help="Use at most this many pictures of a bag per second.")
    ] = 5.0,
    image_topic: Annotated[
        str | None, typer.Option(help="Topic of the images, raw or compressed. Default: a bag's only image topic.")
    ] = None,
    score_threshold: ScoreThreshold = None,
    unknown_threshold: UnknownThreshold = None,
    provider: Provider = "cpu",
    first: First = None,
) -> None:
    """Find unknown objects that look alike in recordings.

    In a bag, objects are tracked and count once; in image files every instance counts. They are grouped with HDBSCAN.
    Look at the groups in report.html, name them in names.csv, then run `osis discover apply`. A bag needs ROS 2 in this
    shell: source your workspace or scripts/env.sh.
    """
    from osis_ros.discovery.discover import PAGE_FILE, Options
    from osis_ros.discovery.discover import discover as run
    from osis_ros.discovery.names_file import NAMES_FILE
    from osis_ros.progress import track

    console = plain_console()
    options = Options(
        tuple(recordings),
        output,
        model,
        provider,
        image_topic,
        rate,
        first,
        score_threshold,
        unknown_threshold,
        min_cluster,
        min_views,
    )
    outcome = run(options, lambda pictures: track(pictures, "segmenting", console=console))
    for reason, count in outcome.skipped.items():
        typer.echo(f"skipped {count}: {reason}")
    clusters = f"{outcome.clusters} cluster{'s' * (outcome.clusters != 1)}"
    typer.echo(f"{outcome.pictures} pictures: {outcome.known} known and {outcome.unknown} unknown things, "
               f"{clusters}, {outcome.noise} unknown things in no cluster")  # fmt: skip
    typer.echo(f"look at {output / PAGE_FILE}, fill in {output / NAMES_FILE}, then run: osis discover apply {output}")


@app.command()
def apply(
    folder: Annotated[Path, typer.Argument(help="Folder that `osis discover` wrote, with its names.csv filled in.")],
) -> None:
    """Write the labels of named clusters for labelling tools and for `osis train`.

    The folder labels/ gets COCO (run lengths and polygons), CVAT, Label Studio and labelme files, a training
    configuration, and a gallery of the new names, as `osis teach` makes it. Earlier labels are replaced if nobody has
    changed them.
    """
    from osis_ros.discovery.apply import apply as write
    from osis_ros.discovery.names_file import NamesError

    try:
        applied = write(folder)
    except NamesError as err:
        for problem in err.problems:
            fail(problem)
        raise typer.Exit(1) from None
    typer.echo(f"{applied.folder}: {applied.objects} objects on {applied.pictures} pictures; new classes: "
               f"{', '.join(applied.new)}")  # fmt: skip
    for name, reason in applied.not_taught.items():
        typer.echo(f"not in the gallery: {name}: {reason}")
