"""The page of a replay, one self-contained HTML file: verdicts, the recording's health, figures, charts, pictures."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from osis_ros.evaluation.metrics.recording_health import ERROR, NOTE, WARNING
from osis_ros.evaluation.metrics.steadiness import BINS, DISTANCE_BINS
from osis_ros.evaluation.reports.chart import CHART, KNOWN, PLAIN, UNKNOWN, Chart, histogram_bars, line_chart
from osis_ros.evaluation.reports.class_matrix import ClassMatrix
from osis_ros.evaluation.reports.page_template import page_template
from osis_ros.evaluation.reports.replay_run import Frame, ReplayReport

LEVELS = {ERROR: "bad", WARNING: "warn", NOTE: "dim"}
GENERATOR = '<meta name="generator" content="osis replay">'  # by which a later replay knows that it may replace a page


@dataclass(frozen=True)
class _Picture:
    number: int
    seconds: str
    text: str
    data: str


def replay_page(report: ReplayReport) -> str:
    """The page, HTML."""
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
    histogram = report.steadiness.score_histogram
    steps = DISTANCE_BINS[: last_bin(report.steadiness.distance_histogram, report.unknown_threshold) + 2]
    distances = report.steadiness.distance_histogram[: len(steps) - 1]
    beyond = [f"{low:.2f} to {high:.2f}: {count:,}" for low, high, count in zip(steps, steps[1:], distances)]
    labels = [f"{low:.1f} to {high:.1f}: {count:,}" for low, high, count in zip(BINS, BINS[1:], histogram)]
    here = [finding.topic in ("", report.image_topic) for finding in report.health.findings]
    return page_template("replay_page.html.jinja").render(
        matrix=None if report.agreement is None else ClassMatrix.of(report.agreement, nothing=("missed", "no object")),
        shown={picture.number for picture in report.pictures}, report=report,
        generator=GENERATOR, levels=LEVELS, charts=_charts(at, frames), pictures=pictures,
        bars=histogram_bars(histogram, labels), highest=f"{max(histogram):,}", width=CHART[0], height=CHART[1],
        distance_bars=histogram_bars(distances, beyond), most_distances=f"{max(distances):,}",
        farthest=f"{steps[-1]:g}", threshold_at=f"{CHART[0] * report.unknown_threshold / steps[-1]:.1f}",
        seconds=f"{times[-1] - times[0]:.1f}", concerning=list(compress(report.health.findings, here)),
        elsewhere=[finding for finding, this in zip(report.health.findings, here, strict=True) if not this],
    )  # fmt: skip


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
