"""`osis evaluate`, `compare`, `calibrate`, `card-figures` and `tables`. Each imports what it needs when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.terminal import fail

Known = Annotated[
    str | None,
    typer.Option(help="Known classes, NAME,… or ids. Default: what the ground truth marks, else the model's."),
]


def names_of(known: str | None) -> tuple[str, ...] | None:
    """`cup, bowl` -> ("cup", "bowl")."""
    return None if known is None else tuple(name.strip() for name in known.split(",") if name.strip())


def evaluate(
    ground_truth: Annotated[Path, typer.Option(help="COCO-format JSON, plain or gzip.")],
    detections: Annotated[Path | None, typer.Option(help="COCO-format results to score.")] = None,
    model: Annotated[str | None, typer.Option(help="A bundle to run and score: its folder or name.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder that the ground truth's file names start at.")] = None,
    known: Known = None,
    class_agnostic: Annotated[bool, typer.Option(help="Count every object and detection as one class.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write every figure to this file.")] = None,
    per_class: Annotated[bool, typer.Option(help="Also print a table of the classes.")] = False,
    goss: Annotated[bool, typer.Option(help="Also the GOSS quality of the label image.")] = False,
    goss_score: Annotated[float, typer.Option(help="Score below which GOSS paints no detection.")] = 0.0,
    zero_shot: Annotated[bool, typer.Option(help="Also Recall@100, mAP and harmonic means of unseen classes.")] = False,
    limit_known: Annotated[int | None, typer.Option(min=0, help="Keep the best so many known an image.")] = None,
    limit_unknown: Annotated[int | None, typer.Option(min=0, help="Keep the best so many unknown an image.")] = None,
    unknown_id: Annotated[int, typer.Option(help="Category id that means unknown in the detections.")] = 1000,
    score_threshold: Annotated[float, typer.Option(min=0, max=1, help="Lowest score that the model gives.")] = 0.05,
    unknown_threshold: Annotated[float | None, typer.Option(help="T_u; the bundle's by default.")] = None,
    max_overlap: Annotated[
        float | None, typer.Option(min=0, max=1, help="Of two masks of greater IoU the model gives the better one.")
    ] = None,
    softmax_baseline: Annotated[
        bool, typer.Option(help="Also AOSE of the model as a plain softmax classifier that calls nothing unknown.")
    ] = False,
    provider: Annotated[str, typer.Option(help="cpu, cuda, tensorrt or auto.")] = "cpu",
    first: Annotated[int | None, typer.Option(min=1, help="Only the first so many images.")] = None,
    save_detections: Annotated[Path | None, typer.Option(help="Write what the model found to this file.")] = None,
) -> None:
    """Score a model, or detections from a file, against COCO-format ground truth.

    Prints AP of the known classes, AP and AR of the unknown ones merged into one, AOSE (unknown objects taken for known
    ones) and Wilderness Impact, all on masks. Detections of any category that is not known count as unknown; objects of
    categories marked "open_set": "ignore" count neither way (with --class-agnostic they count). With --save-detections
    a run that breaks off goes on where it was.
    """
    from rich.console import Console

    from osis_ros.coco.annotations import EvaluationError
    from osis_ros.evaluation.jobs.evaluate import Options, write_json
    from osis_ros.evaluation.jobs.evaluate import evaluate as score
    from osis_ros.evaluation.reports.terminal import print_report

    try:
        report = score(Options(
            ground_truth, detections, model, images, names_of(known), class_agnostic, goss, goss_score, zero_shot,
            limit_known, limit_unknown, unknown_id, score_threshold, unknown_threshold, max_overlap, softmax_baseline,
            provider, first, save_detections,
        ))  # fmt: skip
        if json is not None:
            write_json(report, json)
    except EvaluationError as err:
        raise fail(err) from None
    print_report(report, Console(), per_class)


def compare(
    first_model: Annotated[str, typer.Argument(help="A bundle's folder or name, e.g. an exact export.")],
    second_model: Annotated[str, typer.Argument(help="Another, e.g. the fast export of the same weights.")],
    ground_truth: Annotated[Path, typer.Option(help="COCO-format JSON, plain or gzip.")],
    images: Annotated[Path, typer.Option(help="Folder that its file names start at.")],
    known: Known = None,
    tolerance: Annotated[float | None, typer.Option(help="Exit with 1 if an AP or AR falls by more points.")] = None,
    score_threshold: Annotated[float, typer.Option(min=0, max=1, help="Lowest score that the models give.")] = 0.05,
    provider: Annotated[str, typer.Option(help="cpu, cuda, tensorrt or auto.")] = "cpu",
    first: Annotated[int | None, typer.Option(min=1, help="Only the first so many images.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure to this file.")] = None,
) -> None:
    """What a second bundle gains in speed and loses in AP, AR and AOSE against a first, on the same images."""
    from rich.console import Console

    from osis_ros.coco.annotations import EvaluationError
    from osis_ros.evaluation.jobs.compare import compare as measure
    from osis_ros.evaluation.jobs.compare import comparison_table
    from osis_ros.evaluation.jobs.evaluate import write_json

    models = (first_model, second_model)
    try:
        comparison = measure(models, images, ground_truth, names_of(known), score_threshold, provider, first)
        if json is not None:
            write_json(comparison.figures(), json)
    except EvaluationError as err:
        raise fail(err) from None
    Console().print(comparison_table(comparison))
    worst = max(comparison.losses.values(), default=0.0)
    if tolerance is not None and worst > tolerance:
        raise fail(f"{second_model} loses {worst:.2f} points, more than {tolerance:g}")


def calibrate(
    ground_truth: Annotated[Path, typer.Option(help="COCO-format JSON of a validation set with unknown objects.")],
    images: Annotated[Path, typer.Option(help="Folder that its file names start at.")],
    model: Annotated[str, typer.Option(help="The bundle's folder or name.")] = "tabletop",
    known: Known = None,
    provider: Annotated[str, typer.Option(help="cpu, cuda, tensorrt or auto.")] = "cpu",
    first: Annotated[int | None, typer.Option(min=1, help="Only the first so many images.")] = None,
    write: Annotated[bool, typer.Option(help="Put the thresholds into the bundle's model.yaml.")] = False,
) -> None:
    """Choose a bundle's default thresholds on a validation set.

    T_u: the greatest harmonic mean of AP_k and AP_unk. Score: from there, the greatest F1 at IoU 0.5.
    """
    from rich.console import Console

    from osis_ros.coco.annotations import EvaluationError
    from osis_ros.evaluation.jobs.calibrate import calibrate as choose
    from osis_ros.evaluation.jobs.calibrate import write_thresholds
    from osis_ros.evaluation.reports.terminal import calibration_table
    from osis_ros.inference.bundle import load_bundle

    try:
        chosen = choose(model, images, ground_truth, names_of(known), provider=provider, first=first)
        if write:
            write_thresholds(load_bundle(model), chosen)
    except EvaluationError as err:
        raise fail(err) from None
    Console().print(calibration_table(chosen))
    typer.echo(f"T_u {chosen.unknown_threshold:g}, score {chosen.score_threshold:.3f} (F1 {chosen.f1:.1f} %)")


def card_figures(
    model: Annotated[str, typer.Argument(help="The bundle's folder or name; the pictures go to its figures/.")],
    ground_truth: Annotated[Path, typer.Option(help="COCO-format JSON with known and unknown objects.")],
    images: Annotated[Path, typer.Option(help="Folder that its file names start at.")],
    real_ground_truth: Annotated[
        Path | None, typer.Option(help="COCO-format JSON of photographs; only freely licensed ones are shown.")
    ] = None,
    real_images: Annotated[Path | None, typer.Option(help="Folder that its file names start at.")] = None,
    known: Known = None,
    provider: Annotated[str, typer.Option(help="cpu, cuda, tensorrt or auto.")] = "cpu",
    first: Annotated[int | None, typer.Option(min=1, help="Only the first so many images of either.")] = None,
) -> None:
    """Draw a model card's pictures: best and worst images, known and unknown distances, a map of the embedding.

    Writes gallery.jpg, distances.png, embedding.png and figures.md; `osis export … --section figures.md` puts them on
    the card. Choose the bundle's thresholds before: it runs with its own.
    """
    from osis_ros.coco.annotations import EvaluationError
    from osis_ros.evaluation.reports.figures.card import DataSet, write_card_figures

    if (real_ground_truth is None) != (real_images is None):
        raise fail("--real-ground-truth and --real-images go together, give both or neither")
    photographs = DataSet(real_ground_truth, real_images, first) if real_ground_truth and real_images else None
    try:
        scenes = DataSet(ground_truth, images, first)
        written = write_card_figures(model, scenes, photographs, names_of(known), provider)
    except EvaluationError as err:
        raise fail(err) from None
    for note in written.notes:
        typer.echo(f"note: {note}")
    for file in written.files:
        typer.echo(f"{file} ({file.stat().st_size / 1e3:.0f} kB)")


def tables(
    table: Annotated[str, typer.Argument(help="Which table of the paper: I, II, III, IV or V.")],
    rows: Annotated[
        list[str], typer.Argument(help="NAME=REPORT.json[,REPORT.json…]: a method, and a report for each data set.")
    ],
    latex: Annotated[Path | None, typer.Option(help="Also write the table as LaTeX to this file.")] = None,
) -> None:
    """Lay out reports of `osis evaluate --json` as the paper's Tables I-V, the best open-set method in bold.

    Table I takes one report a method (COCO); II and III three (GraspNet-Test-1,2,3 and 4,5,6); IV two (Test-3 and
    Test-6); V one, and its rows are named by two columns, as in "✓|✓=report.json".
    """
    from rich.console import Console

    from osis_ros.coco.annotations import EvaluationError
    from osis_ros.evaluation.reports.tables import LAYOUTS, latex_table, read_row, rich_table, write_latex

    if table not in LAYOUTS:
        raise fail(f"there is no table '{table}', expected {', '.join(LAYOUTS)}")
    layout = LAYOUTS[table]
    try:
        filled = [read_row(layout, text) for text in rows]
        if latex is not None:
            write_latex(latex_table(layout, filled), latex)
    except EvaluationError as err:
        raise fail(err) from None
    Console().print(rich_table(layout, filled))
