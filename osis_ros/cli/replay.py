"""`osis replay`: run a model on a recorded bag, and say what is wrong with the bag."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osis_ros.cli.console import plain_console
from osis_ros.cli.failure import CommandsWithDefault, fail
from osis_ros.cli.options import First, MaxInstances, MaxOverlap, Model, Provider, Report, Score, Unknown

if TYPE_CHECKING:
    from rich.console import Console

    from osis_ros.bags.health import BagHealth


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
        "replay"
    ),
    model: Model = "tabletop",
    image_topic: Annotated[
        str | None, typer.Option(help="Topic of the images, raw or compressed. Default: the bag's only image topic.")
    ] = None,
    truth_topic: Annotated[
        str | None,
        typer.Option(help="Topic with the true masks: InstanceArray, or label images. Default: …/ground_truth."),
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
    score: Score = None,
    unknown: Unknown = None,
    max_instances: MaxInstances = None,
    max_overlap: MaxOverlap = None,
    provider: Provider = "auto",
    first: First = None,
    criteria: Annotated[
        Path | None, typer.Option(help="YAML file of criteria to meet. The exit status is 1 if one is not met.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only check the recording; no model runs, and nothing is written.")
    ] = False,
) -> None:
    """Segment every image of a recorded bag and write a bag of results, figures (JSON) and an HTML report.

    The results have the time stamps of their images, so you can play both bags together. If the bag has true masks, as
    that of `osis demo` has, AP and AR are printed too. Needs ROS 2 in this shell: source your workspace or
    scripts/env.sh.

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
        bag, output, model, provider, image_topic, truth_topic,
        score_threshold=score, unknown_threshold=unknown, max_instances=max_instances, max_overlap=max_overlap,
        first=first, criteria=criteria, truth=truth, truth_classes=truth_classes, truth_areas=truth_areas,
    )  # fmt: skip
    report = run(options, console)
    table = Table("measure", "value", title=f"{report.model} on {report.image_topic}")
    for row in report.in_words().items():
        table.add_row(*row)
    console.print(table)
    for reason, count in report.failures.items():
        console.print(f"skipped {count}: {reason}", highlight=False, soft_wrap=True)
    console.print(report.note, highlight=False, soft_wrap=True)
    for finding in report.health.findings:
        if finding.level != NOTE and finding.topic in ("", report.image_topic):  # the page has the rest
            console.print(f"{finding.level}: {finding}", highlight=False, soft_wrap=True)
    console.print(f"{output}: a bag of the results; {output / REPORT}: figures and pictures")
    for outcome in report.outcomes:
        word = "passed" if outcome.passed else "failed"
        console.print(f"{word}: {outcome.name}: {outcome.text}", highlight=False, markup=False, soft_wrap=True)
    if report.passed is False:
        failed = sum(not outcome.passed for outcome in report.outcomes)
        raise fail(f"{failed} of {len(report.outcomes)} criteria are not met")


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="Folder that `osis replay` wrote.")],
    b: Annotated[Path, typer.Argument(help="Another one, of the same recording.")],
    output: Annotated[Path, typer.Option(help="The page, one HTML file; an earlier one is overwritten.")] = Path(
        "compared.html"
    ),
    json: Report = None,
    pictures: Annotated[int, typer.Option(min=1, help="Show the N images that differ most.", metavar="N")] = 30,
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
    comparison, page = compare_runs(a, b, pictures, plain_console())
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
    console.print(f"{output}: side by side", highlight=False, soft_wrap=True)
    if at_least is not None and figures["agreement"] < at_least:
        raise fail(f"the agreement is {figures['agreement']:.3f}, expected at least {at_least:g}")


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
