"""The page of a replay, one self-contained HTML file: verdicts, the recording's health, figures, charts, pictures."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osis_ros.evaluation.metrics.recording_health import ERROR, NOTE, WARNING
from osis_ros.evaluation.metrics.steadiness import BINS, DISTANCE_BINS
from osis_ros.evaluation.reports.chart import CHART, KNOWN, PLAIN, UNKNOWN, Chart, Line, histogram_bars, line_chart
from osis_ros.evaluation.reports.class_matrix import ClassMatrix
from osis_ros.evaluation.reports.page_template import page_template
from osis_ros.evaluation.reports.replay_run import Frame, ReplayReport, passed

JUDGED = ("quality", "right", "wrong class", "false", "missed")
JUDGED_FILTERS = (
    ("wrong", "with a wrong class"),
    ("false", "with something false"),
    ("missed", "with something missed"),
)
STEADY = ("regions hit", "appeared or vanished", "class changed", "mask IoU")
STEADY_FILTERS = (("hit", "with a region hit"), ("flicker", "where something appeared or vanished"),
                  ("changed", "where a class changed"))  # fmt: skip
LEVELS = {ERROR: "bad", WARNING: "warn", NOTE: "dim"}
GENERATOR = '<meta name="generator" content="osis replay">'  # by which a later replay knows that it may replace a page


ROWS = 1000  # of the table of images; a browser gets slow with more


@dataclass(frozen=True)
class _Row:
    """A row of the table of images; `has` are the filters that it passes."""

    number: int
    seconds: str
    cells: Sequence[object]
    has: str


@dataclass(frozen=True)
class _Picture:
    number: int
    seconds: str
    text: str
    data: str


def replay_page(reports: Sequence[ReplayReport]) -> str:
    """The page of one or several cameras, HTML."""
    here = {"", *(report.image_topic for report in reports)}
    findings = reports[0].health.findings
    return page_template("replay_page.html.jinja").render(
        first=reports[0], cameras=[(report.camera, _camera(report)) for report in reports],
        generator=GENERATOR, levels=LEVELS, passed=passed(reports),
        outcomes=[outcome for report in reports for outcome in report.outcomes],
        concerning=[finding for finding in findings if finding.topic in here],
        elsewhere=[finding for finding in findings if finding.topic not in here],
    )  # fmt: skip


def _camera(report: ReplayReport) -> str:
    """The part of one camera."""
    frames = report.frames
    times = np.array([frame.time for frame in frames])
    at = (times - times[0]) / max(times[-1] - times[0], 1e-9)
    pictures = [
        _Picture(
            picture.number,
            f"{picture.frame.time - times[0]:.1f}",
            _seen(picture.frame),
            base64.b64encode(picture.jpeg).decode(),
        )
        for picture in report.pictures
    ]
    shown = {picture.number for picture in report.pictures}
    histogram = report.steadiness.score_histogram
    steps = DISTANCE_BINS[: last_bin(report.steadiness.distance_histogram, report.unknown_threshold) + 2]
    distances = report.steadiness.distance_histogram[: len(steps) - 1]
    beyond = [f"{low:.2f} to {high:.2f}: {count:,}" for low, high, count in zip(steps, steps[1:], distances)]
    labels = [f"{low:.1f} to {high:.1f}: {count:,}" for low, high, count in zip(BINS, BINS[1:], histogram)]
    judged = report.agreement is not None
    return page_template("replay_camera.html.jinja").render(
        matrix=ClassMatrix.of(report.agreement, nothing=("missed", "no object")) if judged else None,
        shown=shown, report=report, id=f"{report.camera}-" if report.camera else "",
        columns=JUDGED if judged else STEADY, filters=JUDGED_FILTERS if judged else STEADY_FILTERS,
        rows=[_row(number, frame, times[0], number in shown) for number, frame in report.worst()[:ROWS]],
        curves=_curves(report), charts=_charts(at, frames), pictures=pictures,
        bars=histogram_bars(histogram, labels), highest=f"{max(histogram):,}", width=CHART[0], height=CHART[1],
        distance_bars=histogram_bars(distances, beyond), most_distances=f"{max(distances):,}",
        farthest=f"{steps[-1]:g}", threshold_at=f"{CHART[0] * report.unknown_threshold / steps[-1]:.1f}",
        seconds=f"{times[-1] - times[0]:.1f}",
    )  # fmt: skip


def _row(number: int, frame: Frame, start: float, pictured: bool) -> _Row:
    """Of an image with its truth, or of one without any."""
    has = ["picture"] if pictured else []
    if (truth := frame.truth) is not None:
        counts = dict(zip(("wrong", "false", "missed"), (truth.wrong_class, truth.false, truth.missed), strict=True))
        cells = [f"{truth.quality:.3f}", truth.correct, *counts.values()]
    else:
        one = frame.steadiness
        counts = {"hit": len(frame.hits), "flicker": None if one.births is None else one.births + one.deaths,
                  "changed": one.class_changes}  # fmt: skip
        cells = [*counts.values(), one.agreement if one.agreement is None else f"{one.agreement:.3f}"]
    has += [name for name, count in counts.items() if count]
    cells = ["–" if cell is None else cell for cell in cells]
    return _Row(number, f"{frame.time - start:.2f}", cells, " ".join(has))


def _curves(report: ReplayReport) -> list[Line]:
    """Precision over recall of known and of unknown objects, where there are any."""
    found = report.verdict.precision_at_recall if report.verdict else {}
    at = np.linspace(0, 1, 101)
    return [
        line_chart("", at, [(name, colour, found[name])], most=1).lines[0]
        for name, colour in (("known", KNOWN), ("unknown", UNKNOWN)) if found.get(name)
    ]  # fmt: skip


def last_bin(counts: Sequence[int], threshold: float) -> int:
    """The last bin of distances to show: with an instance, or with the threshold in it."""
    filled = np.flatnonzero(counts)
    at_threshold = int(np.searchsorted(DISTANCE_BINS, threshold, "right")) - 1
    return min(max(at_threshold, int(filled[-1]) if len(filled) else 0), len(counts) - 1)


def _charts(at: np.ndarray, frames: Sequence[Frame]) -> list[Chart]:
    steadiness = [frame.steadiness for frame in frames]
    flicker = [None if one.births is None else one.births + one.deaths for one in steadiness]
    return [
        line_chart("Instances an image", at, [("known", KNOWN, [frame.known for frame in frames]),
                                          ("unknown", UNKNOWN, [frame.unknown for frame in frames])]),
        line_chart("Objects that appear or vanish while the camera stands", at, [("flicker", PLAIN, flicker)]),
        line_chart("Mask IoU of objects with themselves in the image before", at,
               [("agreement", PLAIN, [one.agreement for one in steadiness])], most=1),
        line_chart("Milliseconds an image", at, [("time", PLAIN, [frame.latency * 1000 for frame in frames])]),
    ]  # fmt: skip


def _seen(frame: Frame) -> str:
    """What a picture shows, and what is wrong with it."""
    steadiness = frame.steadiness
    parts = [f"{frame.known} known, {frame.unknown} unknown"]
    if steadiness.births or steadiness.deaths:
        parts.append(f"{steadiness.births} appeared, {steadiness.deaths} vanished")
    if steadiness.class_changes:
        parts.append(f"{steadiness.class_changes} changed class")
    return "; ".join([*parts, *frame.hits])
