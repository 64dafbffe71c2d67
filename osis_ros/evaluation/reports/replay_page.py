"""The page of a replay, one self-contained HTML file: verdicts, the recording's health, figures, charts, pictures."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from osis_ros.evaluation.metrics.recording_health import ERROR, NOTE, WARNING
from osis_ros.evaluation.metrics.steadiness import BINS
from osis_ros.evaluation.reports.page_template import page_template
from osis_ros.evaluation.reports.replay_run import Frame, ReplayReport

CHART = (1000, 100)  # units of the drawing, which is stretched to the page's width
KNOWN, UNKNOWN, PLAIN = "var(--known)", "var(--unknown)", "var(--dim)"
LEVELS = {ERROR: "bad", WARNING: "warn", NOTE: "dim"}
GENERATOR = '<meta name="generator" content="osis replay">'  # by which a later replay knows that it may replace a page


@dataclass(frozen=True)
class _Line:
    name: str
    colour: str
    path: str


@dataclass(frozen=True)
class _Chart:
    title: str
    most: str
    lines: Sequence[_Line]


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram (units of `CHART`), and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class _Picture:
    seconds: str
    text: str
    data: str


def replay_page(report: ReplayReport) -> str:
    """The page, HTML."""
    frames = report.frames
    times = np.array([frame.time for frame in frames])
    at = (times - times[0]) / max(times[-1] - times[0], 1e-9)
    pictures = [
        _Picture(f"{picture.frame.time - times[0]:.1f}", _seen(picture.frame), base64.b64encode(picture.jpeg).decode())
        for picture in report.pictures
    ]
    histogram = report.steadiness.score_histogram
    labels = [f"{low:.1f} to {high:.1f}: {count:,}" for low, high, count in zip(BINS, BINS[1:], histogram)]
    here = [finding.topic in ("", report.image_topic) for finding in report.health.findings]
    return page_template("replay_page.html.jinja").render(
        report=report, generator=GENERATOR, levels=LEVELS, charts=_charts(at, frames), pictures=pictures,
        bars=histogram_bars(histogram, labels), highest=f"{max(histogram):,}", width=CHART[0], height=CHART[1],
        seconds=f"{times[-1] - times[0]:.1f}", concerning=list(compress(report.health.findings, here)),
        elsewhere=[finding for finding, this in zip(report.health.findings, here, strict=True) if not this],
    )  # fmt: skip


def _charts(at: np.ndarray, frames: Sequence[Frame]) -> list[_Chart]:
    steadiness = [frame.steadiness for frame in frames]
    flicker = [None if one.births is None else one.births + one.deaths for one in steadiness]
    return [
        _chart("Instances an image", at, [("known", KNOWN, [frame.known for frame in frames]),
                                          ("unknown", UNKNOWN, [frame.unknown for frame in frames])]),
        _chart("Objects that appear or vanish while the camera stands", at, [("flicker", PLAIN, flicker)]),
        _chart("Mask IoU of objects with themselves in the image before", at,
               [("agreement", PLAIN, [one.agreement for one in steadiness])], most=1),
        _chart("Milliseconds an image", at, [("time", PLAIN, [frame.latency * 1000 for frame in frames])]),
    ]  # fmt: skip


def _chart(
    title: str, at: np.ndarray, lines: Iterable[tuple[str, str, Sequence[float | None]]], most: float | None = None
) -> _Chart:
    """
    Args:
        at: [N] float, 0..1 from left to right.
        lines: name, colour and N values of each; None where there is none.
        most: value at the top; the greatest one, 1 at least, if None.
    """
    lines = list(lines)
    if most is None:
        most = max([1, *(value for *_, values in lines for value in values if value is not None)])
    return _Chart(title, f"{most:.0f}", [_Line(name, colour, _path(at, v, most)) for name, colour, v in lines])


def _path(at: np.ndarray, values: Sequence[float | None], most: float) -> str:
    """The path of an SVG, broken where there is no value."""
    parts, drawing = [], False
    for x, value in zip((at * CHART[0]).tolist(), values, strict=True):
        if value is not None:
            point = f"{x:.1f},{CHART[1] * (1 - value / most):.1f}"
            parts.append(f"L{point}" if drawing else f"M{point} L{point}")  # a dot where no other follows
        drawing = value is not None
    return " ".join(parts)


def histogram_bars(counts: Sequence[int], labels: Sequence[str]) -> list[Bar]:
    """A bar for each count, the highest as high as the chart."""
    step, most = CHART[0] / len(counts), max(1, *counts)
    bars = []
    for index, (count, label) in enumerate(zip(counts, labels, strict=True)):
        height = CHART[1] * count / most
        bars.append(Bar(index * step + 2, round(CHART[1] - height, 1), step - 4, round(height, 1), label))
    return bars


def _seen(frame: Frame) -> str:
    """What a picture shows, and what is wrong with it."""
    steadiness = frame.steadiness
    parts = [f"{frame.known} known, {frame.unknown} unknown"]
    if steadiness.births or steadiness.deaths:
        parts.append(f"{steadiness.births} appeared, {steadiness.deaths} vanished")
    if steadiness.class_changes:
        parts.append(f"{steadiness.class_changes} changed class")
    return "; ".join([*parts, *frame.hits])
