"""A report of `osis evaluate` as tables on the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from osis_ros.evaluation.jobs.calibrate import AtChosen, Calibration
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED


def shown(value: float, digits: int = 1) -> str:
    """A percentage as tables show it; a dash where it is undefined."""
    return "–" if value == UNDEFINED else f"{value:.{digits}f}"


def print_report(report: dict[str, Any], console: Console, per_class: bool = False) -> None:
    """Print the main figures, figures by object size, and what else the report holds."""
    if "object" in report:
        _print_class_agnostic(report, console)
    else:
        _print_open_set(report, console)
        _print_sizes(report, console)
        if "softmax_baseline" in report:
            plain = report["softmax_baseline"]
            rate = f"{plain['AOSE_per_1000_images']:.0f} per 1,000 images"
            console.print(f"plain softmax, nothing unknown: AOSE {plain['AOSE']}, {rate}, AP_k {shown(plain['AP_k'])}")
        if per_class:
            _print_classes(report, console)
        if "goss" in report:
            print_goss(report["goss"], console)
        if "zero_shot" in report:
            _print_zero_shot(report["zero_shot"], console)
    _print_run_and_notes(report, console)


def print_goss_report(report: dict[str, Any], console: Console, per_class: bool = False) -> None:
    """A report of `osis goss`."""
    settings = report["settings"]
    print_goss(report["goss"], console, per_class)
    console.print(f"{report['images']} images, painted: scores ≥ {settings['score']:g}; "
                  f"true unknown segments: {settings['unknown_truth']}")  # fmt: skip
    if "by_score" in report:
        table = Table("lowest score", title="GOSS quality by the lowest score that is painted, %")
        names = [name for name in report["by_score"][0] if name != "score"]
        for name in names:
            table.add_column(name, justify="right")
        for row in report["by_score"]:
            table.add_row(f"{row['score']:.2f}", *(shown(row[name]) for name in names))
        console.print(table)
    _print_run_and_notes(report, console)


def _print_run_and_notes(report: dict[str, Any], console: Console) -> None:
    if report["run"]:
        run = report["run"]
        overlap = "" if run["max_overlap"] is None else f", masks' IoU ≤ {run['max_overlap']:g}"
        console.print(f"{run['images_per_second']:.2f} images/s ({run['provider']}, decoding included), "
                      f"scores ≥ {run['score_threshold']:g}, T_u {run['unknown_threshold']:g}{overlap}")  # fmt: skip
    if "at_own_score" in report:
        own = report["at_own_score"]
        console.print(f"as the model reports them, scores ≥ {own['score_threshold']:g}: {_found_and_false(own)}")
    for note in report["notes"]:
        console.print(Text.assemble(("note:", "yellow"), f" {note}"))


def calibration_table(calibration: Calibration) -> Table:
    """Every T_u that was tried; where a run confirmed it, the confirmed figures."""
    table = Table("T_u", title="Thresholds tried, masks, %")
    for name in ("AP_k", "AP_unk", "harmonic mean", "AR_unk¹⁰⁰", "AOSE", ""):
        table.add_column(name, justify="right")
    confirmed = {point.unknown_threshold: point for point in calibration.confirmed}
    for estimate in calibration.estimated:
        point = confirmed.get(estimate.unknown_threshold, estimate)
        remark = "confirmed" if point is not estimate else ""
        remark = "chosen" if point.unknown_threshold == calibration.unknown_threshold else remark
        figures = (point.ap_known, point.ap_unknown, point.criterion, point.ar_unknown)
        table.add_row(f"{point.unknown_threshold:g}", *map(shown, figures), str(point.aose), remark)
    return table


def at_chosen_line(own: AtChosen) -> str:
    """One set at the chosen thresholds."""
    figures = {"recall50": own.recall50, "false_per_image": own.false_per_image}
    return f"{own.ground_truth}: F1 {shown(own.f1)} %, {_found_and_false(figures)}"


def _found_and_false(figures: dict[str, float]) -> str:
    recall, false = shown(figures["recall50"]), figures["false_per_image"]
    return f"recall at IoU 0.5 {recall} %, {false:.2f} false instances per image, whatever their class"


def _print_open_set(report: dict[str, Any], console: Console) -> None:
    known, unknown, most = report["known"], report["unknown"], report["most_detections_per_image"]
    table = Table(title=f"Open-set instance segmentation, masks, % · {report['inputs']['scored']}")
    row = {
        "AOSE": str(report["AOSE"]), "AOSE/1k": f"{report['AOSE_per_1000_images']:.0f}", "WI": shown(report["WI"]),
        "AP_k": shown(known["AP"]), "AP_unk": shown(unknown["AP"]), "AR_unk¹⁰": shown(unknown["AR10"]),
        "AR_unk³⁰": shown(unknown["AR30"]), "AR_unk¹⁰⁰": shown(unknown["AR100"]),
    }  # fmt: skip
    for name in row:
        table.add_column(name, justify="right")
    table.add_row(*row.values())
    console.print(table)
    objects = report["objects"]
    console.print(
        f"AOSE and WI: the lower the better; AOSE/1k: per 1,000 images.\n"
        f"{report['images']} images, {objects['known']} known objects of {len(report['known_classes'])} classes, "
        f"{objects['unknown']} unknown, {objects['ignored']} ignored; at most {most['known']} known and "
        f"{most['unknown']} unknown detections an image"
    )


def _print_sizes(report: dict[str, Any], console: Console) -> None:
    groups = (
        (
            "Average precision, by IoU and by size of the object (s < 32² ≤ m < 96² ≤ l px), %",
            "AP AP50 AP75 APs APm APl",
        ),
        ("Average recall, by detections an image and by size, %", "AR10 AR20 AR30 AR50 AR100 ARs ARm ARl"),
    )
    for title, names in groups:
        table = Table("", title=title)
        for name in names.split():
            table.add_column(name, justify="right")
        for kind in ("known", "unknown"):
            table.add_row(kind, *(shown(report[kind][name]) for name in names.split()))
        console.print(table)


def _print_classes(report: dict[str, Any], console: Console) -> None:
    table = Table("class", title="By class, %")
    for name in ("objects", "detections", "AP", "AP50", "AR100"):
        table.add_column(name, justify="right")
    for name, row in report["per_class"].items():
        figures = (shown(row[figure]) for figure in ("AP", "AP50", "AR100"))
        table.add_row(name, str(row["objects"]), str(row["detections"]), *figures)
    console.print(table)


def _print_class_agnostic(report: dict[str, Any], console: Console) -> None:
    figures = report["object"]
    names = {"AP": "AP ↑", "AP50": "AP50 ↑", "AP75": "AP75 ↑", "AR10": "AR^10 ↑", "AR30": "AR^30 ↑",
             "AR100": "AR^100 ↑", "recall50": "recall at IoU 0.5 ↑"}  # fmt: skip
    title = f"Every object as one class, masks, % · {report['inputs']['scored']}"
    _print_row(console, title, {shown_as: figures[name] for name, shown_as in names.items()})
    console.print(f"{report['images']} images, {report['objects']} objects, {report['detections']} detections")


def _print_row(console: Console, title: str, figures: dict[str, float]) -> None:
    table = Table(title=title)
    for name in figures:
        table.add_column(name, justify="right")
    table.add_row(*(shown(value) for value in figures.values()))
    console.print(table)


def print_goss(figures: dict[str, Any], console: Console, per_class: bool = False) -> None:
    """The figures of `score_goss`."""
    named = {name: value for name, value in figures.items() if name != "per_class"}
    _print_row(console, "GOSS quality of the label image, %", named)
    if not per_class:
        return
    table = Table("class", title="By class: segments of all images")
    for name in ("quality, %", "matched", "missed", "invented"):
        table.add_column(name, justify="right")
    for name, row in figures["per_class"].items():
        table.add_row(Text(name), shown(row["quality"]), *(str(row[n]) for n in ("matched", "missed", "invented")))
    console.print(table)


def _print_zero_shot(figures: dict[str, Any], console: Console) -> None:
    counted = {"separate": "best 100 seen and best 100 unseen detections", "joint": "best 100 detections"}
    table = Table("setting", "classes", title=f"Zero-shot, {counted[figures['budget']]} an image, %")
    names = {"recall40": "Recall IoU .4", "recall50": "IoU .5", "recall60": "IoU .6", "mAP": "mAP IoU .5"}
    for name in names.values():
        table.add_column(name, justify="right")
    table.add_row("ZSI", "unseen", *(shown(figures["ZSI"][name]) for name in names))
    for classes, row in figures["GZSI"].items():
        table.add_row("GZSI", classes, *(shown(row[name]) for name in names))
    console.print(table)
