"""`osis evaluate` and its neighbours: score detections, choose thresholds, compare models, lay out the figures."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.cli.console import plain_console
from osis_ros.cli.failure import fail
from osis_ros.cli.options import (
    Checkpoint,
    First,
    GroundTruth,
    Images,
    Known,
    LongSide,
    Model,
    Provider,
    Report,
    ShortSide,
    names,
)
from osis_ros.files.output_file import require_output

RUN, CLASSES, SCORES = "A model to run", "Classes", "Further scores"

ModelToScore = Annotated[
    str | None, typer.Option(help="Model to run and score: a bundle's folder or name.", rich_help_panel=RUN)
]
ImagesToRun = Annotated[
    Path | None,
    typer.Option(help="Folder that the file names in the ground truth are relative to.", rich_help_panel=RUN),
]
UnknownId = Annotated[
    int, typer.Option(help="Category id that means unknown in the detections.", rich_help_panel=CLASSES)
]
UnknownThreshold = Annotated[
    float | None,
    typer.Option(
        help="T_u: an object farther than this from every known class is unknown. Default: the bundle's.",
        rich_help_panel=RUN,
    ),
]
RunOn = Annotated[str, typer.Option(help="Hardware to run on: cpu, cuda, tensorrt or auto.", rich_help_panel=RUN)]
SaveDetections = Annotated[
    Path | None, typer.Option(help="Also write the model's detections to this file.", rich_help_panel=RUN)
]


def evaluate(
    ground_truth: GroundTruth,
    detections: Annotated[Path | None, typer.Option(help="COCO-format results to score.")] = None,
    model: ModelToScore = None,
    images: ImagesToRun = None,
    known: Known = None,
    class_agnostic: Annotated[
        bool, typer.Option(help="Count every object and every detection as one class.", rich_help_panel=CLASSES)
    ] = False,
    json: Report = None,
    per_class: Annotated[bool, typer.Option(help="Also print figures by class.", rich_help_panel=CLASSES)] = False,
    goss: Annotated[
        bool, typer.Option(help="Also score the label image with the GOSS quality.", rich_help_panel=SCORES)
    ] = False,
    goss_score: Annotated[
        float, typer.Option(help="Lowest score of a detection that GOSS paints.", rich_help_panel=SCORES)
    ] = 0.0,
    zero_shot: Annotated[
        bool,
        typer.Option(help="Also print Recall@100, mAP and harmonic means of unseen classes.", rich_help_panel=SCORES),
    ] = False,
    budget: Annotated[
        str,
        typer.Option(
            help="Zero-shot: separate counts the best 100 seen and the best 100 unseen detections of an image, as the "
            "published code does; joint the best 100 of all classes.",
            rich_help_panel=SCORES,
        ),
    ] = "separate",
    limit_known: Annotated[
        int | None, typer.Option(min=0, help="Keep at most N known detections per image.", metavar="N")
    ] = None,
    limit_unknown: Annotated[
        int | None, typer.Option(min=0, help="Keep at most N unknown detections per image.", metavar="N")
    ] = None,
    unknown_id: UnknownId = 1000,
    score_threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Lowest score that the model reports.", rich_help_panel=RUN)
    ] = 0.05,
    unknown_threshold: UnknownThreshold = None,
    max_overlap: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Drop the lower-scoring of two instances whose mask IoU exceeds this.",
            rich_help_panel=RUN,
        ),
    ] = None,
    softmax_baseline: Annotated[
        bool,
        typer.Option(
            help="Also run the model as a plain classifier that calls nothing unknown, and print its AOSE.",
            rich_help_panel=SCORES,
        ),
    ] = False,
    provider: RunOn = "cpu",
    first: First = None,
    save_detections: SaveDetections = None,
) -> None:
    """Score a model, or detections from a file, against COCO-format ground truth.

    Prints AP of the known classes, AP and AR of the unknown objects, AOSE (unknown objects taken for known ones) and
    Wilderness Impact, all on masks. All unknown classes count as one. A detection whose class is not known counts as
    unknown. Objects of classes marked "open_set": "ignore" are not counted, except with --class-agnostic. With
    --save-detections an interrupted run resumes.
    """
    from osis_ros.evaluation.jobs.evaluate import Options, is_report, is_results, write_json
    from osis_ros.evaluation.jobs.evaluate import evaluate as score
    from osis_ros.evaluation.reports.terminal import print_report

    require_output(save_detections, (ground_truth, detections), is_results, "file of detections")
    require_output(json, (ground_truth, detections, save_detections), is_report, "report")
    report = score(Options(
        ground_truth, detections, model, images, names(known), class_agnostic, goss, goss_score, zero_shot,
        budget, limit_known, limit_unknown, unknown_id, score_threshold, unknown_threshold, max_overlap,
        softmax_baseline, provider, first, save_detections,
    ))  # fmt: skip
    if json is not None:
        write_json(report, json)
    print_report(report, plain_console(), per_class)


def goss(
    ground_truth: GroundTruth,
    detections: Annotated[Path | None, typer.Option(help="COCO-format results to score.")] = None,
    model: ModelToScore = None,
    images: ImagesToRun = None,
    known: Known = None,
    score_threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Lowest score that is painted. Default: the model's own; 0 for --detections."),
    ] = None,
    unknown_truth: Annotated[
        str,
        typer.Option(
            help="What a true segment of unknown pixels is: components (connected pixels of a class, as published) or "
            "instances (each annotation)."
        ),
    ] = "components",
    smallest_known: Annotated[
        int,
        typer.Option(
            min=0, help="Remove known classes with fewer pixels in an image from the result; the GOSS paper: 4096."
        ),
    ] = 0,
    one_ground: Annotated[
        bool,
        typer.Option(
            help="Count all known stuff as one class, ground, even if the result names stuff; so a scene segmenter is "
            "scored as an instance segmenter is."
        ),
    ] = False,
    sweep: Annotated[
        bool, typer.Option(help="Also print GQ for a range of lowest scores, to choose one on a validation set.")
    ] = False,
    json: Report = None,
    per_class: Annotated[bool, typer.Option(help="Also print figures by class.", rich_help_panel=CLASSES)] = False,
    unknown_id: UnknownId = 1000,
    unknown_threshold: UnknownThreshold = None,
    provider: RunOn = "cpu",
    first: First = None,
    save_detections: SaveDetections = None,
) -> None:
    """Score a model as open-set scene segmentation (GOSS): every pixel a known class, or a group of unknown pixels.

    Prints the GOSS quality of known classes, of groups of unknown pixels, their mean, and that of all groups. The
    ground truth may mark categories as stuff with "isthing": 0, such as table and wall; `osis scenes --goss` and
    `osis data` write such files. An instance segmenter finds no stuff; then all known stuff is one class, ground.
    """
    from osis_ros.evaluation.jobs.evaluate import Options, is_report, is_results, write_json
    from osis_ros.evaluation.jobs.goss import goss as measure
    from osis_ros.evaluation.metrics.goss import UNKNOWN_TRUTHS
    from osis_ros.evaluation.reports.terminal import print_goss_report

    if unknown_truth not in UNKNOWN_TRUTHS:
        raise fail(f"--unknown-truth is {unknown_truth!r}, expected {' or '.join(UNKNOWN_TRUTHS)}")
    require_output(save_detections, (ground_truth, detections), is_results, "file of detections")
    require_output(json, (ground_truth, detections, save_detections), is_report, "report")
    options = Options(
        ground_truth, detections, model, images, names(known), unknown_id=unknown_id, provider=provider, first=first,
        unknown_threshold=unknown_threshold, save_detections=save_detections,
    )  # fmt: skip
    report = measure(options, score_threshold, unknown_truth, smallest_known, one_ground, sweep)
    if json is not None:
        write_json(report, json)
    print_goss_report(report, plain_console(), per_class)


def calibrate(
    ground_truth: Annotated[
        list[Path], typer.Option(help="Ground truth: a COCO-format JSON file, plain or gzip; repeat it for more sets.")
    ],
    images: Annotated[
        list[Path],
        typer.Option(help="Folder that the file names in the ground truth are relative to; one for each ground truth."),
    ],
    weight: Annotated[
        list[float], typer.Option(help="How much a set counts; one for each ground truth. Default: all alike.")
    ] = [],  # noqa: B006
    model: Model = "tabletop",
    known: Known = None,
    provider: Provider = "cpu",
    first: Annotated[
        int | None, typer.Option(min=1, help="Use only the first N images of each set.", metavar="N")
    ] = None,
    write: Annotated[bool, typer.Option(help="Write the chosen thresholds to the bundle's model.yaml.")] = False,
) -> None:
    """Choose a model's default thresholds on validation sets that have unknown objects.

    T_u is chosen for the highest harmonic mean of AP_k and AP_unk. The score threshold is then chosen for the highest
    F1 at IoU 0.5. With several sets, these are weighted means over the sets.
    """
    from osis_ros.evaluation.jobs.calibrate import ValidationSet, write_thresholds
    from osis_ros.evaluation.jobs.calibrate import calibrate as choose
    from osis_ros.evaluation.reports.terminal import at_chosen_line, calibration_table
    from osis_ros.inference.bundle import load_bundle

    for option, given in (("--images", images), ("--weight", weight)):
        if len(given) != len(ground_truth) and not (option == "--weight" and not given):
            raise fail(f"{len(ground_truth)} --ground-truth but {len(given)} {option}; give one for each set")
    if bad := [number for number in weight if not 0 < number < float("inf")]:
        raise fail(f"--weight is {bad[0]:g}, expected a number above 0")
    sets = map(ValidationSet, ground_truth, images, weight or [1.0] * len(ground_truth))
    chosen = choose(model, tuple(sets), names(known), provider=provider, first=first)
    if write:
        write_thresholds(load_bundle(model), chosen)
    plain_console().print(calibration_table(chosen))
    typer.echo("at the chosen thresholds:")
    for own in chosen.sets:
        typer.echo(at_chosen_line(own))
    typer.echo(f"T_u {chosen.unknown_threshold:g}, score {chosen.score_threshold:.3f} (F1 {chosen.f1:.1f} %)")


def compare(
    first_model: Annotated[str, typer.Argument(help="A bundle's folder or name, e.g. an exact export.")],
    second_model: Annotated[str, typer.Argument(help="Another bundle, e.g. the fast export of the same weights.")],
    ground_truth: GroundTruth,
    images: Images,
    known: Known = None,
    tolerance: Annotated[
        float | None, typer.Option(min=0, help="Exit with status 1 if an AP or AR falls by more points than this.")
    ] = None,
    score_threshold: Annotated[float, typer.Option(min=0, max=1, help="Lowest score that the models report.")] = 0.05,
    provider: Provider = "cpu",
    first: First = None,
    json: Report = None,
) -> None:
    """Compare two models on the same images: speed, AP, AR and AOSE."""
    from osis_ros.evaluation.jobs.compare import compare as measure
    from osis_ros.evaluation.jobs.compare import comparison_table
    from osis_ros.evaluation.jobs.evaluate import is_report, write_json

    require_output(json, (ground_truth,), is_report, "report")
    models = (first_model, second_model)
    comparison = measure(models, images, ground_truth, names(known), score_threshold, provider, first)
    if json is not None:
        write_json(comparison.figures(), json)
    plain_console().print(comparison_table(comparison))
    worst = max(comparison.losses.values(), default=0.0)
    if tolerance is not None and not worst <= tolerance:
        raise fail(f"{second_model} loses {worst:.2f} points, more than {tolerance:g}")


def detect(
    checkpoint: Checkpoint,
    ground_truth: GroundTruth,
    images: Images,
    output: Annotated[Path, typer.Option(help="Output file: COCO-format results for `osis evaluate --detections`.")],
    short_side: ShortSide = 800,
    long_side: LongSide = 1333,
    score_threshold: Annotated[float, typer.Option(min=0, max=1, help="Lowest score to keep.")] = 0.05,
    unknown_threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=2,
            help="T_u: an object farther than this from every known class is unknown. Default: "
            "the training configuration's.",
        ),
    ] = None,
    names_file: Annotated[
        Path | None,
        typer.Option("--names", help="Zero-shot networks: also look for the names in this file, made by `osis names`."),
    ] = None,
    first: First = None,
) -> None:
    """Run a checkpoint at the SemSeg paper's image size, which follows the shape of each image.

    A bundle has one fixed input size instead. You can interrupt it at any time; the same command resumes.
    """
    from osis_ros.evaluation.jobs.evaluate import is_results
    from osis_ros.training.detect import detect as run
    from osis_ros.words.names_file import read_names_file

    require_output(output, (ground_truth, checkpoint, names_file), is_results, "file of detections")
    asked = None if names_file is None else read_names_file(names_file)
    found, rate = run(
        checkpoint, ground_truth, images, output, short_side, long_side, first, asked,
        score_threshold=score_threshold, unknown_threshold=unknown_threshold,
    )  # fmt: skip
    typer.echo(f"{output}: {found} instances ({rate:.2f} images/s)")


def mask_quality(
    checkpoint: Checkpoint,
    ground_truth: GroundTruth,
    images: Images,
    known: Known = None,
    short_side: ShortSide = 800,
    long_side: LongSide = 1333,
    json: Report = None,
) -> None:
    """Score the masks alone, with true boxes and labels given (Table IV of the SemSeg paper)."""
    from osis_ros.evaluation.jobs.evaluate import is_report, write_json
    from osis_ros.evaluation.reports.terminal import print_report
    from osis_ros.training.mask_quality import mask_quality as score

    require_output(json, (ground_truth, checkpoint), is_report, "report")
    report = score(checkpoint, ground_truth, images, names(known), short_side, long_side)
    if json is not None:
        write_json(report, json)
    print_report(report, plain_console())


def tables(
    table: Annotated[str, typer.Argument(help="Number of the table in the SemSeg paper: I, II, III, IV or V.")],
    rows: Annotated[
        list[str],
        typer.Argument(help="Rows NAME=REPORT.json,REPORT.json,…: a method, and one report for each data set."),
    ],
    latex: Annotated[Path | None, typer.Option(help="Also write the table as LaTeX to this file.")] = None,
) -> None:
    """Print reports of `osis evaluate --json` as one of the SemSeg paper's tables, the best method in bold.

    Table I takes one report per method (COCO); II and III take three (GraspNet-Test-1,2,3 and 4,5,6); IV takes two
    (Test-3 and Test-6); V takes one. The rows of Table V have two labels, as in "✓|✓=report.json".
    """
    from osis_ros.evaluation.reports.tables import LAYOUTS, is_latex_table, latex_table, read_row, rich_table
    from osis_ros.files.atomic import write_whole

    if table not in LAYOUTS:
        raise fail(f"there is no table '{table}', expected {', '.join(LAYOUTS)}")
    require_output(latex, is_earlier=is_latex_table, kind="LaTeX table")
    layout = LAYOUTS[table]
    filled = [read_row(layout, text) for text in rows]
    if latex is not None:
        write_whole(latex, latex_table(layout, filled))
    plain_console().print(rich_table(layout, filled))


def card_figures(
    model: Annotated[str, typer.Argument(help="A bundle's folder or name; the pictures go to its folder figures/.")],
    ground_truth: GroundTruth,
    images: Images,
    real_ground_truth: Annotated[
        Path | None, typer.Option(help="COCO-format JSON file of photographs; only freely licensed ones are shown.")
    ] = None,
    real_images: Annotated[
        Path | None, typer.Option(help="Folder that the photographs' file names are relative to.")
    ] = None,
    known: Known = None,
    provider: Provider = "cpu",
    first: First = None,
) -> None:
    """Draw the pictures of a model card: best and worst images, a histogram of distances, a map of the embedding.

    Writes gallery.jpg, distances.png, embedding.png and figures.md; `osis export … --section figures.md` adds them to
    the card. The model runs with its own thresholds, so choose those first.
    """
    from osis_ros.evaluation.reports.figures.card import DataSet, write_card_figures

    if (real_ground_truth is None) != (real_images is None):
        raise fail("--real-ground-truth and --real-images go together, give both or neither")
    photographs = DataSet(real_ground_truth, real_images, first) if real_ground_truth and real_images else None
    scenes = DataSet(ground_truth, images, first)
    written = write_card_figures(model, scenes, photographs, names(known), provider)
    for note in written.notes:
        typer.echo(f"note: {note}")
    for file in written.files:
        typer.echo(f"{file} ({file.stat().st_size / 1e3:.0f} kB)")


def pick_benchmark(
    scenes: Annotated[int, typer.Option(min=1, help="Number of scenes.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first scene; further scenes count up from it.")] = 0,
    split: Annotated[
        str, typer.Option(help="Objects and textures to show: train, val, test, demo or outliers.")
    ] = "test",
    objects: Annotated[
        int | None, typer.Option(min=1, max=20, help="Objects per scene. Default: a random number.")
    ] = None,
    sensor: Annotated[str, typer.Option(help="Depth noise: none, stereo or structured.")] = "stereo",
    model: Annotated[str, typer.Option(help="Model bundle whose masks are tried; none for no model.")] = "tabletop",
    json: Report = None,
) -> None:
    """Grasp every object of simulated scenes by its box, and count what a gripper really lifts.

    Compares true masks, the model's masks and plain depth clusters, on the same scenes with the same depth noise. The
    hand is simulated with real contact, without an arm.
    """
    from osis_ros.progress import track
    from osis_ros.simulation.gl import load_mujoco

    load_mujoco()
    from osis_ros.evaluation.jobs.evaluate import write_json
    from osis_ros.evaluation.jobs.pick import attempts, is_report, summary
    from osis_ros.evaluation.reports.picks import pick_tables
    from osis_ros.inference.segmenter import Segmenter
    from osis_ros.simulation.depth_sensor import SENSORS
    from osis_ros.simulation.draws import SPLITS

    for option, value, choices in (("sensor", sensor, SENSORS), ("split", split, SPLITS)):
        if value not in choices:
            raise fail(f"--{option} is {value!r}, expected one of {', '.join(choices)}")
    require_output(json, (), is_report, "report")
    segmenter = None if model == "none" else Segmenter(model)
    console, done = plain_console(), []
    for number in track(range(seed, seed + scenes), "scenes", console=console):
        done += attempts(1, number, split, sensor, segmenter, objects)
    report = summary(done)
    for table in pick_tables(report):
        console.print(table)
    if json is not None:
        write_json(report, json)
