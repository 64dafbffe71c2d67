"""`osis replay`: run a model on a recorded bag, and say what is wrong with the bag."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osis_ros.cli.console import plain_console
from osis_ros.cli.failure import CommandsWithDefault, fail
from osis_ros.cli.options import (
    First,
    MaxInstances,
    MaxOverlap,
    Model,
    Provider,
    Report,
    ScoreThreshold,
    UnknownThreshold,
)

if TYPE_CHECKING:
    from rich.console import Console

    from osis_ros.bags.health import BagHealth


Camera = Annotated[str | None, typer.Option(help="Name of the camera, as on the page, if the replay is of several.")]


class ReplayCommands(CommandsWithDefault):
    """`osis replay BAG` is `osis replay bag BAG`."""

    DEFAULT = "bag"


app = typer.Typer(
    cls=ReplayCommands, no_args_is_help=True, rich_markup_mode="markdown",
    help="Run a model on a recorded bag. `osis replay BAG` is short for `osis replay bag BAG`.",
)  # fmt: skip


@app.command(ReplayCommands.DEFAULT)
def replay(
    bag: Annotated[Path, typer.Argument(help="Folder of a bag, or its .mcap, .db3 or (ROS 1) .bag file.")],
    output: Annotated[Path, typer.Option(help="Output folder; an earlier replay there is overwritten.")] = Path(
        "replayed"
    ),
    model: Model = "tabletop",
    image_topic: Annotated[
        list[str] | None,
        typer.Option(
            help="Topic of the images, raw or compressed; repeat it for several cameras. Default: the bag's only one."
        ),
    ] = None,
    truth_topic: Annotated[
        list[str] | None,
        typer.Option(
            help="Topic with the true masks: InstanceArray, or label images; one for each camera. Default: "
            "…/ground_truth."
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="COCO file with the true masks; file names contain stamps or numbers of images."),
    ] = None,
    truth_classes: Annotated[
        Path | None, typer.Option(help="YAML file with the class of each value in label images, lines `value: name`.")
    ] = None,
    truth_areas: Annotated[
        bool, typer.Option("--truth-areas", help="Each connected area of a label image is one object.")
    ] = False,
    score_threshold: ScoreThreshold = None,
    unknown_threshold: UnknownThreshold = None,
    max_instances: MaxInstances = None,
    max_overlap: MaxOverlap = None,
    provider: Provider = "cpu",
    first: First = None,
    criteria: Annotated[
        Path | None, typer.Option(help="YAML file of criteria to meet. The exit status is 1 if one is not met.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted replay; give the options that it had.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only check the recording; no model runs, and nothing is written.")
    ] = False,
) -> None:
    """Segment every image of a recorded bag and write a bag of results, figures (JSON) and an HTML report.

    The results have the time stamps of their images, so you can play both bags together. If the bag has true masks, as
    that of `osis demo` has, AP and AR are printed too. Needs ROS 2 in this shell: source your workspace or
    scripts/env.sh.

    Several cameras of one bag get one bag of results, and one report with a part for each.

    If it is interrupted, what the model has found so far is kept in OUTPUT.part, and `--resume` goes on from there.

    With `--criteria` each criterion gets a verdict, on the terminal, in summary.json and in junit.xml; see
    docs/regression.md.

    `--check` reads only the headers, which takes seconds for gigabytes. The exit status is then 1 if there is an
    error: stamps that are missing, repeated or go backward, encodings that cannot be read, damaged files.
    """
    console = plain_console()
    if check:
        _check(bag, console)
        return
    from rich.table import Table

    from osis_ros.bags.replay import REPORT, Options
    from osis_ros.bags.replay import replay as run
    from osis_ros.evaluation.metrics.recording_health import NOTE

    options = Options(
        bag, output, model, provider, tuple(image_topic or ()), tuple(truth_topic or ()),
        score_threshold=score_threshold, unknown_threshold=unknown_threshold, max_instances=max_instances,
        max_overlap=max_overlap, first=first, criteria=criteria, truth=truth, truth_classes=truth_classes,
        truth_areas=truth_areas, resume=resume,
    )  # fmt: skip
    reports = run(options, console)
    for report in reports:
        table = Table("measure", "value", title=f"{report.model} on {report.image_topic}")
        for row in report.in_words().items():
            table.add_row(*row)
        console.print(table)
        for reason, count in report.failures.items():
            console.print(f"skipped {count}: {reason}", highlight=False, soft_wrap=True)
        console.print(report.note, highlight=False, soft_wrap=True)
    used = {"", *(report.image_topic for report in reports)}
    for finding in reports[0].health.findings:
        if finding.level != NOTE and finding.topic in used:  # the page has the rest
            console.print(f"{finding.level}: {finding}", highlight=False, soft_wrap=True)
    console.print(f"{output}: a bag of the results; {output / REPORT}: figures and pictures")
    outcomes = [outcome for report in reports for outcome in report.outcomes]
    for outcome in outcomes:
        console.print(str(outcome), highlight=False, markup=False, soft_wrap=True)
    if failed := sum(not outcome.passed for outcome in outcomes):
        raise fail(f"{failed} of {len(outcomes)} criteria are not met")


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="Folder that `osis replay` wrote.")],
    b: Annotated[Path, typer.Argument(help="Another one, of the same recording.")],
    output: Annotated[Path, typer.Option(help="The page, one HTML file; an earlier one is overwritten.")] = Path(
        "compared.html"
    ),
    json: Report = None,
    pictures: Annotated[int, typer.Option(min=1, help="Show the N images that differ most.", metavar="N")] = 30,
    camera: Camera = None,
    at_least: Annotated[
        float | None, typer.Option(min=0, max=1, help="The exit status is 1 if the agreement is lower, 0..1.")
    ] = None,
) -> None:
    """Compare two replays of one recording: two models, two thresholds, or two versions.

    The page shows the images that differ most, both results side by side with a slider, a table that compares the
    classes, and the objects that only one of the two found.
    """
    from osis_ros.bags.compare_runs import compare_runs
    from osis_ros.evaluation.reports.compare_page import is_compare_page, is_comparison
    from osis_ros.files.atomic import write_whole
    from osis_ros.files.output_file import require_output

    require_output(output, (json,), is_compare_page, "comparison")
    require_output(json, (output,), is_comparison, "comparison")
    comparison, page = compare_runs(a, b, pictures, plain_console(), camera)
    write_whole(output, page)
    if json is not None:
        write_whole(json, comparison.json())
    figures = comparison.agreement.figures()
    console = plain_console()
    console.print(
        f"agreement {figures['agreement']:.3f} in {figures['images']} images: {figures['same']} objects with the same "
        f"class, {figures['class_differs']} with another one, {figures['only_a']} only in A, {figures['only_b']} only "
        "in B", highlight=False, soft_wrap=True,
    )  # fmt: skip
    for name, one, other in comparison.differences():
        console.print(f"{name}: {one} in A, {other} in B", highlight=False, markup=False, soft_wrap=True)
    console.print(f"{output}: side by side", highlight=False, soft_wrap=True)
    if at_least is not None and figures["agreement"] < at_least:
        raise fail(f"the agreement is {figures['agreement']:.3f}, expected at least {at_least:g}")


@app.command()
def worst(
    replayed: Annotated[Path, typer.Argument(help="Folder that `osis replay` wrote.")],
    bag: Annotated[Path, typer.Argument(help="The recording that it is of.")],
    output: Annotated[
        Path, typer.Option(help="Output folder; an earlier result there is replaced, unless it was edited.")
    ] = Path("worst"),
    images: Annotated[int, typer.Option(min=1, help="At most N images.", metavar="N")] = 30,
    apart: Annotated[float, typer.Option(min=0, help="Smallest number of seconds between two images.")] = 1.0,
    camera: Camera = None,
) -> None:
    """Take the worst images of a replay for labelling: pictures, and what was found in them as a COCO file.

    The worst are those with most errors or, without true masks, those in which objects appear, vanish or change class
    while the camera stands still. Correct the masks in a labelling tool; `osis replay --truth` then scores the bag by
    the corrected file.
    """
    from osis_ros.bags.worst_images import ANNOTATIONS, write_worst_images

    console = plain_console()
    count = write_worst_images(replayed, bag, output, images, apart, console, camera)
    console.print(f"{output}: {count} images, and {ANNOTATIONS} with what was found in them", highlight=False,
                  soft_wrap=True)  # fmt: skip


def _check(bag: Path, console: "Console") -> None:
    from osis_ros.bags.health import ERROR, check_bag
    from osis_ros.bags.reader import RecordedBag

    with RecordedBag(bag) as recorded:
        health = check_bag(recorded)
    _print_health(health, console)
    if health.count(ERROR):
        raise typer.Exit(1)


def _print_health(health: "BagHealth", console: "Console") -> None:
    from rich.table import Column, Table

    table = Table(Column("topic", overflow="fold"), *health.COLUMNS[1:], title="recording")
    for row in health.rows():
        table.add_row(*row)
    console.print(table)
    for finding in health.findings:
        console.print(f"{finding.level}: {finding}", highlight=False, soft_wrap=True)
    if not health.findings:
        console.print("nothing is wrong with the recording")
